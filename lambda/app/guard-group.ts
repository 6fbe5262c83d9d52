import { type CondemnedGroup, floorBreach, sourceBreach } from '../core/recheck';
import type { Verdict } from './delete-item';
import type { CallFailure, SnapshotDeletion } from './deletion-port';
import { type Pacer, patiently } from './pace';

const unread = (what: string, { code, message }: CallFailure): Verdict => ({
  outcome: 'failed',
  code,
  text: `${what} could not be read again: ${message}`,
});

const spared = (code: string, text: string): Verdict => ({ outcome: 'spared', code, text });

/**
 * Reads a group's floor and source again. Null: both are what the decision rested on; otherwise what becomes of every snapshot of the group.
 * `signal` ends its patience, `abortSignal` the reading that it waits for as well.
 */
export async function guardGroup(
  deletion: SnapshotDeletion,
  group: CondemnedGroup,
  minKeep: number,
  pacer: Pacer,
  signal?: AbortSignal,
  abortSignal?: AbortSignal,
): Promise<Verdict | null> {
  const { floor, source } = group;
  if (floor.length < minKeep) return spared('floor', `only ${floor.length} of its group are kept, and floors.minKeep is ${minKeep}`);
  if (source !== null) {
    const { arn, name } = source;
    if (name === null) return spared('source.unread', `its source ${arn} has no name to read it by`);
    const answer = await patiently(pacer, () => deletion.readSource(arn, name, abortSignal), signal);
    if (!answer.ok) return unread(`its source ${name}`, answer.failure);
    const breach = answer.value?.defect ?? sourceBreach(source, answer.value);
    if (breach !== null) return spared('source.changed', breach);
  }
  for (const kept of floor) {
    const { kind, region, name, account } = kept;
    if (name === null) return spared('floor', `its kept sibling ${kept.arn} has no name to read it by`);
    const answer = await patiently(pacer, () => deletion.readSnapshot({ kind, region, name, account }, abortSignal), signal);
    if (!answer.ok) return unread(`its kept sibling ${name}`, answer.failure);
    const breach = floorBreach(kept, answer.value);
    if (breach !== null) return spared('floor', `${breach}, and at least ${minKeep} of a source must stay`);
  }
  return null;
}
