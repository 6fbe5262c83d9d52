import { monthlyCostCeiling, roundMoney } from '../core/policy/cost';
import type { EvaluatedSnapshot, Report, Verdict } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { formatDollars, formatNumber } from './numbers';
import { sourceName, wholeDays } from './phrases';
import { regionLabel } from './region-names';
import { unknownSizeText } from './totals';

/** One bar: what is kept and what is past policy, and what people read of all of it, and of what is past policy (empty where nothing is). */
export interface Bar {
  readonly label: string;
  readonly keep: number;
  readonly expire: number;
  readonly value: string;
  readonly expiring: string;
  /** The filter of the page that shows what the bar counts; null where one filter cannot. */
  readonly filter: Readonly<Record<string, string>> | null;
}

export interface Chart {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** What a bar stands for. */
interface Group {
  readonly label: string;
  readonly filter: Bar['filter'];
}

const MAX_BARS = 8;

/** The bands of age, in whole days; the page filters by the same. */
export const AGES = [
  { label: 'under 7 days', from: 0, to: 6 },
  { label: '7 to 29 days', from: 7, to: 29 },
  { label: '30 to 89 days', from: 30, to: 89 },
  { label: '90 to 364 days', from: 90, to: 364 },
  { label: '365 days and more', from: 365, to: null },
] as const;

/** A band as the page's filter names it: `30-89`, `365-`. */
export const ageFilter = ({ from, to }: (typeof AGES)[number]): string => `${from}-${to ?? ''}`;

/** Amounts by verdict, and how many snapshots have none. */
interface Sum extends Group {
  readonly known: Record<Verdict, number>;
  readonly unknown: Record<Verdict, number>;
}

const emptySum = (group: Group): Sum => ({ ...group, known: { keep: 0, expire: 0 }, unknown: { keep: 0, expire: 0 } });

function sumBy(
  report: Report,
  groupOf: (item: EvaluatedSnapshot) => Group,
  amountOf: (item: EvaluatedSnapshot) => number | null,
): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const item of report.items) {
    const group = groupOf(item);
    const sum = sums.get(group.label) ?? emptySum(group);
    const amount = amountOf(item);
    if (amount === null) sum.unknown[item.verdict] += 1;
    else sum.known[item.verdict] += amount;
    sums.set(group.label, sum);
  }
  return sums;
}

const sumOf = ({ keep, expire }: Readonly<Record<Verdict, number>>): number => keep + expire;

/** `$12.00`, `$12.00 and 1 of unknown size`. */
const barCost = (known: number, unknown: number): string =>
  `${formatDollars(roundMoney(known))}${unknownSizeText({ unknown })}`;

function costBar({ known, unknown, ...group }: Sum): Bar {
  const past = known.expire + unknown.expire === 0 ? '' : `${barCost(known.expire, unknown.expire)} past policy`;
  return { ...group, ...known, value: barCost(sumOf(known), sumOf(unknown)), expiring: past };
}

/** The dearest first, what is beyond the eighth in one bar. */
function costChart(title: string, report: Report, groupOf: (item: EvaluatedSnapshot) => Group): Chart {
  const sums = [
    ...sumBy(report, groupOf, ({ snapshot }) => monthlyCostCeiling(snapshot, report.pricing)).values(),
  ].sort(
    (a, b) => sumOf(b.known) - sumOf(a.known) || sumOf(b.unknown) - sumOf(a.unknown) || (a.label < b.label ? -1 : 1),
  );
  const others = emptySum({ label: `${formatNumber(sums.length - MAX_BARS)} more`, filter: null });
  for (const { known, unknown } of sums.slice(MAX_BARS))
    for (const verdict of ['keep', 'expire'] as const) {
      others.known[verdict] += known[verdict];
      others.unknown[verdict] += unknown[verdict];
    }
  const shown = sums.length <= MAX_BARS ? sums : [...sums.slice(0, MAX_BARS), others];
  return { title, bars: shown.map(costBar) };
}

function ageChart(report: Report): Chart {
  const groupOf = ({ snapshot }: EvaluatedSnapshot): Group => {
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
      expiring: known.expire === 0 ? '' : `${formatNumber(known.expire)} past policy`,
    }));
  return { title: 'Snapshots by age', bars };
}

/** Age, and cost ceilings by region, kind and source. */
export const charts = (report: Report): readonly Chart[] => [
  ageChart(report),
  costChart('By region, at most per month', report, ({ snapshot: { region } }) => ({
    label: regionLabel(oneLine(region)),
    filter: { region: oneLine(region) },
  })),
  costChart('By kind, at most per month', report, ({ snapshot: { kind } }) => ({ label: kind, filter: { kind } })),
  costChart('By source, at most per month', report, ({ snapshot }) => {
    const [source, kind, region] = [sourceName(snapshot), snapshot.kind, oneLine(snapshot.region)];
    return { label: `${source} (${kind}, ${region})`, filter: { source, kind, region } };
  }),
];
