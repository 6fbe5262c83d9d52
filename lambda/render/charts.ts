import { monthlyCostCeiling, roundMoney } from '../core/cost';
import type { Judged, Report } from '../core/report-model';
import { clean, dollars, figure, sourceNameOf, wholeDays } from './phrases';
import { placeOf } from './region-names';

/** One bar: what is kept and what is past policy, and the number that people read. */
export interface Bar {
  readonly label: string;
  readonly keep: number;
  readonly expire: number;
  readonly value: string;
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

const MOST_BARS = 8;

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

type Sum = Group & { keep: number; expire: number };

function sumBy(report: Report, groupOf: (item: Judged) => Group, amountOf: (item: Judged) => number): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const item of report.items) {
    const group = groupOf(item);
    const sum = sums.get(group.label) ?? { ...group, keep: 0, expire: 0 };
    sum[item.verdict] += amountOf(item);
    sums.set(group.label, sum);
  }
  return sums;
}

const costText = ({ keep, expire }: { readonly keep: number; readonly expire: number }): string => dollars(roundMoney(keep + expire));

/** The dearest first, what is beyond the eighth in one bar. */
function costChart(title: string, report: Report, groupOf: (item: Judged) => Group): Chart {
  const cost = (item: Judged): number => monthlyCostCeiling(item.snapshot, report.pricing) ?? 0;
  const bars = [...sumBy(report, groupOf, cost).values()].sort(
    (a, b) => b.keep + b.expire - (a.keep + a.expire) || (a.label < b.label ? -1 : 1),
  );
  const rest = bars.slice(MOST_BARS);
  const total = (side: 'keep' | 'expire'): number => rest.reduce((sum, bar) => sum + bar[side], 0);
  const others = { label: `${figure(rest.length)} more`, filter: null, keep: total('keep'), expire: total('expire') };
  const shown = rest.length === 0 ? bars : [...bars.slice(0, MOST_BARS), others];
  return { title, bars: shown.map((bar) => ({ ...bar, value: costText(bar) })) };
}

function ageChart(report: Report): Chart {
  const groupOf = ({ snapshot }: Judged): Group => {
    const days = wholeDays(snapshot.createdAt, report.evaluatedAt);
    const band = days === null ? undefined : AGES.find(({ to }) => to === null || days <= to);
    return { label: band?.label ?? 'age not known', filter: band === undefined ? null : { age: ageFilter(band) } };
  };
  const sums = sumBy(report, groupOf, () => 1);
  const labels = [...AGES.map(({ label }) => label), 'age not known'];
  const bars = labels.flatMap((label) => sums.get(label) ?? []).map((sum) => ({ ...sum, value: figure(sum.keep + sum.expire) }));
  return { title: 'Snapshots by age', bars };
}

/** Age, and cost ceilings by region, kind and source. */
export const charts = (report: Report): readonly Chart[] => [
  ageChart(report),
  costChart('By region, at most per month', report, ({ snapshot: { region } }) => ({
    label: placeOf(clean(region)),
    filter: { region: clean(region) },
  })),
  costChart('By kind, at most per month', report, ({ snapshot: { kind } }) => ({ label: kind, filter: { kind } })),
  costChart('By source, at most per month', report, ({ snapshot }) => {
    const [source, kind, region] = [sourceNameOf(snapshot), snapshot.kind, clean(snapshot.region)];
    return { label: `${source} (${kind}, ${region})`, filter: { source, kind, region } };
  }),
];
