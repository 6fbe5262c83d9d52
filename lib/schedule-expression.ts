import { DELETION_START } from '../lambda/core/plan/deletion-start';
import type { Pause } from '../lambda/core/time/pause';
import {
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  dayGaps,
  daysOf,
  type Field,
  firesAgain,
  firstDay,
  HOURS,
  MINUTES,
  MONTH,
  minutesOfDay,
  PART,
  YEAR,
} from '../lambda/core/time/schedule-days';
import { RetentionError } from '../lambda/core/util/errors';

/** Mondays at eight, in the configured zone. */
export const DEFAULT_SCHEDULE = 'cron(0 8 ? * MON *)';

/** The six fields of EventBridge Scheduler's cron, in order. */
const FIELDS: readonly Field[] = [MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR];

const RATE = /^rate\(([1-9]\d{0,3}) (minute|hour|day)s?\)$/;
const CRON = /^cron\((.*)\)$/;
const HOURS_OF = { minute: 1 / 60, hour: 1, day: 24 } as const;

/** The fewest minutes between two reports: what a run may take, lest two read the account at once. */
const LEAST_MINUTES = 15;

/** Hours from a day's midnight in UTC to its end in the last of all zones. */
const DAY_ANYWHERE = 36;

/**
 * Hours beyond its schedule after which a report is missed: three tries of a quarter of an hour, and an hour that a
 * clock is put back.
 */
const SLACK = 3;

/** The hours of a rate; null for a cron. */
function rateHours(text: string): number | null {
  const [, count, unit] = RATE.exec(text) ?? [];
  return unit === 'minute' || unit === 'hour' || unit === 'day' ? Number(count) * HOURS_OF[unit] : null;
}

const fieldsOf = (cron: string): readonly string[] => cron.trim().split(/\s+/);

function valid(value: string, field: Field): boolean {
  return /^\d+$/.test(value)
    ? Number(value) >= field.from && Number(value) <= field.to
    : (field.names?.includes(value) ?? false);
}

function readableSchedule(part: string, field: Field): boolean {
  if (field.special?.test(part)) return true;
  const match = PART.exec(part);
  return match !== null && [match[1], match[2]].every((value) => value === undefined || valid(value, field));
}

/** What is wrong with a cron's six fields; null when nothing is. */
function fault(fields: readonly string[], now: number): string | null {
  if (fields.length !== FIELDS.length)
    return `it has ${fields.length} fields, not six (${FIELDS.map(({ name }) => name).join(', ')})`;
  const anyDay = (field: Field): boolean => fields[FIELDS.indexOf(field)] === '?';
  if (anyDay(DAY_OF_MONTH) === anyDay(DAY_OF_WEEK)) return 'exactly one of day of month and day of week must be "?"';
  const wrong = FIELDS.findIndex((field, i) => {
    const free = anyDay(field) && (field === DAY_OF_MONTH || field === DAY_OF_WEEK);
    return !free && !(fields[i] ?? '').split(',').every((part) => readableSchedule(part.toUpperCase(), field));
  });
  const field = FIELDS[wrong];
  if (field)
    return `"${fields[wrong]}" is no ${field.name} (${field.from}-${field.to}${field.names ? ` or ${field.names.join(' ')}` : ''})`;
  return firesAgain(fields, now) ? null : 'there is no such day to come: it would never fire';
}

/** Returns the refusal of a schedule. */
export const refusedSchedule = (message: string): RetentionError => new RetentionError('context.schedule', message);

const refusedExpression = (text: string, expected: string): RetentionError =>
  refusedSchedule(`schedule "${text}": expected ${expected}; the default is ${DEFAULT_SCHEDULE}`);

/** Why a text is no `cron(…)` or `rate(…)` that fires again after `now` (epoch ms); null when it is one. */
export function scheduleFault(text: string, now: number): string | null {
  const cron = CRON.exec(text);
  if (RATE.test(text)) return null;
  return cron ? fault(fieldsOf(cron[1] ?? ''), now) : 'it is neither a cron nor a rate';
}

/**
 * Gives back a `cron(…)` or `rate(…)` that EventBridge Scheduler takes, that fires again after `now` (epoch ms), and
 * that leaves a run the time that it may take. Throws `context.schedule` with what is wrong with any other text.
 */
export function checkSchedule(text: string, now = Date.now()): string {
  const wrong = scheduleFault(text, now);
  if (wrong !== null)
    throw refusedExpression(
      text,
      `cron(minutes hours day-of-month month day-of-week year) or rate(7 days), but ${wrong}`,
    );
  const minutes = shortestInterval(text) * 60;
  if (minutes >= LEAST_MINUTES) return text;
  throw refusedExpression(
    text,
    `at least ${LEAST_MINUTES} minutes between two reports, but it leaves ${minutes}: a run may take as long, and each sends a mail`,
  );
}

/** The most hours between two firings of a checked schedule, in whole days for a cron. */
export function longestInterval(text: string): number {
  return rateHours(text) ?? (dayGaps(fieldsOf(CRON.exec(text)?.[1] ?? ''))?.longest ?? 0) * 24;
}

/** The fewest hours between two firings of a checked schedule, ignoring changes of the clock. */
export function shortestInterval(text: string): number {
  const fields = fieldsOf(CRON.exec(text)?.[1] ?? '');
  const [rate, times] = [rateHours(text), minutesOfDay(fields)];
  if (rate !== null) return rate;
  const overnight = (dayGaps(fields)?.shortest ?? 0) * 24 * 60;
  const gaps = times.map((time, i) => (times[i + 1] ?? (times[0] ?? 0) + overnight) - time);
  return Math.min(...gaps) / 60;
}

/**
 * What is wrong with a checked schedule for automatic deletion: a report can still be in work when that starts, which
 * then deletes nothing. Null: none can.
 */
export function reportsAtDeletionStart(text: string): string | null {
  const start = DELETION_START.hour * 60 + DELETION_START.minute;
  const rate = rateHours(text);
  const times = rate === null ? minutesOfDay(fieldsOf(CRON.exec(text)?.[1] ?? '')) : [];
  const time = times.find((minute) => minute <= start && minute >= start - LEAST_MINUTES);
  if (time === undefined && (rate === null || rate * 60 > LEAST_MINUTES)) return null;
  const clock = (minute: number): string => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
  return `${time === undefined ? text : `the report of ${clock(time)}`} can still be in work when automatic deletion starts at ${clock(start)}, and then nothing is deleted that day`;
}

/** What to do about that. */
export const SCHEDULE_APART = `make reports more than ${LEAST_MINUTES} minutes before it, or after it`;

/** Hours after a report at which the next one is missed. */
export const overdueAfter = (text: string): number => Math.ceil(longestInterval(text)) + SLACK;

const CRON_HOUR = 3_600_000;

/**
 * Hours from the midnight in UTC of a schedule's last day before a pause until a report missed on it has raised its
 * alarm.
 */
const NOTICED = 96;

/** Hours from the midnight in UTC of a day to its beginning in the last of all zones. */
const BEGUN_ANYWHERE = 12;

/**
 * Returns the times in which a checked schedule makes no report because of its years: before the first of them, and
 * between two. What is silent then is not overdue.
 */
export function pausesOf(text: string): readonly Pause[] {
  const fields = fieldsOf(CRON.exec(text)?.[1] ?? '');
  if (rateHours(text) !== null || fields[5] === '*') return [];
  const usual = longestInterval(text) * CRON_HOUR;
  const days = daysOf(fields);
  return days.flatMap((day, i): Pause[] => {
    const earlier = days[i - 1];
    const to = new Date(day + BEGUN_ANYWHERE * CRON_HOUR).toISOString();
    if (earlier === undefined) return [{ from: null, to }];
    const from = earlier + NOTICED * CRON_HOUR;
    return day - earlier > usual && from < day ? [{ from: new Date(from).toISOString(), to }] : [];
  });
}

/**
 * Hours after `since` (epoch ms), a report's or that of the first deployment, at which the next one is missed: a
 * schedule may begin in a later year.
 */
export function overdueSince(text: string, since: number): number {
  const first = rateHours(text) === null ? firstDay(fieldsOf(CRON.exec(text)?.[1] ?? ''), since) : null;
  const begins = first === null ? 0 : Math.ceil((first - since) / 3_600_000) + DAY_ANYWHERE + SLACK;
  return Math.max(overdueAfter(text), begins);
}
