import { MARK_ORDER } from '../marks';
import type { SnapshotRow } from '../rows';

/** The filters and the sort order of the reader; an empty text filters nothing. Names are those of the address. */
export interface Query {
  readonly text: string;
  readonly source: string;
  readonly region: string;
  readonly kind: string;
  /** `expire`, `keep`, `held` or `fix`. */
  readonly decision: string;
  /** `30-89` days, `365-`. */
  readonly age: string;
  /** A key of SORTS, with a `-` before it for descending; empty: what can be deleted first. */
  readonly sort: string;
}

export const QUERY_KEYS = [
  'text',
  'source',
  'region',
  'kind',
  'decision',
  'age',
  'sort',
] as const satisfies readonly (keyof Query)[];

/** Makes a query from its parts. */
export const makeQuery = (part: (key: keyof Query) => string): Query => ({
  text: part('text'),
  source: part('source'),
  region: part('region'),
  kind: part('kind'),
  decision: part('decision'),
  age: part('age'),
  sort: part('sort'),
});

export const EMPTY_QUERY: Query = makeQuery(() => '');

/** The sort keys of the table. Numbers are first sorted from the largest. */
export const SORTS: Readonly<
  Record<string, { readonly largestFirst: boolean; readonly of: (row: SnapshotRow) => string | number | null }>
> = {
  name: { largestFirst: false, of: (row) => row.name },
  age: { largestFirst: true, of: (row) => (row.at === null ? null : -row.at) },
  size: { largestFirst: true, of: (row) => row.size },
  cost: { largestFirst: true, of: (row) => row.cost },
  decision: { largestFirst: false, of: (row) => -MARK_ORDER[row.mark] },
};

const searchTexts = new WeakMap<SnapshotRow, string>();

/** The searchable text of a row in lower case; cached. */
function searchText(row: SnapshotRow): string {
  let text = searchTexts.get(row);
  if (text === undefined) {
    const { name, source, decision, policy, why, reasons, tags, id } = row;
    const { kind, place } = source;
    text = [name, source.name, kind, place, decision, policy, why, reasons, tags, id].join(' ').toLowerCase();
    searchTexts.set(row, text);
  }
  return text;
}

const ROWS_PER_SLICE = 2_000;

/** Makes the searchable texts ahead of the first search, while the browser is idle. */
export function prepareSearch(rows: readonly SnapshotRow[], from = 0): void {
  if (from >= rows.length) return;
  setTimeout(() => {
    for (const row of rows.slice(from, from + ROWS_PER_SLICE)) searchText(row);
    prepareSearch(rows, from + ROWS_PER_SLICE);
  }, 50);
}

function ageTest(age: string): ((row: SnapshotRow) => boolean) | null {
  const [, from = '', to = ''] = /^(\d+)-(\d*)$/.exec(age) ?? [];
  if (from === '') return null;
  const [least, most] = [Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)];
  return (row) => row.age !== null && row.age >= least && row.age <= most;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Sorts by one key. Unknown values come last, equal ones stay in the order of the report. */
function sorted(rows: SnapshotRow[], sort: string): readonly SnapshotRow[] {
  const down = sort.startsWith('-');
  const key = SORTS[down ? sort.slice(1) : sort || 'decision'];
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
    const inOrder = a.row.index - b.row.index;
    if (a.number === b.number) return inOrder;
    if (a.number === null) return 1;
    if (b.number === null) return -1;
    return (down ? b.number - a.number : a.number - b.number) || inOrder;
  });
  return numbered.map(({ row }) => row);
}

/** Selects and sorts the rows of a query. Every word must occur; names must be equal. */
export function select(rows: readonly SnapshotRow[], query: Query): readonly SnapshotRow[] {
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
  const tests: ((row: SnapshotRow) => boolean)[] = [];
  if (query.source !== '') tests.push((row) => row.source.name === query.source);
  if (query.region !== '') tests.push((row) => row.source.region === query.region);
  if (query.kind !== '') tests.push((row) => row.source.kind === query.kind);
  if (query.decision !== '') tests.push(({ mark }) => (mark === 'copy' ? 'keep' : mark) === query.decision);
  const age = ageTest(query.age);
  if (age !== null) tests.push(age);
  if (words.length > 0) tests.push((row) => words.every((word) => searchText(row).includes(word)));
  return sorted(
    rows.filter((row) => tests.every((test) => test(row))),
    query.sort,
  );
}
