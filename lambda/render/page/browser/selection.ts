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

function ageTest(age: string): ((row: SnapshotRow) => boolean) | null {
  const [, from = '', to = ''] = /^(\d+)-(\d*)$/.exec(age) ?? [];
  if (from === '') return null;
  const [least, most] = [Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)];
  return (row) => row.age !== null && row.age >= least && row.age <= most;
}

const collator = new Intl.Collator('en', { numeric: true });

/** A text that plain comparison orders as a person does: without case, numbers by their size. */
const sortText = (text: string): string => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'));

/** The rank of each row by a text. Only texts that plain comparison cannot tell apart need the collator. */
function textRanks(texts: readonly string[]): readonly number[] {
  const keyed = [...new Set(texts)].map((text) => ({ text, key: sortText(text) }));
  keyed.sort((a, b) => {
    if (a.key === b.key) return collator.compare(a.text, b.text);
    return a.key < b.key ? -1 : 1;
  });
  const ranks = new Map(keyed.map(({ text }, rank) => [text, rank]));
  return texts.map((text) => ranks.get(text) ?? 0);
}

function sortRows(rows: readonly SnapshotRow[], sort: string): readonly SnapshotRow[] {
  const down = sort.startsWith('-');
  const key = SORTS[down ? sort.slice(1) : sort || 'decision'];
  if (key === undefined) return rows;
  const values = rows.map(key.of);
  const ranks = values.some((value) => typeof value === 'string') ? textRanks(values.map(String)) : values;
  const sign = down ? -1 : 1;
  const ranked = rows.map((row, index) => {
    const rank = ranks[index] ?? null;
    return { row, rank: rank === null ? Number.POSITIVE_INFINITY : sign * Number(rank) };
  });
  // Sorting is stable: equal rows stay in the order of the report.
  ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank));
  return ranked.map(({ row }) => row);
}

const orders = new WeakMap<readonly SnapshotRow[], Map<string, readonly SnapshotRow[]>>();

/** All rows sorted by one key; cached. Unknown values come last, equal ones stay in the order of the report. */
function sorted(rows: readonly SnapshotRow[], sort: string): readonly SnapshotRow[] {
  const known = orders.get(rows) ?? new Map<string, readonly SnapshotRow[]>();
  orders.set(rows, known);
  const order = known.get(sort) ?? sortRows(rows, sort);
  known.set(sort, order);
  return order;
}

const ROWS_PER_SLICE = 2_000;
const FIRST_PAUSE_MS = 250;
const SLICE_PAUSE_MS = 20;

/** Makes the orders and the searchable texts ahead of the first use, a part at a time. */
export function prepareSelection(rows: readonly SnapshotRow[]): void {
  const parts = ['name', '-name'].map((sort) => (): unknown => sorted(rows, sort));
  for (let from = 0; from < rows.length; from += ROWS_PER_SLICE)
    parts.push(() => rows.slice(from, from + ROWS_PER_SLICE).forEach(searchText));
  const next = (): void => {
    parts.shift()?.();
    if (parts.length > 0) setTimeout(next, SLICE_PAUSE_MS);
  };
  setTimeout(next, FIRST_PAUSE_MS);
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
  const order = sorted(rows, query.sort);
  return tests.length === 0 ? order : order.filter((row) => tests.every((test) => test(row)));
}
