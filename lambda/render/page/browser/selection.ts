import type { SnapshotRow } from './rows';

/** What the reader asked to see; an empty text asks for nothing. Names are those of the address. */
export interface Query {
  readonly text: string;
  readonly source: string;
  readonly region: string;
  readonly kind: string;
  readonly verdict: string;
  /** `30-89` days, `365-`. */
  readonly age: string;
  /** A key of SORTS, with a `-` before it for descending; empty: the order of the report. */
  readonly sort: string;
}

export const QUERY_KEYS = [
  'text',
  'source',
  'region',
  'kind',
  'verdict',
  'age',
  'sort',
] as const satisfies readonly (keyof Query)[];

/** A wish by its parts. */
export const makeQuery = (part: (key: keyof Query) => string): Query => ({
  text: part('text'),
  source: part('source'),
  region: part('region'),
  kind: part('kind'),
  verdict: part('verdict'),
  age: part('age'),
  sort: part('sort'),
});

export const EMPTY_QUERY: Query = makeQuery(() => '');

/** What a table can be sorted by. Numbers are asked for from the largest first. */
export const SORTS: Readonly<
  Record<string, { readonly largestFirst: boolean; readonly of: (row: SnapshotRow) => string | number | null }>
> = {
  name: { largestFirst: false, of: (row) => row.name },
  source: { largestFirst: false, of: (row) => row.source.name },
  region: { largestFirst: false, of: (row) => row.source.place },
  kind: { largestFirst: false, of: (row) => row.source.kind },
  age: { largestFirst: true, of: (row) => (row.at === null ? null : -row.at) },
  size: { largestFirst: true, of: (row) => row.size },
  cost: { largestFirst: true, of: (row) => row.cost },
  verdict: { largestFirst: false, of: (row) => row.verdict },
};

const searchTexts = new WeakMap<SnapshotRow, string>();

/** All that is written of a snapshot, in lower case; made when it is first searched. */
function searchText(row: SnapshotRow): string {
  let text = searchTexts.get(row);
  if (text === undefined) {
    const { name, source, verdict, policy, reasons, tags, id } = row;
    text = [name, source.name, source.kind, source.place, verdict, policy, reasons, tags, id].join(' ').toLowerCase();
    searchTexts.set(row, text);
  }
  return text;
}

function ageTest(age: string): ((row: SnapshotRow) => boolean) | null {
  const [, from = '', to = ''] = /^(\d+)-(\d*)$/.exec(age) ?? [];
  if (from === '') return null;
  const [least, most] = [Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)];
  return (row) => row.age !== null && row.age >= least && row.age <= most;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Sorted by one key; what is not known comes last either way, equals stay in the order of the report. */
function sorted(rows: SnapshotRow[], sort: string): readonly SnapshotRow[] {
  const down = sort.startsWith('-');
  const key = SORTS[down ? sort.slice(1) : sort];
  if (key === undefined) return rows;
  const keyed = rows.map((row) => ({ row, value: key.of(row) }));
  // Every distinct text is compared with the collator once; rows are then compared by rank.
  const distinct = [...new Set(keyed.map(({ value }) => value).filter((value) => typeof value === 'string'))].sort(
    collator.compare,
  );
  const rank = new Map(distinct.map((text, index) => [text, index]));
  const numberOf = (value: string | number | null): number | null =>
    typeof value === 'string' ? (rank.get(value) ?? 0) : value;
  const numbered = keyed.map(({ row, value }) => ({ row, number: numberOf(value) }));
  numbered.sort((a, b) => {
    if (a.number === null || b.number === null)
      return a.number === b.number ? a.row.index - b.row.index : a.number === null ? 1 : -1;
    return (down ? b.number - a.number : a.number - b.number) || a.row.index - b.row.index;
  });
  return numbered.map(({ row }) => row);
}

/** The rows that a reader asked for, in the order that was asked for. Every word must occur; names are compared whole. */
export function select(rows: readonly SnapshotRow[], query: Query): readonly SnapshotRow[] {
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
  const tests: ((row: SnapshotRow) => boolean)[] = [];
  if (query.source !== '') tests.push((row) => row.source.name === query.source);
  if (query.region !== '') tests.push((row) => row.source.region === query.region);
  if (query.kind !== '') tests.push((row) => row.source.kind === query.kind);
  if (query.verdict !== '') tests.push((row) => row.verdict === query.verdict);
  const age = ageTest(query.age);
  if (age !== null) tests.push(age);
  if (words.length > 0) tests.push((row) => words.every((word) => searchText(row).includes(word)));
  return sorted(
    rows.filter((row) => tests.every((test) => test(row))),
    query.sort,
  );
}
