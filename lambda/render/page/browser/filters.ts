import { formatCount, formatDollars, formatNumber } from '../../numbers';
import type { RowSource, SnapshotRow } from '../rows';
import { byId, make } from './dom';
import type { WordSearch } from './search';
import { EMPTY_QUERY, makeQuery, QUERY_KEYS, type Query, SORTS, select, sortRows } from './selection';

/** Fills the choices of a filter with the values of the sources and their numbers of rows. */
function choices(
  counts: ReadonlyMap<RowSource, number>,
  field: HTMLSelectElement,
  of: (source: RowSource) => readonly [value: string, text: string],
): void {
  const found = new Map<string, { text: string; rows: number }>();
  for (const [source, rows] of counts) {
    const [value, text] = of(source);
    const choice = found.get(value);
    if (choice) choice.rows += rows;
    else found.set(value, { text, rows });
  }
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  const options = [...found].sort(([, a], [, b]) => compare(a.text, b.text));
  field.append(
    ...options.map(([value, { text, rows: amount }]) => make('option', { value }, `${text} · ${formatNumber(amount)}`)),
  );
}

/** The sums of the selected rows in one line. */
function selectionText(selected: readonly SnapshotRow[], all: number): string {
  if (selected.length === 0) return 'No snapshot matches';
  let [expiring, unknown, gigabytes, dollars] = [0, 0, 0, 0];
  for (const { mark, size, cost } of selected) {
    if (mark === 'expire') expiring += 1;
    if (cost === null) unknown += 1;
    gigabytes += size ?? 0;
    dollars += cost ?? 0;
  }
  const which =
    selected.length === all
      ? `All ${formatCount(all, 'snapshot')}`
      : `${formatNumber(selected.length)} of ${formatCount(all, 'snapshot')}`;
  const rest = unknown === 0 ? '' : ` and ${formatNumber(unknown)} of unknown size`;
  const money =
    unknown === selected.length
      ? 'size and cost not known'
      : `${formatNumber(gigabytes)} GB, up to ${formatDollars(dollars)} a month${rest}`;
  return `${which}: ${formatNumber(expiring)} can be deleted, ${money}`;
}

/** A pause after which typed text is searched. */
const TYPING_PAUSE_MS = 40;

/** A pause in which the first screen is drawn and read. */
const READING_MS = 250;

type FilterField = HTMLInputElement | HTMLSelectElement | RadioNodeList;

/** Shows a value in a field; a list of radio buttons does not accept an empty one. */
function setField(field: FilterField, value: string): void {
  if (!(field instanceof RadioNodeList)) {
    field.value = value;
    return;
  }
  for (const radio of field) if (radio instanceof HTMLInputElement) radio.checked = radio.value === value;
}

/** The filters and the sort order of the table, which the address of the page repeats. */
export class TableFilters {
  private readonly form = byId('filters', HTMLFormElement);
  private query: Query = EMPTY_QUERY;

  constructor(
    private readonly rows: readonly SnapshotRow[],
    private readonly search: WordSearch,
    private readonly show: (rows: readonly SnapshotRow[], here: SnapshotRow | null) => void,
  ) {}

  /** Shows the filters, and the rows that the address asks for. */
  start(): void {
    const counts = new Map<RowSource, number>();
    for (const { source } of this.rows) counts.set(source, (counts.get(source) ?? 0) + 1);
    this.fill('source', counts, ({ name }) => [name, name]);
    this.fill('region', counts, ({ region, place }) => [region, place]);
    this.fill('kind', counts, ({ kind }) => [kind, kind]);
    this.form.hidden = false;
    this.listen();
    if (!this.followAddress()) this.draw();
    // The order by name takes the longest, so it is made before it is asked for.
    setTimeout(() => sortRows(this.rows, 'name'), READING_MS);
  }

  private fill(
    key: keyof Query,
    counts: ReadonlyMap<RowSource, number>,
    of: (source: RowSource) => readonly [value: string, text: string],
  ): void {
    const list = this.field(key);
    if (list instanceof HTMLSelectElement) choices(counts, list, of);
  }

  private field(key: keyof Query): FilterField {
    const found = this.form.elements.namedItem(key);
    if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement || found instanceof RadioNodeList)
      return found;
    throw new Error(`the page lacks the filter ${key}`);
  }

  private fillForm(): void {
    for (const key of QUERY_KEYS) setField(this.field(key), this.query[key]);
  }

  private readonly queryOfForm = (): Query => makeQuery((key) => this.field(key).value);

  private drawSort(): void {
    const { sort } = this.query;
    for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) {
      const key = head.dataset.sort ?? '';
      if ((sort || 'decision') === key) head.setAttribute('aria-sort', 'ascending');
      else if (sort === `-${key}`) head.setAttribute('aria-sort', 'descending');
      else head.removeAttribute('aria-sort');
    }
  }

  /** Draws the rows of the current query; `unlisted` is a snapshot of the address that this page does not have. */
  private draw(here: SnapshotRow | null = null, unlisted: string | null = null): void {
    const selected = select(this.rows, this.query, this.search);
    this.drawSort();
    const text = selectionText(selected, this.rows.length);
    byId('summary', HTMLElement).textContent =
      unlisted === null ? text : `This page does not list the snapshot that the address names, ${unlisted}. ${text}`;
    this.show(selected, here);
  }

  /** Writes the query into the address. Typed text replaces the history entry instead of adding one. */
  private writeAddress(typed: boolean): void {
    const parts = QUERY_KEYS.filter((key) => this.query[key] !== '').map((key) => [key, this.query[key]]);
    const hash = parts.length === 0 ? '' : `#${new URLSearchParams(parts)}`;
    if (hash === location.hash) return;
    const address = `${location.pathname}${location.search}${hash}`;
    if (typed) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
  }

  private apply(next: Query, typed = false): void {
    this.query = next;
    this.fillForm();
    this.draw();
    this.writeAddress(typed);
  }

  private followSnapshot(id: string): void {
    const here = this.rows.find((row) => row.id === id) ?? null;
    if (here !== null && !select(this.rows, this.query, this.search).includes(here)) this.query = EMPTY_QUERY;
    this.fillForm();
    this.draw(here, here === null ? id : null);
    const line = here && document.getElementById(`row-${here.index}`);
    line?.scrollIntoView({ block: 'center' });
    line?.focus({ preventScroll: true });
  }

  /** Applies the address: `#snapshot=<ARN>`, filters such as `#source=web&sort=-age`, or none. False: another anchor. */
  private readonly followAddress = (): boolean => {
    const address = new URLSearchParams(location.hash.slice(1));
    const id = address.get('snapshot');
    if (id !== null) {
      this.followSnapshot(id);
      return true;
    }
    const isEmpty = location.hash.length <= 1;
    if (!isEmpty && !QUERY_KEYS.some((key) => address.has(key))) return false;
    this.query = makeQuery((key) => address.get(key) ?? '');
    this.fillForm();
    // The form drops values that it does not offer.
    this.query = this.queryOfForm();
    this.draw();
    if (!isEmpty) byId('all', HTMLElement).scrollIntoView();
    return true;
  };

  private sortBy(key: string): void {
    const [first, second] = SORTS[key]?.largestFirst ? [`-${key}`, key] : [key, `-${key}`];
    this.apply({ ...this.query, sort: this.query.sort === first ? second : first });
  }

  private listen(): void {
    const { form, queryOfForm } = this;
    let typing: ReturnType<typeof setTimeout>;
    byId('f-text', HTMLInputElement).addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.apply(queryOfForm(), true), TYPING_PAUSE_MS);
    });
    form.addEventListener('change', () => this.apply(queryOfForm()));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.apply(queryOfForm());
    });
    for (const id of ['clear', 'nothing'])
      byId(id, HTMLButtonElement).addEventListener('click', () => this.apply(EMPTY_QUERY));
    for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) {
      const button = make('button', { type: 'button' }, head.textContent ?? '');
      head.replaceChildren(button);
      button.addEventListener('click', () => this.sortBy(head.dataset.sort ?? ''));
    }
    window.addEventListener('hashchange', this.followAddress);
  }
}
