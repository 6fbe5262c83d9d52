import { parseArn } from '../snapshot/arn';
import { KINDS } from '../snapshot/snapshot';
import { compareText } from '../util/compare-text';
import type { ApplyResult, Approval, ItemResult, Outcome, RecordedReason, Unsettled } from './outcome';
import type { PlannedIdentity } from './plan';

/** `unknown`: a delete may have been sent by a run that recorded no outcome. */
export type HistoryOutcome = Outcome | 'unknown';

/** The outcome of one snapshot, as `history` lists it. */
export interface HistoryEntry extends Omit<PlannedIdentity, 'createdAt'> {
  /** ISO 8601; null: not known. */
  readonly createdAt: string | null;
  /** The name of its source, else the ARN; null: not known. */
  readonly source: string | null;
  readonly outcome: HistoryOutcome;
  /** ISO 8601. Of an unknown outcome: when the run noted that it may send the delete. */
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

/** The entry of a snapshot whose delete may have been sent; none where its ARN is not one of a snapshot. */
function unknownOf(result: ApplyResult, { arn, name, at, ...facts }: Unsettled): readonly HistoryItem[] {
  const parsed = parseArn(arn);
  const kind = KINDS.find((each) => parsed?.type.toLowerCase().endsWith(`${each}snapshot`));
  if (parsed === null || kind === undefined) return [];
  const { account, region } = parsed;
  const { plan, report, updatedAt } = result;
  const { source, reasons, policy, sourceArn = null, approvedBy = null } = facts;
  const entry = {
    ...{ arn, name: name ?? arn, kind, account, region, createdAt: null, source, outcome: 'unknown' as const },
    ...{ at: at ?? updatedAt, reasons, policy, plan: { id: plan.id, digest: plan.digest } },
    ...{ report, approvedBy, requestId: null },
  };
  const by = approvedBy === null ? '; who approved the run that sent it is not known' : '';
  const text = `a delete may have been sent, and how it ended is not known; the snapshot may still be deleted${by}`;
  return [{ entry, sourceArn, code: 'outcome.unknown', text }];
}

const isOf = ({ entry: { arn, name, source }, sourceArn }: HistoryItem, wanted: string): boolean =>
  [arn, name, source, sourceArn].includes(wanted);

const byNewestOutcome = ({ entry: a }: HistoryItem, { entry: b }: HistoryItem): number =>
  compareText(b.at, a.at) || compareText(a.arn, b.arn);

/** The outcomes in results that a filter wants, newest first. */
export function historyOf(results: readonly ApplyResult[], { wanted, since }: HistoryFilter): readonly HistoryItem[] {
  const isWanted = (item: HistoryItem): boolean =>
    (wanted === null || isOf(item, wanted)) && (since === null || Date.parse(item.entry.at) >= since);
  const items = results.flatMap((result) => [
    ...result.items.map((item) => itemOf(result, item)),
    ...(result.unsettled ?? []).flatMap((each) => unknownOf(result, each)),
  ]);
  // The outcome of a snapshot that was gone before it could be read has no source; another one of it may have.
  const sources = new Map(
    items.flatMap(({ entry, sourceArn }) => (sourceArn === null ? [] : [[entry.arn, sourceArn]])),
  );
  return items
    .map((item) => ({ ...item, sourceArn: sources.get(item.entry.arn) ?? null }))
    .filter(isWanted)
    .sort(byNewestOutcome);
}
