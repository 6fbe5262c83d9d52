import type { Plan } from '../core/plan/plan';
import { RetentionError } from '../core/util/errors';
import { oneLine } from '../core/util/safe-text';
import { refusal } from '../deletion/refusals';
import { checkShownCount, openPlan } from '../deletion/verify-plan';
import type { UsedPlan } from '../render/approval-widget';
import { planFile } from '../storage/keys';
import { newestPlanId } from './newest-plan';
import { type ConsoleApproval, readConsoleApproval } from './parse-approval';
import { readPlanUse } from './plan-use';
import { type ApprovalPorts, checkCanBeApproved } from './view-plan';

/** What the deletion function is invoked with. */
export interface ApprovedEvent {
  readonly plan: string;
  readonly digest: string;
  readonly count: number;
  readonly approvedBy: { readonly kind: 'dashboard'; readonly arn: null };
}

export interface ApprovePorts extends ApprovalPorts {
  /** Starts one execution of this name, however often it is called. Rejects where that failed. */
  readonly startDeletion: (execution: string, event: ApprovedEvent) => Promise<void>;
}

/** What an event has led to: an approved plan, or nothing. */
export type ApproveAnswer =
  | { readonly state: 'not-asked' }
  | { readonly state: 'approved'; readonly plan: string; readonly count: number; readonly execution: string }
  /** The plan was approved before, and the page did not know that. */
  | { readonly state: 'used'; readonly used: UsedPlan };

const MAX_TYPED_SHOWN = 60;

/** The number that was typed, in the digits in which the widget shows it: `4140`, `4,140`. */
const typedCount = (typed: string): number =>
  /^(?:[1-9]\d{0,8}|[1-9]\d{0,2}(?:,\d{3}){1,2})$/.test(typed) ? Number(typed.replaceAll(',', '')) : Number.NaN;

const oldPage = (message: string): RetentionError =>
  new RetentionError('approval.old-page', `cannot approve the plan ${message}; refresh the widget and check that plan`);

/** Refuses a page whose plan is no longer the newest one. */
async function checkNewest({ store, clock }: ApprovalPorts, plan: string): Promise<void> {
  const newest = await newestPlanId(store, clock());
  if (newest === null) throw refusal('plan.not-found', 'there is no plan of a report; wait for the next one');
  if (newest !== plan) throw oldPage(`${plan}: the newest one is ${newest}`);
}

/** What became of the plan since the page was shown; null: nothing. */
async function usedSince(ports: ApprovalPorts, { plan, digest, attempt }: ConsoleApproval): Promise<UsedPlan | null> {
  const use = await readPlanUse(ports, { id: plan, digest });
  if (use.state === 'finished') return { state: 'finished', plan, result: use.result };
  const { result, runs } = use;
  if (use.state === 'running') return { state: 'running', plan, result, approval: runs.approval };
  if (attempt === runs.count) return null;
  // No page has known of more executions than there were.
  if (attempt > runs.count)
    throw oldPage(`${plan}: the page knows ${attempt} executions of it, the bucket ${runs.count}`);
  return { state: 'ended', plan, result, approval: runs.approval, lastEnd: runs.lastEnd };
}

/** Opens the plan that was approved, and refuses every one that the widget would not offer. */
async function openApproved(ports: ApprovalPorts, approval: ConsoleApproval): Promise<Plan> {
  const { store, clock, digest } = ports;
  await checkNewest(ports, approval.plan);
  const key = planFile(approval.plan);
  const stored = { text: await store.get(key), where: store.locate(key), digest: approval.digest, id: approval.plan };
  const plan = openPlan(stored, clock(), digest);
  checkCanBeApproved(plan, ports);
  if (plan.items.length === 0) throw refusal('plan.count', 'it lists no snapshot, so there is nothing to approve');
  const typed = `"${oneLine(approval.count).slice(0, MAX_TYPED_SHOWN)}"`;
  checkShownCount(typedCount(approval.count), plan, plan.items.length, typed);
  return plan;
}

/**
 * Hands a plan to the deletion function, only for an event that approves it, and only if the plan was not used since the
 * page was shown. That function checks it again: another approval may come at the same time.
 */
export async function approvePlan(ports: ApprovePorts, event: unknown): Promise<ApproveAnswer> {
  const approval = readConsoleApproval(event);
  if (approval === null) return { state: 'not-asked' };
  const used = await usedSince(ports, approval);
  if (used !== null) return { state: 'used', used };
  const { id, digest, items } = await openApproved(ports, approval);
  const execution = approval.attempt === 0 ? id : `${id}-${approval.attempt}`;
  const approvedBy = { kind: 'dashboard', arn: null } as const;
  await ports.startDeletion(execution, { plan: id, digest, count: items.length, approvedBy });
  return { state: 'approved', plan: id, count: items.length, execution };
}
