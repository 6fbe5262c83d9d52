import type { ErrorCode } from '../core/util/error-codes';
import { RetentionError } from '../core/util/errors';
import type { PlanKey } from '../storage/keys';

/** The codes with which a plan is refused, in the order of their checks. */
export const REFUSALS = [
  'plan.not-found',
  'plan.expired',
  'plan.altered',
  'plan.account',
  'plan.incomplete',
  'plan.blocked',
  'plan.config-changed',
  'plan.applied',
  'plan.in-progress',
  'config.built-in',
  'inventory.incomplete',
  'cap.max-deletions',
  'cap.max-share',
  'clock.skew',
  'plan.count',
] as const satisfies readonly ErrorCode[];
export type RefusalCode = (typeof REFUSALS)[number];

/** Makes the error of a plan that may not be applied: nothing was deleted. */
export const refusal = (code: RefusalCode, message: string): RetentionError =>
  new RetentionError(code, `cannot apply the plan: ${message}`);

/** The refusal of a plan that is finished. */
export class PlanApplied extends RetentionError {
  readonly plan: PlanKey;
  constructor(message: string, plan: PlanKey) {
    super('plan.applied', `cannot apply the plan: ${message}`);
    this.plan = plan;
  }
}

/** The refusal of a run while another one, of any plan of the place, is active. */
export class PlanInProgress extends RetentionError {
  /** The id of the plan that the other run applies. */
  readonly activePlan: string;
  constructor(message: string, activePlan: string) {
    super('plan.in-progress', `cannot apply the plan: ${message}`);
    this.activePlan = activePlan;
  }
}

/** Whether an error is a refusal of a plan. */
export const isRefusal = (error: unknown): error is RetentionError =>
  error instanceof RetentionError && REFUSALS.some((code) => code === error.code);

/** The refusals that pass: the same plan can be applied later. Any other message says what to do instead. */
const PASSING_REFUSALS: ReadonlySet<string> = new Set(['inventory.incomplete', 'clock.skew', 'plan.in-progress']);

/** Whether a plan can be applied again after an error that ended its run. */
export const mayApplyAgain = (error: unknown): boolean => !isRefusal(error) || PASSING_REFUSALS.has(error.code);
