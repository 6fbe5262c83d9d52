import { parseInstant } from '../core/time/instant';
import { malformedEvent } from '../core/util/malformed-event';

/**
 * The scheduled time of an event (epoch ms); null where it has none. Throws `event.malformed` for one that is no
 * instant.
 */
export function scheduledTimeOf(event: unknown): number | null {
  const time =
    typeof event === 'object' && event !== null && 'scheduledTime' in event ? event.scheduledTime : undefined;
  if (time === undefined) return null;
  const at = typeof time === 'string' ? parseInstant(time) : null;
  if (at === null)
    throw malformedEvent('run', 'scheduledTime', time, 'an ISO 8601 instant such as 2026-11-23T08:00:00Z');
  return at;
}

/**
 * The check of an event: `age` measures the age of the newest report, `first-report` makes a report only if the first
 * one is due. Null: a report is made. Throws `event.malformed` for a check that is not known.
 */
export function checkOf(event: unknown): 'age' | 'first-report' | null {
  const check = typeof event === 'object' && event !== null && 'check' in event ? event.check : undefined;
  if (check === undefined) return null;
  if (check === 'age' || check === 'first-report') return check;
  throw malformedEvent('run', 'check', check, '"age" or "first-report", or none for a report');
}
