import { formatCount, formatDollars, formatNumber } from '../../numbers';
import type { PageData } from '../data';
import { localClock } from '../local-clock';
import { byId, make } from './dom';
import { unfoldWhilePrinting } from './printing';
import { readRows, type SnapshotRow } from './rows';
import { EMPTY_QUERY, makeQuery, QUERY_KEYS, type Query, SORTS, select } from './selection';
import { table } from './table';
import { timeline } from './timeline';

const data = JSON.parse(byId('data', HTMLScriptElement).textContent ?? '') as PageData;
const allRows = readRows(data);
const clock = localClock(data);
const drawTimeline = timeline(allRows, data.now, clock);
const { show } = table(clock);
const form = byId('filters', HTMLFormElement);
let query: Query = EMPTY_QUERY;
let here: SnapshotRow | null = null;
let selectedRows: readonly SnapshotRow[] = allRows;
/** A snapshot that the address names and this page does not list. */
let unlistedId: string | null = null;

const field = (key: keyof Query): HTMLInputElement | HTMLSelectElement => {
  const found = form.elements.namedItem(key);
  if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
  throw new Error(`the page lacks the filter ${key}`);
};

/** Fills the choices of a filter: what is there, how often. */
function choices(key: keyof Query, of: (row: SnapshotRow) => readonly [value: string, text: string]): void {
  const found = new Map<string, { text: string; rows: number }>();
  for (const row of allRows) {
    const [value, text] = of(row);
    const choice = found.get(value);
    if (choice) choice.rows += 1;
    else found.set(value, { text, rows: 1 });
  }
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  const options = [...found].sort(([, a], [, b]) => compare(a.text, b.text));
  field(key).append(
    ...options.map(([value, { text, rows: amount }]) => make('option', { value }, `${text} · ${formatNumber(amount)}`)),
  );
}

function drawSummary(): void {
  const past = selectedRows.filter(({ mark }) => mark === 'expire').length;
  const size = selectedRows.reduce((sum, row) => sum + (row.size ?? 0), 0);
  const cost = selectedRows.reduce((sum, row) => sum + (row.cost ?? 0), 0);
  const which =
    selectedRows.length === allRows.length
      ? `All ${formatCount(allRows.length, 'snapshot')}`
      : `${formatNumber(selectedRows.length)} of ${formatCount(allRows.length, 'snapshot')}`;
  const unknown = selectedRows.filter((row) => row.cost === null).length;
  const money = `${formatNumber(size)} GB, at most ${formatDollars(cost)} per month${unknown === 0 ? '' : ` and ${formatNumber(unknown)} of unknown size`}`;
  const found =
    selectedRows.length === 0
      ? 'No snapshot matches'
      : `${which}: ${formatNumber(past)} past policy, ${unknown === selectedRows.length ? 'size and cost not known' : money}`;
  byId('summary', HTMLElement).textContent =
    unlistedId === null
      ? found
      : `This page does not list the snapshot that the address names, ${unlistedId}. ${found}`;
}

function drawSort(): void {
  for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) {
    const key = head.dataset.sort ?? '';
    head.setAttribute('aria-sort', query.sort === key ? 'ascending' : query.sort === `-${key}` ? 'descending' : 'none');
  }
}

/** Draws what is asked for now. The timeline is drawn again only where its rows changed. */
function draw(sameRows = false): void {
  selectedRows = select(allRows, query);
  drawSort();
  drawSummary();
  show(selectedRows, here);
  if (!sameRows) drawTimeline(selectedRows);
}

/** Writes the wish into the address, so that it can be shared and come back to; what is typed replaces what was typed before it. */
function writeAddress(typed: boolean): void {
  const said = QUERY_KEYS.filter((key) => query[key] !== '').map((key) => [key, query[key]]);
  const hash = said.length === 0 ? '' : `#${new URLSearchParams(said)}`;
  if (hash === location.hash) return;
  const address = `${location.pathname}${location.search}${hash}`;
  if (typed) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

function setQuery(next: Query): void {
  query = next;
  here = null;
  unlistedId = null;
  for (const key of QUERY_KEYS) field(key).value = query[key];
}

function applyQuery(next: Query, { sameRows = false, typed = false } = {}): void {
  setQuery(next);
  draw(sameRows);
  writeAddress(typed);
}

const queryOfForm = (): Query => makeQuery((key) => field(key).value);

/** Follows the address: `#snapshot=<ARN>`, filters such as `#source=web&region=eu-central-1&sort=-age`, or nothing. False: a place of the page. */
function followAddress(): boolean {
  if (location.hash.length <= 1) {
    setQuery(EMPTY_QUERY);
    draw();
    return true;
  }
  const said = new URLSearchParams(location.hash.slice(1));
  const id = said.get('snapshot');
  if (id !== null) {
    here = allRows.find((row) => row.id === id) ?? null;
    unlistedId = here === null ? id : null;
    if (here !== null && !select(allRows, query).includes(here)) query = EMPTY_QUERY;
    for (const key of QUERY_KEYS) field(key).value = query[key];
    draw();
    const line = here && document.getElementById(`row-${here.index}`);
    line?.scrollIntoView({ block: 'center' });
    line?.focus({ preventScroll: true });
    return true;
  }
  if (!QUERY_KEYS.some((key) => said.has(key))) return false;
  setQuery(makeQuery((key) => said.get(key) ?? ''));
  // A choice that is not offered is none.
  query = queryOfForm();
  draw();
  byId('explore', HTMLElement).scrollIntoView();
  return true;
}

choices('source', ({ source }) => [source.name, source.name]);
choices('region', ({ source }) => [source.region, source.place]);
choices('kind', ({ source }) => [source.kind, source.kind]);
choices('verdict', ({ verdict }) => [verdict, verdict]);

let typing: ReturnType<typeof setTimeout>;
field('text').addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => applyQuery(queryOfForm(), { typed: true }), 150);
});
form.addEventListener('change', ({ target }) =>
  applyQuery(queryOfForm(), { sameRows: target instanceof HTMLElement && target.id === 'f-sort' }),
);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  applyQuery(queryOfForm());
});
byId('clear', HTMLButtonElement).addEventListener('click', () => applyQuery(EMPTY_QUERY));
byId('nothing', HTMLButtonElement).addEventListener('click', () => applyQuery(EMPTY_QUERY));
for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]'))
  head.querySelector('button')?.addEventListener('click', () => {
    const key = head.dataset.sort ?? '';
    const [first, second] = SORTS[key]?.largestFirst ? [`-${key}`, key] : [key, `-${key}`];
    applyQuery({ ...query, sort: query.sort === first ? second : first }, { sameRows: true });
  });
window.addEventListener('hashchange', followAddress);
unfoldWhilePrinting();
byId('live', HTMLElement).hidden = allRows.length === 0;
if (!followAddress()) draw();
