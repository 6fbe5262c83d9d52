import type { EvaluatedSnapshot, Status } from '../report/report-model';
import { FINISHED_STATE, type Snapshot, type SourceState } from '../snapshot/snapshot';
import { localMinute } from '../time/period';
import { CLOCK_TOLERANCE_MS } from '../time/tolerance';
import type { Zone } from '../time/zone';
import type { PolicyUse } from './policy';
import type { ExclusionCode } from './reason';
import type { Resolution } from './resolve';

/** A reason why a snapshot is not evaluated, with its status. */
export interface Cause {
  readonly status: Exclude<Status, 'managed'>;
  readonly code: ExclusionCode;
  readonly text: string;
}

/** A snapshot with all members that the rules need. */
export type WholeSnapshot = Snapshot & { readonly arn: string; readonly name: string; readonly createdAt: number };

/** Whether a snapshot has all members that the rules need. */
export const isWhole = (snapshot: Snapshot): snapshot is WholeSnapshot =>
  snapshot.arn !== null && snapshot.name !== null && snapshot.createdAt !== null;

function unreadCause(snapshot: Snapshot, source: SourceState & { readonly state: 'unread' }): Cause {
  const list =
    source.list === null
      ? `its source ARN ${snapshot.source?.arn ?? ''} names no known list`
      : `the ${source.list.kind} list of ${source.list.region} was not read`;
  return { status: 'problem', code: 'source.unread', text: `kept: ${list}, and the source could have a hold` };
}

const unconfirmedCause = ({ why }: SourceState & { readonly state: 'unconfirmed' }): Cause => ({
  status: 'problem',
  code: 'source.unconfirmed',
  text: `kept: its source is not in its list, and is not confirmed as gone (${why}); it could have a hold`,
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
    causes.push({ status: 'problem', code: 'snapshot.incomplete', text: 'its ARN, name or createdAt is missing' });
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
  text: 'a kept copy of an automatic snapshot: it has no retention tag, and no rule matches such copies',
};

/**
 * Lists the causes that exclude a snapshot from evaluation; the first gives its status. Without any, it has a policy.
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
  // A misspelt tag or an unread source could name a policy, so this is not "unmanaged".
  if (policy === null && problems.length === 0 && isKnown(source))
    causes.push(snapshot.fromAutoSnapshot ? UNREACHED_COPY : UNMANAGED);
  return causes;
}

/** Keeps a snapshot without evaluating it. The first cause gives the status; every cause is a reason. */
export const excludeSnapshot = (
  snapshot: Snapshot,
  sourceExists: boolean | null,
  policy: PolicyUse | null,
  causes: readonly Cause[],
): EvaluatedSnapshot => ({
  snapshot,
  sourceExists,
  verdict: 'keep',
  status: causes[0]?.status ?? 'problem',
  policy,
  reasons: causes.map(({ code, text }) => ({ code, kind: 'excluded', text })),
});
