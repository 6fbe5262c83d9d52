import { roundMoney } from '../core/policy/cost';
import type { Policy } from '../core/policy/policy';
import type { Reason } from '../core/policy/reason';
import type { SimulatedDay, Simulation } from '../core/policy/simulate';
import type { Duration } from '../core/time/duration';
import { DAY_MS } from '../core/time/units';
import { ruleWords } from './policy-words';

/** In what a simulation can be written. */
export const CALENDAR_FORMATS = ['text', 'html', 'json'] as const;

/** A simulation with what it was made from. Money is US dollars per GB-month. */
export interface SimulatedPolicy {
  readonly simulation: Simulation;
  /** What people call the policy; null for one that was spelt out. */
  readonly name: string | null;
  readonly policy: Policy;
  readonly every: Duration;
  readonly span: Duration;
  /** Epoch ms. */
  readonly end: number;
  readonly timezone: string;
  /** The end on the clock of the zone: `2026-11-23 08:00`. */
  readonly localEnd: string;
  readonly floors: { readonly minKeep: number; readonly minAge: Duration };
  readonly sizeGb: number;
  readonly gbMonth: number;
}

/** One letter for each rule; small ones for the windows. What sets a snapshot aside is `!` for a hold, `?` else. */
const RULE_MARKS: Readonly<Partial<Record<Reason['code'], string>>> = {
  last: 'L',
  hourly: 'H',
  daily: 'D',
  weekly: 'W',
  monthly: 'M',
  yearly: 'Y',
  within: 'i',
  withinHourly: 'h',
  withinDaily: 'd',
  withinWeekly: 'w',
  withinMonthly: 'm',
  withinYearly: 'y',
  all: '*',
  expireAfter: 'A',
  'expire-on': 'E',
  minKeep: 'k',
  minAge: 'n',
  hold: '!',
};

/** The mark of a rule. */
export const ruleMark = (code: Reason['code']): string => RULE_MARKS[code] ?? '?';

/** The first rule that keeps anything of a day; null where nothing of it is left. */
export const firstRule = ({ kept }: SimulatedDay): Reason['code'] | null => kept[0]?.reasons[0]?.code ?? null;

/** One month of a calendar. `weekday` is that of its first day in the simulation's span: Monday is 0. */
export interface CalendarMonth {
  /** `2026-11`. */
  readonly label: string;
  /** `November 2026`. */
  readonly title: string;
  readonly days: readonly SimulatedDay[];
  readonly made: number;
  readonly kept: number;
  readonly atOnce: number;
}

const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Weekday of a simulated day: Monday is 0. */
export const simulatedWeekday = ({ day }: SimulatedDay): number => (((day + 3) % 7) + 7) % 7;

/** Day of the month. */
export const dayOfMonth = ({ day }: SimulatedDay): number => new Date(day * DAY_MS).getUTCDate();

/** The months of a simulation, oldest first. */
export function monthsOf({ days }: Simulation): readonly CalendarMonth[] {
  const months = new Map<string, SimulatedDay[]>();
  for (const each of days) {
    const label = new Date(each.day * DAY_MS).toISOString().slice(0, -17);
    const month = months.get(label);
    if (month === undefined) months.set(label, [each]);
    else month.push(each);
  }
  return [...months].map(([label, list]) => ({
    label,
    title: `${MONTH_NAMES[Number(label.slice(-2)) - 1] ?? ''} ${label.slice(0, -3)}`,
    days: list,
    made: list.reduce((sum, { made }) => sum + made, 0),
    kept: list.reduce((sum, { kept }) => sum + kept.length, 0),
    atOnce: Math.max(...list.map(({ atOnce }) => atOnce)),
  }));
}

/** Consecutive months: shown one by one, or, where nothing is left of any, as one line. */
export interface CalendarRun {
  readonly empty: boolean;
  readonly months: readonly CalendarMonth[];
}

/** The months of a simulation in runs, oldest first. */
export function calendarRuns(simulation: Simulation): readonly CalendarRun[] {
  const runs: { empty: boolean; months: CalendarMonth[] }[] = [];
  for (const month of monthsOf(simulation)) {
    const last = runs.at(-1);
    if (last?.empty === (month.kept === 0)) last.months.push(month);
    else runs.push({ empty: month.kept === 0, months: [month] });
  }
  return runs;
}

/** `2024-11 to 2025-11: 0 of 372 kept`. */
export function emptyRunText({ months }: CalendarRun): string {
  const [first, last] = [months[0]?.label ?? '', months.at(-1)?.label ?? ''];
  const made = months.reduce((sum, month) => sum + month.made, 0);
  return `${first === last ? first : `${first} to ${last}`}: 0 of ${made} kept`;
}

/** What a number of snapshots can cost per month in US dollars, at most. */
export const simulatedCeiling = (snapshots: number, { sizeGb, gbMonth }: SimulatedPolicy): number =>
  roundMoney(snapshots * sizeGb * gbMonth);

/** A line of the legend: a mark, its rule, and how many snapshots it keeps at the end. */
export interface LegendLine {
  readonly code: Reason['code'];
  readonly mark: string;
  readonly text: string;
  readonly keeps: number;
}

const OTHER_KEEPERS: readonly (readonly [Reason['code'], (view: SimulatedPolicy) => string])[] = [
  ['hold', () => 'tag retention:hold'],
  ['expire-on', () => 'tag retention:expire-on'],
  ['minAge', ({ floors }) => `floor minAge ${floors.minAge.text}`],
  ['minKeep', ({ floors }) => `floor minKeep ${floors.minKeep}`],
];

/** The rules of the policy with what each keeps, then what kept something that no rule did. */
export function legendOf(view: SimulatedPolicy): readonly LegendLine[] {
  const kept = view.simulation.days.flatMap((each) => each.kept);
  const keeps = (code: Reason['code']): number =>
    kept.filter(({ reasons }) => reasons.some((reason) => reason.code === code)).length;
  const rules = ruleWords(view.policy).map(({ code, text }) => ({
    code,
    mark: ruleMark(code),
    text,
    keeps: keeps(code),
  }));
  const first = new Set(kept.map(({ reasons }) => reasons[0]?.code));
  const beside = OTHER_KEEPERS.filter(([code]) => first.has(code) && !rules.some((rule) => rule.code === code)).map(
    ([code, text]) => ({
      code,
      mark: ruleMark(code),
      text: text(view),
      keeps: keeps(code),
    }),
  );
  return [...rules, ...beside];
}

/** What the number of snapshots came to over time: by month, or by year where there are many months. */
export interface CostPeriod {
  readonly label: string;
  /** The most snapshots at once. */
  readonly atOnce: number;
  readonly monthlyCostCeiling: number;
}

const MAX_MONTHS = 36;

/** The cost ceiling over time, oldest first. */
export function costOverTime(view: SimulatedPolicy): readonly CostPeriod[] {
  const months = monthsOf(view.simulation);
  const most = new Map<string, number>();
  for (const { label, atOnce } of months) {
    const stretch = months.length > MAX_MONTHS ? label.slice(0, -3) : label;
    most.set(stretch, Math.max(atOnce, most.get(stretch) ?? 0));
  }
  return [...most].map(([label, atOnce]) => ({ label, atOnce, monthlyCostCeiling: simulatedCeiling(atOnce, view) }));
}

/** How the simulation was made, for a reader who wonders. */
export const SIMULATION_METHOD =
  'Time passed day by day: the policy was applied once a day, and what it let go was removed at once. Deployed deletion waits for a person or a grace period, so a few more are there meanwhile.';
