import type { Inventory } from '../report/report-model';
import { FINISHED_STATE, type Kind, type Snapshot } from '../snapshot/snapshot';

/**
 * How often snapshots of a source are made, the most frequent first. `occasional`: in no regular interval, or too few
 * to tell.
 */
export const RHYTHMS = ['hourly', 'daily', 'weekly', 'monthly', 'occasional'] as const;
export type Rhythm = (typeof RHYTHMS)[number];

/** A source with the rhythm of its finished manual snapshots in one region. Instants are epoch milliseconds. */
export interface SourceRhythm {
  readonly name: string | null;
  readonly kind: Kind;
  readonly region: string;
  readonly rhythm: Rhythm;
  /**
   * `orphaned`: the source is in no list. `stopped`: it exists, and three or more snapshots in its rhythm are missing.
   */
  readonly state: 'active' | 'stopped' | 'orphaned';
  readonly snapshots: number;
  readonly newestAt: number;
}

const RHYTHM_HOUR = 3_600_000;
const RHYTHM_DAY = 24 * RHYTHM_HOUR;

/** Snapshots this close to each other were made on one occasion. */
const SAME_OCCASION = RHYTHM_HOUR;
/** The newest intervals decide: older snapshots may have been thinned out. */
const MAX_INTERVALS = 5;
const MIN_INTERVALS = 2;
/** An interval that differs from the median by more than this factor is irregular. */
const TOLERANCE = 2.5;
/** The share of intervals that must be regular. */
const MIN_REGULAR_SHARE = 0.6;
/** A living source without a snapshot for this many of its intervals, and for at least this long, has stopped. */
const MISSED_INTERVALS = 3;
const MIN_SILENCE = 14 * RHYTHM_DAY;

/** The longest median interval of each rhythm. */
const MAX_INTERVAL: Readonly<Record<Exclude<Rhythm, 'occasional'>, number>> = {
  hourly: 18 * RHYTHM_HOUR,
  daily: 60 * RHYTHM_HOUR,
  weekly: 18 * RHYTHM_DAY,
  monthly: 46 * RHYTHM_DAY,
};

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** The newest intervals between occasions. `times` are sorted, the newest first. */
function intervalsOf(times: readonly number[]): readonly number[] {
  const intervals: number[] = [];
  let later = times[0] ?? 0;
  for (const time of times.slice(1)) {
    if (later - time < SAME_OCCASION) continue;
    intervals.push(later - time);
    if (intervals.length === MAX_INTERVALS) break;
    later = time;
  }
  return intervals;
}

/** The rhythm of instants (epoch ms, the newest first), and the median interval that it rests on. */
export function rhythmOf(times: readonly number[]): { readonly rhythm: Rhythm; readonly intervalMs: number } {
  const intervals = intervalsOf(times);
  const intervalMs = median(intervals);
  const regular = intervals.filter((each) => each * TOLERANCE >= intervalMs && each <= intervalMs * TOLERANCE);
  if (intervals.length < MIN_INTERVALS || regular.length < intervals.length * MIN_REGULAR_SHARE)
    return { rhythm: 'occasional', intervalMs };
  const rhythm = RHYTHMS.find((each) => each !== 'occasional' && intervalMs <= MAX_INTERVAL[each]) ?? 'occasional';
  return { rhythm, intervalMs };
}

function rhythmState(exists: boolean, newestAt: number, intervalMs: number, now: number): SourceRhythm['state'] {
  if (!exists) return 'orphaned';
  return now - newestAt > Math.max(MIN_SILENCE, intervalMs * MISSED_INTERVALS) ? 'stopped' : 'active';
}

const isCounted = ({ kind, state, fromAutoSnapshot, defects = [] }: Snapshot): boolean =>
  state === FINISHED_STATE[kind] && !fromAutoSnapshot && defects.length === 0;

/** The sources of an inventory that have finished manual snapshots, by name, kind and region. */
export function sourceRhythms(
  { snapshots, sources }: Pick<Inventory, 'snapshots' | 'sources'>,
  now: number,
): readonly SourceRhythm[] {
  const groups = new Map<string, { readonly first: Snapshot; readonly arn: string; readonly times: number[] }>();
  for (const snapshot of snapshots) {
    const arn = snapshot.source?.arn ?? null;
    if (arn === null || snapshot.createdAt === null || !isCounted(snapshot)) continue;
    const key = `${arn} ${snapshot.region} ${snapshot.kind}`;
    const group = groups.get(key) ?? { first: snapshot, arn, times: [] };
    group.times.push(snapshot.createdAt);
    groups.set(key, group);
  }
  const rhythms = [...groups.values()].map(({ first, arn, times }): SourceRhythm => {
    times.sort((a, b) => b - a);
    const newestAt = times[0] ?? 0;
    const { rhythm, intervalMs } = rhythmOf(times);
    const { kind, region } = first;
    const state = rhythmState(sources(arn).state !== 'gone', newestAt, intervalMs, now);
    return { name: first.source?.name ?? null, kind, region, rhythm, state, snapshots: times.length, newestAt };
  });
  const order = ({ name, kind, region, newestAt }: SourceRhythm): string =>
    `${name ?? ''}\n${kind}\n${region}\n${String(newestAt).padStart(20, '0')}`;
  return rhythms
    .map((each) => [order(each), each] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, each]) => each);
}
