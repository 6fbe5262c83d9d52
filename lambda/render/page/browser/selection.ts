import { appendTo } from '../../../core/util/append-to';
import { MARK_ORDER } from '../marks';
import type { SnapshotRow } from '../rows';
import type { WordSearch } from './search';

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

function ageTest(age: string): ((row: SnapshotRow) => boolean) | null {
  const [, from = '', to = ''] = /^(\d+)-(\d*)$/.exec(age) ?? [];
  if (from === '') return null;
  const [least, most] = [Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)];
  return (row) => row.age !== null && row.age >= least && row.age <= most;
}

const DIGITS = '0123456789';
const collator = new Intl.Collator('en', { numeric: true });

/** A text that plain comparison orders as a person does: without case, numbers by their size. */
const sortText = (text: string): string => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'));

/** Makes sort texts. Most names differ in their last number only, so the text before it is made once. */
function sortTexts(texts: readonly string[]): readonly string[] {
  const heads = new Map<string, string>();
  return texts.map((text) => {
    let end = text.length;
    while (end > 0 && DIGITS.includes(text.charAt(end - 1))) end -= 1;
    const head = text.slice(0, end);
    const known = heads.get(head) ?? sortText(head);
    heads.set(head, known);
    return end === text.length ? known : known + text.slice(end).padStart(12, '0');
  });
}

/** Sorts by texts. Only texts with the same sort text need the collator. */
function sortByText(rows: readonly SnapshotRow[], texts: readonly string[], sign: number): readonly SnapshotRow[] {
  const keys = sortTexts(texts);
  const keyed = rows.map((row, index) => ({ row, text: texts[index] ?? '', key: keys[index] ?? '' }));
  keyed.sort((a, b) => {
    if (a.key === b.key) return sign * collator.compare(a.text, b.text);
    return a.key < b.key ? -sign : sign;
  });
  return keyed.map(({ row }) => row);
}

/** Sorts by values that many rows have in common, unknown ones last. */
function sortByNumber(
  rows: readonly SnapshotRow[],
  values: readonly (string | number | null)[],
  sign: number,
): readonly SnapshotRow[] {
  const groups = new Map<number, SnapshotRow[]>();
  for (const [index, row] of rows.entries()) {
    const value = values[index] ?? null;
    appendTo(groups, value === null ? Number.POSITIVE_INFINITY : sign * Number(value), row);
  }
  return [...groups].sort(([a], [b]) => a - b).flatMap(([, group]) => group);
}

/** Equal rows stay in the order of the report. */
function makeOrder(rows: readonly SnapshotRow[], sort: string): readonly SnapshotRow[] {
  const down = sort.startsWith('-');
  const key = SORTS[down ? sort.slice(1) : sort || 'decision'];
  if (key === undefined) return rows;
  const values = rows.map(key.of);
  const sign = down ? -1 : 1;
  return values.some((value) => typeof value === 'string')
    ? sortByText(rows, values.map(String), sign)
    : sortByNumber(rows, values, sign);
}

const orders = new WeakMap<readonly SnapshotRow[], Map<string, readonly SnapshotRow[]>>();

/** All rows sorted by one key; cached. Unknown values come last, equal ones stay in the order of the report. */
export function sortRows(rows: readonly SnapshotRow[], sort: string): readonly SnapshotRow[] {
  const known = orders.get(rows) ?? new Map<string, readonly SnapshotRow[]>();
  orders.set(rows, known);
  const order = known.get(sort) ?? makeOrder(rows, sort);
  known.set(sort, order);
  return order;
}

/** Selects and sorts the rows of a query. Every word must occur; names must be equal. */
export function select(rows: readonly SnapshotRow[], query: Query, search: WordSearch): readonly SnapshotRow[] {
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
  const tests: ((row: SnapshotRow) => boolean)[] = [];
  if (query.source !== '') tests.push((row) => row.source.name === query.source);
  if (query.region !== '') tests.push((row) => row.source.region === query.region);
  if (query.kind !== '') tests.push((row) => row.source.kind === query.kind);
  if (query.decision !== '') tests.push(({ mark }) => (mark === 'copy' ? 'keep' : mark) === query.decision);
  const age = ageTest(query.age);
  if (age !== null) tests.push(age);
  tests.push(...words.map(search));
  const order = sortRows(rows, query.sort);
  return tests.length === 0 ? order : order.filter((row) => tests.every((test) => test(row)));
}
