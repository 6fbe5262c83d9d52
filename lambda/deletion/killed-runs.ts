import { DAY_MS, HOUR_MS } from '../core/time/units';
import { parseApproval } from '../storage/approval-record';
import { type EvidencePorts, newestEvidence } from '../storage/evidence';
import { parseFileList } from '../storage/file-list';
import { LOCAL_EVIDENCE, type PlanKey, recordFolder, runOfApproval } from '../storage/keys';
import type { EvidenceRecord } from '../storage/schemas';

/** A run of the deletion function ends within this time (ms): between its invocations it has no lock. */
const MAX_RUN_MS = 23.5 * HOUR_MS;
/** A run searches so long (ms) before the newest result, whose run has recorded what was left before it. */
const LOOK_BACK_MS = 30 * DAY_MS;

const folderOfKey = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** What the newest records of a chain say about results. */
class RecordedResults {
  private readonly listed = new Set<string>();
  /** Folders that have a list which cannot be read: what it has is not known. */
  private readonly unknown = new Set<string>();

  add(key: string, text: string | null): void {
    const list = parseFileList(text ?? '');
    if (list === null || list.files.length === 0) this.unknown.add(folderOfKey(key));
    for (const file of list?.files ?? []) this.listed.add(file.key);
  }

  hasEnded(approval: string): boolean {
    return this.listed.has(approval) || this.unknown.has(folderOfKey(approval));
  }
}

/** A killed run: the last one of its plan. */
export interface KilledRun {
  readonly plan: PlanKey;
  readonly run: string;
}

/** Returns the plan of a recorded approval; null where that is not as it was recorded. */
async function approvedPlan({ store }: EvidencePorts, { ref, sha256 }: EvidenceRecord): Promise<PlanKey | null> {
  if ((await store.fingerprint(ref.key))?.sha256 !== sha256) return null;
  const plan = parseApproval(await store.get(ref.key))?.plan;
  return plan !== undefined && recordFolder(plan) === folderOfKey(ref.key) ? plan : null;
}

/**
 * Finds approved runs that have recorded no result and can no longer do so, because they were killed. `isActive`: whether
 * a run of a plan is at work. Throws where the chain cannot be read.
 */
export async function findKilledRuns(
  ports: EvidencePorts,
  isActive: (plan: PlanKey) => Promise<boolean>,
): Promise<readonly KilledRun[]> {
  const { store, clock, folder } = ports;
  const results = new RecordedResults();
  const approvals: EvidenceRecord[] = [];
  let since = Number.NEGATIVE_INFINITY;
  for await (const record of newestEvidence(ports)) {
    const { kind, ref, at } = record;
    if (Date.parse(at) < since) break;
    if (kind === 'result') {
      results.add(ref.key, await store.get(ref.key));
      since = Math.max(since, Date.parse(at) - LOOK_BACK_MS);
    }
    if (kind === 'approval') approvals.push(record);
  }
  // A run of the command line has the lock until it ends.
  const until = folder === LOCAL_EVIDENCE ? Number.POSITIVE_INFINITY : clock() - MAX_RUN_MS;
  const killed = new Map<string, KilledRun>();
  for (const record of approvals) {
    if (results.hasEnded(record.ref.key) || Date.parse(record.at) > until) continue;
    const plan = await approvedPlan(ports, record);
    if (plan === null || killed.has(recordFolder(plan)) || (await isActive(plan))) continue;
    killed.set(recordFolder(plan), { plan, run: runOfApproval(record.ref.key) });
  }
  return [...killed.values()];
}
