import type { Operation, SnapshotDeletion } from '../ports/deletion-ports';
import type { Clock } from '../ports/ports';
import type { Pacer } from './backoff';

/** How the operations of one delete ended: all done, one failed, or not known. */
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

/**
 * Follows every operation to its end: done is all of them done. One that cannot be read, or does not end in time, is lost: then only looking
 * at the snapshot can tell.
 */
export async function followOperations(
  deletion: Pick<SnapshotDeletion, 'readOperation'>,
  region: string,
  started: readonly Operation[],
  { pace, sleep }: Pacer,
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
  // Readings take time as well, much of it where the service throttles.
  while (open.length > 0 && Math.max(waited, clock() - startedAt) < pace.giveUp) {
    const pause = waited === 0 ? pace.firstPoll : pace.poll;
    await sleep(pause);
    waited += pause;
    const still: string[] = [];
    for (const id of open) {
      const answer = await deletion.readOperation(region, id);
      if (!answer.ok) {
        const { class: of, code, message } = answer.failure;
        if (of === 'throttled' || of === 'transient') still.push(id);
        else lost = { code, text: `the operation ${id} could not be followed (${message})` };
      } else if (answer.value.state === 'pending') still.push(id);
      else if (answer.value.state === 'failed') failed.push(answer.value);
    }
    open = still;
  }
  const [first] = failed;
  if (first !== undefined) return { state: 'failed', code: first.code ?? 'OperationFailed', text: failureText(failed) };
  if (open.length > 0)
    return {
      state: 'lost',
      code: 'operation.timeout',
      text: `the operation ${open[0]} did not end in ${Math.round(pace.giveUp / 60_000)} minutes`,
    };
  return lost === null ? { state: 'done' } : { state: 'lost', ...lost };
}
