import { type CandidateGroup, floorBreach, sourceBreach } from '../core/plan/recheck';
import { differInCase } from '../core/snapshot/arn';
import type { CallFailure, SnapshotDeletion } from '../ports/deletion-ports';
import { type Pacer, patiently } from './backoff';
import { stopUnreachable } from './caller-failure';
import type { Verdict } from './delete-snapshot';

function unread(what: string, failure: CallFailure): Verdict {
  stopUnreachable(failure);
  const { code, message } = failure;
  return { outcome: 'failed', code, text: `${what} could not be read again: ${message}` };
}

const spared = (code: string, text: string): Verdict => ({ outcome: 'spared', code, text });

type Reading = readonly [pacer: Pacer, signal: AbortSignal | undefined, abortSignal: AbortSignal | undefined];

/** Why the source of a group is not what the decision rested on; null when it is. A source that no list had must not be there by name either. */
async function checkSource(
  deletion: SnapshotDeletion,
  { source, absentSource }: CandidateGroup,
  [pacer, signal, abortSignal]: Reading,
): Promise<Verdict | null> {
  const named = source ?? absentSource;
  if (named === null) return null;
  const { arn, name } = named;
  if (name === null) return spared('source.unread', `its source ${arn} has no name to read it by`);
  const answer = await patiently(pacer, () => deletion.readSource(arn, name, abortSignal), signal);
  if (!answer.ok) return unread(`its source ${name}`, answer.failure);
  const { value } = answer;
  if (value?.defect != null) return spared('source.changed', value.defect);
  if (source === null) {
    const isThere = value?.arn === arn || differInCase(value?.arn ?? null, arn);
    return isThere
      ? spared('source.listed', `its source ${name} exists, and the list of sources did not have it`)
      : null;
  }
  const breach = sourceBreach(source, value);
  return breach === null ? null : spared('source.changed', breach);
}

/**
 * Reads a group's floor and source again. Null: both are what the decision rested on; otherwise what becomes of every snapshot of the group.
 * `signal` ends its patience, `abortSignal` the reading that it waits for as well.
 */
export async function guardGroup(
  deletion: SnapshotDeletion,
  group: CandidateGroup,
  minKeep: number,
  pacer: Pacer,
  signal?: AbortSignal,
  abortSignal?: AbortSignal,
): Promise<Verdict | null> {
  const { floor } = group;
  if (floor.length < minKeep)
    return spared('floor', `only ${floor.length} of its group are kept, and floors.minKeep is ${minKeep}`);
  const breach = await checkSource(deletion, group, [pacer, signal, abortSignal]);
  if (breach !== null) return breach;
  for (const kept of floor) {
    const { kind, region, name, account } = kept;
    if (name === null) return spared('floor', `its kept sibling ${kept.arn} has no name to read it by`);
    const answer = await patiently(
      pacer,
      () => deletion.readSnapshot({ kind, region, name, account }, abortSignal),
      signal,
    );
    if (!answer.ok) return unread(`its kept sibling ${name}`, answer.failure);
    const breach = floorBreach(kept, answer.value);
    if (breach !== null) return spared('floor', `${breach}, and at least ${minKeep} of a source must stay`);
  }
  return null;
}
