import type { Plan } from '../core/plan/plan';
import { RetentionError } from '../core/util/errors';
import { oneLine } from '../core/util/safe-text';
import { refusal } from '../deletion/refusals';
import { checkShownCount, openPlan } from '../deletion/verify-plan';
import { planFile } from '../storage/keys';
import { newestPlanId } from './newest-plan';
import { type ConsoleApproval, readConsoleApproval } from './parse-approval';
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
  | { readonly state: 'approved'; readonly plan: string; readonly count: number; readonly execution: string };

const MAX_TYPED_SHOWN = 60;

/** The number that was typed, in the digits in which the widget shows it: `4140`, `4,140`. */
const typedCount = (typed: string): number =>
  /^(?:[1-9]\d{0,8}|[1-9]\d{0,2}(?:,\d{3}){1,2})$/.test(typed) ? Number(typed.replaceAll(',', '')) : Number.NaN;

/** Refuses a page whose plan is no longer the newest one. */
async function checkNewest({ store, clock }: ApprovalPorts, plan: string): Promise<void> {
  const newest = await newestPlanId(store, clock());
  if (newest === null) throw refusal('plan.not-found', 'there is no plan of a report; wait for the next one');
  if (newest !== plan)
    throw new RetentionError(
      'approval.old-page',
      `cannot approve the plan ${plan}: the newest one is ${newest}; refresh the widget and check that plan`,
    );
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
 * Hands a plan to the deletion function, only for an event that approves it. Whether the plan was applied before, or is
 * being applied, that function checks: this one cannot read results.
 */
export async function approvePlan(ports: ApprovePorts, event: unknown): Promise<ApproveAnswer> {
  const approval = readConsoleApproval(event);
  if (approval === null) return { state: 'not-asked' };
  const { id, digest, items } = await openApproved(ports, approval);
  const execution = approval.attempt === 0 ? id : `${id}-${approval.attempt}`;
  const approvedBy = { kind: 'dashboard', arn: null } as const;
  await ports.startDeletion(execution, { plan: id, digest, count: items.length, approvedBy });
  return { state: 'approved', plan: id, count: items.length, execution };
}
