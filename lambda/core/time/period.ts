import type { CountRule, WithinRule } from '../policy/policy';
import type { Duration } from './duration';
import { DAY_MS, HOUR_MS } from './units';
import type { Zone } from './zone';

/** A calendar period of a zone as one whole number: two instants share a period iff the numbers are equal. */
export type Period = number;

/** Wall clock of an instant in a zone, as if it were UTC milliseconds. */
export const wallClock = (instant: number, zone: Zone): number => instant + zone.offsetAt(instant);

/** Wall clock as text, also where a zone moves the first or last instants out of the range of a date. */
const wallText = (instant: number, zone: Zone): string =>
  new Date(Math.max(-8.64e15, Math.min(8.64e15, wallClock(instant, zone)))).toISOString();

/** `2026-11-23 09:00` of an instant (epoch ms) on the wall clock of a zone. */
export const localMinute = (instant: number, zone: Zone): string =>
  wallText(instant, zone).slice(0, -8).replace('T', ' ');

/** `2026-11-23 09:00:00.000` of an instant (epoch ms) on the wall clock of a zone. */
export const localInstant = (instant: number, zone: Zone): string =>
  wallText(instant, zone).slice(0, -1).replace('T', ' ');

/** `2026-11-23` of an instant (epoch ms) on the wall clock of a zone. */
export const localDay = (instant: number, zone: Zone): string => wallText(instant, zone).slice(0, -14);

/** Days since 1970-01-01 of a wall clock. */
export const dayOf = (wall: number): number => Math.floor(wall / DAY_MS);

/** Months since year 0 of a day number (proleptic Gregorian), by whole-number arithmetic: the hot path of every decision. */
function monthOf(day: number): number {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  return (yearOfEra + era * 400) * 12 + fromMarch + 2;
}

const weekOf = (day: number): number => Math.floor((day + 3) / 7);

type PeriodName = 'hour' | 'day' | 'week' | 'month' | 'year';

/** Each calendar period: its period from a wall clock, and how people write it. One line adds a period. */
const PERIODS: Readonly<
  Record<PeriodName, { readonly period: (wall: number) => Period; readonly label: (period: Period) => string }>
> = {
  hour: {
    period: (wall) => Math.floor(wall / HOUR_MS),
    label: (period) => `${new Date(period * HOUR_MS).toISOString().slice(0, 13).replace('T', ' ')}:00`,
  },
  day: { period: dayOf, label: dayLabel },
  week: { period: (wall) => weekOf(dayOf(wall)), label: weekLabel },
  month: {
    period: (wall) => monthOf(dayOf(wall)),
    label: (period) => `${Math.floor(period / 12)}-${String((period % 12) + 1).padStart(2, '0')}`,
  },
  year: { period: (wall) => Math.floor(monthOf(dayOf(wall)) / 12), label: String },
};

const PERIOD_OF_RULE = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
  withinHourly: 'hour',
  withinDaily: 'day',
  withinWeekly: 'week',
  withinMonthly: 'month',
  withinYearly: 'year',
} as const satisfies Partial<Record<CountRule | WithinRule, PeriodName>>;

/** How a rule cuts time into buckets; null for `last` and `within`, which take every snapshot. */
export function makePeriodOf(rule: CountRule | WithinRule): ((wall: number) => Period) | null {
  return rule === 'last' || rule === 'within' ? null : PERIODS[PERIOD_OF_RULE[rule]].period;
}

/** `2026-11-20`, `2026-W47`, `2026-11`, `2026`; empty for rules without buckets. */
export function periodLabel(rule: CountRule | WithinRule, period: Period): string {
  return rule === 'last' || rule === 'within' ? '' : PERIODS[PERIOD_OF_RULE[rule]].label(period);
}

/** `YYYY-MM-DD` of a day number. */
export function dayLabel(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** ISO 8601 week: the year is that of its Thursday. */
function weekLabel(week: number): string {
  const thursday = week * 7;
  const year = Math.floor(monthOf(thursday) / 12);
  const first = weekOf(dayOf(Date.UTC(year, 0, 4)));
  return `${year}-W${String(week - first + 1).padStart(2, '0')}`;
}

/** The instant of a wall clock: the earlier one where it occurs twice, moved forward by the gap where it is skipped. */
export function instantOfWallClock(wall: number, zone: Zone): number {
  const before = wall - zone.offsetAt(wall - DAY_MS);
  if (wallClock(before, zone) === wall) return before;
  const after = wall - zone.offsetAt(wall + DAY_MS);
  return wallClock(after, zone) === wall ? after : before;
}

function shift(instant: number, duration: Duration, zone: Zone, sign: 1 | -1): number {
  const { years, months, days, hours } = duration;
  if (years === 0 && months === 0 && days === 0) return instant + sign * hours * HOUR_MS;
  const from = new Date(wallClock(instant, zone));
  const wall = from.setUTCFullYear(
    from.getUTCFullYear() + sign * years,
    from.getUTCMonth() + sign * months,
    from.getUTCDate() + sign * days,
  );
  return instantOfWallClock(wall, zone) + sign * hours * HOUR_MS;
}

/**
 * `instant` − `duration`: years, months, weeks and days by the wall clock of the zone with overflow (31 May − 1 month = 1 May, as restic
 * and Go's AddDate do), hours absolute and last. All instants are epoch milliseconds.
 */
export const subtractDuration = (instant: number, duration: Duration, zone: Zone): number =>
  shift(instant, duration, zone, -1);

/** `instant` + `duration`, by the same rules. */
export const addDuration = (instant: number, duration: Duration, zone: Zone): number =>
  shift(instant, duration, zone, 1);

/** The instant at which a local day (`YYYY-MM-DD`) is over. */
export const endOfDay = (day: string, zone: Zone): number =>
  instantOfWallClock(Date.parse(`${day}T00:00:00Z`) + DAY_MS, zone);
