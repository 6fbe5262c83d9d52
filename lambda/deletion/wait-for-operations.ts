import type { Operation, SnapshotDeletion } from '../ports/deletion-ports';
import type { Clock } from '../ports/ports';
import type { Backoff } from './backoff';

/** How the operations of one delete ended: all done, one failed, or not known. */
export type Followed =
  | { readonly state: 'done' }
  | { readonly state: 'failed' | 'lost'; readonly code: string; readonly text: string };

/** Describes all failed operations of one delete: the first may not explain the others. */
function failureText(failed: readonly Operation[]): string {
  const [first, ...others] = failed;
  const details = first?.details ?? 'no details';
  if (others.length === 0) return `the operation failed: ${details}`;
  return `${failed.length} operations failed: ${failed.map((each) => `${each.code ?? 'OperationFailed'}: ${each.details ?? 'no details'}`).join('; ')}`;
}

/**
 * Follows every operation to its end. `done`: all of them are done. `lost`: one could not be read, or did not end in
 * time; then only the snapshot itself shows what happened.
 */
export async function followOperations(
  deletion: Pick<SnapshotDeletion, 'readOperation'>,
  region: string,
  started: readonly Operation[],
  { settings, sleep }: Backoff,
  clock: Clock,
): Promise<Followed> {
  const failed = started.filter(({ state }) => state === 'failed');
  let lost: { readonly code: string; readonly text: string } | null = null;
  let open: string[] = [];
  for (const { id, state } of started) {
    if (state !== 'pending') continue;
    if (id === null) lost = { code: 'operation.unnamed', text: 'the service started an operation without an id' };
    else open.push(id);
  }
  const startedAt = clock();
  let waited = 0;
  const read = async (id: string): Promise<'pending' | 'ended'> => {
    const answer = await deletion.readOperation(region, id);
    if (answer.ok) {
      if (answer.value.state === 'failed') failed.push(answer.value);
      return answer.value.state === 'pending' ? 'pending' : 'ended';
    }
    const { class: of, code, message } = answer.failure;
    if (of === 'throttled' || of === 'transient') return 'pending';
    lost = { code, text: `the operation ${id} could not be followed (${message})` };
    return 'ended';
  };
  // Readings take time, and more of it while the service throttles.
  while (open.length > 0 && Math.max(waited, clock() - startedAt) < settings.giveUpMs) {
    const pause = waited === 0 ? settings.firstPollMs : settings.pollMs;
    await sleep(pause);
    waited += pause;
    const still: string[] = [];
    for (const id of open) if ((await read(id)) === 'pending') still.push(id);
    open = still;
  }
  const [first] = failed;
  if (first !== undefined) return { state: 'failed', code: first.code ?? 'OperationFailed', text: failureText(failed) };
  if (open.length > 0)
    return {
      state: 'lost',
      code: 'operation.timeout',
      text: `the operation ${open[0]} did not end in ${Math.round(settings.giveUpMs / 60_000)} minutes`,
    };
  return lost === null ? { state: 'done' } : { state: 'lost', ...lost };
}
