import * as z from 'zod/mini';
import type { Approval } from '../core/plan/outcome';
import { APPROVAL, parseStored } from './schemas';

/** A stored approval, as far as it is read back. */
export interface ApprovalRecord {
  readonly plan: { readonly id: string; readonly digest: string };
  readonly approvedBy: Approval | null;
  /** The number of snapshots that were to be deleted; absent: not recorded. */
  readonly count?: number;
  /** The id of the report that the plan is from; absent: not recorded. */
  readonly report?: string | null;
  /** The key of the file from which a copy of the plan was made. */
  readonly planFile?: string;
}

const SHAPE: z.ZodMiniType<ApprovalRecord> = z.looseObject({
  plan: z.looseObject({ id: z.string(), digest: z.string() }),
  approvedBy: z.nullable(APPROVAL),
  count: z.exactOptional(z.number()),
  report: z.exactOptional(z.nullable(z.string())),
  planFile: z.exactOptional(z.string()),
});

/** Reads an approval; null where it is not as it was written. */
export const parseApproval = (text: string | null): ApprovalRecord | null => parseStored(SHAPE, text);
