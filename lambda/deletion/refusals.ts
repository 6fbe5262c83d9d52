import type { ErrorCode } from '../core/util/error-codes';
import { RetentionError } from '../core/util/errors';

/** Every code with which applying a plan is refused, in the order in which they are looked at. */
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
  'plan.count',
  'config.built-in',
  'inventory.incomplete',
  'cap.max-deletions',
  'cap.max-share',
  'clock.skew',
] as const satisfies readonly ErrorCode[];
export type RefusalCode = (typeof REFUSALS)[number];

/** A plan that may not be applied: nothing was deleted. */
export const refusal = (code: RefusalCode, message: string): RetentionError =>
  new RetentionError(code, `cannot apply the plan: ${message}`);

/** Whether an error is such a refusal. */
export const isRefusal = (error: unknown): error is RetentionError =>
  error instanceof RetentionError && REFUSALS.some((code) => code === error.code);
