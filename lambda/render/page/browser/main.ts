import type { PageData } from '../data';
import { localClock } from '../local-clock';
import { byId, count, dollars, figure, make } from './dom';
import { unfoldWhilePrinting } from './printing';
import { type Row, readRows } from './rows';
import { NO_WISH, SORTS, select, WISH_KEYS, type Wish, wishOf } from './selection';
import { table } from './table';
import { timeline } from './timeline';

const data = JSON.parse(byId('data', HTMLScriptElement).textContent ?? '') as PageData;
const rows = readRows(data);
const clock = localClock(data);
const drawTimeline = timeline(rows, data.now, clock);
const { show } = table(clock);
const form = byId('filters', HTMLFormElement);
let wish: Wish = NO_WISH;
let here: Row | null = null;
let selected: readonly Row[] = rows;
/** A snapshot that the address names and this page does not list. */
let missing: string | null = null;

const field = (key: keyof Wish): HTMLInputElement | HTMLSelectElement => {
  const found = form.elements.namedItem(key);
  if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
  throw new Error(`the page lacks the filter ${key}`);
};

/** Fills the choices of a filter: what is there, how often. */
function choices(key: keyof Wish, of: (row: Row) => readonly [value: string, text: string]): void {
  const found = new Map<string, { text: string; rows: number }>();
  for (const row of rows) {
    const [value, text] = of(row);
    const choice = found.get(value);
    if (choice) choice.rows += 1;
    else found.set(value, { text, rows: 1 });
  }
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  const options = [...found].sort(([, a], [, b]) => compare(a.text, b.text));
  field(key).append(
    ...options.map(([value, { text, rows: amount }]) => make('option', { value }, `${text} · ${figure(amount)}`)),
  );
}

function drawSummary(): void {
  const past = selected.filter(({ mark }) => mark === 'expire').length;
  const size = selected.reduce((sum, row) => sum + (row.size ?? 0), 0);
  const cost = selected.reduce((sum, row) => sum + (row.cost ?? 0), 0);
  const which =
    selected.length === rows.length
      ? `All ${count(rows.length, 'snapshot')}`
      : `${figure(selected.length)} of ${count(rows.length, 'snapshot')}`;
  const unknown = selected.filter((row) => row.cost === null).length;
  const money = `${figure(size)} GB, at most ${dollars(cost)} per month${unknown === 0 ? '' : ` and ${figure(unknown)} of unknown size`}`;
  const found =
    selected.length === 0
      ? 'No snapshot matches'
      : `${which}: ${figure(past)} past policy, ${unknown === selected.length ? 'size and cost not known' : money}`;
  byId('summary', HTMLElement).textContent =
    missing === null ? found : `This page does not list the snapshot that the address names, ${missing}. ${found}`;
}

function drawSort(): void {
  for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) {
    const key = head.dataset.sort ?? '';
    head.setAttribute('aria-sort', wish.sort === key ? 'ascending' : wish.sort === `-${key}` ? 'descending' : 'none');
  }
}

/** Draws what is asked for now. The timeline is drawn again only where its rows changed. */
function draw(sameRows = false): void {
  selected = select(rows, wish);
  drawSort();
  drawSummary();
  show(selected, here);
  if (!sameRows) drawTimeline(selected);
}

/** Writes the wish into the address, so that it can be shared and come back to; what is typed replaces what was typed before it. */
function remember(typed: boolean): void {
  const said = WISH_KEYS.filter((key) => wish[key] !== '').map((key) => [key, wish[key]]);
  const hash = said.length === 0 ? '' : `#${new URLSearchParams(said)}`;
  if (hash === location.hash) return;
  const address = `${location.pathname}${location.search}${hash}`;
  if (typed) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

function set(next: Wish): void {
  wish = next;
  here = null;
  missing = null;
  for (const key of WISH_KEYS) field(key).value = wish[key];
}

function ask(next: Wish, { sameRows = false, typed = false } = {}): void {
  set(next);
  draw(sameRows);
  remember(typed);
}

const asked = (): Wish => wishOf((key) => field(key).value);

/** Follows the address: `#snapshot=<ARN>`, filters such as `#source=web&region=eu-central-1&sort=-age`, or nothing. False: a place of the page. */
function follow(): boolean {
  if (location.hash.length <= 1) {
    set(NO_WISH);
    draw();
    return true;
  }
  const said = new URLSearchParams(location.hash.slice(1));
  const id = said.get('snapshot');
  if (id !== null) {
    here = rows.find((row) => row.id === id) ?? null;
    missing = here === null ? id : null;
    if (here !== null && !select(rows, wish).includes(here)) wish = NO_WISH;
    for (const key of WISH_KEYS) field(key).value = wish[key];
    draw();
    const line = here && document.getElementById(`row-${here.index}`);
    line?.scrollIntoView({ block: 'center' });
    line?.focus({ preventScroll: true });
    return true;
  }
  if (!WISH_KEYS.some((key) => said.has(key))) return false;
  set(wishOf((key) => said.get(key) ?? ''));
  // A choice that is not offered is none.
  wish = asked();
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
  typing = setTimeout(() => ask(asked(), { typed: true }), 150);
});
form.addEventListener('change', ({ target }) =>
  ask(asked(), { sameRows: target instanceof HTMLElement && target.id === 'f-sort' }),
);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  ask(asked());
});
byId('clear', HTMLButtonElement).addEventListener('click', () => ask(NO_WISH));
byId('nothing', HTMLButtonElement).addEventListener('click', () => ask(NO_WISH));
for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]'))
  head.querySelector('button')?.addEventListener('click', () => {
    const key = head.dataset.sort ?? '';
    const [first, second] = SORTS[key]?.largestFirst ? [`-${key}`, key] : [key, `-${key}`];
    ask({ ...wish, sort: wish.sort === first ? second : first }, { sameRows: true });
  });
window.addEventListener('hashchange', follow);
unfoldWhilePrinting();
byId('live', HTMLElement).hidden = rows.length === 0;
if (!follow()) draw();
