import type { RunOrigin } from '../core/plan/outcome';
import { instantOfId } from '../core/time/instant';
import { DAY_MS } from '../core/time/units';
import { RetentionError } from '../core/util/errors';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { parseApproval } from '../storage/approval-record';
import {
  type EvidenceHead,
  type EvidencePorts,
  evidenceEntry,
  newestEvidence,
  recordEvidence,
} from '../storage/evidence';
import { fileListText, type HashedFile, parseFileList } from '../storage/file-list';
import { jsonObject } from '../storage/json-object';
import {
  APPROVAL_NAME,
  approvalFile,
  endedFile,
  fileListFile,
  LISTED_NAME,
  type PlanKey,
  planFile,
  recordFolder,
  resultFile,
} from '../storage/keys';
import { type IndexedPlan, statusInIndex } from '../storage/result-index';
import { findKilledRuns } from './killed-runs';
import { isFinished } from './outcome-files';
import { isLockedByOther } from './run-lock';

/** One run of an approved plan. */
export interface ApprovedRun {
  readonly plan: PlanKey;
  /** Unique; part of a key. */
  readonly run: string;
  /** The name under which the end of its execution is noted; absent: none is. */
  readonly execution?: string;
  /** The count that the approval names. */
  readonly count?: number;
  readonly origin: RunOrigin;
  /** The stored copy of the plan, and the file that it was made from; absent: the plan is where a report stores it. */
  readonly copy?: { readonly key: string; readonly planFile: string };
}

/** When the plan was made (epoch ms), by its id: all that belongs to its deletion was stored later. */
const madeAt = ({ id }: PlanKey, now: number): number => instantOfId(`${id.replace(/^auto-/, '')}-`) ?? now;

/**
 * Stores and records the approval of a run, with the plan where it is stored. A run must not delete anything before.
 * Throws `evidence.not-recorded`. Safe to run twice.
 */
export async function recordApproval(ports: EvidencePorts, approved: ApprovedRun): Promise<void> {
  const { store, clock } = ports;
  const { plan, run, count, origin, copy } = approved;
  const { id, digest } = plan;
  const key = approvalFile(plan, run);
  const at = new Date(clock()).toISOString();
  const from = copy && { planFile: copy.planFile };
  const counted = count !== undefined && { count };
  const content = { schemaVersion: 1, plan: { id, digest }, run, at, ...counted, ...origin, ...from };
  const since = madeAt(plan, clock());
  try {
    await store.putIfAbsent(jsonObject(key, content));
    const planKey = copy?.key ?? planFile(id);
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

/** Whether an earlier run of a plan was approved with this count, as its approval says. */
export async function wasApprovedWith(store: Store, plan: PlanKey, count: number): Promise<boolean> {
  const folder = recordFolder(plan);
  const names = (await store.list(folder)).filter((name) => APPROVAL_NAME.test(name));
  const approvals = await eachOf(names, async (name) => parseApproval(await store.get(folder + name)));
  return approvals.some((approval) => approval?.plan.digest === plan.digest && approval.count === count);
}

/** Whose files a list has. `run` null: no run of the plan can follow, so that all approvals are in the list. */
type ListedRun = Pick<ApprovedRun, 'plan' | 'execution'> & { readonly run: string | null };

/** Returns the keys of what is stored about a plan, without approvals that were not stored before that of a run. */
async function recordsUntil(store: Store, plan: PlanKey, run: string | null): Promise<readonly string[]> {
  const folder = recordFolder(plan);
  const times = await store.listDated(folder);
  const own = run === null ? '' : approvalFile(plan, run).slice(folder.length);
  const approvedAt = times.get(own) ?? Number.POSITIVE_INFINITY;
  // A list ends the runs of the approvals that it has: a later run may still be at work. A bucket tells whole seconds.
  const isLater = (name: string): boolean =>
    APPROVAL_NAME.test(name) && name !== own && (times.get(name) ?? 0) >= approvedAt;
  const names = [...times.keys()].filter((name) => LISTED_NAME.test(name) && !isLater(name));
  return names.map((name) => folder + name);
}

/** Hashes all that is stored about a run of a plan: its attempts, outcomes and approvals, its result, its end. */
async function filesOf({ store }: EvidencePorts, { plan, run, execution }: ListedRun): Promise<readonly HashedFile[]> {
  const ended = execution === undefined ? [] : [endedFile(plan.id, execution)];
  const folder = recordFolder(plan);
  const keys = [resultFile(plan.id), ...ended, ...(await recordsUntil(store, plan, run))];
  const hashed = await eachOf(keys, async (key) => ({ key, stored: await store.fingerprint(key) }));
  return hashed.flatMap(({ key, stored }) => {
    if (stored === null) return [];
    const { sha256, name, earlier = [] } = stored;
    // `sha256sum` needs the file in which a folder has each version of a replaced attempt.
    const versions = earlier.map((each) => ({ key: folder + each.name, sha256: each.sha256 }));
    return [...versions, { key: name === undefined ? key : folder + name, sha256 }].flatMap(
      ({ key: file, sha256: hash }) => (hash === null ? [] : [{ key: file, sha256: hash }]),
    );
  });
}

/** The state in which the index has the result of a plan; null: it has none. */
type IndexedStatus = IndexedPlan['status'] | null;

/**
 * Records what killed runs left; `isActive` tells whether a run of a plan is at work. Returns the head of the chain;
 * null: nothing was recorded. Where it fails, the next run does it, and `history --verify` names those files until then.
 */
export async function recordKilledRuns(
  ports: EvidencePorts,
  isActive: (plan: PlanKey) => Promise<boolean>,
): Promise<EvidenceHead | null> {
  let head: EvidenceHead | null = null;
  try {
    for (const killed of await findKilledRuns(ports, isActive))
      head = await recordFiles(ports, killed, await statusInIndex(ports.store, killed.plan.id));
  } catch {
    // What the caller records matters more.
  }
  return head;
}

/**
 * Records what a run left, and before that what killed runs of other plans left. Returns the head of the chain. Safe to
 * run twice.
 */
export async function recordResult(
  ports: EvidencePorts,
  approved: ListedRun,
  indexed: IndexedStatus,
): Promise<EvidenceHead | null> {
  const isOwn = (plan: PlanKey): boolean => recordFolder(plan) === recordFolder(approved.plan);
  await recordKilledRuns(ports, async (plan) => isOwn(plan) || isLockedByOther(ports.store, plan.id, () => false));
  return recordFiles(ports, approved, indexed);
}

/**
 * Records the files of a plan. The record names a list of all of them with their hashes, because the result of an
 * unfinished plan is a view that the next run replaces.
 */
async function recordFiles(
  ports: EvidencePorts,
  approved: ListedRun,
  indexed: IndexedStatus,
): Promise<EvidenceHead | null> {
  const { store, clock, hashText } = ports;
  const { plan } = approved;
  // Before they are hashed: another run may finish the plan meanwhile, and then the files are not all final.
  const isFinal = await isFinished(store, plan);
  const files = await filesOf(ports, approved);
  const isIndexed = indexed === 'finished' || (!isFinal && indexed === 'unfinished');
  const text = fileListText({ files, isFinished: isFinal, isIndexed });
  const key = fileListFile(plan, hashText(text));
  await store.putIfAbsent({ key, contentType: 'text/plain', body: [text] });
  return recordEvidence(ports, [await evidenceEntry(ports, { kind: 'result', key, since: madeAt(plan, clock()) })]);
}

/** A record of the result is at most this much (ms) earlier than its plan by the clocks of the two writers. */
const MAX_EARLIER_MS = DAY_MS;

/** Whether the chain has the list of a finished plan, or one that cannot be read: that is never replaced. */
async function isResultRecorded(ports: EvidencePorts, plan: PlanKey): Promise<boolean> {
  const { store, clock } = ports;
  const since = madeAt(plan, clock()) - MAX_EARLIER_MS;
  for await (const { kind, ref, at } of newestEvidence(ports)) {
    if (Date.parse(at) < since) return false;
    if (kind !== 'result' || !ref.key.startsWith(recordFolder(plan))) continue;
    const list = parseFileList((await store.get(ref.key)) ?? '');
    if (list === null || list.files.length === 0 || list.isFinished) return true;
  }
  return false;
}

/**
 * Records the result of a finished plan whose run died before it did so. Returns the head of the chain; null: there was
 * nothing to record. Safe to run twice, and beside a run that is about to record it.
 */
export async function recordMissedResult(
  ports: EvidencePorts,
  plan: PlanKey,
  indexed: IndexedStatus,
): Promise<EvidenceHead | null> {
  if (!(await isFinished(ports.store, plan)) || (await isResultRecorded(ports, plan))) return null;
  return recordResult(ports, { plan, run: null }, indexed);
}
