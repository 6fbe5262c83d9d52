import { DAY_MS } from '../../core/time/units';
import { formatCount } from '../numbers';
import type { PageData, PageMark, PageRow } from './data';

/** A source on the page. */
export interface RowSource {
  readonly name: string;
  readonly gone: boolean;
  readonly kind: string;
  readonly region: string;
  /** `Frankfurt`, or the code of an unknown region. */
  readonly city: string;
  /** `Frankfurt (eu-central-1)`. */
  readonly place: string;
  readonly alone: boolean;
}

/** A snapshot on the page. Unknown values are null. */
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
  readonly decision: string;
  readonly policy: string;
  readonly why: string;
  readonly reasons: string;
  readonly tags: string;
  /** Its id in links. */
  readonly id: string;
  readonly use: number | null;
  readonly due: string;
}

/** The lists that rows refer to. */
export type RowLists = Pick<PageData, 'now' | 'words' | 'policies' | 'prefixes'>;

/** Reads a source of the data. */
export const readSource = ([name, gone, kind, region, city, alone]: PageData['sources'][number]): RowSource => ({
  name,
  gone: gone === 1,
  kind,
  region,
  city: city === '' ? region : city,
  place: city === '' ? region : `${city} (${region})`,
  alone: alone === 1,
});

const itemAt = <T>(list: readonly T[], index: number): T => {
  const found = list[index];
  if (found === undefined) throw new Error('the data of this page is damaged');
  return found;
};

/** Reads a row of the data. */
export function readRow(row: PageRow, index: number, lists: RowLists, sources: readonly RowSource[]): SnapshotRow {
  const [name, source, made, size, cost, mark, decision, policy, why, reasons, tags, prefix, id, use, due] = row;
  return {
    index,
    name,
    source: itemAt(sources, source),
    at: made,
    age: made === null ? null : Math.trunc((lists.now - made) / DAY_MS),
    size,
    cost,
    mark,
    decision: itemAt(lists.words, decision),
    policy: itemAt(lists.policies, policy),
    why: itemAt(lists.policies, why),
    reasons,
    tags,
    id: prefix === null ? name : `${itemAt(lists.prefixes, prefix)}${id}`,
    use,
    due,
  };
}

/** Reads the embedded data. Rows of a source share its object. */
export function readRows(data: PageData): readonly SnapshotRow[] {
  const sources = data.sources.map(readSource);
  return data.rows.map((row, index) => readRow(row, index, data, sources));
}

/** `20 days`. */
export function rowAge(age: number | null): string {
  if (age === null) return 'not known';
  if (age < 0) return 'in the future';
  return age === 0 ? 'under a day' : formatCount(age, 'day');
}

/** The link to a snapshot on this page. */
export const linkTo = ({ id }: Pick<SnapshotRow, 'id'>): string => `#snapshot=${encodeURIComponent(id)}`;
