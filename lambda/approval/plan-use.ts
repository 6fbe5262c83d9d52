import { PlanInProgress, refusal } from '../deletion/refusals';
import { checkLock } from '../deletion/run-lock';
import type { Clock, Store } from '../ports/ports';
import type { PlanKey } from '../storage/keys';
import { type PlanRuns, readPlanRuns } from './plan-runs';
import { type ResultHead, readResultHead } from './result-head';

/** What approvals of a plan led to until now. */
export type PlanUse =
  | { readonly state: 'finished'; readonly result: ResultHead }
  /** `result` null: none yet. Not running: nothing was approved, or every execution ended early. */
  | { readonly state: 'running' | 'idle'; readonly result: ResultHead | null; readonly runs: PlanRuns };

interface UsePorts {
  readonly store: Store;
  readonly clock: Clock;
}

/** Whether a run of this plan has the lock. Refuses plan.in-progress where one of another plan has it. */
async function isLocked({ store, clock }: UsePorts, plan: PlanKey): Promise<boolean> {
  try {
    await checkLock({ store, clock, isAlive: () => null }, plan.id);
    return false;
  } catch (error) {
    if (!(error instanceof PlanInProgress)) throw error;
    if (error.activePlan === plan.id) return true;
    throw refusal('plan.in-progress', `the plan ${error.activePlan} is being applied: wait until it has ended`);
  }
}

/**
 * Reads what became of a plan. Refuses plan.altered where the result is that of another plan of this id, and
 * plan.in-progress while another plan is being applied.
 */
export async function readPlanUse(ports: UsePorts, plan: PlanKey): Promise<PlanUse> {
  const { store, clock } = ports;
  const result = await readResultHead(store, plan.id);
  if (result !== null && result.plan.digest !== plan.digest)
    throw refusal('plan.altered', `another plan of the id ${plan.id} was applied before; wait for the next report`);
  if (result?.status === 'finished') return { state: 'finished', result };
  const runs = await readPlanRuns(store, plan, clock());
  const isRunning = runs.isRunning || (await isLocked(ports, plan));
  return { state: isRunning ? 'running' : 'idle', result, runs };
}
