import { formatCount, formatDollars, formatNumber } from '../../numbers';
import type { PageData } from '../data';
import { clockOf, pageZone } from '../local-clock';
import { readRows, type SnapshotRow } from '../rows';
import { copyText, enableCopying } from './copying';
import { byId, make } from './dom';
import { unfoldWhilePrinting } from './printing';
import { EMPTY_QUERY, makeQuery, QUERY_KEYS, type Query, SORTS, select } from './selection';
import { table } from './table';
import { timeline } from './timeline';
import { Trial } from './trial';

/** The part of the page below the lists that the report wrote: timeline, trial, table. */
function explore(data: PageData, allRows: readonly SnapshotRow[]): void {
  const clock = clockOf(pageZone(data));
  let redraw = (): void => undefined;
  const trial = new Trial(data, allRows, () => redraw());
  const { show, redraw: redrawTable } = table(clock, (row) => trial.markOf(row));
  byId('timeline', HTMLElement).hidden = false;
  for (const link of document.querySelectorAll<HTMLElement>('.scripted')) link.hidden = false;
  trial.start();
  const drawTimeline = timeline(allRows, data.now, clock, {
    markOf: (row) => trial.markOf(row),
    triedOf: (row) => trial.triedOf(row),
  });
  let frame = 0;
  redraw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      drawTimeline();
      redrawTable();
    });
  };
  document
    .getElementById('copy-policy')
    ?.addEventListener('click', () => void copyText(trial.yaml(), 'Policy copied.'));
  filterTable(allRows, show);
}

/** Fills the choices of a filter with the values of the rows and their numbers. */
function choices(
  allRows: readonly SnapshotRow[],
  field: HTMLSelectElement,
  of: (row: SnapshotRow) => readonly [value: string, text: string],
): void {
  const found = new Map<string, { text: string; rows: number }>();
  for (const row of allRows) {
    const [value, text] = of(row);
    const choice = found.get(value);
    if (choice) choice.rows += 1;
    else found.set(value, { text, rows: 1 });
  }
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  const options = [...found].sort(([, a], [, b]) => compare(a.text, b.text));
  field.append(
    ...options.map(([value, { text, rows: amount }]) => make('option', { value }, `${text} · ${formatNumber(amount)}`)),
  );
}

/** The sums of the selected rows in one line. */
function summaryText(selected: readonly SnapshotRow[], all: number): string {
  if (selected.length === 0) return 'No snapshot matches';
  const expiring = selected.filter(({ mark }) => mark === 'expire').length;
  const unknown = selected.filter((row) => row.cost === null).length;
  const size = selected.reduce((sum, row) => sum + (row.size ?? 0), 0);
  const cost = selected.reduce((sum, row) => sum + (row.cost ?? 0), 0);
  const which =
    selected.length === all
      ? `All ${formatCount(all, 'snapshot')}`
      : `${formatNumber(selected.length)} of ${formatCount(all, 'snapshot')}`;
  const rest = unknown === 0 ? '' : ` and ${formatNumber(unknown)} of unknown size`;
  const money =
    unknown === selected.length
      ? 'size and cost not known'
      : `${formatNumber(size)} GB, up to ${formatDollars(cost)} a month${rest}`;
  return `${which}: ${formatNumber(expiring)} can be deleted, ${money}`;
}

type Field = HTMLInputElement | HTMLSelectElement | RadioNodeList;

/** Shows a value in a field; a list of radio buttons does not accept an empty one. */
function setField(field: Field, value: string): void {
  if (!(field instanceof RadioNodeList)) {
    field.value = value;
    return;
  }
  for (const radio of field) if (radio instanceof HTMLInputElement) radio.checked = radio.value === value;
}

/** Connects the filters, the sort order and the address with the table. */
function filterTable(
  allRows: readonly SnapshotRow[],
  show: (rows: readonly SnapshotRow[], here: SnapshotRow | null) => void,
): void {
  const form = byId('filters', HTMLFormElement);
  let query: Query = EMPTY_QUERY;
  const field = (key: keyof Query): Field => {
    const found = form.elements.namedItem(key);
    if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement || found instanceof RadioNodeList)
      return found;
    throw new Error(`the page lacks the filter ${key}`);
  };
  const drawSort = (): void => {
    for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) {
      const key = head.dataset.sort ?? '';
      const sort = query.sort === '' ? 'decision' : query.sort;
      if (sort === key) head.setAttribute('aria-sort', 'ascending');
      else if (sort === `-${key}`) head.setAttribute('aria-sort', 'descending');
      else head.removeAttribute('aria-sort');
    }
  };
  /** Draws the rows of the current query; `unlisted` is a snapshot of the address that this page does not have. */
  const draw = (here: SnapshotRow | null = null, unlisted: string | null = null): void => {
    const selected = select(allRows, query);
    drawSort();
    const text = summaryText(selected, allRows.length);
    byId('summary', HTMLElement).textContent =
      unlisted === null ? text : `This page does not list the snapshot that the address names, ${unlisted}. ${text}`;
    show(selected, here);
  };
  /** Writes the query into the address. Typed text replaces the history entry instead of adding one. */
  const writeAddress = (typed: boolean): void => {
    const parts = QUERY_KEYS.filter((key) => query[key] !== '').map((key) => [key, query[key]]);
    const hash = parts.length === 0 ? '' : `#${new URLSearchParams(parts)}`;
    if (hash === location.hash) return;
    const address = `${location.pathname}${location.search}${hash}`;
    if (typed) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
  };
  const setQuery = (next: Query): void => {
    query = next;
    for (const key of QUERY_KEYS) setField(field(key), query[key]);
  };
  const applyQuery = (next: Query, typed = false): void => {
    setQuery(next);
    draw();
    writeAddress(typed);
  };
  const queryOfForm = (): Query => makeQuery((key) => field(key).value);
  const followSnapshot = (id: string): void => {
    const here = allRows.find((row) => row.id === id) ?? null;
    if (here !== null && !select(allRows, query).includes(here)) query = EMPTY_QUERY;
    for (const key of QUERY_KEYS) setField(field(key), query[key]);
    draw(here, here === null ? id : null);
    const line = here && document.getElementById(`row-${here.index}`);
    line?.scrollIntoView({ block: 'center' });
    line?.focus({ preventScroll: true });
  };
  /** Applies the address: `#snapshot=<ARN>`, filters such as `#source=web&sort=-age`, or none. False: another anchor. */
  const followAddress = (): boolean => {
    const address = new URLSearchParams(location.hash.slice(1));
    const id = address.get('snapshot');
    if (id !== null) {
      followSnapshot(id);
      return true;
    }
    if (location.hash.length <= 1) {
      setQuery(EMPTY_QUERY);
      draw();
      return true;
    }
    if (!QUERY_KEYS.some((key) => address.has(key))) return false;
    setQuery(makeQuery((key) => address.get(key) ?? ''));
    // The form drops values that it does not offer.
    query = queryOfForm();
    draw();
    byId('all', HTMLElement).scrollIntoView();
    return true;
  };
  const listen = (): void => {
    let typing: ReturnType<typeof setTimeout>;
    byId('f-text', HTMLInputElement).addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => applyQuery(queryOfForm(), true), 150);
    });
    form.addEventListener('change', () => applyQuery(queryOfForm()));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      applyQuery(queryOfForm());
    });
    for (const id of ['clear', 'nothing'])
      byId(id, HTMLButtonElement).addEventListener('click', () => applyQuery(EMPTY_QUERY));
    for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) {
      const button = make('button', { type: 'button' }, head.textContent ?? '');
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const key = head.dataset.sort ?? '';
        const [first, second] = SORTS[key]?.largestFirst ? [`-${key}`, key] : [key, `-${key}`];
        applyQuery({ ...query, sort: query.sort === first ? second : first });
      });
    }
    window.addEventListener('hashchange', followAddress);
  };
  for (const [key, of] of [
    ['source', ({ source }: SnapshotRow) => [source.name, source.name] as const],
    ['region', ({ source }: SnapshotRow) => [source.region, source.place] as const],
    ['kind', ({ source }: SnapshotRow) => [source.kind, source.kind] as const],
  ] as const) {
    const list = field(key);
    if (list instanceof HTMLSelectElement) choices(allRows, list, of);
  }
  form.hidden = false;
  listen();
  if (!followAddress()) draw();
}

/** The choice of the hold command. */
function enableHoldChoice(): void {
  const pick = document.getElementById('pick');
  const code = document.getElementById('hold-command');
  if (!(pick instanceof HTMLSelectElement) || code === null) return;
  const box = pick.closest<HTMLElement>('.pick');
  if (box) box.hidden = false;
  for (const note of document.querySelectorAll<HTMLElement>('.unscripted')) note.hidden = true;
  pick.addEventListener('change', () => {
    const words = pick.value.split(' ').flatMap((word) => [' ', make('span', {}, word)]);
    code.replaceChildren(...words.slice(1));
  });
}

function enableOpenAll(): void {
  const button = document.getElementById('open-all');
  if (button === null) return;
  const groups = [...document.querySelectorAll<HTMLDetailsElement>('details.grp')];
  button.hidden = groups.length === 0;
  button.addEventListener('click', () => {
    const open = !groups.every((group) => group.open);
    for (const group of groups) group.open = open;
    button.textContent = open ? 'Hide snapshots' : 'Show every snapshot';
  });
}

const data = JSON.parse(byId('data', HTMLScriptElement).textContent ?? '') as PageData;
const rows = readRows(data);
enableCopying();
enableHoldChoice();
enableOpenAll();
unfoldWhilePrinting();
if (rows.length > 0) explore(data, rows);
