import { instantOfId, parseInstant } from '../core/time/instant';
import { dueSince, type Pause } from '../core/time/pause';
import { CLOCK_TOLERANCE_MS } from '../core/time/tolerance';
import { HOUR_MS } from '../core/time/units';
import { RetentionError } from '../core/util/errors';
import { malformedEvent } from '../core/util/malformed-event';
import type { Store } from '../ports/ports';
import { REPORT_DUE_SINCE, REPORTS, reportFiles } from '../storage/keys';

/** The time (epoch ms) of the newest report that was stored whole, none of the future; null when there is none. */
export async function newestReport(
  store: Store,
  now: number,
): Promise<{ readonly reportId: string; readonly at: number } | null> {
  for (const reportId of [...(await store.list(REPORTS))].reverse()) {
    const at = instantOfId(reportId);
    // The state is written last.
    if (at !== null && at <= now + CLOCK_TOLERANCE_MS && (await store.get(reportFiles(reportId).state)) !== null)
      return { reportId, at };
  }
  return null;
}

/** Since when (epoch ms) a report is awaited, as the last check knew it; null where none was made. */
export async function awaitedSince(store: Store): Promise<number | null> {
  const text = await store.get(REPORT_DUE_SINCE);
  const at = text === null ? null : parseInstant(text);
  if (text === null || at !== null) return at;
  throw new RetentionError(
    'check.unreadable',
    `cannot tell since when a report is awaited: got something else than an instant in ${store.locate(REPORT_DUE_SINCE)}; remove it`,
  );
}

/**
 * Reads the pauses of an event of the daily check; none where it has none. Throws `event.malformed` for what is no list of them.
 */
export function pausesOfEvent(event: unknown): readonly Pause[] {
  const given = typeof event === 'object' && event !== null && 'pauses' in event ? event.pauses : [];
  const isPause = (each: unknown): each is Pause =>
    typeof each === 'object' &&
    each !== null &&
    'from' in each &&
    'to' in each &&
    (each.from === null || (typeof each.from === 'string' && parseInstant(each.from) !== null)) &&
    typeof each.to === 'string' &&
    parseInstant(each.to) !== null;
  if (Array.isArray(given) && given.every(isPause)) return given;
  throw malformedEvent('run', 'pauses', given, '[{ from, to }]');
}

/**
 * Hours since the scheduled time of the newest report, whether or not it is still kept; before the first one, since the first time that this was
 * asked; and never since before a pause of the schedule ended.
 */
export async function reportAge(
  store: Store,
  now: number,
  pauses: readonly Pause[] = [],
): Promise<{ readonly check: 'age'; readonly reportAgeHours: number }> {
  const known = [await awaitedSince(store), (await newestReport(store, now))?.at ?? null].filter((at) => at !== null);
  const since = known.length === 0 ? now : Math.min(now, Math.max(...known));
  await store.put({ key: REPORT_DUE_SINCE, contentType: 'text/plain', body: [new Date(since).toISOString()] });
  return { check: 'age', reportAgeHours: (now - dueSince(since, now, pauses)) / HOUR_MS };
}
