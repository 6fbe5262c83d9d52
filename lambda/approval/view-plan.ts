import type { Plan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import { parseInstant } from '../core/time/instant';
import { RetentionError } from '../core/util/errors';
import { isRefusal, refusal } from '../deletion/refusals';
import { checkComplete, checkConfig, checkPlanAccount, checkUnblocked, openPlan } from '../deletion/verify-plan';
import type { Clock, Digest, Store } from '../ports/ports';
import type { PlanState } from '../render/approval-widget';
import { planFile } from '../storage/keys';
import { newestPlanId } from './newest-plan';
import { readPlanUse } from './plan-use';

/** What both functions of the dashboard work with. */
export interface ApprovalPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly config: Config;
  /** The account in which the function runs. */
  readonly account: string | null;
  readonly allowsRaisedCaps: boolean;
}

/** Refuses a plan that can no longer be approved, or never could. */
export function checkCanBeApproved(plan: Plan, { config, account, allowsRaisedCaps }: ApprovalPorts): void {
  checkPlanAccount(plan, account);
  checkComplete(plan);
  checkUnblocked(plan, allowsRaisedCaps);
  checkConfig(plan, config);
}

/** Refuses plan.expired. */
function checkNotExpired({ expiresAt }: Plan, now: number): void {
  if (now >= (parseInstant(expiresAt) ?? 0))
    throw refusal('plan.expired', 'the time in which it can be approved is over; the next report makes a new plan');
}

async function stateOf(ports: ApprovalPorts, plan: Plan): Promise<PlanState> {
  const use = await readPlanUse(ports, plan);
  if (use.state === 'finished') return { state: 'finished', plan, result: use.result };
  const { result, runs } = use;
  if (use.state === 'running') return { state: 'running', plan, result, approval: runs.approval };
  checkNotExpired(plan, ports.clock());
  checkCanBeApproved(plan, ports);
  return { state: 'open', plan, attempt: runs.count, result, lastEnd: runs.lastEnd };
}

/** Returns the state of the newest plan. Rejects where the bucket cannot be read. */
export async function viewPlan(ports: ApprovalPorts): Promise<PlanState> {
  const { store, clock, digest } = ports;
  const id = await newestPlanId(store, clock());
  if (id === null) return { state: 'none' };
  const key = planFile(id);
  let plan: Plan | null = null;
  try {
    const text = { text: await store.get(key), where: store.locate(key), digest: null, id };
    // A plan that has expired may be finished, so that is checked later.
    plan = openPlan(text, Number.NEGATIVE_INFINITY, digest);
    return await stateOf(ports, plan);
  } catch (error) {
    if (!isRefusal(error) && !(error instanceof RetentionError && error.code === 'result.unreadable')) throw error;
    return { state: 'refused', plan, code: error.code, text: error.message };
  }
}
