import type { Config } from '../core/policy/config';
import { AGE_BANDS, OUTLOOK_POINTS, type Outlook, simulateOutlook } from '../core/policy/outlook';
import { rhythmText } from '../core/policy/schedule';
import {
  type Making,
  type NamedPolicy,
  type SimulatedPolicy,
  simulatedCeiling,
  simulatePolicy,
  withOnly,
} from './calendar';
import { formatDollars, formatNumber } from './numbers';
import { policyWords } from './policy-words';

/** A simulation with its outlook, as one column of a comparison. */
export interface SimulatedColumn {
  readonly view: SimulatedPolicy;
  readonly outlook: Outlook;
}

export const simulateColumn = (config: Config, named: NamedPolicy, making: Making): SimulatedColumn => {
  const { sizeGb, tags, ...schedule } = making;
  const input = { config: withOnly(named, config), schedule, sizeGb, ...(tags !== undefined && { tags }) };
  return { view: simulatePolicy(config, named, making), outlook: simulateOutlook(input) };
};

/** A fact, and its value for each column. */
export interface OutlookRow {
  readonly label: string;
  readonly values: readonly string[];
}

/** The heads of the columns: the policies, and their schedules. */
export const columnHeads = (columns: readonly SimulatedColumn[]): readonly OutlookRow[] => [
  { label: '', values: columns.map(({ view }) => view.name ?? policyWords(view.policy)) },
  { label: 'snapshots', values: columns.map(({ view }) => rhythmText(view.rhythm)) },
];

const POINT_LABELS = { now: 'kept now', inAMonth: 'kept in a month', inAYear: 'kept in a year' } as const;

const daysText = (days: number | null): string => (days === null ? '–' : `${formatNumber(days)} d`);

/** `restore points up to 7 d old`, `8 to 30 d old`, `older than 365 d`. */
function bandLabel(band: number): string {
  const [before, upTo] = [AGE_BANDS[band - 1] ?? null, AGE_BANDS[band] ?? null];
  if (before === null) return `restore points up to ${upTo} d old`;
  return upTo === null ? `older than ${before} d` : `${before + 1} to ${upTo} d old`;
}

/** The facts to compare. Costs are ceilings; gap, oldest and ages are those of what is kept in a year. */
export function outlookRows(columns: readonly SimulatedColumn[]): readonly OutlookRow[] {
  const row = (label: string, value: (column: SimulatedColumn) => string): OutlookRow => ({
    label,
    values: columns.map(value),
  });
  return [
    ...OUTLOOK_POINTS.map((point) => row(POINT_LABELS[point], ({ outlook }) => formatNumber(outlook.kept[point]))),
    ...OUTLOOK_POINTS.map((point) =>
      row(POINT_LABELS[point].replace('kept', 'monthly cost at most,'), ({ outlook, view }) =>
        formatDollars(simulatedCeiling(outlook.kept[point], view)),
      ),
    ),
    row('longest gap', ({ outlook }) => daysText(outlook.longestGapDays)),
    row('oldest restore point', ({ outlook }) => daysText(outlook.oldestAgeDays)),
    ...AGE_BANDS.map((_, band) =>
      row(bandLabel(band), ({ outlook }) => formatNumber(outlook.restorePoints[band] ?? 0)),
    ),
  ];
}

/** How the numbers of a comparison were made. */
export const OUTLOOK_METHOD =
  'The schedule goes on. The longest gap, the oldest restore point and the ages are of what is kept in a year.';

/** What all columns share: the end, the length, the size and the price. */
export const sharedText = ({ span, localEnd, timezone, sizeGb, gbMonth }: SimulatedPolicy): string =>
  `Simulated for ${span.text} until ${localEnd} (${timezone}), ${sizeGb} GB each, $${gbMonth} per GB-month.`;
