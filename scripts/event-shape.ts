import * as z from 'zod/mini';
import type { RetentionEvent } from '../lambda/core/report/retention-event';

const ID_MEMBERS = { schemaVersion: z.literal(1), id: z.string() };
const RUN_MEMBERS = {
  planId: z.string(),
  execution: z.string(),
  approvedBy: z.nullable(z.enum(['caller', 'dashboard', 'automatic'])),
};
const COUNT = z.int();

/** The detail of every event. Members may be added, never changed. */
export const EVENT_SHAPE = z.discriminatedUnion('type', [
  z.object({
    ...ID_MEMBERS,
    type: z.literal('report'),
    reportId: z.string(),
    account: z.nullable(z.string()),
    accounts: z.exactOptional(COUNT),
    accountsUnread: z.exactOptional(COUNT),
    complete: z.boolean(),
    location: z.nullable(z.string()),
    email: z.enum(['sent', 'switched-off']),
    config: z.string(),
    totals: z.object({
      snapshots: COUNT,
      keep: COUNT,
      expire: COUNT,
      held: COUNT,
      unmanaged: COUNT,
      problems: COUNT,
      sizeGb: z.number(),
      expireSizeGb: z.number(),
      monthlyCostCeiling: z.number(),
      expireMonthlyCostCeiling: z.number(),
      currency: z.literal('USD'),
    }),
  }),
  z.object({
    ...ID_MEMBERS,
    type: z.literal('plan'),
    planId: z.string(),
    account: z.nullable(z.string()),
    expiresAt: z.string(),
    snapshots: COUNT,
    sizeGb: z.number(),
    monthlyCostCeiling: z.number(),
    blocked: z.nullable(z.string()),
    deletion: z.enum(['off', 'approve', 'automatic']),
  }),
  z.object({
    ...ID_MEMBERS,
    type: z.literal('account-failed'),
    reportId: z.string(),
    account: z.nullable(z.string()),
    status: z.enum(['incomplete', 'no-role', 'not-active', 'failed']),
    code: z.string(),
  }),
  z.object({ ...ID_MEMBERS, ...RUN_MEMBERS, type: z.literal('deletion-started') }),
  z.object({
    ...ID_MEMBERS,
    ...RUN_MEMBERS,
    type: z.literal('deletion-ended'),
    state: z.enum(['finished', 'refused', 'stopped', 'failed']),
    code: z.nullable(z.string()),
    totals: z.nullable(
      z.object({ deleted: COUNT, alreadyGone: COUNT, spared: COUNT, changed: COUNT, failed: COUNT, open: COUNT }),
    ),
  }),
]) satisfies z.ZodMiniType<RetentionEvent>;
