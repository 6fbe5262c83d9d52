import { monthlyCostCeiling } from '../core/policy/cost';
import type { PolicyOrigin } from '../core/policy/policy';
import { describeReason, type Reason } from '../core/policy/reason';
import type {
  Blocked,
  Changes,
  EvaluatedSnapshot,
  Report,
  ReportSource,
  Scope,
  Status,
  Totals,
  Verdict,
} from '../core/report/report-model';
import { amountInCents } from '../core/report/spend';
import type { AttachedDisk, Kind, Problem, Tags } from '../core/snapshot/snapshot';
import { escapeJson } from '../core/util/safe-text';
import { wholeDays } from './phrases';

/** A snapshot of the JSON report. Optional members are absent if the service sent none. */
export interface JsonSnapshot {
  readonly arn: string | null;
  readonly name: string | null;
  readonly kind: Kind;
  readonly account: string | null;
  readonly region: string;
  readonly createdAt: string | null;
  readonly ageDays: number | null;
  readonly sizeGb: number | null;
  readonly state: string | null;
  readonly fromAutoSnapshot: boolean;
  readonly tags: Readonly<Record<string, string | null>>;
  readonly supportCode?: string;
  readonly blueprint?: string;
  readonly bundle?: string;
  readonly engine?: string;
  readonly engineVersion?: string;
  readonly attachedDisks?: readonly AttachedDisk[];
  readonly source: {
    readonly name: string | null;
    readonly arn: string | null;
    readonly exists: boolean | null;
  } | null;
  readonly verdict: Verdict;
  readonly status: Status;
  readonly policy: { readonly name: string; readonly origin: PolicyOrigin; readonly rule?: string } | null;
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  readonly monthlyCostCeiling: number | null;
  /** The earliest local day (`2026-12-07`) of its automatic deletion; absent: none is announced. */
  readonly deleteOn?: string;
}

/** The JSON report, field by field. Instants are ISO 8601 in UTC with milliseconds. */
export interface JsonReport {
  readonly schemaVersion: 1;
  readonly reportId: string;
  readonly generatedAt: string;
  readonly evaluatedAt: string;
  readonly timezone: string;
  readonly config: { readonly origin: string; readonly digest: string };
  readonly complete: boolean;
  /** Whether every region of the account was asked. */
  readonly allRegions: boolean;
  readonly scopes: readonly JsonScope[];
  readonly totals: Totals;
  readonly snapshots: readonly JsonSnapshot[];
  readonly sources: readonly JsonSource[];
  readonly changes: {
    readonly since: string;
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly newlyExpiring: readonly string[];
    readonly newlyHeld: readonly string[];
  } | null;
  /**
   * Null where they were not counted. Leftovers belong to living sources whose add-on is disabled: they stay and bill.
   */
  readonly automaticSnapshots: {
    readonly count: number;
    readonly leftovers: readonly {
      readonly source: string | null;
      readonly count: number;
      readonly newest: string | null;
    }[];
  } | null;
  /** Last month's bill of Lightsail snapshots, in `currency`. Null: it was not read. */
  readonly spend: {
    readonly month: string;
    /** False: the bill may still change. */
    readonly final: boolean;
    readonly currency: 'USD';
    readonly total: number;
    readonly byRegion: Readonly<Record<string, number>>;
  } | null;
  readonly problems: readonly Problem[];
  readonly plan: {
    readonly id: string;
    readonly digest: string;
    readonly expiresAt: string;
    readonly count: number;
    readonly blocked: Blocked | null;
  };
}

/** One source of the JSON report; `exists` is null where that is not known. */
export interface JsonSource {
  readonly arn: string;
  readonly name: string | null;
  readonly kind: Kind;
  readonly account: string | null;
  readonly region: string;
  readonly exists: boolean | null;
  readonly tags: Readonly<Record<string, string | null>>;
  readonly newest: string | null;
  readonly stale: boolean;
}

/** A list of the JSON report. `pages` and `snapshots` also count a partly read list. */
export interface JsonScope {
  readonly account: string | null;
  readonly region: string;
  readonly kind: Kind;
  readonly status: Scope['status'];
  readonly sources: Scope['sources'];
  readonly pages: number;
  readonly snapshots: number;
  readonly error?: { readonly code: string; readonly message: string };
}

const iso = (instant: number): string => new Date(instant).toISOString();

/** Tags as JSON, sorted by key. An object would lose the key `__proto__` and reorder numeric keys. */
function tagsJson(tags: Tags): string {
  const members = [...tags]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members.join(',')}}`;
}

const reasonsJson = (reasons: readonly Reason[]): string =>
  JSON.stringify(reasons.map((reason) => ({ code: reason.code, text: describeReason(reason) })));

/** One snapshot of the JSON report, as text. */
function snapshotJson(
  { snapshot, sourceExists, verdict, status, policy, reasons }: EvaluatedSnapshot,
  report: Pick<Report, 'evaluatedAt' | 'pricing'>,
  deleteOn?: string,
): string {
  const { source } = snapshot;
  const before = {
    arn: snapshot.arn,
    name: snapshot.name,
    kind: snapshot.kind,
    account: snapshot.account,
    region: snapshot.region,
    createdAt: snapshot.createdAt === null ? null : iso(snapshot.createdAt),
    ageDays: wholeDays(snapshot.createdAt, report.evaluatedAt),
    sizeGb: snapshot.sizeGb,
    state: snapshot.state,
    fromAutoSnapshot: snapshot.fromAutoSnapshot,
  };
  const after = {
    supportCode: snapshot.supportCode,
    blueprint: snapshot.blueprint,
    bundle: snapshot.bundle,
    engine: snapshot.engine,
    engineVersion: snapshot.engineVersion,
    attachedDisks: snapshot.attachedDisks?.map(({ name, path, sizeGb, system }) => ({ name, path, sizeGb, system })),
    source: source === null ? null : { name: source.name, arn: source.arn, exists: sourceExists },
    verdict,
    status,
    policy: policy === null ? null : { name: policy.name, origin: policy.origin, rule: policy.rule },
  };
  const cost = JSON.stringify(monthlyCostCeiling(snapshot, report.pricing));
  const first = `${JSON.stringify(before).slice(0, -1)},"tags":${tagsJson(snapshot.tags)}`;
  return `${first},${JSON.stringify(after).slice(1, -1)},"reasons":${reasonsJson(reasons)},"monthlyCostCeiling":${cost}${deleteOn === undefined ? '' : `,"deleteOn":${JSON.stringify(deleteOn)}`}}`;
}

/** A snapshot as the JSON report has it. */
export const jsonSnapshot = (item: EvaluatedSnapshot, report: Pick<Report, 'evaluatedAt' | 'pricing'>): JsonSnapshot =>
  JSON.parse(snapshotJson(item, report));

function scopeJson({ account, region, kind, status, sources, pages, snapshots, error }: Scope): string {
  return JSON.stringify({
    account,
    region,
    kind,
    status,
    sources,
    pages,
    snapshots,
    error: error && { code: error.code, message: error.message },
  });
}

function reportSourceJson({ arn, name, kind, account, region, exists, tags, newestAt, stale }: ReportSource): string {
  const first = JSON.stringify({ arn, name, kind, account, region, exists }).slice(0, -1);
  const last = JSON.stringify({ newest: newestAt === null ? null : iso(newestAt), stale }).slice(1);
  return `${first},"tags":${tagsJson(tags)},${last}`;
}

const arnsOf = (items: readonly EvaluatedSnapshot[]): readonly string[] =>
  items.flatMap(({ snapshot }) => snapshot.arn ?? []);

const changesJson = (changes: Changes | null): JsonReport['changes'] =>
  changes && {
    since: changes.previousReportId,
    added: arnsOf(changes.added),
    removed: changes.gone.map(({ arn }) => arn),
    newlyExpiring: arnsOf(changes.newlyExpiring),
    newlyHeld: arnsOf(changes.newlyHeld),
  };

function automaticJson({ automatic, automaticRead }: Report): JsonReport['automaticSnapshots'] {
  if (!automaticRead) return null;
  return {
    count: automatic.reduce((sum, { count }) => sum + count, 0),
    leftovers: automatic
      .filter(({ addOnEnabled, count }) => addOnEnabled === false && count > 0)
      .map(({ source, count, newestAt }) => ({
        source: source.arn,
        count,
        newest: newestAt === null ? null : iso(newestAt),
      })),
  };
}

function spendJson({ spend }: Report): JsonReport['spend'] {
  if (spend?.state !== 'read') return null;
  const { month, final, total, byRegion } = spend.bill;
  const amounts = [...byRegion].map(([region, amount]) => [region, amountInCents(amount)] as const);
  return { month, final, currency: 'USD', total: amountInCents(total), byRegion: Object.fromEntries(amounts) };
}

function* array<T>(name: string, items: readonly T[], toJson: (item: T) => string): Generator<string> {
  yield `"${name}":[`;
  for (const [index, item] of items.entries()) yield `${index === 0 ? '\n' : ',\n'}${toJson(item)}`;
  yield items.length === 0 ? '],\n' : '\n],\n';
}

/**
 * Renders the JSON report in chunks, one snapshot per line. Ends with a newline. `due` has the announced days by ARN.
 */
export function* renderJson(report: Report, due: ReadonlyMap<string, string> = new Map()): Generator<string> {
  for (const chunk of chunksOf(report, due)) yield escapeJson(chunk);
}

function* chunksOf(report: Report, due: ReadonlyMap<string, string>): Generator<string> {
  const { totals, plan } = report;
  const head = {
    schemaVersion: 1,
    reportId: report.reportId,
    generatedAt: iso(report.generatedAt),
    evaluatedAt: iso(report.evaluatedAt),
    timezone: report.zone.name,
    config: { origin: report.config.origin, digest: report.config.digest },
    complete: report.complete,
    allRegions: report.allRegions,
  };
  yield `${JSON.stringify(head).slice(0, -1)},\n`;
  yield* array('scopes', report.scopes, scopeJson);
  yield `"totals":${JSON.stringify({
    snapshots: totals.snapshots,
    keep: totals.keep,
    expire: totals.expire,
    held: totals.held,
    unmanaged: totals.unmanaged,
    problems: totals.problems,
    sizeGb: totals.sizeGb,
    expireSizeGb: totals.expireSizeGb,
    monthlyCostCeiling: totals.monthlyCostCeiling,
    expireMonthlyCostCeiling: totals.expireMonthlyCostCeiling,
    currency: totals.currency,
  })},\n`;
  yield* array('snapshots', report.items, (item) => snapshotJson(item, report, due.get(item.snapshot.arn ?? '')));
  yield* array('sources', report.sources, reportSourceJson);
  yield `"changes":${JSON.stringify(changesJson(report.changes))},\n`;
  yield `"automaticSnapshots":${JSON.stringify(automaticJson(report))},"spend":${JSON.stringify(spendJson(report))},\n`;
  yield* array('problems', report.problems, ({ code, arn, message }) => JSON.stringify({ code, arn, message }));
  const blocked = plan.blocked && { code: plan.blocked.code, message: plan.blocked.message };
  yield `"plan":${JSON.stringify({ id: plan.id, digest: plan.digest, expiresAt: iso(plan.expiresAt), count: plan.count, blocked })}}\n`;
}
