import type { Plan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import { parseInstant } from '../core/time/instant';
import { RetentionError } from '../core/util/errors';
import { isRefusal, PlanInProgress, refusal } from '../deletion/refusals';
import { checkLock } from '../deletion/run-lock';
import { checkComplete, checkConfig, checkPlanAccount, checkUnblocked, openPlan } from '../deletion/verify-plan';
import type { Clock, Digest, Store } from '../ports/ports';
import type { PlanState } from '../render/approval-widget';
import { planFile } from '../storage/keys';
import { newestPlanId } from './newest-plan';
import { readPlanRuns } from './plan-runs';
import { type ResultHead, readResultHead } from './result-head';

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

/** Refuses plan.altered where the result is that of another plan of this id. */
function checkSamePlan(plan: Plan, result: ResultHead | null): void {
  if (result !== null && result.plan.digest !== plan.digest)
    throw refusal('plan.altered', `another plan of the id ${plan.id} was applied before; wait for the next report`);
}

/** Refuses plan.expired. */
function checkNotExpired({ expiresAt }: Plan, now: number): void {
  if (now >= (parseInstant(expiresAt) ?? 0))
    throw refusal('plan.expired', 'the time in which it can be approved is over; the next report makes a new plan');
}

/** Whether a run of this plan has the lock. Refuses plan.in-progress where one of another plan has it. */
async function isLocked({ store, clock }: ApprovalPorts, plan: Plan): Promise<boolean> {
  try {
    await checkLock({ store, clock, isAlive: () => null }, plan.id);
    return false;
  } catch (error) {
    if (!(error instanceof PlanInProgress)) throw error;
    if (error.activePlan === plan.id) return true;
    throw refusal('plan.in-progress', `the plan ${error.activePlan} is being applied: wait until it has ended`);
  }
}

async function stateOf(ports: ApprovalPorts, plan: Plan): Promise<PlanState> {
  const { store, clock } = ports;
  const result = await readResultHead(store, plan.id);
  checkSamePlan(plan, result);
  if (result?.status === 'finished') return { state: 'finished', plan, result };
  const runs = await readPlanRuns(store, plan, clock());
  if (runs.isRunning || (await isLocked(ports, plan))) return { state: 'running', plan, result };
  checkNotExpired(plan, clock());
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
