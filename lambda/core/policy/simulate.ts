import type { EvaluatedSnapshot } from '../report/report-model';
import { FINISHED_STATE, NO_TAGS, type Snapshot, type SourceLookup, type Tags } from '../snapshot/snapshot';
import type { Duration } from '../time/duration';
import { dayLabel, dayOf, subtractDuration, wallClock } from '../time/period';
import { RetentionError } from '../util/errors';
import type { RetentionConfig } from './config';
import { decide } from './decide';
import type { Policy } from './policy';

/** Beyond these a simulation is a typing mistake, or a wait that nobody asked for. */
const MAX_SNAPSHOTS = 100_000;
const MAX_SIMULATED_DAYS = 36_600;
/** Snapshots evaluated, each by some fixed work and by its rules: a few seconds. */
const MAX_WORK = 10_000_000;

/** When snapshots are made: one at `end`, and one every `every` before it, for as long as `span`. `end` is epoch ms. */
export interface Schedule {
  readonly every: Duration;
  readonly span: Duration;
  readonly end: number;
}

/** One local day of a simulation. */
export interface SimulatedDay {
  /** Days since 1970-01-01 of the local calendar. */
  readonly day: number;
  /** Snapshots made on this day. */
  readonly made: number;
  /** Of these, what is left at the end, newest first, with its reasons. */
  readonly kept: readonly EvaluatedSnapshot[];
  /** The most snapshots that there were at once on this day. */
  readonly atOnce: number;
}

/** What a schedule and a policy come to. Days are all from the first snapshot to the last, in order. */
export interface Simulation {
  readonly made: number;
  readonly kept: number;
  readonly days: readonly SimulatedDay[];
}

export interface SimulateInput {
  /** The policy under test is its default; rules are ignored by having none. */
  readonly config: RetentionConfig;
  readonly schedule: Schedule;
  readonly sizeGb: number;
  /** Tags of what is made on a local day (`YYYY-MM-DD`), put on when it is made. */
  readonly tags?: ReadonlyMap<string, Tags>;
}

const SOURCE = { name: 'source', arn: 'simulated-source' } as const;
const simulatedSources: SourceLookup = () => ({ state: 'exists', name: SOURCE.name, tags: NO_TAGS });

const multiplyDuration = ({ years, months, days, hours, text }: Duration, factor: number): Duration => ({
  years: years * factor,
  months: months * factor,
  days: days * factor,
  hours: hours * factor,
  text,
});

/** `end`, and every instant a whole number of `step`s before it and later than `start`; oldest first. At most one more than `most`. */
function instantsBack(
  end: number,
  start: number,
  step: Duration,
  most: number,
  config: RetentionConfig,
): readonly number[] {
  const instants: number[] = [];
  for (let k = 0; k <= most; k++) {
    const instant = subtractDuration(end, multiplyDuration(step, k), config.zone);
    if (instant <= start) break;
    instants.push(instant);
  }
  return instants.reverse();
}

const rulesIn = ({ keep, expireAfter }: Policy): number =>
  (keep === null || keep === 'all' ? 0 : Object.keys(keep.counts).length + Object.keys(keep.within).length) +
  (expireAfter === null ? 0 : 1);

const tooLarge = (message: string): RetentionError => new RetentionError('simulate.too-large', message);

const ONE_DAY: Duration = { years: 0, months: 0, days: 1, hours: 0, text: '1d' };

function instantsOf({ every, span, end }: Schedule, config: RetentionConfig) {
  const start = subtractDuration(end, span, config.zone);
  const made = instantsBack(end, start, every, MAX_SNAPSHOTS, config);
  if (made.length > MAX_SNAPSHOTS)
    throw tooLarge(
      `a snapshot every ${every.text} for ${span.text} is more than ${MAX_SNAPSHOTS} snapshots: take a longer --every or a shorter --for`,
    );
  const runs = instantsBack(end, start, ONE_DAY, MAX_SIMULATED_DAYS, config);
  if (runs.length > MAX_SIMULATED_DAYS)
    throw tooLarge(`${span.text} is more than a hundred years: take a shorter --for`);
  return { made, runs };
}

/**
 * Lets time pass: snapshots are made as scheduled, and once a day, at the time of day of `end`, the policy is applied and what expires is
 * removed at once, by the same `decide` that makes reports. Pure. Refuses (`simulate.too-large`) what would take more than some seconds.
 */
export function runSimulation({ config, schedule, sizeGb, tags }: SimulateInput): Simulation {
  const { made, runs } = instantsOf(schedule, config);
  const localDay = (instant: number): number => dayOf(wallClock(instant, config.zone));
  const snapshots = made.map((createdAt): Snapshot => {
    const name = new Date(wallClock(createdAt, config.zone)).toISOString().slice(0, 16).replace('T', ' ');
    return {
      kind: 'instance',
      account: null,
      region: 'simulated',
      arn: `simulated ${createdAt}`,
      name,
      createdAt,
      sizeGb,
      state: FINISHED_STATE.instance,
      fromAutoSnapshot: false,
      tags: tags?.get(name.slice(0, 10)) ?? NO_TAGS,
      source: SOURCE,
    };
  });

  const workEach = Math.max(...[...config.policies.values()].map(rulesIn)) + 3;
  const atOnce = new Map<number, number>();
  let alive: readonly Snapshot[] = [];
  let last: readonly EvaluatedSnapshot[] = [];
  let next = 0;
  let work = 0;
  for (const now of runs) {
    let upTo = next;
    while ((made[upTo] ?? Number.POSITIVE_INFINITY) <= now) upTo++;
    alive = [...snapshots.slice(next, upTo).reverse(), ...alive];
    next = upTo;
    work += alive.length * workEach;
    if (work > MAX_WORK)
      throw tooLarge(
        `this policy keeps so many of these snapshots that going through ${runs.length} days would take too long: take a longer --every or a shorter --for`,
      );
    atOnce.set(localDay(now), Math.max(alive.length, atOnce.get(localDay(now)) ?? 0));
    last = decide({ snapshots: alive, sources: simulatedSources, config, now }).items.filter(
      ({ verdict }) => verdict === 'keep',
    );
    alive = last.map(({ snapshot }) => snapshot);
  }
  return { made: made.length, kept: last.length, days: simulatedDays(made.map(localDay), last, localDay, atOnce) };
}

function simulatedDays(
  made: readonly number[],
  kept: readonly EvaluatedSnapshot[],
  localDay: (instant: number) => number,
  atOnce: ReadonlyMap<number, number>,
): readonly SimulatedDay[] {
  const madeOn = new Map<number, number>();
  for (const day of made) madeOn.set(day, (madeOn.get(day) ?? 0) + 1);
  const keptOn = new Map<number, EvaluatedSnapshot[]>();
  for (const item of kept) {
    const day = localDay(item.snapshot.createdAt ?? 0);
    const onDay = keptOn.get(day);
    if (onDay === undefined) keptOn.set(day, [item]);
    else onDay.push(item);
  }
  const end = made.at(-1) ?? 0;
  const first = made[0] ?? end;
  let most = 0;
  return Array.from({ length: end - first + 1 }, (_, i) => {
    const day = first + i;
    most = atOnce.get(day) ?? most;
    return { day, made: madeOn.get(day) ?? 0, kept: keptOn.get(day) ?? [], atOnce: most };
  });
}

/** `YYYY-MM-DD` of a simulated day. */
export const simulatedDate = ({ day }: SimulatedDay): string => dayLabel(day);
