import { monthlyCostCeiling, roundMoney } from '../core/cost';
import type { Judged, Report } from '../core/report-model';
import { clean, dollars, sourceNameOf, wholeDays } from './phrases';

/** One bar: what is kept and what is past policy, and the number that people read. */
export interface Bar {
  readonly label: string;
  readonly keep: number;
  readonly expire: number;
  readonly value: string;
}

export interface Chart {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const MOST_BARS = 10;
const AGES = [
  { label: 'under 7 days', days: 7 },
  { label: '7 to 29 days', days: 30 },
  { label: '30 to 89 days', days: 90 },
  { label: '90 to 364 days', days: 365 },
  { label: '365 days and more', days: Number.POSITIVE_INFINITY },
] as const;

type Sums = Map<string, { keep: number; expire: number }>;

function sumBy(report: Report, labelOf: (item: Judged) => string, amountOf: (item: Judged) => number): Sums {
  const sums: Sums = new Map();
  for (const item of report.items) {
    const label = labelOf(item);
    const sum = sums.get(label) ?? { keep: 0, expire: 0 };
    sum[item.verdict] += amountOf(item);
    sums.set(label, sum);
  }
  return sums;
}

/** The dearest first, what is beyond the tenth in one bar. */
function costChart(title: string, report: Report, labelOf: (item: Judged) => string): Chart {
  const cost = (item: Judged): number => monthlyCostCeiling(item.snapshot, report.pricing) ?? 0;
  const bars = [...sumBy(report, labelOf, cost)]
    .map(([label, { keep, expire }]) => ({ label, keep, expire }))
    .sort((a, b) => b.keep + b.expire - (a.keep + a.expire) || (a.label < b.label ? -1 : 1));
  const rest = bars.slice(MOST_BARS);
  const total = (side: 'keep' | 'expire'): number => rest.reduce((sum, bar) => sum + bar[side], 0);
  const shown =
    rest.length === 0
      ? bars
      : [...bars.slice(0, MOST_BARS), { label: `${rest.length} more`, keep: total('keep'), expire: total('expire') }];
  return { title, bars: shown.map((bar) => ({ ...bar, value: dollars(roundMoney(bar.keep + bar.expire)) })) };
}

function ageChart(report: Report): Chart {
  const labelOf = ({ snapshot }: Judged): string => {
    const days = wholeDays(snapshot.createdAt, report.evaluatedAt);
    return days === null ? 'age not known' : (AGES.find((age) => days < age.days)?.label ?? '');
  };
  const sums = sumBy(report, labelOf, () => 1);
  const labels = [...AGES.map(({ label }) => label), 'age not known'].filter((label) => sums.has(label));
  return {
    title: 'Snapshots by age',
    bars: labels.map((label) => {
      const { keep, expire } = sums.get(label) ?? { keep: 0, expire: 0 };
      return { label, keep, expire, value: String(keep + expire) };
    }),
  };
}

/** Age, and cost ceilings by region, kind and source. */
export const charts = (report: Report): readonly Chart[] => [
  ageChart(report),
  costChart('Cost per month by region, at most', report, ({ snapshot }) => clean(snapshot.region)),
  costChart('Cost per month by kind, at most', report, ({ snapshot }) => snapshot.kind),
  costChart(
    'Cost per month by source, at most',
    report,
    ({ snapshot }) => `${sourceNameOf(snapshot)} (${snapshot.kind}, ${clean(snapshot.region)})`,
  ),
];
