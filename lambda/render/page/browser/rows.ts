import { DAY_MS } from '../../../core/time/units';
import { formatCount } from '../../numbers';
import type { PageData, PageMark, PageRow } from '../data';

/** The source of snapshots, as the page shows it. */
export interface RowSource {
  readonly name: string;
  readonly gone: boolean;
  readonly kind: string;
  readonly region: string;
  /** `Frankfurt`; empty where no name is known. */
  readonly city: string;
  /** `Frankfurt (eu-central-1)`. */
  readonly place: string;
}

/** One snapshot, as the page shows it. What is not known is null. */
export interface SnapshotRow {
  /** Position in the report. */
  readonly index: number;
  readonly name: string;
  readonly source: RowSource;
  /** Epoch ms. */
  readonly at: number | null;
  readonly age: number | null;
  readonly size: number | null;
  readonly cost: number | null;
  readonly mark: PageMark;
  readonly verdict: string;
  readonly policy: string;
  readonly reasons: string;
  readonly tags: string;
  /** What a deep link names it by. */
  readonly id: string;
}

/** The embedded data as rows; sources are shared, so that they can be compared by identity. */
export function readRows(data: PageData): readonly SnapshotRow[] {
  const sources: readonly RowSource[] = data.sources.map(([name, gone, kind, region, city]) => ({
    name,
    gone: gone === 1,
    kind,
    region,
    city,
    place: city === '' ? region : `${city} (${region})`,
  }));
  const at = <T>(list: readonly T[], index: number): T => {
    const found = list[index];
    if (found === undefined) throw new Error('the data of this page is damaged');
    return found;
  };
  return data.rows.map(
    ([name, source, made, size, cost, mark, verdict, policy, reasons, tags, prefix, id]: PageRow, index) => ({
      index,
      name,
      source: at(sources, source),
      at: made,
      age: made === null ? null : Math.trunc((data.now - made) / DAY_MS),
      size,
      cost,
      mark,
      verdict: at(data.words, verdict),
      policy: at(data.policies, policy),
      reasons,
      tags,
      id: prefix === null ? name : `${at(data.prefixes, prefix)}${id}`,
    }),
  );
}

/** `20 days`. */
export function rowAge(age: number | null): string {
  if (age === null) return 'not known';
  if (age < 0) return 'in the future';
  return age === 0 ? 'under a day' : formatCount(age, 'day');
}

/** The address of a snapshot within this page. */
export const linkTo = (row: SnapshotRow): string => `#snapshot=${encodeURIComponent(row.id)}`;
