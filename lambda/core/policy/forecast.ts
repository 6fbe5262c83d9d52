import type { EvaluatedSnapshot } from '../report/report-model';
import type { Duration } from '../time/duration';
import { addDuration, dayOf, subtractDuration, wallClock } from '../time/period';
import type { RetentionConfig } from './config';
import { ongoing, type Rhythm } from './schedule';
import { type SimulatedSource, type Simulation, simulatedDays, simulateRuns } from './simulate';

/** A source whose snapshots began `span` before `today` (epoch ms) and go on. `rhythm` has a snapshot today. */
export interface ForecastInput {
  readonly config: RetentionConfig;
  readonly source: SimulatedSource;
  readonly rhythm: Rhythm;
  readonly span: Duration;
  readonly today: number;
  /** The instant of the run that is shown: today or a whole number of days after it. */
  readonly at: number;
  /** How long the runs go on after `at`. */
  readonly ahead: Duration;
  readonly sizeGb: number;
}

/** The numbers of snapshots after a run: made until then, and left. */
export interface ForecastRun {
  readonly now: number;
  readonly made: number;
  readonly kept: number;
}

/** What a configuration leaves of the snapshots of a source, day by day. */
export interface Forecast {
  /** What is left after the run at `at`, newest first. */
  readonly kept: readonly EvaluatedSnapshot[];
  /** The same by local days. */
  readonly simulation: Simulation;
  /** The run that removes a snapshot of `kept`, by ARN; a snapshot that no run removes is left out. */
  readonly expiry: ReadonlyMap<string | null, number>;
  /** When the snapshots up to `at` were made, oldest first (epoch ms). */
  readonly made: readonly number[];
  /** All runs, oldest first, up to the last one. */
  readonly runs: readonly ForecastRun[];
}

/** Notes what was there after a run and is not after the next one. */
function noteExpired(
  expiry: Map<string | null, number>,
  before: Set<string | null>,
  kept: readonly EvaluatedSnapshot[],
  now: number,
): void {
  const left = new Set(kept.map(({ snapshot }) => snapshot.arn));
  for (const arn of before) {
    if (left.has(arn)) continue;
    expiry.set(arn, now);
    before.delete(arn);
  }
}

/**
 * Simulates the snapshots of one source, rules and tags included. Once a day, at the time of day of `today`, `decide`
 * evaluates what is there, and expired snapshots are removed. Yields after each run, so that a page can stay
 * responsive: at the shown run the forecast without what follows. Throws `simulate.too-large`.
 */
export function* simulateForecast(input: ForecastInput): Generator<Forecast | undefined, Forecast> {
  const { config, source, rhythm, span, today, at, ahead, sizeGb } = input;
  const { zone } = config;
  const range = { after: subtractDuration(today, span, zone), until: addDuration(at, ahead, zone) };
  const { made: all, runs: instants } = ongoing({ rhythm, span, end: today }, range, zone);
  const made = all.filter((instant) => instant <= at);
  const localDay = (instant: number): number => dayOf(wallClock(instant, zone));
  const runs: ForecastRun[] = [];
  const atOnce = new Map<number, number>();
  const expiry = new Map<string | null, number>();
  const watched = new Set<string | null>();
  let forecast: Forecast = { kept: [], simulation: { made: 0, kept: 0, days: [] }, expiry, made, runs };
  let count = 0;
  for (const { now, before, kept } of simulateRuns({ config, source, made: all, runs: instants, sizeGb })) {
    while ((all[count] ?? Number.POSITIVE_INFINITY) <= now) count++;
    runs.push({ now, made: count, kept: kept.length });
    if (now > at) noteExpired(expiry, watched, kept, now);
    else atOnce.set(localDay(now), Math.max(before, atOnce.get(localDay(now)) ?? 0));
    if (now === at) {
      for (const { snapshot } of kept) watched.add(snapshot.arn);
      const days = simulatedDays(made.map(localDay), kept, localDay, atOnce);
      forecast = { kept, simulation: { made: made.length, kept: kept.length, days }, expiry, made, runs };
    }
    yield now === at ? forecast : undefined;
  }
  return forecast;
}
