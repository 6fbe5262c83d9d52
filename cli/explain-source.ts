import { describeReason } from '../lambda/core/policy/reason';
import type { EvaluatedSnapshot, Inventory } from '../lambda/core/report/report-model';
import type { Kind, Tags } from '../lambda/core/snapshot/snapshot';
import { localDay } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import type { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { snapshotName, zoneText } from '../lambda/render/phrases';
import { wrap } from '../lambda/render/terminal';
import { tableText } from '../lambda/render/text-table';
import { reportOrder } from '../lambda/reporting/make-report';
import { ambiguousName } from './ambiguous-name';
import type { ExplainJson } from './json-shapes';

/** A source with its snapshots, newest first. */
export interface ExplainedSource {
  readonly arn: string | null;
  readonly name: string | null;
  readonly kind: Kind;
  readonly region: string;
  readonly exists: boolean | null;
  /** Null where the source was not read, or no longer exists. */
  readonly tags: Tags | null;
  readonly items: readonly EvaluatedSnapshot[];
}

type NamedGroup = { readonly arn: string | null; readonly name: string | null };

/** The sources that have a name or ARN: those of snapshots, then living ones without a snapshot. */
export function findSources(
  hasName: (named: NamedGroup) => boolean,
  { inventory, items }: { readonly inventory: Inventory; readonly items: readonly EvaluatedSnapshot[] },
): readonly ExplainedSource[] {
  const groups = new Map<string, EvaluatedSnapshot[]>();
  for (const item of items) {
    const { source, kind, region } = item.snapshot;
    if (source === null || !hasName(source)) continue;
    const key = source.arn ?? JSON.stringify([kind, region, source.name]);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  const tagsOf = (arn: string | null): Tags | null => {
    const state = arn === null ? null : inventory.sources(arn);
    return state?.state === 'exists' ? state.tags : null;
  };
  const withSnapshots = [...groups.values()].flatMap((group): readonly ExplainedSource[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { source, kind, region } = first.snapshot;
    const arn = source?.arn ?? null;
    return [
      {
        ...{ arn, name: source?.name ?? null, kind, region, exists: first.sourceExists, tags: tagsOf(arn) },
        items: group.sort(reportOrder),
      },
    ];
  });
  const without = inventory.sourceList
    .filter((source) => hasName(source) && !groups.has(source.arn))
    .map(({ arn, name, kind, region }) => ({ arn, name, kind, region, exists: true, tags: tagsOf(arn), items: [] }));
  return [...withSnapshots, ...without];
}

/** The error for a name that several sources have. */
export function ambiguousSources(wanted: string, sources: readonly ExplainedSource[]): RetentionError {
  const lines = sources.map(
    ({ arn, kind, region }) => `  ${oneLine(arn ?? 'without ARN')} (${kind}, ${oneLine(region)})`,
  );
  return ambiguousName(`${sources.length} sources have the name ${oneLine(wanted)}; choose one by its ARN:`, lines);
}

const EXISTENCE = { true: '', false: ', no longer exists', null: ', not confirmed to exist' } as const;

/** Snapshots by their kind and region, in their order: a copy in another region, and a disk of an instance. */
function byPlace(items: readonly EvaluatedSnapshot[]): ReadonlyMap<string, readonly EvaluatedSnapshot[]> {
  const groups = new Map<string, EvaluatedSnapshot[]>();
  for (const item of items) {
    const { kind, region } = item.snapshot;
    const heading = `${kind} snapshots in ${oneLine(region)}`;
    const group = groups.get(heading);
    if (group === undefined) groups.set(heading, [item]);
    else group.push(item);
  }
  return groups;
}

/** A source and a line for each of its snapshots, with the rules that keep it. */
export function* sourceText(source: ExplainedSource, zone: Zone, columns: number): Generator<string> {
  const { name, arn, kind, region, exists, items } = source;
  const expiring = items.filter(({ verdict }) => verdict === 'expire').length;
  const groups = byPlace(items);
  const place = groups.size > 1 ? `snapshots of ${groups.size} kinds or regions` : `${kind} in ${oneLine(region)}`;
  const title = `${oneLine(name ?? arn ?? 'a source without a name')} (${place}${EXISTENCE[`${exists}`]})`;
  const kept = formatNumber(items.length - expiring);
  const totals = `${formatCount(items.length, 'snapshot')}, ${kept} kept, ${formatNumber(expiring)} can be deleted`;
  yield wrap(`${title}: ${totals}. ${zoneText(zone)}.`, columns, '');
  for (const [heading, group] of groups) {
    yield groups.size > 1 ? `\n${wrap(`${heading}: ${formatCount(group.length, 'snapshot')}`, columns, '')}` : '\n';
    const rows = group.map((item) => [
      snapshotName(item.snapshot),
      item.snapshot.createdAt === null ? 'unknown' : localDay(item.snapshot.createdAt, zone),
      item.verdict === 'expire' ? 'delete' : 'keep',
      item.reasons.map((reason) => oneLine(describeReason(reason))).join('; '),
    ]);
    yield tableText([['SNAPSHOT', 'MADE', 'RESULT', 'REASONS'], ...rows], columns);
  }
}

/** A source as `explain --format json` has it. */
export const sourceJson = ({
  arn,
  name,
  kind,
  region,
  exists,
  tags,
}: ExplainedSource): Extract<ExplainJson, { type: 'source' }>['source'] => ({
  ...{ arn, name, kind, region, exists },
  tags: tags === null ? null : Object.fromEntries(tags),
});
