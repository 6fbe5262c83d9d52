import type { CallFailure, Operation, SnapshotDeletion } from '../ports/deletion-ports';
import type { Clock } from '../ports/ports';
import type { Backoff } from './backoff';
import { stopUnreachable } from './caller-failure';

/** How the operations of one delete ended: all done, all ended and one failed, or not known. */
export type Followed =
  | { readonly state: 'done' }
  | { readonly state: 'failed' | 'lost'; readonly code: string; readonly text: string };

/** All failed operations of one delete: the first alone may not be the one that explains the rest. */
function failureText(failed: readonly Operation[]): string {
  const [first, ...others] = failed;
  const details = first?.details ?? 'no details';
  if (others.length === 0) return `the operation failed: ${details}`;
  return `${failed.length} operations failed: ${failed.map((each) => `${each.code ?? 'OperationFailed'}: ${each.details ?? 'no details'}`).join('; ')}`;
}

/** An operation that is not known to have ended. `failure`: why its last reading failed. */
interface OpenOperation {
  readonly id: string;
  readonly resourceName: string | undefined;
  readonly failure: CallFailure | null;
}

interface Lost {
  readonly code: string;
  readonly text: string;
}

const UNNAMED: Lost = { code: 'operation.unnamed', text: 'the service started an operation without an id' };

const timeoutOf = ({ id }: OpenOperation, limitMs: number): Lost => ({
  code: 'operation.timeout',
  text: `the operation ${id} did not end in ${Math.round(limitMs / 60_000)} minutes`,
});

/**
 * Follows every operation to its end. Done: all of them are done. Lost: one has no id, cannot be read, or does not end
 * in time, whether or not another failed. Then only reading the snapshot can tell. Throws `caller.failed` when the last
 * reading of an open one had no answer.
 */
export async function followOperations(
  deletion: Pick<SnapshotDeletion, 'readOperation'>,
  region: string,
  started: readonly Operation[],
  { settings, sleep }: Backoff,
  clock: Clock,
): Promise<Followed> {
  const failed = started.filter(({ state }) => state === 'failed');
  let lost: Lost | null = null;
  let open: OpenOperation[] = [];
  for (const { id, state, resourceName } of started) {
    if (state !== 'pending') continue;
    if (id === null) lost = UNNAMED;
    else open.push({ id, resourceName, failure: null });
  }
  const startedAt = clock();
  let waited = 0;
  // Readings take time as well, much of it where the service throttles.
  while (open.length > 0 && Math.max(waited, clock() - startedAt) < settings.giveUpMs) {
    const pause = waited === 0 ? settings.firstPollMs : settings.pollMs;
    await sleep(pause);
    waited += pause;
    const still: OpenOperation[] = [];
    for (const each of open) {
      const answer = await deletion.readOperation(region, each.id, each.resourceName);
      if (!answer.ok) {
        const { class: of, code, message } = answer.failure;
        if (of === 'throttled' || of === 'transient') still.push({ ...each, failure: answer.failure });
        else lost = { code, text: `the operation ${each.id} could not be followed (${message})` };
      } else if (answer.value.state === 'pending') still.push({ ...each, failure: null });
      else if (answer.value.state === 'failed') failed.push(answer.value);
    }
    open = still;
  }
  for (const { failure } of open) if (failure !== null) stopUnreachable(failure);
  const [first] = open;
  if (first !== undefined) lost = timeoutOf(first, settings.giveUpMs);
  const [cause] = failed;
  if (cause === undefined) return lost === null ? { state: 'done' } : { state: 'lost', ...lost };
  const text = failureText(failed);
  return lost === null
    ? { state: 'failed', code: cause.code ?? 'OperationFailed', text }
    : { state: 'lost', code: lost.code, text: `${text}; ${lost.text}` };
}
