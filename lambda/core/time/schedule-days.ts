/** A field of EventBridge Scheduler's cron: its range, and the names that some of its values have. */
export interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
  /** Forms beside values, ranges, steps and `*`. */
  readonly special?: RegExp;
}

const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const MINUTES: Field = { name: 'minutes', from: 0, to: 59 };
export const HOURS: Field = { name: 'hours', from: 0, to: 23 };
export const DAY_OF_MONTH: Field = { name: 'day of month', from: 1, to: 31, special: /^(L|LW|([1-9]|[12]\d|3[01])W)$/ };
export const MONTH: Field = { name: 'month', from: 1, to: 12, names: MONTH_NAMES };
export const DAY_OF_WEEK: Field = {
  name: 'day of week',
  from: 1,
  to: 7,
  names: DAYS,
  special: /^(L|[1-7]L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/,
};
export const YEAR: Field = { name: 'year', from: 1970, to: 2199 };

/** A value, a range or `*`, with or without a step. */
export const PART = /^(?:\*|([A-Z\d]+)(?:-([A-Z\d]+))?)(?:\/([1-9]\d*))?$/;

const DAY = 86_400_000;

/** A day of the proleptic calendar; `weekday` 1 is Sunday, as cron counts. */
interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  /** The last day of its month. */
  readonly last: number;
}

function dayAt(time: number): Day {
  const date = new Date(time);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  return {
    year,
    month,
    day: date.getUTCDate(),
    weekday: date.getUTCDay() + 1,
    last: new Date(Date.UTC(year, month, 0)).getUTCDate(),
  };
}

const numberOf = (text: string, { names = [], from }: Field): number => {
  const at = names.indexOf(text);
  return at < 0 ? Number(text) : at + from;
};

/**
 * Returns the first value, the last value and the step of a part: `*` and `3/2` end with the field, `3` with itself.
 */
function boundsOf(part: string, field: Field): { readonly from: number; readonly to: number; readonly step: number } {
  const [, first, end, every] = PART.exec(part) ?? [];
  const from = first === undefined ? field.from : numberOf(first, field);
  const step = Number(every ?? 1);
  if (end !== undefined) return { from, to: numberOf(end, field), step };
  return { from, to: first === undefined || every !== undefined ? field.to : from, step };
}

/** The values of a field that one of its parts has. */
function valuesOf(all: readonly string[], field: Field): ReadonlySet<number> {
  const size = field.to - field.from + 1;
  const values = Array.from({ length: size }, (_, i) => field.from + i);
  return new Set(
    all.flatMap((part) => {
      const { from, to, step } = boundsOf(part, field);
      // A range may go round: FRI-MON.
      const length = to >= from ? to - from : to - from + size;
      const offsetOf = (value: number): number => (value >= from ? value - from : value - from + size);
      return values.filter((value) => offsetOf(value) <= length && offsetOf(value) % step === 0);
    }),
  );
}

const weekdayOfDate = ({ weekday, day }: Day, other: number): number =>
  ((((weekday - 1 + other - day) % 7) + 7) % 7) + 1;

/** The day of the month nearest to `wanted` that is no Saturday or Sunday, within the month. */
function nearestWorkday(today: Day, wanted: number): number {
  const target = Math.min(wanted, today.last);
  const weekday = weekdayOfDate(today, target);
  if (weekday === 7) return target === 1 ? 3 : target - 1;
  if (weekday === 1) return target === today.last ? target - 2 : target + 1;
  return target;
}

type DayTest = (today: Day) => boolean;

function dayOfMonthTest(part: string): DayTest {
  if (part === 'L') return ({ day, last }) => day === last;
  if (part === 'LW') return (today) => today.day === nearestWorkday(today, today.last);
  if (part.endsWith('W')) {
    const wanted = Number(part.slice(0, -1));
    return (today) => wanted <= today.last && today.day === nearestWorkday(today, wanted);
  }
  const days = valuesOf([part], DAY_OF_MONTH);
  return ({ day }) => days.has(day);
}

function dayOfWeekTest(part: string): DayTest {
  if (part === 'L') return ({ weekday }) => weekday === 7;
  if (/^[1-7]L$/.test(part)) {
    const wanted = Number(part[0]);
    return ({ weekday, day, last }) => weekday === wanted && day > last - 7;
  }
  const [name = '', nth] = part.split('#');
  if (nth !== undefined) {
    const wanted = numberOf(name, DAY_OF_WEEK);
    return ({ weekday, day }) => weekday === wanted && Math.ceil(day / 7) === Number(nth);
  }
  const weekdays = valuesOf([part], DAY_OF_WEEK);
  return ({ weekday }) => weekdays.has(weekday);
}

const parts = (text: string | undefined): readonly string[] => (text ?? '').toUpperCase().split(',');

/** Returns whether a cron of six valid fields fires on a day, its years aside. */
function dayTest([, , dayOfMonth, month, dayOfWeek]: readonly string[]): DayTest {
  const months = valuesOf(parts(month), MONTH);
  const tests = dayOfMonth === '?' ? parts(dayOfWeek).map(dayOfWeekTest) : parts(dayOfMonth).map(dayOfMonthTest);
  return (today) => months.has(today.month) && tests.some((test) => test(today));
}

/** Days between two days on which a cron fires: the most there can be, and the fewest. */
export interface DayGaps {
  readonly longest: number;
  readonly shortest: number;
}

let cycleDays: readonly Day[] | null = null;

/** Returns the days of 28 years, in which days of the week, of the month and leap years come round. */
function calendarCycle(): readonly Day[] {
  if (cycleDays !== null) return cycleDays;
  const start = Date.UTC(2001, 0, 1);
  const length = (Date.UTC(2029, 0, 1) - start) / DAY;
  cycleDays = Array.from({ length }, (_, i) => dayAt(start + i * DAY));
  return cycleDays;
}

/**
 * The days between two days on which a cron of six valid fields fires, its years aside; null when there is no such day.
 * Measured over a whole cycle of the calendar, so that the result does not depend on the current date.
 */
export function dayGaps(fields: readonly string[]): DayGaps | null {
  const cycle = calendarCycle();
  const fires = dayTest(fields);
  const days = cycle.flatMap((today, i) => (fires(today) ? [i] : []));
  const [first] = days;
  if (first === undefined) return null;
  const gaps = days.map((day, i) => (days[i + 1] ?? first + cycle.length) - day);
  return { longest: Math.max(...gaps), shortest: Math.min(...gaps) };
}

/** The times of a day, in minutes after midnight and in order, at which a cron of six valid fields fires. */
export function minutesOfDay([minutes, hours]: readonly string[]): readonly number[] {
  const of = (text: string | undefined, field: Field): readonly number[] =>
    [...valuesOf(parts(text), field)].sort((a, b) => a - b);
  return of(hours, HOURS).flatMap((hour) => of(minutes, MINUTES).map((minute) => hour * 60 + minute));
}

/**
 * The first day on which a cron of six valid fields fires, as its midnight in UTC (epoch ms), from that of `now` on in
 * whatever time zone; null when there is none.
 */
export function firstDay(fields: readonly string[], now: number): number | null {
  const years = valuesOf(parts(fields[5]), YEAR);
  const fires = dayTest(fields);
  const end = Date.UTC(YEAR.to + 1, 0, 1);
  for (let time = Math.floor(now / DAY) * DAY - DAY; time < end; time += DAY) {
    const today = dayAt(time);
    if (years.has(today.year) && fires(today)) return time;
  }
  return null;
}

/** The days on which a cron of six valid fields fires in its years, as their midnights in UTC (epoch ms), in order. */
export function daysOf(fields: readonly string[]): readonly number[] {
  const fires = dayTest(fields);
  const years = [...valuesOf(parts(fields[5]), YEAR)].sort((a, b) => a - b);
  return years.flatMap((year) => {
    const start = Date.UTC(year, 0, 1);
    const days = Array.from({ length: (Date.UTC(year + 1, 0, 1) - start) / DAY }, (_, i) => start + i * DAY);
    return days.filter((time) => fires(dayAt(time)));
  });
}

/** Whether a cron of six valid fields fires on any day from that of `now` (epoch ms) on, in whatever time zone. */
export const firesAgain = (fields: readonly string[], now: number): boolean =>
  parts(fields[5]).includes('*') ? dayGaps(fields) !== null : firstDay(fields, now) !== null;

/** Whether a cron of six valid fields fires on a day, given as its midnight in UTC (epoch ms). */
export function firesOn(fields: readonly string[]): (time: number) => boolean {
  const years = valuesOf(parts(fields[5]), YEAR);
  const fires = dayTest(fields);
  return (time) => {
    const today = dayAt(time);
    return years.has(today.year) && fires(today);
  };
}
