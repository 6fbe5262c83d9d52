import { describeReason, type Reason } from '../core/policy/reason';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import type { Kind, Snapshot } from '../core/snapshot/snapshot';
import { DAY_MS } from '../core/time/units';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatDollars } from './numbers';

/** Why a cost is a ceiling. */
export const CEILING_NOTE =
  '"At most" because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.';

/** `at most $2.00/month`. */
export const monthlyCostText = (ceiling: number | null): string =>
  ceiling === null ? 'cost not known' : `at most ${formatDollars(ceiling)}/month`;

/** Whole periods of 24 h between two instants (epoch ms); null: the first is not known. */
export const wholeDays = (from: number | null, to: number): number | null =>
  from === null ? null : Math.trunc((to - from) / DAY_MS) + 0;

/** `20 days old`. */
export function describeAge(from: number | null, to: number): string {
  if (from === null) return 'age not known';
  if (from > to) return 'dated in the future';
  const days = wholeDays(from, to);
  return days === 0 ? 'less than a day old' : `${formatCount(days ?? 0, 'day')} old`;
}

/** The sentence that names the zone of a text. */
export const zoneText = (zone: Zone): string => `Dates and times are in ${oneLine(zone.name)}`;

const PLURALS: Readonly<Record<Kind, string>> = { instance: 'instances', disk: 'disks', database: 'databases' };

/** `instances`, `disks`, `databases`. */
export const kindPlural = (kind: Kind): string => PLURALS[kind];

/** The name of a snapshot, else its ARN. */
export const snapshotName = (snapshot: Snapshot): string =>
  oneLine(snapshot.name ?? snapshot.arn ?? 'a snapshot without a name');

/** The name of the source of a snapshot, else its ARN. */
export const sourceName = (snapshot: Snapshot): string =>
  snapshot.source === null
    ? 'no source named'
    : oneLine(snapshot.source.name ?? snapshot.source.arn ?? 'a source without a name');

/** Each reason in one line. */
export const reasonTexts = (reasons: readonly Reason[]): readonly string[] =>
  reasons.map((reason) => oneLine(describeReason(reason)));

/** All reasons in one line. */
export const reasonsText = (reasons: readonly Reason[]): string => reasonTexts(reasons).join('; ');

/** `policy standard, from the rule "production"`. */
export function policyText(policy: EvaluatedSnapshot['policy']): string {
  if (policy === null) return 'no policy';
  const origins = {
    'snapshot-tag': "from the snapshot's own tags",
    'source-tag': "from the source's tags",
    rule: `from the rule "${oneLine(policy.rule ?? '')}"`,
    default: 'the default',
  } as const;
  return `policy ${oneLine(policy.name)}, ${origins[policy.origin]}`;
}

/** The head of the evidence chain in the last lines of an e-mail; null: nothing was recorded. */
export function evidenceLines(head: string | null | undefined): readonly string[] {
  if (head === undefined) return [];
  return [head === null ? 'Evidence: not recorded.' : `Evidence: ${head}`];
}
