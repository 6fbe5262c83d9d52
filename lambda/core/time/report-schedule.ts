import { dayLabel, dayOf, instantOfWallClock, wallClock } from './period';
import { firesOn, minutesOfDay } from './schedule-days';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './units';
import type { Zone } from './zone';

const RATE_PATTERN = /^rate\((\d+) (minute|hour|day)s?\)$/;
const CRON_PATTERN = /^cron\((.*)\)$/;
const UNITS_MS = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS } as const;

/** The period of a `rate(…)` in milliseconds; null: the text is no rate. */
export function ratePeriodMs(expression: string): number | null {
  const [, count, unit] = RATE_PATTERN.exec(expression) ?? [];
  return unit === 'minute' || unit === 'hour' || unit === 'day' ? Number(count) * UNITS_MS[unit] : null;
}

/** Whether a schedule fires at an instant from `from` to before `to` (epoch ms). */
export type FiresBetween = (from: number, to: number) => boolean;

function rateFires(periodMs: number, anchor: number | null): FiresBetween {
  // Without a known start, each time is possible.
  if (anchor === null) return () => true;
  return (from, to) => anchor + Math.ceil((from - anchor) / periodMs) * periodMs < to;
}

function cronFires(fields: readonly string[], zone: Zone): FiresBetween {
  const onDay = firesOn(fields);
  const minutes = minutesOfDay(fields);
  const firesAt = (wall: number, from: number, to: number): boolean => {
    const instant = instantOfWallClock(wall, zone);
    // A wall time that the clock skips does not fire.
    return wallClock(instant, zone) === wall && instant >= from && instant < to;
  };
  return (from, to) => {
    const last = wallClock(to, zone);
    for (let day = Math.floor(wallClock(from, zone) / DAY_MS) * DAY_MS; day <= last; day += DAY_MS)
      if (onDay(day) && minutes.some((minute) => firesAt(day + minute * MINUTE_MS, from, to))) return true;
    return false;
  };
}

/**
 * Reads a `cron(…)` or `rate(…)` of EventBridge Scheduler; null: the text is neither. `anchor` is an instant (epoch ms)
 * at which a rate fired; null: none is known.
 */
export function parseSchedule(expression: string, zone: Zone, anchor: number | null): FiresBetween | null {
  const periodMs = ratePeriodMs(expression);
  if (periodMs !== null) return rateFires(periodMs, anchor);
  const [, cron] = CRON_PATTERN.exec(expression) ?? [];
  const fields = cron?.trim().split(/\s+/) ?? [];
  return fields.length === 6 ? cronFires(fields, zone) : null;
}

/** Days within which the next time of a schedule is searched. */
const MAX_DAYS_AHEAD = 800;

/**
 * The local day (`2026-12-07`) on which a schedule fires next after an instant (epoch ms); null: not known. `anchor` is
 * an instant at which a rate fired.
 */
export function nextScheduledDay(expression: string, zone: Zone, after: number, anchor: number | null): string | null {
  const fires = ratePeriodMs(expression) !== null && anchor === null ? null : parseSchedule(expression, zone, anchor);
  if (fires === null) return null;
  const today = dayOf(wallClock(after, zone));
  for (let day = today; day <= today + MAX_DAYS_AHEAD; day += 1) {
    const [from, to] = [instantOfWallClock(day * DAY_MS, zone), instantOfWallClock((day + 1) * DAY_MS, zone)];
    if (fires(Math.max(after + 1, from), to)) return dayLabel(day);
  }
  return null;
}
