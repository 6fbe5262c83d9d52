import { instantOfId } from '../core/time/instant';
import type { Channel, Store } from '../ports/ports';
import { FIRST_REPORT, REPORTS, RUNS } from '../storage/keys';
import { readMailed } from '../storage/report-history';

/** Runs whose notes are read, the newest first: an older deployment has a delivered report among them. */
const MAX_RUNS = 20;

/** Whether a report was e-mailed while a person had confirmed a subscription. */
async function wasDelivered(store: Store): Promise<boolean> {
  const times = (await store.list(RUNS)).filter((time) => instantOfId(`${time}-`) !== null);
  for (const time of [...times].sort().reverse().slice(0, MAX_RUNS))
    if (((await readMailed(store, time))?.confirmed ?? 0) > 0) return true;
  return false;
}

/**
 * Checks whether the first report of a deployment is to be made now: at once, so that there is one, and again when a
 * person has confirmed a subscription. `done`: a report was delivered to a person. `waiting`: no one has confirmed yet.
 */
export async function checkFirstReport(
  store: Store,
  { confirmedSubscribers }: Pick<Channel, 'confirmedSubscribers'>,
): Promise<'due' | 'waiting' | 'done'> {
  if ((await store.get(FIRST_REPORT)) !== null) return 'done';
  if (await wasDelivered(store)) {
    await store.put({ key: FIRST_REPORT, contentType: 'text/plain', body: ['delivered'] });
    return 'done';
  }
  if (((await confirmedSubscribers()) ?? 0) > 0) return 'due';
  return (await store.list(REPORTS)).some((id) => instantOfId(id) !== null) ? 'waiting' : 'due';
}
