import type { EvaluatedSnapshot } from '../report/report-model';
import { FINISHED_STATE, type Kind, NO_TAGS, type Snapshot, type SourceLookup, type Tags } from '../snapshot/snapshot';
import { dayLabel, dayOf, subtractDuration, wallClock } from '../time/period';
import type { RetentionConfig } from './config';
import { decide } from './decide';
import type { Policy } from './policy';
import { madeIn, ONE_DAY, rhythmText, type Schedule, stepsIn, tooLarge } from './schedule';

/** Limits of a simulation; larger ones are probably a typing mistake. */
const MAX_SNAPSHOTS = 100_000;
const MAX_SIMULATED_DAYS = 36_600;
/** Maximum number of rule evaluations: a few seconds. */
const MAX_WORK = 10_000_000;

/** One local day of a simulation. */
export interface SimulatedDay {
  /** Days since 1970-01-01 of the local calendar. */
  readonly day: number;
  /** Snapshots that were created on this day. */
  readonly made: number;
  /** Those of them that are left at the end, newest first, with reasons. */
  readonly kept: readonly EvaluatedSnapshot[];
  /** The largest number of snapshots on this day. */
  readonly atOnce: number;
}

/** The result of a simulation. `days` has every day from the first snapshot to the last. */
export interface Simulation {
  readonly made: number;
  readonly kept: number;
  readonly days: readonly SimulatedDay[];
}

export interface SimulateInput {
  /** Has the policy as its default, and no rules. */
  readonly config: RetentionConfig;
  readonly schedule: Schedule;
  readonly sizeGb: number;
  /** Tags of the snapshots of a local day (`YYYY-MM-DD`). */
  readonly tags?: ReadonlyMap<string, Tags>;
}

/** The source of simulated snapshots, and the tags that each snapshot has. */
export interface SimulatedSource {
  readonly kind: Kind;
  readonly region: string;
  readonly name: string;
  readonly tags: Tags;
  readonly snapshotTags: Tags;
}

const PLAIN_SOURCE: SimulatedSource = {
  kind: 'instance',
  region: 'simulated',
  name: 'source',
  tags: NO_TAGS,
  snapshotTags: NO_TAGS,
};

const rulesIn = ({ keep, expireAfter }: Policy): number =>
  (keep === null || keep === 'all' ? 0 : Object.keys(keep.counts).length + Object.keys(keep.within).length) +
  (expireAfter === null ? 0 : 1);

function instantsOf(schedule: Schedule, { zone }: RetentionConfig) {
  const { rhythm, span, end } = schedule;
  const range = { after: subtractDuration(end, span, zone), until: end };
  const made = madeIn(schedule, range, MAX_SNAPSHOTS, zone);
  if (made.length > MAX_SNAPSHOTS)
    throw tooLarge(
      `a snapshot ${rhythmText(rhythm)} for ${span.text} is more than ${MAX_SNAPSHOTS} snapshots: ` +
        'use a longer --every or a shorter --for',
    );
  const runs = stepsIn(end, ONE_DAY, range, MAX_SIMULATED_DAYS, zone);
  if (runs.length > MAX_SIMULATED_DAYS)
    throw tooLarge(`${span.text} is more than a hundred years: use a shorter --for`);
  return { made, runs };
}

/** A run of a simulation: what was there, and what the policy left of it. */
export interface SimulatedRun {
  /** Epoch ms. */
  readonly now: number;
  readonly before: number;
  readonly kept: readonly EvaluatedSnapshot[];
}

/** Snapshots of `made` (epoch ms, oldest first) and the instants of the runs that evaluate them, oldest first. */
export interface SimulatedRuns extends Pick<SimulateInput, 'config' | 'sizeGb' | 'tags'> {
  readonly source?: SimulatedSource;
  readonly made: readonly number[];
  readonly runs: readonly number[];
}

function simulatedSnapshot(
  createdAt: number,
  { config, sizeGb, tags, source = PLAIN_SOURCE }: SimulatedRuns,
): Snapshot {
  const name = new Date(wallClock(createdAt, config.zone)).toISOString().slice(0, 16).replace('T', ' ');
  return {
    kind: source.kind,
    account: null,
    region: source.region,
    arn: `simulated ${createdAt}`,
    name,
    createdAt,
    sizeGb,
    state: FINISHED_STATE[source.kind],
    fromAutoSnapshot: false,
    tags: tags?.get(name.slice(0, 10)) ?? source.snapshotTags,
    source: { name: source.name, arn: 'simulated-source' },
  };
}

/**
 * Lets `decide` evaluate the snapshots that are there at each run, and removes the expired ones. Throws
 * `simulate.too-large` for more than a few seconds of work.
 */
export function* simulateRuns(input: SimulatedRuns): Generator<SimulatedRun> {
  const { config, made, runs, source = PLAIN_SOURCE } = input;
  const sources: SourceLookup = () => ({ state: 'exists', name: source.name, tags: source.tags });
  const workEach = Math.max(0, ...[...config.policies.values()].map(rulesIn)) + 3;
  let alive: readonly Snapshot[] = [];
  let next = 0;
  let work = 0;
  for (const now of runs) {
    let upTo = next;
    while ((made[upTo] ?? Number.POSITIVE_INFINITY) <= now) upTo++;
    const created = made.slice(next, upTo).map((createdAt) => simulatedSnapshot(createdAt, input));
    alive = [...created.reverse(), ...alive];
    next = upTo;
    work += alive.length * workEach;
    if (work > MAX_WORK)
      throw tooLarge(
        `simulating ${runs.length} days of this policy would take too long: ` +
          'use a longer --every or a shorter --for',
      );
    const kept = decide({ snapshots: alive, sources, config, now }).items.filter(({ verdict }) => verdict === 'keep');
    yield { now, before: alive.length, kept };
    alive = kept.map(({ snapshot }) => snapshot);
  }
}

/**
 * Simulates a schedule: once a day, at the time of day of `end`, `decide` evaluates the snapshots, and expired ones are
 * removed. Throws `simulate.too-large` for a simulation of more than a few seconds.
 */
export function runSimulation({ schedule, ...input }: SimulateInput): Simulation {
  const { config } = input;
  const { made, runs } = instantsOf(schedule, config);
  const localDay = (instant: number): number => dayOf(wallClock(instant, config.zone));
  const atOnce = new Map<number, number>();
  let last: readonly EvaluatedSnapshot[] = [];
  for (const { now, before, kept } of simulateRuns({ ...input, made, runs })) {
    atOnce.set(localDay(now), Math.max(before, atOnce.get(localDay(now)) ?? 0));
    last = kept;
  }
  return { made: made.length, kept: last.length, days: simulatedDays(made.map(localDay), last, localDay, atOnce) };
}

/** The days from the first instant of `made` (local days, oldest first) to the last, with what is left of each. */
export function simulatedDays(
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
