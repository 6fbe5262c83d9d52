import { monthlyCostCeiling } from '../core/policy/cost';
import type { EvaluatedPolicy, PolicyChange, PolicyComparison, SourceOutcome } from '../core/report/compare-policies';
import type { Verdict } from '../core/report/report-model';
import { localDay } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { readingLines } from './denied-regions';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { monthlyCostText, reasonsText, snapshotName, sourceName, zoneText } from './phrases';

/** A table of texts; the first row is its head. */
export type TextTable = readonly (readonly string[])[];

/** One later configuration against the first. */
export interface ComparisonPart {
  readonly title: string;
  /** One sentence on the outcome. */
  readonly outcome: string;
  readonly newlyExpiring: TextTable;
  readonly newlyKept: TextTable;
}

/** A comparison as people read it. Every text is safe to print, and still has to be escaped. */
export interface ComparisonText {
  readonly title: string;
  readonly about: readonly string[];
  readonly totals: TextTable;
  readonly parts: readonly ComparisonPart[];
  readonly sources: TextTable;
}

const fileOf = ({ origin }: EvaluatedPolicy): string => oneLine(origin);

function totalsTable(policies: readonly EvaluatedPolicy[]): TextTable {
  const rows = policies.map((policy) => {
    const { snapshots, keep, expire, held, unmanaged, expireMonthlyCostCeiling } = policy.totals;
    return [
      fileOf(policy),
      ...[snapshots, keep, expire, held, unmanaged].map(formatNumber),
      `${formatDollars(expireMonthlyCostCeiling)}/month`,
    ];
  });
  return [['configuration', 'snapshots', 'kept', 'expiring', 'held', 'unmanaged', 'could free, up to'], ...rows];
}

const CHANGE_HEAD = ['snapshot', 'source', 'region', 'created', 'policy', 'reason', 'cost, at most'];

function changeRow({ before, after }: PolicyChange, { pricing }: EvaluatedPolicy, zone: Zone): readonly string[] {
  const { snapshot } = after;
  const [from, to] = [before.policy?.name ?? 'none', after.policy?.name ?? 'none'].map(oneLine);
  return [
    snapshotName(snapshot),
    sourceName(snapshot),
    oneLine(snapshot.region),
    snapshot.createdAt === null ? 'not known' : localDay(snapshot.createdAt, zone),
    from === to ? (to ?? '') : `${from} → ${to}`,
    reasonsText(after.reasons),
    monthlyCostText(monthlyCostCeiling(snapshot, pricing)).replace(/^at most /, ''),
  ];
}

function partOf(comparison: PolicyComparison, against: number, zone: Zone): ComparisonPart {
  const [first, later] = [comparison.policies[0], comparison.policies[against]];
  const changes = comparison.changes.filter((change) => change.against === against);
  const tableOf = (verdict: Verdict): TextTable =>
    later === undefined
      ? []
      : [
          CHANGE_HEAD,
          ...changes.filter(({ after }) => after.verdict === verdict).map((change) => changeRow(change, later, zone)),
        ];
  const [newlyExpiring, newlyKept] = [tableOf('expire'), tableOf('keep')];
  const [expires, keeps] = [newlyExpiring.length - 1, newlyKept.length - 1];
  const outcome =
    expires + keeps === 0
      ? 'No snapshot is decided otherwise.'
      : `${formatCount(expires, 'snapshot')} newly expiring, ${formatNumber(keeps)} newly kept.`;
  const files = [first, later].map((policy) => (policy === undefined ? '' : fileOf(policy)));
  return { title: `${files[1]} compared with ${files[0]}`, outcome, newlyExpiring, newlyKept };
}

const days = (age: number | null): string => (age === null ? '–' : `${formatNumber(age)} d`);

/** Values of all configurations in one cell: one value where they are equal. */
const across = (values: readonly string[]): string => {
  const [first = ''] = values;
  return values.every((value) => value === first) ? first : values.join(' → ');
};

function sourcesTable(sources: readonly SourceOutcome[]): TextTable {
  const rows = sources.map((source) => [
    oneLine(source.name ?? source.arn),
    source.kind,
    oneLine(source.region),
    across(source.kept.map(formatNumber)),
    across(source.newestKeptAgeDays.map(days)),
    across(source.oldestKeptAgeDays.map(days)),
    across(source.longestGapDays.map(days)),
  ]);
  return [['source', 'kind', 'region', 'copies kept', 'newest kept', 'oldest kept', 'longest gap'], ...rows];
}

/** Makes the texts and tables of a comparison. Dates are in `zone`. */
export function comparisonText(comparison: PolicyComparison, zone: Zone): ComparisonText {
  const { policies, inventory, complete, accounts } = comparison;
  const live = accounts === undefined ? 'the account as it is now' : 'the accounts as they are now';
  const source = inventory === 'live' ? live : `the report ${oneLine(inventory)}`;
  return {
    title: `Comparison of ${formatCount(policies.length, 'configuration')}`,
    about: [
      `Evaluated on ${localDay(comparison.evaluatedAt, zone)} over ${source}. ${zoneText(zone)}.`,
      ...(accounts === undefined ? [] : readingLines(accounts)),
      ...(complete
        ? []
        : [
            `INCOMPLETE: ${accounts === undefined ? 'a part of the account was' : 'some accounts were'} not read in full, so that changes can be missing.`,
          ]),
      'Nothing is deleted by a comparison.',
    ],
    totals: totalsTable(policies),
    parts: policies.slice(1).map((_, index) => partOf(comparison, index + 1, zone)),
    sources: sourcesTable(comparison.sources),
  };
}
