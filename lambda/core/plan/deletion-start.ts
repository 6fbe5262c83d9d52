import { dayOf, instantOfWallClock, wallClock } from '../time/period';
import type { FiresBetween } from '../time/report-schedule';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time/units';
import type { Zone } from '../time/zone';

/** The local time at which the deletion schedule starts automatic deletion each day. */
export const DELETION_START = { hour: 13, minute: 47 } as const;

/** `13:47`. */
export const DELETION_START_TEXT = `${DELETION_START.hour}:${DELETION_START.minute}`;

/** Maximum age of the newest report at an automatic deletion. */
export const MAX_REPORT_AGE_MS = DAY_MS;

/**
 * The most time (ms) from when a run of a deletion began to its last delete: it begins no invocation after 23 hours, the
 * last one takes a quarter of an hour, and clocks differ.
 */
export const MAX_DELETION_RUN_MS = DAY_MS;

/** Days within which a start is searched: longer than 29 February can be away. */
const MAX_SEARCHED_DAYS = 3_000;

/** The start (epoch ms) of a day number in a zone. */
const startOf = (day: number, zone: Zone): number =>
  instantOfWallClock(day * DAY_MS + DELETION_START.hour * HOUR_MS + DELETION_START.minute * MINUTE_MS, zone);

/** Whether a scheduled report is recent enough at a start. */
const hasReport = (start: number, reports: FiresBetween): boolean => reports(start - MAX_REPORT_AGE_MS, start);

/** The first start from an instant on (epoch ms) for which `isPossible`; null: none within eight years. */
export function firstStart(from: number, zone: Zone, isPossible: (start: number) => boolean): number | null {
  const first = dayOf(wallClock(from, zone));
  for (let day = first; day <= first + MAX_SEARCHED_DAYS; day += 1) {
    const start = startOf(day, zone);
    if (start >= from && isPossible(start)) return start;
  }
  return null;
}

/** The first start from an instant on that has a recent scheduled report. */
export const firstDeletion = (
  from: number,
  zone: Zone,
  reports: FiresBetween,
  isPossible: (start: number) => boolean = () => true,
): number | null => firstStart(from, zone, (start) => isPossible(start) && hasReport(start, reports));

/** The last start until an instant (epoch ms) that has a recent scheduled report; that instant: none has. */
export function lastDeletion(until: number, zone: Zone, reports: FiresBetween): number {
  const last = dayOf(wallClock(until, zone));
  for (let day = last; day >= last - MAX_SEARCHED_DAYS; day -= 1) {
    const start = startOf(day, zone);
    if (start <= until && hasReport(start, reports)) return start;
  }
  return until;
}
