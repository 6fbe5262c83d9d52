import type { EvaluatedSnapshot } from '../report/report-model';
import { longestGapDays, wholeDaysBetween } from '../time/ages';
import type { Duration } from '../time/duration';
import { addDuration, dayOf, subtractDuration, wallClock } from '../time/period';
import type { RetentionConfig } from './config';
import { multiplyDuration, ONE_DAY, type SimulateInput, simulateRuns, tooLarge } from './simulate';

/** When snapshots are made: each duration, on a weekday (Monday: 0), or with the distances of known instants. */
export type Rhythm =
  | { readonly every: Duration }
  | { readonly weekday: number }
  /** Epoch ms, at least two, oldest first. */
  | { readonly instants: readonly number[] };

/** A rhythm that goes on: `span` before `end` (epoch ms), and the year after it. */
export interface OpenSchedule {
  readonly rhythm: Rhythm;
  readonly span: Duration;
  readonly end: number;
}

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

export interface OutlookInput extends Omit<SimulateInput, 'schedule'> {
  readonly schedule: OpenSchedule;
}

/** More is probably a typing mistake. */
const MAX_OUTLOOK_SNAPSHOTS = 20_000;

const ONE_WEEK: Duration = { years: 0, months: 0, days: 7, hours: 0, text: '1w' };
const ONE_MONTH: Duration = { years: 0, months: 1, days: 0, hours: 0, text: '1mo' };
const ONE_YEAR: Duration = { years: 1, months: 0, days: 0, hours: 0, text: '1y' };

/** The weekday of an instant on the clock of the zone; Monday is 0. */
const weekdayOf = (instant: number, { zone }: RetentionConfig): number =>
  (((dayOf(wallClock(instant, zone)) + 3) % 7) + 7) % 7;

/** Epoch ms. */
export interface Range {
  readonly after: number;
  readonly until: number;
}

/** The instants `at(k)` for whole `k` in the range, oldest first. `at` increases, and `at(0)` is not after the end. */
export function instantsIn({ after, until }: Range, at: (k: number) => number): readonly number[] {
  const before: number[] = [];
  for (let k = 0; at(k) > after && before.length <= MAX_OUTLOOK_SNAPSHOTS; k--) before.push(at(k));
  const instants = before.reverse();
  for (let k = 1; at(k) <= until && instants.length <= MAX_OUTLOOK_SNAPSHOTS; k++) instants.push(at(k));
  if (instants.length > MAX_OUTLOOK_SNAPSHOTS)
    throw tooLarge(
      `the schedule has more than ${MAX_OUTLOOK_SNAPSHOTS} snapshots with the year that follows: ` +
        'use a longer --every or a shorter --for',
    );
  return instants;
}

/** Known instants again and again: a pass begins the mean distance of two neighbours after the one before it. */
function repeated(instants: readonly number[], { after, until }: Range): readonly number[] {
  const [first = 0, last = 0] = [instants[0], instants.at(-1)];
  const pass = (last - first) * (instants.length / Math.max(1, instants.length - 1));
  if (pass <= 0) return instants.filter((at) => at > after && at <= until);
  const starts = instantsIn({ after: after - pass, until }, (k) => first + k * pass);
  return starts
    .flatMap((start) => instants.map((at) => Math.round(start + at - first)))
    .filter((at) => at > after && at <= until);
}

/** When a rhythm makes snapshots in the range. */
export function madeIn(rhythm: Rhythm, end: number, range: Range, config: RetentionConfig): readonly number[] {
  if ('instants' in rhythm) return repeated(rhythm.instants, range);
  const weekly = 'weekday' in rhythm;
  const step = weekly ? ONE_WEEK : rhythm.every;
  const back = weekly ? (weekdayOf(end, config) - rhythm.weekday + 7) % 7 : 0;
  const from = subtractDuration(end, multiplyDuration(ONE_DAY, back), config.zone);
  return instantsIn(range, (k) => addDuration(from, multiplyDuration(step, k), config.zone));
}

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
export function simulateOutlook({ schedule, ...input }: OutlookInput): Outlook {
  const { rhythm, span, end } = schedule;
  const { zone } = input.config;
  const [inAMonth, inAYear] = [addDuration(end, ONE_MONTH, zone), addDuration(end, ONE_YEAR, zone)];
  const range = { after: subtractDuration(end, span, zone), until: inAYear };
  const made = madeIn(rhythm, end, range, input.config);
  const runs = instantsIn(range, (k) => addDuration(end, multiplyDuration(ONE_DAY, k), zone));
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
