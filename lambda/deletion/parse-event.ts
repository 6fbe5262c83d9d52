import type { Approval } from '../core/plan/outcome';
import { parseInstant } from '../core/time/instant';
import { malformedEvent } from '../core/util/malformed-event';
import { PLAN_ID } from '../storage/keys';

/** Whether only plans that a person approved are applied, or snapshots that are due on a schedule, too. */
export const DELETION_MODES = ['approve', 'automatic'] as const;
export type DeletionMode = (typeof DELETION_MODES)[number];

/** The order of an event: to apply an approved plan, or to delete the snapshots that are due. */
export type DeletionOrder =
  /** `count`: the number of snapshots that the approval names, if any. `approvedBy`: what the invoker claims. */
  | {
      readonly kind: 'approved';
      readonly plan: string;
      readonly digest: string;
      readonly count?: number;
      readonly approvedBy: Approval;
    }
  | { readonly kind: 'automatic'; readonly scheduledAt: number };

const malformed = (got: unknown, expected: string): Error => malformedEvent('delete', null, got, expected);

const EXPECTED_EVENT =
  '{ "plan": "<id>", "digest": "sha256:<64 hex digits>" } as the e-mail of a report has it, and if at all a whole number as "count" and { "kind": "caller", "arn": "<ARN of IAM or STS>" | null } or { "kind": "dashboard", "arn": null } as "approvedBy"';
const DIGEST = /^sha256:[0-9a-f]{64}$/;

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

/** The ARN of a user, a role or a session. */
const PRINCIPAL = /^arn:[a-z0-9-]{1,30}:(?:iam|sts)::\d{12}:[\x21-\x7e]{1,1500}$/;

/**
 * Returns the approval that an invoker claims; null: malformed. No invoker can claim an automatic one. The dashboard never
 * knows an ARN, so a claim of both did not come from there.
 */
function readApproval(value: unknown): Approval | null {
  if (value === undefined) return { kind: 'caller', arn: null, claimed: true };
  if (typeof value !== 'object' || value === null) return null;
  const { kind, arn, ...rest } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(rest).length > 0 || (kind !== 'caller' && kind !== 'dashboard')) return null;
  if (kind === 'dashboard' && arn !== null) return null;
  if (arn !== null && (typeof arn !== 'string' || !PRINCIPAL.test(arn))) return null;
  return { kind, arn, claimed: true };
}

function readSchedule(event: object, scheduledTime: unknown, mode: DeletionMode): DeletionOrder {
  const scheduledAt = typeof scheduledTime === 'string' ? parseInstant(scheduledTime) : null;
  if (mode !== 'automatic')
    throw malformed(event, `${EXPECTED_EVENT}: this function applies only plans that a person approves`);
  if (scheduledAt === null || Object.values(event).filter((value) => value !== undefined).length > 1)
    throw malformed(event, 'nothing but a scheduledTime such as 2026-11-23T08:00:00Z');
  return { kind: 'automatic', scheduledAt };
}

/** Parses an event, strictly. Throws `event.malformed`, also for a schedule where a person has to approve. */
export function readOrder(event: unknown, mode: DeletionMode): DeletionOrder {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw malformed(event, EXPECTED_EVENT);
  const { plan, digest, count, approvedBy, scheduledTime, ...rest } = event as Readonly<Record<string, unknown>>;
  if (Object.keys(rest).length > 0) throw malformed(event, EXPECTED_EVENT);
  if (scheduledTime !== undefined) return readSchedule(event, scheduledTime, mode);
  if (typeof plan !== 'string' || !PLAN_ID.test(plan) || typeof digest !== 'string' || !DIGEST.test(digest))
    throw malformed(event, EXPECTED_EVENT);
  if (count !== undefined && !isCount(count)) throw malformed(event, EXPECTED_EVENT);
  const approval = readApproval(approvedBy);
  if (approval === null) throw malformed(event, EXPECTED_EVENT);
  return { kind: 'approved', plan, digest, ...(count !== undefined && { count }), approvedBy: approval };
}
