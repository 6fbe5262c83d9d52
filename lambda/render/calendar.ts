import type { Config, RetentionConfig } from '../core/policy/config';
import { roundMoney } from '../core/policy/cost';
import type { Policy } from '../core/policy/policy';
import type { Reason } from '../core/policy/reason';
import type { Rhythm, Schedule } from '../core/policy/schedule';
import { runSimulation, type SimulatedDay, type Simulation } from '../core/policy/simulate';
import type { Tags } from '../core/snapshot/snapshot';
import type { Duration } from '../core/time/duration';
import { localMinute } from '../core/time/period';
import { DAY_MS } from '../core/time/units';
import { monthName } from './day-text';
import { ruleWords } from './policy-words';

/** The output formats of a simulation. */
export const CALENDAR_FORMATS = ['text', 'html', 'json'] as const;

/** A simulation with its input. `gbMonth` is US dollars per GB-month. */
export interface SimulatedPolicy {
  readonly simulation: Simulation;
  /** The name of the policy; null: an inline policy. */
  readonly name: string | null;
  readonly policy: Policy;
  readonly rhythm: Rhythm;
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

/** A policy; name null: an inline one. */
export interface NamedPolicy {
  readonly name: string | null;
  readonly policy: Policy;
}

/** The configuration with one policy, which decides everything. */
export function withOnly({ name, policy }: NamedPolicy, config: RetentionConfig): RetentionConfig {
  const label = name ?? 'simulated';
  const { zone, floors, tagPrefix, holdTags, ignoreTags } = config;
  return {
    ...{ zone, floors, tagPrefix, holdTags, ignoreTags },
    rules: [],
    policies: new Map([[label, policy]]),
    defaultPolicy: label,
  };
}

/** A schedule with the size of each snapshot, and the tags of what is made on a local day. */
export interface Making extends Schedule {
  readonly sizeGb: number;
  readonly tags?: ReadonlyMap<string, Tags>;
}

/** What a schedule of snapshots comes to under a policy of `config`; its rules play no part. */
export function simulatePolicy(
  config: Config,
  { name, policy }: NamedPolicy,
  { rhythm, span, end, sizeGb, tags }: Making,
): SimulatedPolicy {
  const { zone, floors } = config;
  const simulation = runSimulation({
    config: withOnly({ name, policy }, config),
    schedule: { rhythm, span, end },
    sizeGb,
    ...(tags !== undefined && { tags }),
  });
  const localEnd = localMinute(end, zone);
  return {
    simulation,
    name,
    policy,
    rhythm,
    span,
    end,
    timezone: zone.name,
    localEnd,
    floors,
    sizeGb,
    gbMonth: config.pricing.default,
  };
}

/** A letter for each rule, lower case for within rules; `!` for a hold, `?` for other exclusions. */
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

/** The first rule that keeps a snapshot of a day; null: none is kept. */
export const firstRule = ({ kept }: SimulatedDay): Reason['code'] | null => kept[0]?.reasons[0]?.code ?? null;

/** One month of a calendar. */
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
    title: `${monthName(Number(label.slice(-2)))} ${label.slice(0, -3)}`,
    days: list,
    made: list.reduce((sum, { made }) => sum + made, 0),
    kept: list.reduce((sum, { kept }) => sum + kept.length, 0),
    atOnce: Math.max(...list.map(({ atOnce }) => atOnce)),
  }));
}

/** Consecutive months; months without a kept snapshot are shown as one line. */
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

/** The most that a number of snapshots can cost per month in US dollars. */
export const simulatedCeiling = (snapshots: number, { sizeGb, gbMonth }: SimulatedPolicy): number =>
  roundMoney(snapshots * sizeGb * gbMonth);

/** A line of the legend: a mark, its rule, and the number of snapshots that it keeps at the end. */
export interface LegendLine {
  readonly code: Reason['code'];
  readonly mark: string;
  readonly text: string;
  readonly keeps: number;
}

/** What a legend needs of a simulation. */
type Legend = Pick<SimulatedPolicy, 'simulation' | 'policy' | 'floors'>;

const OTHER_KEEPERS: readonly (readonly [Reason['code'], (view: Legend) => string])[] = [
  ['hold', () => 'tag retention:hold'],
  ['expire-on', () => 'tag retention:expire-on'],
  ['minAge', ({ floors }) => `floor minAge ${floors.minAge.text}`],
  ['minKeep', ({ floors }) => `floor minKeep ${floors.minKeep}`],
];

/** The rules of the policy with the numbers that they keep, then other reasons that kept snapshots. */
export function legendOf(view: Legend): readonly LegendLine[] {
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

/** The number of snapshots and their cost in a month, or in a year of a long simulation. */
export interface CostPeriod {
  readonly label: string;
  /** The largest number of snapshots. */
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

/** How to read the days of a calendar. */
export const CALENDAR_KEY =
  'A day has the letter of the first rule that keeps it. A number alone: expired. A dot: no snapshot.';

/** How the simulation was made, and how a deployment differs. */
export const SIMULATION_METHOD =
  'The simulation applied the policy once a day and removed expired snapshots at once. ' +
  'A deployment waits for an approval or a grace period, so it has a few more.';
