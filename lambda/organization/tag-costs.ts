import type { EvaluatedSnapshot, Report } from '../core/report/report-model';
import type { RollUpAccount, TagCosts } from '../core/report/roll-up';
import { compareText } from '../core/util/compare-text';
import { sumSizes } from '../render/totals';

/** Sums the snapshots of a report by the values of a tag: that of the snapshot, or else of its source. */
function tagCosts(
  { items, sources, pricing }: Pick<Report, 'items' | 'sources' | 'pricing'>,
  key: string,
): readonly TagCosts[] {
  const ofSources = new Map(sources.map(({ arn, tags }) => [arn, tags]));
  const groups = new Map<string | null, EvaluatedSnapshot[]>();
  for (const item of items) {
    const { tags, source } = item.snapshot;
    const value = (tags.has(key) ? tags : ofSources.get(source?.arn ?? ''))?.get(key) || null;
    const group = groups.get(value) ?? [];
    groups.set(value, group);
    group.push(item);
  }
  return [...groups]
    .sort(([a], [b]) => compareText(a ?? '', b ?? ''))
    .map(([value, group]) => {
      const expired = group.filter(({ verdict }) => verdict === 'expire');
      const all = sumSizes(
        group.map(({ snapshot }) => snapshot),
        pricing,
      );
      return {
        value,
        snapshots: group.length,
        expire: expired.length,
        monthlyCostCeiling: all.ceiling,
        expireMonthlyCostCeiling: sumSizes(
          expired.map(({ snapshot }) => snapshot),
          pricing,
        ).ceiling,
        unknownSizes: all.unknown,
      };
    });
}

/** Adds to an account of a roll-up its costs by the values of a tag (absent: of none). */
export const withTagCosts = (
  row: RollUpAccount,
  report: Pick<Report, 'items' | 'sources' | 'pricing'>,
  key: string | undefined,
): RollUpAccount => (key === undefined || row.reportId === null ? row : { ...row, byTag: tagCosts(report, key) });
