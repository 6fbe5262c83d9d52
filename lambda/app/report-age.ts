import { RetentionError } from '../core/errors';
import { instantOfId, parseInstant } from '../core/instant';
import type { Store } from './ports';
import { reportFiles } from './store-report';

const HOUR = 3_600_000;

/** A report from later than this (ms) after now was made by another clock, and says nothing of when the next one is due. */
const MOST_AHEAD = 5 * 60_000;

/**
 * The time of the newest report that any check found; before the first report, of the first check. Written anew by each check, so that it
 * outlives reports, however briefly they are kept: a schedule that stopped, or never made a report, grows old.
 */
const SINCE = 'runs/awaited-since.txt';

/** The time (epoch ms) of the newest report that was stored whole, none of the future; null when there is none. */
export async function newestReport(store: Store, now: number): Promise<{ readonly reportId: string; readonly at: number } | null> {
  for (const reportId of [...(await store.list('reports/'))].reverse()) {
    const at = instantOfId(reportId);
    // The state is written last.
    if (at !== null && at <= now + MOST_AHEAD && (await store.get(reportFiles(reportId).state)) !== null) return { reportId, at };
  }
  return null;
}

/** Since when (epoch ms) a report is awaited, as the last check knew it; null where none was made. */
export async function awaitedSince(store: Store): Promise<number | null> {
  const text = await store.get(SINCE);
  const at = text === null ? null : parseInstant(text);
  if (text === null || at !== null) return at;
  throw new RetentionError(
    'check.unreadable',
    'operator',
    `cannot tell since when a report is awaited: got something else than an instant in ${store.locate(SINCE)}; remove it`,
  );
}

/** Hours since the scheduled time of the newest report, whether or not it is still kept; before the first one, since the first time that this was asked. */
export async function reportAge(store: Store, now: number): Promise<{ readonly check: 'age'; readonly reportAgeHours: number }> {
  const known = [await awaitedSince(store), (await newestReport(store, now))?.at ?? null].filter((at) => at !== null);
  const since = known.length === 0 ? now : Math.min(now, Math.max(...known));
  await store.put({ key: SINCE, contentType: 'text/plain', body: [new Date(since).toISOString()] });
  return { check: 'age', reportAgeHours: (now - since) / HOUR };
}
