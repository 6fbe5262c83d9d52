import type { Config } from '../../lambda/core/policy/config';
import { gbMonthPrice, roundMoney } from '../../lambda/core/policy/cost';
import {
  type Forecast,
  type ForecastInput,
  type ForecastRun,
  simulateForecast,
} from '../../lambda/core/policy/forecast';
import { AGE_BANDS } from '../../lambda/core/policy/outlook';
import type { PolicyUse } from '../../lambda/core/policy/policy';
import { isInScope, outOfScope } from '../../lambda/core/policy/scope';
import type { SimulatedSource } from '../../lambda/core/policy/simulate';
import { NO_TAGS } from '../../lambda/core/snapshot/snapshot';
import { wholeDaysBetween } from '../../lambda/core/time/ages';
import type { Duration } from '../../lambda/core/time/duration';
import { addDuration } from '../../lambda/core/time/period';
import type { Zone } from '../../lambda/core/time/zone';
import { type LegendLine, legendOf } from '../../lambda/render/calendar';
import type { TrySettings } from './settings';

const ONE_YEAR_AHEAD: Duration = { years: 1, months: 0, days: 0, hours: 0, text: '1y' };
const daysLong = (days: number): Duration => ({ years: 0, months: 0, days, hours: 0, text: `${days}d` });

/** The number of kept snapshots on a day, and the most that they cost per month in US dollars. */
export interface CostPoint {
  readonly label: string;
  readonly run: ForecastRun;
  readonly cost: number;
  readonly withoutPolicy: number;
}

/** Restore points of an age band. `upTo` in days; null: no end. */
export interface RestoreBand {
  readonly from: number;
  readonly upTo: number | null;
  readonly made: number;
  readonly kept: number;
  /** The longest distance to the next newer restore point, in days; null: none is kept. */
  readonly longestGap: number | null;
}

/** What a configuration keeps of the snapshots to try it on. */
export interface PolicyTrial extends Forecast {
  /** False: the runs after the shown day are not part of it yet. */
  readonly isComplete: boolean;
  readonly zone: Zone;
  readonly settings: TrySettings;
  /** Epoch ms. */
  readonly today: number;
  readonly at: number;
  readonly rules: number;
  /** Whether the source is in the regions and kinds of the configuration. */
  readonly isRead: boolean;
  /** The policy of the snapshots; null: none, or tags or a hold exclude them. */
  readonly use: PolicyUse | null;
  readonly legend: readonly LegendLine[];
  readonly bands: readonly RestoreBand[];
  readonly longestGap: number | null;
  readonly costs: readonly CostPoint[];
  /** US dollars per GB-month. */
  readonly gbMonth: number;
}

const COST_DAYS = [
  ['Today', 0],
  ['In 30 days', 30],
  ['In 1 year', 365],
] as const;

/** The most that a number of snapshots costs per month. */
export const ceilingOf = (count: number, { sizeGb }: TrySettings, gbMonth: number): number =>
  roundMoney(count * sizeGb * gbMonth);

function costsOf({ runs }: Forecast, today: number, zone: Zone, settings: TrySettings, gbMonth: number): CostPoint[] {
  const shown = settings.daysAhead > 365 ? [['In 3 years', settings.daysAhead] as const] : [];
  return [...COST_DAYS, ...shown].flatMap(([label, days]) => {
    const instant = addDuration(today, daysLong(days), zone);
    const run = runs.findLast(({ now }) => now <= instant);
    if (run === undefined || (runs.at(-1)?.now ?? 0) < instant) return [];
    const cost = ceilingOf(run.kept, settings, gbMonth);
    return [{ label, run, cost, withoutPolicy: ceilingOf(run.made, settings, gbMonth) }];
  });
}

const bandOf = (age: number): number => AGE_BANDS.findIndex((upTo) => upTo === null || age <= upTo);

/** The age bands that have snapshots. */
function bandsOf({ kept, made }: Forecast, at: number): readonly RestoreBand[] {
  const created = kept.map(({ snapshot }) => snapshot.createdAt ?? at).sort((a, b) => b - a);
  const bands = AGE_BANDS.map((upTo, i) => {
    const before = AGE_BANDS[i - 1];
    return { from: before == null ? 0 : before + 1, upTo, made: 0, kept: 0, longestGap: null as number | null };
  });
  for (const instant of made) {
    const band = bands[bandOf(wholeDaysBetween(instant, at))];
    if (band !== undefined) band.made += 1;
  }
  for (const [i, instant] of created.entries()) {
    const band = bands[bandOf(wholeDaysBetween(instant, at))];
    if (band === undefined) continue;
    band.kept += 1;
    const newer = created[i - 1];
    if (newer !== undefined) band.longestGap = Math.max(band.longestGap ?? 0, wholeDaysBetween(instant, newer));
  }
  return bands.filter((band) => band.made > 0);
}

/** The forecast of what a configuration never reads: each snapshot says so. */
function unreadForecast(forecast: Forecast): Forecast {
  const days = forecast.simulation.days.map((day) => ({
    ...day,
    kept: day.kept.map(({ snapshot }) => outOfScope(snapshot)),
  }));
  return {
    ...forecast,
    kept: forecast.kept.map(({ snapshot }) => outOfScope(snapshot)),
    simulation: { ...forecast.simulation, days },
  };
}

/** The trial of a forecast that is complete, or that ends at the shown day. */
function trialOf(
  made: Forecast,
  isComplete: boolean,
  { zone, floors, pricing, rules }: Config,
  { settings, today, at, isRead }: Pick<PolicyTrial, 'settings' | 'today' | 'at' | 'isRead'>,
): PolicyTrial {
  const forecast = isRead ? made : unreadForecast(made);
  const use = forecast.kept.find(({ status }) => status === 'managed')?.policy ?? null;
  const policy = use?.policy ?? { keep: null, expireAfter: null, expireOn: null };
  const gbMonth = gbMonthPrice(pricing, settings.source.region);
  const bands = bandsOf(forecast, at);
  const gaps = bands.flatMap(({ longestGap }) => longestGap ?? []);
  return {
    ...forecast,
    isComplete,
    zone,
    settings,
    today,
    at,
    rules: rules.length,
    isRead,
    use,
    legend: legendOf({ simulation: forecast.simulation, policy, floors }),
    bands,
    longestGap: gaps.length === 0 ? null : Math.max(...gaps),
    costs: costsOf(forecast, today, zone, settings, gbMonth),
    gbMonth,
  };
}

/** A configuration and a source that nothing decides about. */
const withoutPolicies = (config: Config, source: SimulatedSource): Pick<ForecastInput, 'config' | 'source'> => ({
  config: { ...config, policies: new Map(), rules: [], defaultPolicy: null },
  source: { ...source, tags: NO_TAGS, snapshotTags: NO_TAGS },
});

/**
 * Simulates the snapshots of the settings under a configuration, run by run. Yields what is kept as soon as it is
 * known; what follows, such as expiry, is part of the end. Throws `simulate.too-large`.
 */
export function* evaluatePolicy(
  config: Config,
  settings: TrySettings,
  today: number,
): Generator<PolicyTrial | undefined, PolicyTrial> {
  const { rhythm, span, daysAhead, sizeGb, source } = settings;
  const at = addDuration(today, daysLong(daysAhead), config.zone);
  const isRead = isInScope(config, source);
  const forecasts = simulateForecast({
    ...(isRead ? { config, source } : withoutPolicies(config, source)),
    ...{ rhythm, span, today, at, ahead: ONE_YEAR_AHEAD, sizeGb },
  });
  const place = { settings, today, at, isRead };
  for (;;) {
    const step = forecasts.next();
    if (step.done === true) return trialOf(step.value, true, config, place);
    yield step.value === undefined ? undefined : trialOf(step.value, false, config, place);
  }
}
