import { HOUR_MS } from '../core/time/units';
import type { Digest, Store } from '../ports/ports';
import { AUTOMATIC_PREFIX, PLANS } from '../storage/keys';
import { readPlan } from '../storage/report-history';
import { indexedPlans, readIndexHeads } from '../storage/result-index';

/** How long (ms) a run of a deletion may take. */
const LONGEST_DELETION_MS = 23 * HOUR_MS;

/**
 * Returns the snapshots (ARNs) that the newest automatic deletion may still delete at an instant (epoch ms): it began
 * within the time that a run may take, and no finished result of it is indexed.
 */
export async function inRunningDeletion(store: Store, digest: Digest, now: number): Promise<ReadonlySet<string>> {
  const newest = (await store.list(PLANS)).filter((name) => name.startsWith(AUTOMATIC_PREFIX)).at(-1);
  if (newest === undefined) return new Set();
  const plan = readPlan(await store.get(`${PLANS}${newest}`), newest.slice(0, -'.json'.length), digest);
  if (plan === null || Date.parse(plan.createdAt) < now - LONGEST_DELETION_MS) return new Set();
  const results = indexedPlans((await readIndexHeads(store)).flatMap(({ plans }) => plans ?? []));
  return new Set(results.get(plan.id)?.status === 'finished' ? [] : plan.items.map(({ arn }) => arn));
}
