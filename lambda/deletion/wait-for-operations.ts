import type { CallFailure, Operation, SnapshotDeletion } from '../ports/deletion-ports';
import type { Clock } from '../ports/ports';
import type { Backoff } from './backoff';
import { stopUnreachable } from './caller-failure';

/**
 * How the operations of one delete ended: all done, all ended and one failed, all ended and one does not tell how, or
 * not known.
 */
export type Followed =
  | { readonly state: 'done' }
  | { readonly state: 'failed' | 'lost' | 'unclear'; readonly code: string; readonly text: string };

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
  readonly state: 'lost' | 'unclear';
  readonly code: string;
  readonly text: string;
}

/** The operations of one delete as far as they are known. `lost`: the last one whose end is not known. */
interface OperationProgress {
  readonly open: readonly OpenOperation[];
  readonly failed: readonly Operation[];
  readonly lost: Lost | null;
}

const UNNAMED_OPERATION: Lost = {
  state: 'lost',
  code: 'operation.unnamed',
  text: 'the service started an operation without an id',
};

const timeoutOf = ({ id }: OpenOperation, limitMs: number): Lost => ({
  state: 'lost',
  code: 'operation.timeout',
  text: `the operation ${id} did not end in ${Math.round(limitMs / 60_000)} minutes`,
});

const FOREIGN: Lost = {
  state: 'lost',
  code: 'operation.foreign',
  text: 'the service answered with an operation of another resource',
};

/** Returns how an operation is lost that ended and does not tell whether it was carried out; null for any other one. */
const unclearEnd = ({ state, details }: Operation): Lost | null =>
  state === 'unclear'
    ? {
        state,
        code: 'operation.unclear',
        text: `the operation ended with ${details ?? 'no status'}: it may have been carried out`,
      }
    : null;

/** Sorts the operations that a delete of a snapshot started. */
function progressAtStart(started: readonly Operation[], name: string): OperationProgress {
  const own = started.filter(({ resourceName = name }) => resourceName === name);
  const pending = own.filter(({ state }) => state === 'pending');
  const unclear = own.map(unclearEnd).find((each) => each !== null) ?? null;
  const lost = pending.some(({ id }) => id === null) ? UNNAMED_OPERATION : unclear;
  return {
    open: pending.flatMap(({ id, resourceName }) => (id === null ? [] : [{ id, resourceName, failure: null }])),
    failed: own.filter(({ state }) => state === 'failed'),
    lost: own.length < started.length ? FOREIGN : lost,
  };
}

/** Reads every open operation once, in order. */
async function readOpen(
  deletion: Pick<SnapshotDeletion, 'readOperation'>,
  region: string,
  before: OperationProgress,
): Promise<OperationProgress> {
  const open: OpenOperation[] = [];
  const failed = [...before.failed];
  let { lost } = before;
  for (const operation of before.open) {
    const result = await deletion.readOperation(region, operation.id, operation.resourceName);
    if (result.ok) {
      if (result.value.state === 'pending') open.push({ ...operation, failure: null });
      if (result.value.state === 'failed') failed.push(result.value);
      lost = unclearEnd(result.value) ?? lost;
      continue;
    }
    const { class: failureClass, code, message } = result.failure;
    if (failureClass === 'throttled' || failureClass === 'transient')
      open.push({ ...operation, failure: result.failure });
    else lost = { state: 'lost', code, text: `the operation ${operation.id} could not be followed (${message})` };
  }
  return { open, failed, lost };
}

/** Combines the ends of all operations: a lost one counts more than a failed one. */
function endOf(failed: readonly Operation[], lost: Lost | null): Followed {
  const [cause] = failed;
  if (cause === undefined) return lost ?? { state: 'done' };
  const text = failureText(failed);
  return lost === null
    ? { state: 'failed', code: cause.code ?? 'OperationFailed', text }
    : { state: 'lost', code: lost.code, text: `${text}; ${lost.text}` };
}

/**
 * Follows every operation to its end. Done: all of them are done. Lost: one has no id, cannot be read, or does not end
 * in time, whether or not another failed. Then only reading the snapshot can tell. Throws `caller.failed` when the last
 * reading of an open one had no answer.
 */
export async function followOperations(
  deletion: Pick<SnapshotDeletion, 'readOperation'>,
  { region, name }: { readonly region: string; readonly name: string },
  started: readonly Operation[],
  { settings, sleep }: Backoff,
  clock: Clock,
): Promise<Followed> {
  let progress = progressAtStart(started, name);
  const startedAt = clock();
  let waited = 0;
  // Readings take time as well, much of it where the service throttles.
  while (progress.open.length > 0 && Math.max(waited, clock() - startedAt) < settings.giveUpMs) {
    const pause = waited === 0 ? settings.firstPollMs : settings.pollMs;
    await sleep(pause);
    waited += pause;
    progress = await readOpen(deletion, region, progress);
  }
  const { open, failed, lost } = progress;
  for (const { failure } of open) if (failure !== null) stopUnreachable(failure);
  const [first] = open;
  return endOf(failed, first === undefined ? lost : timeoutOf(first, settings.giveUpMs));
}
