import type { EvaluatedSnapshot } from '../report/report-model';
import { longestGapDays, wholeDaysBetween } from '../time/ages';
import type { Duration } from '../time/duration';
import { addDuration, subtractDuration } from '../time/period';
import { ongoing } from './schedule';
import { type SimulateInput, simulateRuns } from './simulate';

/** The instants at which an outlook counts: at the end of the schedule, and later. */
export const OUTLOOK_POINTS = ['now', 'inAMonth', 'inAYear'] as const;
export type OutlookPoint = (typeof OUTLOOK_POINTS)[number];

/** Upper ends of the age bands of restore points in days; the last band has none. */
export const AGE_BANDS = [7, 30, 365, null] as const;

/** What a policy keeps while a rhythm goes on. */
export interface Outlook {
  /** Kept snapshots. */
  readonly kept: Readonly<Record<OutlookPoint, number>>;
  /** Of what is kept in a year: whole days between two neighbours; null: fewer than two are kept. */
  readonly longestGapDays: number | null;
  /** Of what is kept in a year: its oldest in whole days; null: nothing is kept. */
  readonly oldestAgeDays: number | null;
  /** Of what is kept in a year: restore points of each band of `AGE_BANDS`. */
  readonly restorePoints: readonly number[];
}

const ONE_MONTH: Duration = { years: 0, months: 1, days: 0, hours: 0, text: '1mo' };
const ONE_YEAR: Duration = { years: 1, months: 0, days: 0, hours: 0, text: '1y' };

function outlookAt(now: number, kept: readonly EvaluatedSnapshot[]): Omit<Outlook, 'kept'> {
  const created = kept.map(({ snapshot }) => snapshot.createdAt ?? now).sort((a, b) => a - b);
  const ages = created.map((at) => wholeDaysBetween(at, now));
  return {
    longestGapDays: longestGapDays(created),
    oldestAgeDays: ages[0] ?? null,
    restorePoints: AGE_BANDS.map(
      (upTo, band) =>
        ages.filter((age) => age > (AGE_BANDS[band - 1] ?? -1) && age <= (upTo ?? Number.POSITIVE_INFINITY)).length,
    ),
  };
}

/**
 * Simulates a schedule that goes on for a year after its end. The policy is applied once a day, at the time of day of
 * `end`. Throws `simulate.too-large` for more than a few seconds of work.
 */
export function simulateOutlook({ schedule, ...input }: SimulateInput): Outlook {
  const { span, end } = schedule;
  const { zone } = input.config;
  const [inAMonth, inAYear] = [addDuration(end, ONE_MONTH, zone), addDuration(end, ONE_YEAR, zone)];
  const range = { after: subtractDuration(end, span, zone), until: inAYear };
  const { made, runs } = ongoing(schedule, range, zone);
  const kept = { now: 0, inAMonth: 0, inAYear: 0 };
  let last: readonly EvaluatedSnapshot[] = [];
  for (const run of simulateRuns({ ...input, made, runs })) {
    last = run.kept;
    if (run.now <= end) kept.now = last.length;
    if (run.now <= inAMonth) kept.inAMonth = last.length;
  }
  kept.inAYear = last.length;
  return { kept, ...outlookAt(runs.at(-1) ?? end, last) };
}
