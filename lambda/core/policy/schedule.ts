import type { Duration } from '../time/duration';
import { addDuration, dayOf, subtractDuration, wallClock } from '../time/period';
import type { Zone } from '../time/zone';
import { RetentionError } from '../util/errors';

/** When snapshots are made: once each duration, on a weekday (Monday: 0), or at known instants again and again. */
export type Rhythm =
  | { readonly every: Duration }
  | { readonly weekday: number }
  /** Epoch ms, oldest first, with the words that name them: `as prod-web`. */
  | { readonly instants: readonly number[]; readonly text: string };

/**
 * A schedule of snapshots: with `every`, one at `end` (epoch ms) and others before it, after `end` − `span`; with
 * `weekday`, at the time of day of `end`.
 */
export interface Schedule {
  readonly rhythm: Rhythm;
  readonly span: Duration;
  readonly end: number;
}

export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

/** A rhythm in words: `every 1d`, `every Sunday`. */
export function rhythmText(rhythm: Rhythm): string {
  if ('instants' in rhythm) return rhythm.text;
  return `every ${'weekday' in rhythm ? (WEEKDAYS[rhythm.weekday] ?? '') : rhythm.every.text}`;
}

export const ONE_DAY: Duration = { years: 0, months: 0, days: 1, hours: 0, text: '1d' };
const ONE_WEEK: Duration = { years: 0, months: 0, days: 7, hours: 0, text: '1w' };

/** The instants after `after` and up to `until` (epoch ms). */
export interface Range {
  readonly after: number;
  readonly until: number;
}

const multiplyDuration = ({ years, months, days, hours, text }: Duration, factor: number): Duration => ({
  years: years * factor,
  months: months * factor,
  days: days * factor,
  hours: hours * factor,
  text,
});

/** The instants `at(k)` for whole `k` in the range, oldest first; not more than `most` + 1. `at` increases. */
function instantsIn({ after, until }: Range, most: number, at: (k: number) => number): readonly number[] {
  const before: number[] = [];
  for (let k = 0; at(k) > after && before.length <= most; k--) if (at(k) <= until) before.push(at(k));
  const instants = before.reverse();
  for (let k = 1; at(k) <= until && instants.length <= most; k++) instants.push(at(k));
  return instants;
}

/** `from` and each `step` before and after it in the range, oldest first; not more than `most` + 1. */
export const stepsIn = (from: number, step: Duration, range: Range, most: number, zone: Zone): readonly number[] =>
  instantsIn(range, most, (k) => addDuration(from, multiplyDuration(step, k), zone));

/** Known instants again and again: a pass begins the mean distance of two neighbours after the last one's end. */
function repeated(instants: readonly number[], { after, until }: Range, most: number): readonly number[] {
  const [first = 0, last = 0] = [instants[0], instants.at(-1)];
  const pass = (last - first) * (instants.length / Math.max(1, instants.length - 1));
  const passes = pass > 0 ? instantsIn({ after: after - pass, until }, most, (k) => first + k * pass) : [first];
  return passes
    .flatMap((start) => instants.map((at) => Math.round(start + at - first)))
    .filter((at) => at > after && at <= until);
}

/** The weekday of an instant on the clock of the zone; Monday is 0. */
const weekdayOf = (instant: number, zone: Zone): number => (((dayOf(wallClock(instant, zone)) + 3) % 7) + 7) % 7;

/** When a rhythm makes snapshots in the range, oldest first; more than `most` of them may be left out. */
export function madeIn({ rhythm, end }: Schedule, range: Range, most: number, zone: Zone): readonly number[] {
  if ('instants' in rhythm) return repeated(rhythm.instants, range, most);
  if ('every' in rhythm) return stepsIn(end, rhythm.every, range, most, zone);
  const back = (weekdayOf(end, zone) - rhythm.weekday + 7) % 7;
  return stepsIn(subtractDuration(end, multiplyDuration(ONE_DAY, back), zone), ONE_WEEK, range, most, zone);
}

/** The refusal of a simulation that would take more than a few seconds. */
export const tooLarge = (message: string): RetentionError => new RetentionError('simulate.too-large', message);

/** More snapshots of a schedule that goes on are probably a typing mistake. */
const MAX_ONGOING = 20_000;

/**
 * When a schedule that goes on makes snapshots in the range, and the days in it, at the time of day of the schedule's
 * end; oldest first. Throws `simulate.too-large`.
 */
export function ongoing(
  schedule: Schedule,
  range: Range,
  zone: Zone,
): { readonly made: readonly number[]; readonly runs: readonly number[] } {
  const made = madeIn(schedule, range, MAX_ONGOING, zone);
  const runs = stepsIn(schedule.end, ONE_DAY, range, MAX_ONGOING, zone);
  if (made.length > MAX_ONGOING || runs.length > MAX_ONGOING)
    throw tooLarge(
      `${rhythmText(schedule.rhythm)} for ${schedule.span.text} and the time that follows is more than ${MAX_ONGOING} ` +
        'snapshots or days: use a longer --every or a shorter --for',
    );
  return { made, runs };
}
