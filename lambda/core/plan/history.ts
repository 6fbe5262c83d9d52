import { compareText } from '../util/compare-text';
import type { ApplyResult, Approval, ItemResult, Outcome, RecordedReason } from './outcome';
import type { PlannedIdentity } from './plan';

/** The outcome of one snapshot, as `history` lists it. */
export interface HistoryEntry extends PlannedIdentity {
  /** The name of its source, else the ARN; null: not known. */
  readonly source: string | null;
  readonly outcome: Outcome;
  /** ISO 8601. */
  readonly at: string;
  readonly reasons: readonly RecordedReason[];
  readonly policy: string | null;
  readonly plan: { readonly id: string; readonly digest: string };
  /** The id of the report that the plan is from; null: not recorded. */
  readonly report: string | null;
  /** Null: not recorded. */
  readonly approvedBy: Approval | null;
  readonly requestId: string | null;
}

/** An entry with what only texts show: the stable code and the text of its outcome. */
export interface HistoryItem {
  readonly entry: HistoryEntry;
  /** The ARN of its source; null: not known. */
  readonly sourceArn: string | null;
  readonly code: string;
  readonly text: string;
}

/** Which entries are wanted. */
export interface HistoryFilter {
  /** The name or ARN of a snapshot, or of a source; null: any. */
  readonly wanted: string | null;
  /** Epoch ms; null: any time. */
  readonly since: number | null;
}

function itemOf(result: ApplyResult, item: ItemResult): HistoryItem {
  const { arn, name, kind, account, region, createdAt, source, outcome, at, reasons, policy, requestId } = item;
  const { plan, report } = result;
  const entry = {
    ...{ arn, name, kind, account, region, createdAt, source, outcome, at, reasons, policy },
    plan: { id: plan.id, digest: plan.digest },
    report,
    approvedBy: item.approvedBy ?? result.approvedBy,
    requestId,
  };
  return { entry, sourceArn: item.sourceArn ?? null, code: item.code, text: item.text };
}

const isOf = ({ entry: { arn, name, source }, sourceArn }: HistoryItem, wanted: string): boolean =>
  [arn, name, source, sourceArn].includes(wanted);

const byNewestOutcome = ({ entry: a }: HistoryItem, { entry: b }: HistoryItem): number =>
  compareText(b.at, a.at) || compareText(a.arn, b.arn);

/** The outcomes in results that a filter wants, newest first. */
export function historyOf(results: readonly ApplyResult[], { wanted, since }: HistoryFilter): readonly HistoryItem[] {
  const isWanted = (item: HistoryItem): boolean =>
    (wanted === null || isOf(item, wanted)) && (since === null || Date.parse(item.entry.at) >= since);
  const items = results.flatMap((result) => result.items.map((item) => itemOf(result, item)));
  // The outcome of a snapshot that was gone before it could be read has no source; another one of it may have.
  const sources = new Map(
    items.flatMap(({ entry, sourceArn }) => (sourceArn === null ? [] : [[entry.arn, sourceArn]])),
  );
  return items
    .map((item) => ({ ...item, sourceArn: sources.get(item.entry.arn) ?? null }))
    .filter(isWanted)
    .sort(byNewestOutcome);
}
