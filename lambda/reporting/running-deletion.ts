import type { Plan } from '../core/plan/plan';
import { HOUR_MS } from '../core/time/units';
import type { Digest, Store } from '../ports/ports';
import { newestEvidence } from '../storage/evidence';
import { AUTOMATIC_PREFIX, EVIDENCE, PLANS, resultFolder } from '../storage/keys';
import { readPlan } from '../storage/report-history';
import { indexedPlans, readIndexHeads } from '../storage/result-index';

/** How long (ms) a run of a deletion may take. */
const MAX_DELETION_RUN_MS = 23 * HOUR_MS;

/** Whether the evidence chain has the end of a run, as it has also of one that was refused and has no result. */
async function isEndRecorded(store: Store, { id, createdAt }: Plan): Promise<boolean> {
  try {
    for await (const { kind, ref, at } of newestEvidence({ store, folder: EVIDENCE })) {
      if (kind === 'result' && ref.key.startsWith(resultFolder(id))) return true;
      if (at < createdAt) return false;
    }
  } catch {
    // Whether it has ended is not known: then it may still delete.
  }
  return false;
}

/**
 * Returns the snapshots (ARNs) that the newest automatic deletion may still delete at an instant (epoch ms): it began
 * within the time that a run may take, and neither is its result indexed nor its end recorded, as where it ended.
 */
export async function inRunningDeletion(store: Store, digest: Digest, now: number): Promise<ReadonlySet<string>> {
  const newest = (await store.list(PLANS)).filter((name) => name.startsWith(AUTOMATIC_PREFIX)).at(-1);
  if (newest === undefined) return new Set();
  const plan = readPlan(await store.get(`${PLANS}${newest}`), newest.slice(0, -'.json'.length), digest);
  if (plan === null || Date.parse(plan.createdAt) < now - MAX_DELETION_RUN_MS) return new Set();
  const results = indexedPlans((await readIndexHeads(store)).flatMap(({ plans }) => plans ?? []));
  const hasEnded = results.has(plan.id) || (await isEndRecorded(store, plan));
  return new Set(hasEnded ? [] : plan.items.map(({ arn }) => arn));
}
