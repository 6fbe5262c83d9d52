import { MAX_DELETION_RUN_MS } from '../core/plan/deletion-start';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import type { StoredApproval } from '../render/approval-widget';
import type { RunEnd } from '../render/result-email';
import { parseApproval } from '../storage/approval-record';
import { APPROVAL_NAME, type PlanKey, recordFolder, resultFolder } from '../storage/keys';
import { EXECUTION_END, parseStored } from '../storage/schemas';

/** The executions of a plan, as far as the bucket shows them. */
export interface PlanRuns {
  /** How many have begun or ended: the next one needs another name than these. */
  readonly count: number;
  /** Whether one has begun and has not noted its end. */
  readonly isRunning: boolean;
  /** That of the execution that runs, or else the last one; null: none is stored. */
  readonly approval: StoredApproval | null;
  /** How the last one ended; null: none has, or its note cannot be read. */
  readonly lastEnd: RunEnd | null;
}

/** An execution that has begun. */
interface Begun extends StoredApproval {
  readonly run: string;
}

/** An execution that has ended. `run` and `end` null: the note of another plan, or one that cannot be read. */
interface Ended {
  readonly run: string | null;
  readonly end: RunEnd | null;
  readonly at: number;
}

/** Returns the names in the folder of a plan that are approvals: each execution stores one before it deletes. */
async function approvalNames(store: Store, plan: PlanKey): Promise<readonly string[]> {
  // They sort after the attempts and outcomes, of which there may be many.
  const { names } = await store.listAfter(recordFolder(plan), 'once-approval-');
  return names.filter((name) => APPROVAL_NAME.test(name));
}

/** Reads the executions of a plan that have stored their approval, in the order of these approvals. */
async function begunRuns(store: Store, plan: PlanKey): Promise<readonly Begun[]> {
  const begun = await eachOf(await approvalNames(store, plan), async (name): Promise<Begun> => {
    const stored = await store.getDated(recordFolder(plan) + name);
    const by = parseApproval(stored?.text ?? null)?.approvedBy ?? null;
    return { run: name.replace(APPROVAL_NAME, '').replace(/\.json$/, ''), by, at: stored?.storedAt ?? 0 };
  });
  return [...begun].sort((a, b) => a.at - b.at);
}

/** Reads the notes of executions that have ended, in the order of these notes. */
async function endedRuns(store: Store, { id, digest }: PlanKey): Promise<readonly Ended[]> {
  const folder = resultFolder(id);
  const names = (await store.list(folder)).filter((name) => name.startsWith('ended-'));
  const ended = await eachOf(names, async (name): Promise<Ended> => {
    const stored = await store.getDated(folder + name);
    const note = parseStored(EXECUTION_END, stored?.text ?? null);
    const own = note?.digest === digest ? note : null;
    return { run: own?.run ?? null, end: own?.end ?? null, at: stored?.storedAt ?? 0 };
  });
  return [...ended].sort((a, b) => a.at - b.at);
}

/**
 * Reads which executions of a plan have begun and ended, by the run that approvals and notes name. An execution may
 * have only one of both: one that was refused before it stored its approval, or one that still runs.
 */
export async function readPlanRuns(store: Store, plan: PlanKey, now: number): Promise<PlanRuns> {
  const [begun, ended] = [await begunRuns(store, plan), await endedRuns(store, plan)];
  const endedNames = new Set(ended.map(({ run }) => run));
  const begunNames = new Set<string | null>(begun.map(({ run }) => run));
  const running = begun.filter(({ run, at }) => !endedNames.has(run) && now - at < MAX_DELETION_RUN_MS);
  const approval = running.at(-1) ?? begun.at(-1) ?? null;
  return {
    count: begun.length + ended.filter(({ run }) => run === null || !begunNames.has(run)).length,
    isRunning: running.length > 0,
    approval: approval && { by: approval.by, at: approval.at },
    lastEnd: ended.findLast(({ end }) => end !== null)?.end ?? null,
  };
}
