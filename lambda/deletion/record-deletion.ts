import type { RunOrigin } from '../core/plan/outcome';
import { instantOfId } from '../core/time/instant';
import { RetentionError } from '../core/util/errors';
import { eachOf } from '../ports/each-of';
import { type EvidenceHead, type EvidencePorts, evidenceEntry, recordEvidence } from '../storage/evidence';
import { fileListText, type HashedFile } from '../storage/file-list';
import { jsonObject } from '../storage/json-object';
import {
  approvalFile,
  endedFile,
  fileListFile,
  LISTED_NAME,
  type PlanKey,
  planFile,
  recordFolder,
  resultFile,
} from '../storage/keys';

/** One run of an approved plan. */
export interface ApprovedRun {
  readonly plan: PlanKey;
  /** Unique; part of a key. */
  readonly run: string;
  /** The count that the approval names. */
  readonly count?: number;
  readonly origin: RunOrigin;
}

/** When the plan was made (epoch ms), by its id: all that belongs to its deletion was stored later. */
const madeAt = ({ id }: PlanKey, now: number): number => instantOfId(`${id.replace(/^auto-/, '')}-`) ?? now;

/**
 * Stores and records the approval of a run, with the plan where it is stored. A run must not delete anything before.
 * Throws `evidence.not-recorded`. Safe to run twice.
 */
export async function recordApproval(ports: EvidencePorts, approved: ApprovedRun): Promise<void> {
  const { store, clock } = ports;
  const { plan, run, count, origin } = approved;
  const { id, digest } = plan;
  const key = approvalFile(plan, run);
  const at = new Date(clock()).toISOString();
  const content = { schemaVersion: 1, plan: { id, digest }, run, at, ...(count !== undefined && { count }), ...origin };
  const since = madeAt(plan, clock());
  try {
    await store.putIfAbsent(jsonObject(key, content));
    const planKey = planFile(id);
    const hasPlan = (await store.fingerprint(planKey)) !== null;
    const planEntry = hasPlan ? [await evidenceEntry(ports, { kind: 'plan', key: planKey, since })] : [];
    await recordEvidence(ports, [...planEntry, await evidenceEntry(ports, { kind: 'approval', key, since })]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RetentionError(
      'evidence.not-recorded',
      `cannot record the approval of the plan ${id}, so nothing was deleted: ${why}; fix that, and apply the plan again`,
      { cause },
    );
  }
}

/** Hashes all that is stored about a run of a plan: its attempts, outcomes and approvals, its result, its end. */
async function filesOf({ store }: EvidencePorts, { plan, run }: ApprovedRun): Promise<readonly HashedFile[]> {
  const folder = recordFolder(plan);
  const names = (await store.list(folder)).filter((name) => LISTED_NAME.test(name));
  const keys = [resultFile(plan.id), endedFile(plan.id, run), ...names.map((name) => `${folder}${name}`)];
  const hashed = await eachOf(keys, async (key) => ({ key, stored: await store.fingerprint(key) }));
  return hashed.flatMap(({ key, stored }) => (stored === null ? [] : [{ key, sha256: stored.sha256 }]));
}

/**
 * Records what a run left. The record names a list of all files with their hashes, because a result is a view that the
 * next run of the plan replaces. Returns the head of the chain. Safe to run twice.
 */
export async function recordResult(ports: EvidencePorts, approved: ApprovedRun): Promise<EvidenceHead | null> {
  const { store, clock, hashText } = ports;
  const { plan } = approved;
  const text = fileListText(await filesOf(ports, approved));
  const key = fileListFile(plan, hashText(text));
  await store.putIfAbsent({ key, contentType: 'text/plain', body: [text] });
  return recordEvidence(ports, [await evidenceEntry(ports, { kind: 'result', key, since: madeAt(plan, clock()) })]);
}
