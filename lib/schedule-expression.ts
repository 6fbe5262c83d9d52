import { RetentionError } from '../lambda/core/errors';
import { DAY_OF_MONTH, DAY_OF_WEEK, type Field, firesAgain, HOURS, longestGap, MINUTES, MONTH, PART, YEAR } from './schedule-days';

/** Mondays at eight, in the configured zone. */
export const DEFAULT_SCHEDULE = 'cron(0 8 ? * MON *)';

/** The six fields of EventBridge Scheduler's cron, in order. */
const FIELDS: readonly Field[] = [MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR];

const RATE = /^rate\(([1-9]\d{0,3}) (minute|hour|day)s?\)$/;
const CRON = /^cron\((.*)\)$/;
const HOURS_OF = { minute: 1 / 60, hour: 1, day: 24 } as const;

const fieldsOf = (cron: string): readonly string[] => cron.trim().split(/\s+/);

function valid(value: string, field: Field): boolean {
  return /^\d+$/.test(value) ? Number(value) >= field.from && Number(value) <= field.to : (field.names?.includes(value) ?? false);
}

function readable(part: string, field: Field): boolean {
  if (field.special?.test(part)) return true;
  const match = PART.exec(part);
  return match !== null && [match[1], match[2]].every((value) => value === undefined || valid(value, field));
}

/** What is wrong with a cron's six fields; null when nothing is. */
function fault(fields: readonly string[], now: number): string | null {
  if (fields.length !== FIELDS.length) return `it has ${fields.length} fields, not six (${FIELDS.map(({ name }) => name).join(', ')})`;
  const anyDay = (field: Field): boolean => fields[FIELDS.indexOf(field)] === '?';
  if (anyDay(DAY_OF_MONTH) === anyDay(DAY_OF_WEEK)) return 'exactly one of day of month and day of week must be "?"';
  const wrong = FIELDS.findIndex((field, i) => {
    const free = anyDay(field) && (field === DAY_OF_MONTH || field === DAY_OF_WEEK);
    return !free && !(fields[i] ?? '').split(',').every((part) => readable(part.toUpperCase(), field));
  });
  const field = FIELDS[wrong];
  if (field)
    return `"${fields[wrong]}" is no ${field.name} (${field.from}-${field.to}${field.names ? ` or ${field.names.join(' ')}` : ''})`;
  return firesAgain(fields, now) ? null : 'there is no such day to come: it would never fire';
}

/**
 * Gives back a `cron(…)` or `rate(…)` that EventBridge Scheduler takes and that fires again after `now` (epoch ms). Throws `context.schedule`
 * with what is wrong with any other text.
 */
export function checkSchedule(text: string, now = Date.now()): string {
  if (RATE.test(text)) return text;
  const cron = CRON.exec(text);
  const wrong = cron ? fault(fieldsOf(cron[1] ?? ''), now) : 'it is neither';
  if (wrong === null) return text;
  throw new RetentionError(
    'context.schedule',
    'operator',
    `schedule "${text}": expected cron(minutes hours day-of-month month day-of-week year) or rate(7 days), but ${wrong}; the default is ${DEFAULT_SCHEDULE}`,
  );
}

/** The most hours between two firings of a checked schedule, in whole days for a cron. */
export function longestInterval(text: string): number {
  const [, count, unit] = RATE.exec(text) ?? [];
  if (unit === 'minute' || unit === 'hour' || unit === 'day') return Number(count) * HOURS_OF[unit];
  return (longestGap(fieldsOf(CRON.exec(text)?.[1] ?? '')) ?? 0) * 24;
}
