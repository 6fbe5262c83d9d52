import { instantOfId, parseInstant } from '../core/time/instant';
import { dueSince, type Pause } from '../core/time/pause';
import { CLOCK_TOLERANCE_MS } from '../core/time/tolerance';
import { RetentionError } from '../core/util/errors';
import { malformedEvent } from '../core/util/malformed-event';
import type { Store } from '../ports/ports';
import { REPORT_DUE_SINCE, REPORTS, reportFiles, summaryFile } from '../storage/keys';

const REPORT_AGE_HOUR = 3_600_000;

/** Whether a report was stored completely: its state is written last, and the roll-up of one on an organization. */
const isFinished = async (store: Store, reportId: string): Promise<boolean> =>
  (await store.get(reportFiles(reportId).state)) !== null || (await store.get(summaryFile(reportId))) !== null;

/**
 * Returns the newest report that was stored completely and is not in the future; null when there is none. `at` is epoch
 * ms.
 */
export async function newestReport(
  store: Store,
  now: number,
): Promise<{ readonly reportId: string; readonly at: number } | null> {
  for (const reportId of [...(await store.list(REPORTS))].reverse()) {
    const at = instantOfId(reportId);
    if (at !== null && at <= now + CLOCK_TOLERANCE_MS && (await isFinished(store, reportId))) return { reportId, at };
  }
  return null;
}

/** Returns since when (epoch ms) a report is due, by the last check; null where there was none. */
export async function reportDueSince(store: Store): Promise<number | null> {
  const text = await store.get(REPORT_DUE_SINCE);
  const at = text === null ? null : parseInstant(text);
  if (text === null || at !== null) return at;
  throw new RetentionError(
    'check.unreadable',
    `cannot tell since when a report is due: got no instant in ${store.locate(REPORT_DUE_SINCE)}; remove it`,
  );
}

/**
 * Returns the pauses in an event of the daily check; none where it has none. Throws `event.malformed` for anything but
 * a list of them.
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
 * Returns the hours since the scheduled time of the newest report, even where it is no longer stored. Before the first
 * report they count from the first check; they never count from before the end of a pause of the schedule.
 */
export async function reportAge(
  store: Store,
  now: number,
  pauses: readonly Pause[] = [],
): Promise<{ readonly check: 'age'; readonly reportAgeHours: number }> {
  const known = [await reportDueSince(store), (await newestReport(store, now))?.at ?? null].filter((at) => at !== null);
  const since = known.length === 0 ? now : Math.min(now, Math.max(...known));
  await store.put({ key: REPORT_DUE_SINCE, contentType: 'text/plain', body: [new Date(since).toISOString()] });
  return { check: 'age', reportAgeHours: (now - dueSince(since, now, pauses)) / REPORT_AGE_HOUR };
}
