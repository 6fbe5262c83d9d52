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
export type RowLists = Pick<PageData, 'now' | 'words' | 'policies' | 'reasons' | 'prefixes'>;

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

/** A row of the data. Its texts are looked up when they are needed: few rows are shown. */
class ReadRow implements SnapshotRow {
  constructor(
    private readonly row: PageRow,
    readonly index: number,
    private readonly lists: RowLists,
    readonly source: RowSource,
    readonly name = row[0],
    readonly at = row[2],
    readonly mark = row[5],
  ) {}

  get age(): number | null {
    return this.at === null ? null : Math.trunc((this.lists.now - this.at) / DAY_MS);
  }

  get size(): number | null {
    return this.row[3];
  }

  get cost(): number | null {
    return this.row[4];
  }

  get decision(): string {
    return itemAt(this.lists.words, this.row[6]);
  }

  get policy(): string {
    return itemAt(this.lists.policies, this.row[7]);
  }

  get why(): string {
    return itemAt(this.lists.policies, this.row[8]);
  }

  get reasons(): string {
    return this.row[9].map((index) => itemAt(this.lists.reasons, index)).join('; ');
  }

  get tags(): string {
    return this.row[10];
  }

  get id(): string {
    const [name, prefix, id] = [this.row[0], this.row[11], this.row[12]];
    return prefix === null ? name : `${itemAt(this.lists.prefixes, prefix)}${id}`;
  }

  get use(): number | null {
    return this.row[13];
  }

  get due(): string {
    return this.row[14];
  }
}

/** Reads a row of the data. */
export const readRow = (row: PageRow, index: number, lists: RowLists, sources: readonly RowSource[]): SnapshotRow =>
  new ReadRow(row, index, lists, itemAt(sources, row[1]));

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
