import { monthlyCostCeiling, roundMoney } from '../core/policy/cost';
import type { EvaluatedSnapshot, Report, Verdict } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { formatDollars, formatNumber } from './numbers';
import { sourceName, wholeDays } from './phrases';
import { regionCity } from './region-names';
import { unknownSizeText } from './totals';

/** One bar: the kept and the expired amount, with texts for all of it and for the expired part (empty: none). */
export interface Bar {
  readonly label: string;
  readonly keep: number;
  readonly expire: number;
  readonly value: string;
  readonly expiring: string;
  /** The filter of the page for the snapshots of the bar; null: none. */
  readonly filter: Readonly<Record<string, string>> | null;
}

export interface Chart {
  readonly title: string;
  readonly unit: 'snapshots' | 'dollars';
  readonly bars: readonly Bar[];
}

/** The group of snapshots of a bar. */
interface ChartGroup {
  /** Its identity, where labels can be equal. */
  readonly key?: string;
  readonly label: string;
  readonly filter: Bar['filter'];
}

const MAX_BARS = 8;

/** The age bands in whole days; the page filters by them. */
export const AGES = [
  { label: 'under 7 days', from: 0, to: 6 },
  { label: '7 to 29 days', from: 7, to: 29 },
  { label: '30 to 89 days', from: 30, to: 89 },
  { label: '90 to 364 days', from: 90, to: 364 },
  { label: '365 days and more', from: 365, to: null },
] as const;

/** The filter value of an age band: `30-89`, `365-`. */
export const ageFilter = ({ from, to }: (typeof AGES)[number]): string => `${from}-${to ?? ''}`;

/** Amounts by verdict, and numbers of snapshots without a known amount. */
interface Sum extends ChartGroup {
  readonly known: Record<Verdict, number>;
  readonly unknown: Record<Verdict, number>;
}

const emptySum = (group: ChartGroup): Sum => ({
  ...group,
  known: { keep: 0, expire: 0 },
  unknown: { keep: 0, expire: 0 },
});

function sumBy(
  report: Report,
  groupOf: (item: EvaluatedSnapshot) => ChartGroup,
  amountOf: (item: EvaluatedSnapshot) => number | null,
): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const item of report.items) {
    const group = groupOf(item);
    const key = group.key ?? group.label;
    const sum = sums.get(key) ?? emptySum(group);
    const amount = amountOf(item);
    if (amount === null) sum.unknown[item.verdict] += 1;
    else sum.known[item.verdict] += amount;
    sums.set(key, sum);
  }
  return sums;
}

const sumOf = ({ keep, expire }: Readonly<Record<Verdict, number>>): number => keep + expire;

/** `$12.00`, `$12.00 and 1 of unknown size`. */
const barCost = (known: number, unknown: number): string =>
  `${formatDollars(roundMoney(known))}${unknownSizeText({ unknown })}`;

function costBar({ known, unknown, ...group }: Sum): Bar {
  const past = known.expire + unknown.expire === 0 ? '' : `${barCost(known.expire, unknown.expire)} can be deleted`;
  return { ...group, ...known, value: barCost(sumOf(known), sumOf(unknown)), expiring: past };
}

/** Bars by cost, the most expensive first; those after MAX_BARS are one bar. */
function costChart(title: string, report: Report, groupOf: (item: EvaluatedSnapshot) => ChartGroup): Chart {
  const sums = [
    ...sumBy(report, groupOf, ({ snapshot }) => monthlyCostCeiling(snapshot, report.pricing)).values(),
  ].sort(
    (a, b) => sumOf(b.known) - sumOf(a.known) || sumOf(b.unknown) - sumOf(a.unknown) || (a.label < b.label ? -1 : 1),
  );
  const others = emptySum({ label: `${formatNumber(sums.length - MAX_BARS)} others`, filter: null });
  for (const { known, unknown } of sums.slice(MAX_BARS))
    for (const verdict of ['keep', 'expire'] as const) {
      others.known[verdict] += known[verdict];
      others.unknown[verdict] += unknown[verdict];
    }
  const shown = sums.length <= MAX_BARS ? sums : [...sums.slice(0, MAX_BARS), others];
  return { title, unit: 'dollars', bars: shown.map(costBar) };
}

function ageChart(report: Report): Chart {
  const groupOf = ({ snapshot }: EvaluatedSnapshot): ChartGroup => {
    const days = wholeDays(snapshot.createdAt, report.evaluatedAt);
    const band = days === null ? undefined : AGES.find(({ to }) => to === null || days <= to);
    return { label: band?.label ?? 'age not known', filter: band === undefined ? null : { age: ageFilter(band) } };
  };
  const sums = sumBy(report, groupOf, () => 1);
  const labels = [...AGES.map(({ label }) => label), 'age not known'];
  const bars = labels
    .flatMap((label) => sums.get(label) ?? [])
    .map(({ known, unknown: _, ...group }) => ({
      ...group,
      ...known,
      value: formatNumber(sumOf(known)),
      expiring: known.expire === 0 ? '' : `${formatNumber(known.expire)} can be deleted`,
    }));
  return { title: 'By age', unit: 'snapshots', bars };
}

/** Cost ceilings by source, age, and cost ceilings by region and kind. */
export const charts = (report: Report): readonly Chart[] => [
  costChart('By source', report, ({ snapshot }) => {
    const [source, kind, region] = [sourceName(snapshot), snapshot.kind, oneLine(snapshot.region)];
    const label = kind === 'instance' ? source : `${source} ${kind}`;
    return { key: JSON.stringify([source, kind, region]), label, filter: { source, kind, region } };
  }),
  ageChart(report),
  costChart('By region', report, ({ snapshot: { region } }) => ({
    key: oneLine(region),
    label: regionCity(region) || oneLine(region),
    filter: { region: oneLine(region) },
  })),
  costChart('By kind', report, ({ snapshot: { kind } }) => ({ label: kind, filter: { kind } })),
];
