import type { Config } from '../core/policy/config';
import type { Inventory, ListedSource, ReportSource, StaleSource } from '../core/report/report-model';
import { parseArn } from '../core/snapshot/arn';
import { FINISHED_STATE, NO_TAGS, type SourceState } from '../core/snapshot/snapshot';
import { subtractDuration } from '../core/time/period';
import { compareText } from '../core/util/compare-text';

/** The newest finished manual snapshot or automatic snapshot of each source (epoch ms), by ARN. */
function newestBySource({ snapshots, automatic }: Inventory): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  const note = (arn: string, at: number): void => void newest.set(arn, Math.max(at, newest.get(arn) ?? at));
  for (const { source, createdAt, state, kind } of snapshots)
    if (source?.arn != null && createdAt !== null && state === FINISHED_STATE[kind]) note(source.arn, createdAt);
  for (const { source, newestAt } of automatic)
    if (source.arn !== null && newestAt !== null) note(source.arn, newestAt);
  return newest;
}

/**
 * Sources of the lists that were read, then those that only snapshots name. The lists come first: their names are
 * current.
 */
function* namedSources({ sourceList, snapshots }: Inventory): Generator<ListedSource> {
  yield* sourceList;
  for (const { source, region, kind } of snapshots)
    if (source?.arn != null)
      yield { arn: source.arn, name: source.name, region: parseArn(source.arn)?.region ?? region, kind };
}

const EXISTS: Readonly<Record<SourceState['state'], boolean | null>> = {
  exists: true,
  gone: false,
  unconfirmed: null,
  unread: null,
};

/**
 * Every source that a list has or a snapshot names, ordered by account, region, kind, name and ARN. A listed source is
 * stale when its newest snapshot is older than `report.staleAfter`; one without any snapshot is not.
 */
export function reportSources(inventory: Inventory, now: number, config: Config): readonly ReportSource[] {
  const limit = subtractDuration(now, config.report.staleAfter, config.zone);
  const newest = newestBySource(inventory);
  const listed = new Set(inventory.sourceList.map(({ arn }) => arn));
  const sources = new Map<string, ReportSource>();
  for (const { arn, name, region, kind } of namedSources(inventory)) {
    if (sources.has(arn)) continue;
    const state = inventory.sources(arn);
    const newestAt = newest.get(arn) ?? null;
    sources.set(arn, {
      arn,
      name: state.state === 'exists' ? (state.name ?? name) : name,
      kind,
      account: parseArn(arn)?.account ?? inventory.account,
      region,
      exists: EXISTS[state.state],
      tags: state.state === 'exists' ? state.tags : NO_TAGS,
      newestAt,
      stale: listed.has(arn) && newestAt !== null && newestAt <= limit,
    });
  }
  return [...sources.values()].sort(
    (a, b) =>
      compareText(a.account ?? '', b.account ?? '') ||
      compareText(a.region, b.region) ||
      compareText(a.kind, b.kind) ||
      compareText(a.name ?? '', b.name ?? '') ||
      compareText(a.arn, b.arn),
  );
}

/** The listed sources without a recent snapshot: their backups stopped. */
export function staleSources(
  sources: readonly ReportSource[],
  listed: readonly ListedSource[],
): readonly StaleSource[] {
  const byArn = new Map(listed.map((source) => [source.arn, source]));
  return sources.flatMap(({ arn, stale, newestAt }) => {
    const source = byArn.get(arn);
    return stale && source !== undefined && newestAt !== null ? [{ source, newestAt }] : [];
  });
}
