import { roundMoney } from '../policy/cost';
import type { PlanItem } from './plan';

/** What can become of a snapshot that a plan lists. */
export const OUTCOMES = ['deleted', 'already-gone', 'spared', 'changed', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What is known of a planned snapshot besides its identity; null where it was gone before it could be read. */
export interface ItemDetails {
  readonly source: string | null;
  readonly sizeGb: number | null;
  /** US dollars per month, at most. */
  readonly monthlyCostCeiling: number | null;
}

export const NO_ITEM_DETAILS: ItemDetails = { source: null, sizeGb: null, monthlyCostCeiling: null };

/** One planned snapshot and what became of it. `code` is stable, `text` says why to a person; `at` is ISO 8601. */
export interface ItemResult extends PlanItem, ItemDetails {
  readonly outcome: Outcome;
  readonly code: string;
  readonly text: string;
  readonly at: string;
  /** Of a failed one: a delete that was sent may still be carried out. */
  readonly mayStillBeDeleted?: true;
}

/** A planned snapshot whose delete may have been sent, and of which no outcome is known. `name` null: the plan does not tell. */
export interface Unsettled extends ItemDetails {
  readonly arn: string;
  readonly name: string | null;
}

/** Those of a plan that were sent and have no outcome; `sent` is what was known of each, by ARN. */
export const unsettledOf = (sent: ReadonlyMap<string, ItemDetails>, items: readonly PlanItem[]): readonly Unsettled[] =>
  Array.from(sent, ([arn, facts]) => ({ arn, name: items.find((item) => item.arn === arn)?.name ?? null, ...facts }));

/** How many of each, and what the deleted ones cost at most. */
export interface OutcomeTotals {
  readonly requested: number;
  readonly deleted: number;
  readonly alreadyGone: number;
  readonly spared: number;
  readonly changed: number;
  readonly failed: number;
  /** Of the plan, not yet decided: more than 0 only while unfinished. */
  readonly open: number;
  readonly freedGb: number;
  readonly freedMonthlyCostCeiling: number;
  readonly currency: 'USD';
}

/** What came of applying a plan, as it stands in `results/<plan id>.json`. Instants are ISO 8601. */
export interface ApplyResult {
  readonly schemaVersion: 1;
  readonly plan: { readonly id: string; readonly digest: string; readonly count: number };
  readonly account: string | null;
  /** Only an unfinished one can be gone on with. */
  readonly status: 'unfinished' | 'finished';
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly totals: OutcomeTotals;
  /** Of the open ones. Only where there are any. */
  readonly unsettled?: readonly Unsettled[];
  /** In the order in which they were decided. */
  readonly items: readonly ItemResult[];
}

/** Counts outcomes. `requested` is the plan's count. */
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
