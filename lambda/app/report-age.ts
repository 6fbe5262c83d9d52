import { RetentionError } from '../core/errors';
import { instantOfId, parseInstant } from '../core/instant';
import type { Store } from './ports';
import { reportFiles } from './store-report';

const HOUR = 3_600_000;

/** Written by the first check, so that a schedule that never made a report grows old as well. */
const FIRST_CHECK = 'runs/first-check.txt';

/** The time (epoch ms) of the newest report that was stored whole; null when there is none. */
export async function newestReport(store: Store): Promise<{ readonly reportId: string; readonly at: number } | null> {
  for (const reportId of [...(await store.list('reports/'))].reverse()) {
    const at = instantOfId(reportId);
    // The state is written last.
    if (at !== null && (await store.get(reportFiles(reportId).state)) !== null) return { reportId, at };
  }
  return null;
}

async function firstCheck(store: Store, now: number): Promise<number> {
  const text = new Date(now).toISOString();
  if (await store.putIfAbsent({ key: FIRST_CHECK, contentType: 'text/plain', body: [text] })) return now;
  const at = parseInstant((await store.get(FIRST_CHECK)) ?? '');
  if (at !== null) return at;
  throw new RetentionError(
    'check.unreadable',
    'operator',
    `cannot tell since when reports are awaited: got something else than an instant in ${store.locate(FIRST_CHECK)}; remove it`,
  );
}

/** Hours since the scheduled time of the newest stored report; before the first one, since the first time that this was asked. */
export async function reportAge(store: Store, now: number): Promise<{ readonly check: 'age'; readonly reportAgeHours: number }> {
  const since = (await newestReport(store))?.at ?? (await firstCheck(store, now));
  return { check: 'age', reportAgeHours: Math.max(0, now - since) / HOUR };
}
