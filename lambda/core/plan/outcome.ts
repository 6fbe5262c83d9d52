import type { ConfigOrigin } from '../policy/config';
import { roundMoney } from '../policy/cost';
import { describeReason, type Reason } from '../policy/reason';
import type { PlanItem, PlannedIdentity } from './plan';

/** The outcomes of a planned snapshot. */
export const OUTCOMES = ['deleted', 'already-gone', 'spared', 'changed', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A reason as a record has it: a stable code, and the text that `describeReason` makes. */
export interface RecordedReason {
  readonly code: string;
  readonly text: string;
}

/** Reasons for a record. */
export const recordedReasons = (reasons: readonly Reason[]): readonly RecordedReason[] =>
  reasons.map((reason) => ({ code: reason.code, text: describeReason(reason) }));

/** Details of a planned snapshot besides its identity; null or no reasons: not known. */
export interface ItemDetails {
  readonly source: string | null;
  /** The ARN of its source; absent: not known. */
  readonly sourceArn?: string;
  readonly sizeGb: number | null;
  /** US dollars per month, at most. */
  readonly monthlyCostCeiling: number | null;
  /** The name of its policy. */
  readonly policy: string | null;
  /**
   * Those of the decision that deleted it; of one that was not deleted, those of the decision of this run; of one that
   * was gone before, the sentence of its plan.
   */
  readonly reasons: readonly RecordedReason[];
}

export const NO_ITEM_DETAILS: ItemDetails = {
  source: null,
  sizeGb: null,
  monthlyCostCeiling: null,
  policy: null,
  reasons: [],
};

/** The code of a reason that a plan has, whose decision was not made again. */
const PLANNED_REASON = 'planned';

/** The details that a plan has of a snapshot, for one that can no longer be read. */
export const plannedDetails = ({ source, sizeGb, monthlyCostCeiling, policy, reason }: PlanItem): ItemDetails => ({
  source: source ?? null,
  sizeGb: sizeGb == null ? null : Number(sizeGb),
  monthlyCostCeiling: monthlyCostCeiling == null ? null : Number(monthlyCostCeiling),
  policy: policy ?? null,
  reasons: reason === undefined ? [] : [{ code: PLANNED_REASON, text: reason }],
});

/** The ways in which a deletion is approved. */
export const APPROVAL_KINDS = ['caller', 'dashboard', 'automatic'] as const;

/**
 * Who approved a deletion. `claimed`: the invoker of the function named the ARN, and no service confirmed it. `arn`
 * null: not known.
 */
export interface Approval {
  readonly kind: (typeof APPROVAL_KINDS)[number];
  readonly arn: string | null;
  readonly claimed: boolean;
  /** Of an automatic deletion: the ids of the reports that announced it, newest first. */
  readonly announcedBy?: readonly string[];
}

/** Who approved a run, and the report that its plan is from; null: not known. */
export interface RunOrigin {
  readonly approvedBy: Approval | null;
  readonly report: string | null;
}

/** A planned snapshot with its outcome. `code` is stable, `text` is for people; `at` is ISO 8601. */
export interface ItemResult extends PlannedIdentity, ItemDetails {
  readonly outcome: Outcome;
  readonly code: string;
  readonly text: string;
  readonly at: string;
  /** The request id of its delete, as CloudTrail has it; null: no delete of the run that recorded it was answered. */
  readonly requestId: string | null;
  /** Who approved the run that recorded it, where that differs from the first approval of the plan. */
  readonly approvedBy?: Approval;
  /** Set on a failure after which a sent delete may still be carried out. */
  readonly mayStillBeDeleted?: true;
}

/** A planned snapshot whose delete may have been sent and whose outcome is not known. `name` null: not known. */
export interface Unsettled extends ItemDetails {
  readonly arn: string;
  readonly name: string | null;
  /** ISO 8601. Absent: not known. */
  readonly createdAt?: string;
  /** When the run that may send the delete noted that; ISO 8601. Absent: not known. */
  readonly at?: string;
  /** Who approved the run that may have sent it. Null or absent: not known, or runs of several people may have. */
  readonly approvedBy?: Approval | null;
}

/**
 * Who approved the runs that may have sent a delete. `first`: the first approval of the plan. Null: not known, or not
 * the same for all of them.
 */
export type SendingApproval = Approval | 'first' | null;

/** The approval that counts of runs which may all have sent a delete. */
export const commonApproval = (earlier: SendingApproval, own: SendingApproval): SendingApproval =>
  JSON.stringify(earlier) === JSON.stringify(own) ? own : null;

/** Details of a delete that may have been sent, with what its attempt has besides. */
export type SentDelete = ItemDetails & {
  readonly name?: string;
  readonly at?: string;
  readonly approvedBy?: SendingApproval;
};

/**
 * Lists the snapshots whose delete was sent without a known outcome; `sent` has their details by ARN, `first` is the
 * first approval of the plan.
 */
export const unsettledOf = (
  sent: ReadonlyMap<string, SentDelete>,
  items: readonly PlanItem[],
  first: Approval | null,
): readonly Unsettled[] =>
  Array.from(sent, ([arn, { name, approvedBy = null, ...facts }]) => {
    const item = items.find((each) => each.arn === arn);
    return {
      ...{ arn, name: item?.name ?? name ?? null, ...(item !== undefined && { createdAt: item.createdAt }) },
      ...{ approvedBy: approvedBy === 'first' ? first : approvedBy, ...facts },
    };
  });

/** Counts by outcome, and what the deleted snapshots cost at most. */
export interface OutcomeTotals {
  readonly requested: number;
  readonly deleted: number;
  readonly alreadyGone: number;
  readonly spared: number;
  readonly changed: number;
  readonly failed: number;
  /** Snapshots of the plan without an outcome; 0 when finished. */
  readonly open: number;
  readonly freedGb: number;
  readonly freedMonthlyCostCeiling: number;
  readonly currency: 'USD';
}

/** The result of applying a plan: the content of `results/<plan id>.json`. Instants are ISO 8601. */
export interface ApplyResult {
  readonly schemaVersion: 1;
  readonly plan: { readonly id: string; readonly digest: string; readonly count: number };
  readonly account: string | null;
  /** The first approval of the plan; null: a result of an earlier version. */
  readonly approvedBy: Approval | null;
  /** The configuration that decided; null: a result of an earlier version. */
  readonly config: ConfigOrigin | null;
  /** The id of the report that the plan is from; null: a result of an earlier version. */
  readonly report: string | null;
  /** An unfinished plan can be continued. */
  readonly status: 'unfinished' | 'finished';
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly totals: OutcomeTotals;
  /** Open snapshots whose delete may have been sent; absent: none. */
  readonly unsettled?: readonly Unsettled[];
  /** In the order of their outcomes. */
  readonly items: readonly ItemResult[];
}

/** Counts outcomes; `requested` is the number of snapshots in the plan. */
export function countOutcomes(requested: number, items: readonly ItemResult[]): OutcomeTotals {
  const count = (outcome: Outcome): number => items.reduce((sum, item) => sum + (item.outcome === outcome ? 1 : 0), 0);
  const deleted = items.filter(({ outcome }) => outcome === 'deleted');
  return {
    requested,
    deleted: deleted.length,
    alreadyGone: count('already-gone'),
    spared: count('spared'),
    changed: count('changed'),
    failed: count('failed'),
    open: requested - items.length,
    freedGb: deleted.reduce((sum, { sizeGb }) => sum + (sizeGb ?? 0), 0),
    freedMonthlyCostCeiling: roundMoney(
      deleted.reduce((sum, { monthlyCostCeiling }) => sum + (monthlyCostCeiling ?? 0), 0),
    ),
    currency: 'USD',
  };
}
