import { HOUR_MS } from '../core/time/units';
import type { Digest, Store } from '../ports/ports';
import { AUTOMATIC_PREFIX, PLANS } from '../storage/keys';
import { readPlan } from '../storage/report-history';
import { indexedPlans, readIndexHeads } from '../storage/result-index';

/** How long (ms) a run of a deletion may take. */
const MAX_DELETION_RUN_MS = 23 * HOUR_MS;

/**
 * Returns the snapshots (ARNs) that the newest automatic deletion may still delete at an instant (epoch ms): it began
 * within the time that a run may take, and its result is not indexed, as it is where it ended.
 */
export async function inRunningDeletion(store: Store, digest: Digest, now: number): Promise<ReadonlySet<string>> {
  const newest = (await store.list(PLANS)).filter((name) => name.startsWith(AUTOMATIC_PREFIX)).at(-1);
  if (newest === undefined) return new Set();
  const plan = readPlan(await store.get(`${PLANS}${newest}`), newest.slice(0, -'.json'.length), digest);
  if (plan === null || Date.parse(plan.createdAt) < now - MAX_DELETION_RUN_MS) return new Set();
  const results = indexedPlans((await readIndexHeads(store)).flatMap(({ plans }) => plans ?? []));
  return new Set(results.has(plan.id) ? [] : plan.items.map(({ arn }) => arn));
}
