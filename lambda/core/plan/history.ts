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
  /** The stable code of the outcome, and why it is that one, for people. */
  readonly code: string;
  readonly text: string;
  /** Whether a delete that was sent may still be carried out. */
  readonly mayStillBeDeleted: boolean;
}

/** An entry with what only filters use. */
export interface HistoryItem {
  readonly entry: HistoryEntry;
  /** The ARN of its source; null: not known. */
  readonly sourceArn: string | null;
}

/** A part of the record that the history lacks. */
export interface HistoryGap {
  /**
   * `altered`: it is not as it was written. `unproven`: no attempt of the snapshots is recorded, and a run that was
   * approved has recorded no end, so that nothing proves that there was none.
   */
  readonly state: 'missing' | 'altered' | 'unreadable' | 'unproven';
  /** For people. */
  readonly place: string;
  /** The id of its plan; null: not of one. */
  readonly plan: string | null;
  /** Names of the snapshots that it is about, as far as they are known. */
  readonly names: readonly string[];
}

/** A plan of which not every snapshot has an outcome. */
export interface OpenPlan {
  readonly id: string;
  /** Whether a run of it was approved and has recorded no end: it works, or it was killed. */
  readonly hasOpenRun: boolean;
  /** How many snapshots certainly no run began to delete, and of how many others nothing is recorded. */
  readonly notBegun: number;
  readonly unproven: number;
  /** ISO 8601; null: the plan cannot be read. */
  readonly expiresAt: string | null;
  /** The key of the file from which it was applied; null: a report stored it. */
  readonly planFile: string | null;
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
    ...{ code: item.code, text: item.text, mayStillBeDeleted: item.mayStillBeDeleted === true },
  };
  return { entry, sourceArn: item.sourceArn ?? null };
}

/** The entry of a snapshot whose delete may have been sent; none where its ARN is not one of a snapshot. */
function unknownOf(result: ApplyResult, { arn, name, at, ...facts }: Unsettled): readonly HistoryItem[] {
  const parsed = parseArn(arn);
  const kind = KINDS.find((each) => parsed?.type.toLowerCase().endsWith(`${each}snapshot`));
  if (parsed === null || kind === undefined) return [];
  const { account, region } = parsed;
  const { plan, report, updatedAt } = result;
  const { source, reasons, policy, sourceArn = null, approvedBy = null, createdAt = null } = facts;
  const by = approvedBy === null ? '; who approved the run that sent it is not known' : '';
  const text = `a delete may have been sent, and how it ended is not known; the snapshot may still be deleted${by}`;
  const entry = {
    ...{ arn, name: name ?? arn, kind, account, region, createdAt, source, outcome: 'unknown' as const },
    ...{ at: at ?? updatedAt, reasons, policy, plan: { id: plan.id, digest: plan.digest } },
    ...{ report, approvedBy, requestId: null, code: 'outcome.unknown', text, mayStillBeDeleted: true },
  };
  return [{ entry, sourceArn }];
}

const isOf = ({ entry: { arn, name, source }, sourceArn }: HistoryItem, wanted: string): boolean =>
  [arn, name, source, sourceArn].includes(wanted);

const byNewestOutcome = ({ entry: a }: HistoryItem, { entry: b }: HistoryItem): number =>
  compareText(b.at, a.at) || compareText(a.arn, b.arn);

/** Tells of an unknown outcome which other plan found the snapshot gone, if one did. */
function withLaterOutcome(item: HistoryItem, gone: ReadonlyMap<string, HistoryEntry>): HistoryItem {
  const later = item.entry.outcome === 'unknown' ? gone.get(item.entry.arn) : undefined;
  if (later === undefined) return item;
  const text = `a delete may have been sent, and how it ended is not known; the plan ${later.plan.id} found the snapshot gone`;
  return { ...item, entry: { ...item.entry, text, mayStillBeDeleted: false } };
}

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
  const unknown = new Set(items.flatMap(({ entry }) => (entry.outcome === 'unknown' ? [entry.arn] : [])));
  const gone = new Map(
    items.flatMap(({ entry }) =>
      unknown.has(entry.arn) && ['deleted', 'already-gone'].includes(entry.outcome) ? [[entry.arn, entry]] : [],
    ),
  );
  return items
    .map((item) => withLaterOutcome({ ...item, sourceArn: sources.get(item.entry.arn) ?? null }, gone))
    .filter(isWanted)
    .sort(byNewestOutcome);
}

/** The outcomes that are not known. */
export const unknownOutcomes = (results: readonly ApplyResult[]): readonly HistoryItem[] =>
  results.every(({ unsettled = [] }) => unsettled.length === 0)
    ? []
    : historyOf(results, { wanted: null, since: null }).filter(({ entry }) => entry.outcome === 'unknown');
