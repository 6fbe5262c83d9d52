import { RetentionError } from '../lambda/core/errors';

/** Mondays at eight, in the configured zone. */
export const DEFAULT_SCHEDULE = 'cron(0 8 ? * MON *)';

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
  /** Forms beside values, ranges, steps and `*`. */
  readonly special?: RegExp;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The six fields of EventBridge Scheduler's cron, in order. */
const FIELDS: readonly Field[] = [
  { name: 'minutes', from: 0, to: 59 },
  { name: 'hours', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31, special: /^(L|LW|([1-9]|[12]\d|3[01])W)$/ },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of week', from: 1, to: 7, names: DAYS, special: /^(L|[1-7]L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/ },
  { name: 'year', from: 1970, to: 2199 },
];
const DAY_OF_MONTH = 2;
const DAY_OF_WEEK = 4;

const RATE = /^rate\([1-9]\d{0,3} (minutes?|hours?|days?)\)$/;
const CRON = /^cron\((.*)\)$/;
const PART = /^(?:\*|([A-Z\d]+)(?:-([A-Z\d]+))?)(?:\/([1-9]\d*))?$/;

function valid(value: string, field: Field): boolean {
  return /^\d+$/.test(value) ? Number(value) >= field.from && Number(value) <= field.to : (field.names?.includes(value) ?? false);
}

function readable(part: string, field: Field): boolean {
  if (field.special?.test(part)) return true;
  const match = PART.exec(part);
  return match !== null && [match[1], match[2]].every((value) => value === undefined || valid(value, field));
}

/** What is wrong with a cron's six fields; null when nothing is. */
function fault(fields: readonly string[]): string | null {
  if (fields.length !== FIELDS.length) return `it has ${fields.length} fields, not six (${FIELDS.map(({ name }) => name).join(', ')})`;
  if ((fields[DAY_OF_MONTH] === '?') === (fields[DAY_OF_WEEK] === '?')) return 'exactly one of day of month and day of week must be "?"';
  const wrong = FIELDS.findIndex((field, i) => {
    const text = fields[i] ?? '';
    const anyDay = text === '?' && (i === DAY_OF_MONTH || i === DAY_OF_WEEK);
    return !anyDay && !text.split(',').every((part) => readable(part.toUpperCase(), field));
  });
  const field = FIELDS[wrong];
  return field
    ? `"${fields[wrong]}" is no ${field.name} (${field.from}-${field.to}${field.names ? ` or ${field.names.join(' ')}` : ''})`
    : null;
}

/** Gives back a `cron(…)` or `rate(…)` that EventBridge Scheduler takes. Throws `context.schedule` with what is wrong with any other text. */
export function checkSchedule(text: string): string {
  if (RATE.test(text)) return text;
  const cron = CRON.exec(text);
  const wrong = cron ? fault((cron[1] ?? '').trim().split(/\s+/)) : 'it is neither';
  if (wrong === null) return text;
  throw new RetentionError(
    'context.schedule',
    'operator',
    `schedule "${text}": expected cron(minutes hours day-of-month month day-of-week year) or rate(7 days), but ${wrong}; the default is ${DEFAULT_SCHEDULE}`,
  );
}
