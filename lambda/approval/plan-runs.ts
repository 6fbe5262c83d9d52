import { MAX_DELETION_RUN_MS } from '../core/plan/deletion-start';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import type { RunEnd } from '../render/result-email';
import { APPROVAL_NAME, type PlanKey, recordFolder, resultFolder } from '../storage/keys';
import { EXECUTION_END, parseStored } from '../storage/schemas';

/** The executions of a plan, as far as the bucket shows them. */
export interface PlanRuns {
  /** How many have begun or ended: the next one needs another name than these. */
  readonly count: number;
  /** Whether one has begun and has not noted its end. */
  readonly isRunning: boolean;
  /** How the last one ended; null: none has, or its note cannot be read. */
  readonly lastEnd: RunEnd | null;
}

const latestOf = (times: Iterable<number | null>): number => Math.max(0, ...[...times].map((time) => time ?? 0));

/** Returns the names in the folder of a plan that are approvals: each execution stores one before it deletes. */
async function approvalNames(store: Store, plan: PlanKey): Promise<readonly string[]> {
  // They sort after the attempts and outcomes, of which there may be many.
  const { names } = await store.listAfter(recordFolder(plan), 'once-approval-');
  return names.filter((name) => APPROVAL_NAME.test(name));
}

/** Reads which executions of a plan have begun and ended. */
export async function readPlanRuns(store: Store, plan: PlanKey, now: number): Promise<PlanRuns> {
  const begun = await approvalNames(store, plan);
  const folder = resultFolder(plan.id);
  const ended = (await store.list(folder)).filter((name) => name.startsWith('ended-'));
  const ends = await eachOf(ended, (name) => store.getDated(folder + name));
  const last = latestOf(ends.map((end) => end?.storedAt ?? null));
  const note = parseStored(EXECUTION_END, ends.find((end) => end?.storedAt === last)?.text ?? null);
  const isOpen = begun.length > ended.length;
  const approvals = isOpen ? await eachOf(begun, (name) => store.getDated(recordFolder(plan) + name)) : [];
  return {
    count: Math.max(begun.length, ended.length),
    isRunning: isOpen && now - latestOf(approvals.map((approval) => approval?.storedAt ?? null)) < MAX_DELETION_RUN_MS,
    lastEnd: note?.digest === plan.digest ? note.end : null,
  };
}
