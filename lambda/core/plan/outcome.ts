import { roundMoney } from '../policy/cost';
import type { PlanItem, PlannedIdentity } from './plan';

/** The outcomes of a planned snapshot. */
export const OUTCOMES = ['deleted', 'already-gone', 'spared', 'changed', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Details of a planned snapshot besides its identity; null: it was deleted before it could be read. */
export interface ItemDetails {
  readonly source: string | null;
  readonly sizeGb: number | null;
  /** US dollars per month, at most. */
  readonly monthlyCostCeiling: number | null;
}

export const NO_ITEM_DETAILS: ItemDetails = { source: null, sizeGb: null, monthlyCostCeiling: null };

/** A planned snapshot with its outcome. `code` is stable, `text` is for people; `at` is ISO 8601. */
export interface ItemResult extends PlannedIdentity, ItemDetails {
  readonly outcome: Outcome;
  readonly code: string;
  readonly text: string;
  readonly at: string;
  /** Set on a failure after which a sent delete may still be carried out. */
  readonly mayStillBeDeleted?: true;
}

/** A planned snapshot whose delete may have been sent and whose outcome is not known. `name` null: not in the plan. */
export interface Unsettled extends ItemDetails {
  readonly arn: string;
  readonly name: string | null;
}

/** Lists the snapshots whose delete was sent without a known outcome; `sent` has their details by ARN. */
export const unsettledOf = (sent: ReadonlyMap<string, ItemDetails>, items: readonly PlanItem[]): readonly Unsettled[] =>
  Array.from(sent, ([arn, facts]) => ({ arn, name: items.find((item) => item.arn === arn)?.name ?? null, ...facts }));

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
