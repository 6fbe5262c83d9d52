import type { EvaluatedSnapshot, Status } from '../report/report-model';
import { FINISHED_STATE, type Snapshot, type SourceState } from '../snapshot/snapshot';
import { localMinute } from '../time/period';
import { CLOCK_TOLERANCE_MS } from '../time/tolerance';
import type { Zone } from '../time/zone';
import type { PolicyUse } from './policy';
import type { ExclusionCode, Reason } from './reason';
import type { Resolution } from './resolve';

/** Why a snapshot is not evaluated, and the status that this alone would give it. */
export interface Cause {
  readonly status: Exclude<Status, 'managed'>;
  readonly code: ExclusionCode;
  readonly text: string;
}

/** A snapshot with all that the rules look at. */
export type WholeSnapshot = Snapshot & { readonly arn: string; readonly name: string; readonly createdAt: number };

/** Whether nothing is missing that the rules look at. */
export const isWhole = (snapshot: Snapshot): snapshot is WholeSnapshot =>
  snapshot.arn !== null && snapshot.name !== null && snapshot.createdAt !== null;

function unreadCause(snapshot: Snapshot, source: SourceState & { readonly state: 'unread' }): Cause {
  const list =
    source.list === null
      ? `its source ARN ${snapshot.source?.arn ?? ''} names no known list`
      : `the ${source.list.kind} list of ${source.list.region} was not read`;
  return { status: 'problem', code: 'source.unread', text: `kept: ${list}, and a hold could stand on the source` };
}

const unconfirmedCause = ({ why }: SourceState & { readonly state: 'unconfirmed' }): Cause => ({
  status: 'problem',
  code: 'source.unconfirmed',
  text: `kept: its source is not in its list, and is not confirmed as gone (${why}); a hold could be on it`,
});

const isKnown = (source: SourceState | null): boolean => source?.state !== 'unread' && source?.state !== 'unconfirmed';

function addSnapshotCauses(
  causes: Cause[],
  snapshot: Snapshot,
  source: SourceState | null,
  now: number,
  zone: Zone,
): void {
  const { createdAt, state, kind, defects } = snapshot;
  if (defects !== undefined)
    for (const { code, message } of defects) causes.push({ status: 'problem', code, text: message });
  else if (!isWhole(snapshot))
    causes.push({ status: 'problem', code: 'snapshot.incomplete', text: 'it came without its ARN, name or createdAt' });
  if (source?.state === 'unread') causes.push(unreadCause(snapshot, source));
  if (source?.state === 'unconfirmed') causes.push(unconfirmedCause(source));
  if (state !== FINISHED_STATE[kind])
    causes.push({
      status: 'unfinished',
      code: 'unfinished',
      text: `not finished: its state is ${state ?? 'unknown'}, not ${FINISHED_STATE[kind]}`,
    });
  if (createdAt !== null && createdAt > now + CLOCK_TOLERANCE_MS)
    causes.push({
      status: 'future',
      code: 'future',
      text: `created in the future (${localMinute(createdAt, zone)}): a clock is wrong`,
    });
}

const UNMANAGED: Cause = {
  status: 'unmanaged',
  code: 'unmanaged',
  text: 'unmanaged: no tag, rule or default gives it a policy',
};
const UNREACHED_COPY: Cause = {
  status: 'automatic-copy',
  code: 'automatic-copy',
  text: 'a kept copy of an automatic snapshot, which no tag of its own and no rule for such copies reaches',
};

/**
 * All that sets a snapshot aside (step 1 of design section 6), in the order in which causes give it its status; without any, it is whole and has
 * a policy.
 */
export function causesOf(
  snapshot: Snapshot,
  source: SourceState | null,
  { holds, problems, policy }: Resolution,
  now: number,
  zone: Zone,
): readonly Cause[] {
  const causes: Cause[] = [];
  for (const text of holds) causes.push({ status: 'held', code: 'hold', text });
  for (const { on, code, message } of problems)
    causes.push({ status: 'problem', code, text: on === 'snapshot' ? message : `on its source: ${message}` });
  addSnapshotCauses(causes, snapshot, source, now, zone);
  // What a misspelt tag means, or what an unread source says, is not known: that is no "unmanaged".
  if (policy === null && problems.length === 0 && isKnown(source))
    causes.push(snapshot.fromAutoSnapshot ? UNREACHED_COPY : UNMANAGED);
  return causes;
}

/** Makes what keeps snapshots without evaluating them: the status is the first of the causes, the reasons name them all, and are shared where they are one. */
export function makeExclusion(): (
  snapshot: Snapshot,
  exists: boolean | null,
  policy: PolicyUse | null,
  causes: readonly Cause[],
) => EvaluatedSnapshot {
  const alone = new Map<string, readonly Reason[]>();
  const reasonFor = ({ code, text }: Cause): Reason => ({ code, kind: 'excluded', text });

  const reasonsFor = (causes: readonly Cause[]): readonly Reason[] => {
    const [only] = causes;
    if (only === undefined || causes.length > 1) return causes.map(reasonFor);
    const key = `${only.code} ${only.text}`;
    const known = alone.get(key) ?? [reasonFor(only)];
    alone.set(key, known);
    return known;
  };

  return (snapshot, sourceExists, policy, causes) => ({
    snapshot,
    sourceExists,
    verdict: 'keep',
    status: causes[0]?.status ?? 'problem',
    policy,
    reasons: reasonsFor(causes),
  });
}
