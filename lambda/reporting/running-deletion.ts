import { MAX_DELETION_RUN_MS } from '../core/plan/deletion-start';
import { instantOfId } from '../core/time/instant';
import { MAX_LATE_MS } from '../core/time/tolerance';
import type { Digest, Store } from '../ports/ports';
import { newestEvidence } from '../storage/evidence';
import { AUTOMATIC_PREFIX, EVIDENCE, PLANS, planFile } from '../storage/keys';
import { readPlan } from '../storage/report-history';
import { indexedPlans, readIndexHeads } from '../storage/result-index';
import type { EvidenceRecord } from '../storage/schemas';

/** The runs of each plan (by id) that the evidence chain has since an instant (epoch ms), less those that ended. */
async function openRuns(store: Store, since: number): Promise<ReadonlyMap<string, number>> {
  const records: EvidenceRecord[] = [];
  for await (const record of newestEvidence({ store, folder: EVIDENCE })) {
    if (Date.parse(record.at) < since) break;
    records.push(record);
  }
  const open = new Map<string, number>();
  const known = new Set<string>();
  for (const { kind, ref } of records.reverse()) {
    const [, planId] = ref.key.split('/');
    if (planId === undefined || (kind !== 'approval' && kind !== 'result') || known.has(ref.key)) continue;
    // A repeated step can record an object twice.
    known.add(ref.key);
    open.set(planId, Math.max(0, (open.get(planId) ?? 0) + (kind === 'approval' ? 1 : -1)));
  }
  return open;
}

/** The ids of the plans that automatic deletions can have written since an instant (epoch ms). */
async function automaticPlans(store: Store, since: number): Promise<readonly string[]> {
  const ids = (await store.list(PLANS)).map((name) => name.replace(/\.json$/, ''));
  const isRecent = (id: string): boolean =>
    (instantOfId(`${id.slice(AUTOMATIC_PREFIX.length)}-`) ?? Number.NEGATIVE_INFINITY) >= since - MAX_LATE_MS;
  return ids.filter((id) => id.startsWith(AUTOMATIC_PREFIX) && isRecent(id));
}

/**
 * Returns the snapshots (ARNs) that a deletion, automatic or approved, may still delete at an instant (epoch ms). One may
 * run from when its plan or its approval was recorded until its result is recorded, and for no longer than a run can
 * take. Rejects where that cannot be read.
 */
export async function inRunningDeletions(store: Store, digest: Digest, now: number): Promise<ReadonlySet<string>> {
  const since = now - MAX_DELETION_RUN_MS;
  const automatic = await automaticPlans(store, since);
  const runs = await openRuns(store, since);
  const approved = [...runs].flatMap(([id, open]) => (open > 0 ? [id] : []));
  const begun = [...approved, ...automatic.filter((id) => !runs.has(id))];
  if (begun.length === 0) return new Set();
  const results = indexedPlans((await readIndexHeads(store)).flatMap(({ plans }) => plans ?? []));
  const arns = new Set<string>();
  for (const id of begun) {
    if (results.get(id)?.status === 'finished') continue;
    // A plan that is not as it was written is refused.
    const plan = readPlan(await store.get(planFile(id)), id, digest);
    if (plan === null || (!runs.has(id) && Date.parse(plan.createdAt) < since)) continue;
    for (const { arn } of plan.items) arns.add(arn);
  }
  return arns;
}
