import { makePlan, type NewPlan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import { gbMonthPrice, roundMoney, snapshotGb } from '../core/policy/cost';
import {
  compareWith,
  indexEntries,
  listsRead,
  type PreviousReport,
  type ReportState,
} from '../core/report/report-diff';
import type { Changes, EvaluatedSnapshot, PlanSummary, Report, Scope, Totals } from '../core/report/report-model';
import type { Problem } from '../core/snapshot/snapshot';
import { encodeIndex } from '../core/snapshot/snapshot-index';
import { compareText } from '../core/util/compare-text';
import { decideConfirmed } from '../inventory/confirm-sources';
import type { Clock, Digest, InventoryProgress, InventoryRequest, LiveInventory, ReadInventory } from '../ports/ports';
import type { ReadSpend } from '../ports/spend-ports';
import { withTimeout } from '../ports/with-timeout';
import { reportSources, staleSources } from './report-sources';

export interface MakeReportPorts {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly readInventory: ReadInventory;
  /** Absent: the bill is not read. */
  readonly readSpend?: ReadSpend;
}

export interface MakeReportRequest {
  readonly reportId: string;
  readonly config: Config;
  /** Evaluate as of this instant (epoch ms); null: the real clock. */
  readonly at: number | null;
  readonly inventory: Pick<InventoryRequest, 'regions' | 'kinds' | 'deadline'>;
  readonly previous: PreviousReport | Unread | null;
  /** Whether the plan's caps are its own count. */
  readonly raiseCaps?: boolean;
}

/** A report that is there and cannot be read. */
export interface Unread {
  readonly unread: Error;
}

/** A report and the plan that it made. */
export interface MadeReport {
  readonly report: Report;
  readonly plan: NewPlan;
}

/**
 * The order of design section 7: account, region, kind, source name, `createdAt` descending, ARN; what is absent comes
 * first.
 */
export function reportOrder(a: EvaluatedSnapshot, b: EvaluatedSnapshot): number {
  const [one, two] = [a.snapshot, b.snapshot];
  return (
    compareText(one.account ?? '', two.account ?? '') ||
    compareText(one.region, two.region) ||
    compareText(one.kind, two.kind) ||
    compareText(one.source?.name ?? '', two.source?.name ?? '') ||
    (two.createdAt ?? 0) - (one.createdAt ?? 0) ||
    compareText(one.arn ?? '', two.arn ?? '')
  );
}

export function totalsOf(
  items: readonly EvaluatedSnapshot[],
  problems: number,
  config: Pick<Config, 'pricing'>,
): Totals {
  const count = (holds: (item: EvaluatedSnapshot) => boolean): number =>
    items.reduce((sum, item) => sum + (holds(item) ? 1 : 0), 0);
  const expiring = items.filter(({ verdict }) => verdict === 'expire');
  const gb = (of: readonly EvaluatedSnapshot[]): number =>
    of.reduce((sum, { snapshot }) => sum + (snapshot.sizeGb ?? 0), 0);
  const money = (of: readonly EvaluatedSnapshot[]): number =>
    roundMoney(
      of.reduce(
        (sum, { snapshot }) => sum + (snapshotGb(snapshot) ?? 0) * gbMonthPrice(config.pricing, snapshot.region),
        0,
      ),
    );
  return {
    snapshots: items.length,
    keep: items.length - expiring.length,
    expire: expiring.length,
    held: count(({ status }) => status === 'held'),
    unmanaged: count(({ status }) => status === 'unmanaged'),
    problems,
    sizeGb: gb(items),
    expireSizeGb: gb(expiring),
    monthlyCostCeiling: money(items),
    expireMonthlyCostCeiling: money(expiring),
    currency: 'USD',
  };
}

/** How long (ms) the report before may take to be read: it is good to have, and time is needed to store and to send. */
const COMPARE_LIMIT = 30_000;

/**
 * What changed; null where there is no report to compare with, or one that is not as it was written, or that cannot be
 * read.
 */
async function changesSince(
  previous: PreviousReport | Unread | null,
  items: readonly EvaluatedSnapshot[],
  scopes: readonly Scope[],
): Promise<{ readonly changes: Changes | null; readonly unread: Error | null }> {
  if (previous === null) return { changes: null, unread: null };
  if ('unread' in previous) return { changes: null, unread: previous.unread };
  const comparison = compareWith(previous, items, scopes);
  const { failure } = await withTimeout('read the report before to its end', COMPARE_LIMIT, async () => {
    for await (const block of previous.snapshots) comparison.add(block);
  });
  if (failure === null) return { changes: comparison.changes(), unread: null };
  return { changes: null, unread: failure instanceof SyntaxError ? null : failure };
}

const unreadProblem = ({ message }: Error): Problem => ({
  code: 'previous.unread',
  arn: null,
  message: `the report before this one counts as none, because it could not be read: ${message}`,
});

/** Rules that can match nothing, as problems of the report. They concern the configuration, and block nothing. */
const ruleProblems = ({ hiddenRules }: Config): readonly Problem[] =>
  hiddenRules.map(({ code, message }) => ({ code, arn: null, message }));

/** All problems of a report, in order of code, ARN and message. */
function orderedProblems(...lists: readonly (readonly Problem[])[]): readonly Problem[] {
  return lists
    .flat()
    .sort(
      (a, b) =>
        compareText(a.code, b.code) || compareText(a.arn ?? '', b.arn ?? '') || compareText(a.message, b.message),
    );
}

/** Reads the inventory; the previous report tells which regions and lists are expected. */
function readSince(
  known: PreviousReport | null,
  { readInventory }: Pick<MakeReportPorts, 'readInventory'>,
  { config, inventory }: Pick<MakeReportRequest, 'config' | 'inventory'>,
  progress?: (event: InventoryProgress) => void,
): Promise<LiveInventory> {
  return readInventory(
    {
      ...inventory,
      automaticSnapshots: config.report.automaticSnapshots,
      previouslyRead: new Set(known?.lists.map(({ region }) => region)),
      previouslyListed: known?.lists.filter(({ snapshots = 0 }) => snapshots > 0) ?? [],
    },
    progress,
  );
}

const reportSummary = ({ id, digest, expiresAt, items, blocked }: NewPlan): PlanSummary => ({
  id,
  digest,
  expiresAt: Date.parse(expiresAt),
  count: items.length,
  blocked,
});

/**
 * Lists, decides, counts and plans: the main job, without sending or storing anything. Never rejects for what the
 * service does.
 */
export async function makeReport(
  ports: MakeReportPorts,
  request: MakeReportRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<MadeReport> {
  const { config, reportId, previous } = request;
  const known = previous === null || 'unread' in previous ? null : previous;
  const startedAt = ports.clock();
  const spending = ports.readSpend?.(Math.min(request.at ?? startedAt, startedAt));
  const live = await readSince(known, ports, request, progress);
  const generatedAt = ports.clock();
  const now = request.at ?? generatedAt;
  const knownGone = new Set(known?.gone);
  const { inventory, decision, confirmedGone } = await decideConfirmed(live, { config, now, knownGone, progress });
  const items = [...decision.items].sort(reportOrder);
  const { account, complete, scopes } = inventory;
  const { changes, unread } = await changesSince(previous, items, scopes);
  const unreadPrevious = unread === null ? [] : [unreadProblem(unread)];
  const problems = orderedProblems(inventory.problems, decision.problems, ruleProblems(config), unreadPrevious);
  const { raiseCaps = false } = request;
  const content = makePlan({
    id: reportId,
    createdAt: generatedAt,
    account,
    scopes,
    complete,
    items,
    config,
    raiseCaps,
  });
  const sources = reportSources(inventory, now, config);
  const plan: NewPlan = { ...content, digest: ports.digest(content) };
  const report: Report = {
    reportId,
    generatedAt,
    evaluatedAt: now,
    zone: config.zone,
    config: { origin: config.origin, digest: config.digest },
    account,
    complete,
    allRegions: request.inventory.regions === 'all',
    scopes,
    totals: totalsOf(items, problems.length, config),
    items,
    problems,
    plan: reportSummary(plan),
    pricing: config.pricing,
    automatic: inventory.automatic,
    automaticRead: config.report.automaticSnapshots,
    sources,
    stale: staleSources(sources, inventory.sourceList),
    changes,
    spend: (await spending) ?? null,
    confirmedGone,
  };
  return { report, plan };
}

/** What the next report compares itself with. */
export function stateOf({ reportId, evaluatedAt, complete, scopes, items, confirmedGone }: Report): ReportState {
  return {
    schemaVersion: 1,
    reportId,
    evaluatedAt: new Date(evaluatedAt).toISOString(),
    complete,
    lists: listsRead(scopes),
    gone: confirmedGone,
    snapshots: { [Symbol.iterator]: () => encodeIndex(indexEntries(items)) },
  };
}
