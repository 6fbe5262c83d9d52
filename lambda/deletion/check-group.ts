import { type CandidateGroup, floorBreach, sourceBreach } from '../core/plan/recheck';
import { couldReplace, differInCase } from '../core/snapshot/arn';
import type { Snapshot } from '../core/snapshot/snapshot';
import type { CallFailure, SnapshotDeletion } from '../ports/deletion-ports';
import { eachOf } from '../ports/each-of';
import { type Backoff, withRetries } from './backoff';
import { stopUnreachable } from './caller-failure';
import { type ItemOutcome, reasonOf } from './item-outcome';

export interface GroupPorts {
  readonly deletion: Pick<SnapshotDeletion, 'readSource' | 'readSnapshot'>;
  readonly backoff: Backoff;
  /** Ends the retries. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the current reading. */
  readonly abortSignal?: AbortSignal | undefined;
  /** ARNs of snapshots that a delete of an earlier run may still remove. */
  readonly inDoubt: ReadonlySet<string>;
}

function unread(subject: string, failure: CallFailure): ItemOutcome {
  stopUnreachable(failure);
  const { code, text } = reasonOf(failure);
  return { outcome: 'failed', code, text: `${subject} could not be read again: ${text}` };
}

const spared = (code: string, text: string): ItemOutcome => ({ outcome: 'spared', code, text });

/**
 * Returns why the source of a group is not as the decision found it; null when it is. A source that no list had must
 * not exist by name either.
 */
async function checkSource(
  { deletion, backoff, signal, abortSignal }: GroupPorts,
  { source, absentSource }: CandidateGroup,
): Promise<ItemOutcome | null> {
  const named = source ?? absentSource;
  if (named === null) return null;
  const { arn, name } = named;
  if (name === null) return spared('source.unread', `its source ${arn} has no name to read it by`);
  const answer = await withRetries(backoff, () => deletion.readSource(arn, name, abortSignal), signal);
  if (!answer.ok) return unread(`its source ${name}`, answer.failure);
  const { value } = answer;
  if (value?.defect != null) return spared('source.changed', value.defect);
  if (source !== null) {
    const breach = sourceBreach(source, value);
    return breach === null ? null : spared('source.changed', breach);
  }
  // As in the inventory: such an answer does not tell whether the source exists.
  if (value === null) return null;
  if (value.arn === arn || differInCase(value.arn, arn))
    return spared('source.listed', `its source ${name} exists, and the list of sources did not have it`);
  return value.arn !== null && couldReplace(value.arn, arn)
    ? null
    : spared(
        'source.unconfirmed',
        `its source ${name} could not be confirmed as gone: the service answered with ${value.arn ?? 'no ARN'}`,
      );
}

/** Returns why a kept snapshot no longer counts for the minimum kept; null when it does. */
async function checkKept(
  { deletion, backoff, signal, abortSignal, inDoubt }: GroupPorts,
  kept: Snapshot,
  minKeep: number,
): Promise<ItemOutcome | null> {
  const { kind, region, name, account, arn } = kept;
  if (name === null) return spared('floor', `its kept sibling ${arn} has no name to read it by`);
  if (arn !== null && inDoubt.has(arn))
    return spared('floor', `an earlier run may have sent a delete of its kept sibling ${name}`);
  const named = { kind, region, name, account };
  const answer = await withRetries(backoff, () => deletion.readSnapshot(named, abortSignal), signal);
  if (!answer.ok) return unread(`its kept sibling ${name}`, answer.failure);
  const breach = floorBreach(kept, answer.value);
  return breach === null ? null : spared('floor', `${breach}, and at least ${minKeep} of a source must stay`);
}

/**
 * Reads a group's floor and source again. Null: both are as the decision found them; otherwise the outcome of every
 * snapshot of the group.
 */
export async function checkGroup(
  ports: GroupPorts,
  group: CandidateGroup,
  minKeep: number,
): Promise<ItemOutcome | null> {
  const { floor } = group;
  if (floor.length < minKeep)
    return spared('floor', `only ${floor.length} of its group are certain to stay, and floors.minKeep is ${minKeep}`);
  const breach = await checkSource(ports, group);
  if (breach !== null) return breach;
  const breaches = await eachOf(floor, (kept) => checkKept(ports, kept, minKeep));
  return breaches.find((each) => each !== null) ?? null;
}
