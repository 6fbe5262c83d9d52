import { formatDollars, formatNumber } from '../../numbers';
import type { LocalClock } from '../local-clock';
import { byId, isolated, make } from './dom';
import { showLeftOut } from './printing';
import { linkTo, rowAge, type SnapshotRow } from './rows';

const ROWS_PER_PAGE = 50;
const MAX_PRINTED = 2_000;

const tableCell = (label: string, type: string, ...children: readonly (Node | string)[]): HTMLTableCellElement =>
  make('td', { role: 'cell', 'data-label': label, class: type }, ...children);

const dim = (text: string): HTMLElement => make('div', { class: 'dim' }, text);

function tableRow(row: SnapshotRow, here: boolean, clock: LocalClock): HTMLTableRowElement {
  const { source } = row;
  const made = row.at === null ? [] : [make('time', { class: 'dim', title: clock.minute(row.at) }, clock.day(row.at))];
  return make(
    'tr',
    { role: 'row', id: `row-${row.index}`, tabindex: '-1', class: here ? 'here' : '' },
    tableCell(
      'Snapshot',
      'name',
      make('a', { href: linkTo(row) }, isolated(row.name)),
      ...(row.tags === '' ? [] : [dim(row.tags)]),
    ),
    tableCell('Source', 'source', isolated(source.name), ...(source.gone ? [dim('no longer exists')] : [])),
    tableCell('Region', 'region', ...(source.city === '' ? [source.region] : [source.city, dim(source.region)])),
    tableCell('Kind', 'kind', source.kind),
    tableCell('Age', 'n age', rowAge(row.age), ...made),
    tableCell('Size', 'n size', row.size === null ? 'not known' : `${formatNumber(row.size)} GB`),
    tableCell('At most per month', 'n cost', row.cost === null ? 'not known' : formatDollars(row.cost)),
    tableCell(
      'Verdict',
      'verdict',
      make('span', { class: `pill ${row.mark}` }, make('span', { class: `shape ${row.mark}` }), row.verdict),
    ),
    // What is past policy says why in short first.
    row.mark === 'expire'
      ? tableCell('Why', 'why', row.policy, dim(row.reasons))
      : tableCell('Why', 'why', row.reasons, dim(row.policy)),
  );
}

export interface SnapshotTable {
  /** Shows these rows, from the first on, or from the page on which `here` stands. */
  show(rows: readonly SnapshotRow[], here: SnapshotRow | null): void;
}

/** The table: a page of rows at a time as elements, whatever the number of rows. */
export function table(clock: LocalClock): SnapshotTable {
  const body = byId('body', HTMLTableSectionElement);
  let rows: readonly SnapshotRow[] = [];
  let here: SnapshotRow | null = null;
  let page = 0;
  const draw = (from: number, to: number): void => {
    const part = rows.slice(from, to);
    body.replaceChildren(...part.map((row) => tableRow(row, row === here, clock)));
    byId('none', HTMLElement).hidden = rows.length > 0;
    byId('rows', HTMLTableElement).hidden = rows.length === 0;
    for (const pager of document.querySelectorAll<HTMLElement>('.pager')) {
      pager.hidden = rows.length <= ROWS_PER_PAGE;
      const where = pager.querySelector('.where');
      if (where)
        where.textContent = `Rows ${formatNumber(from + 1)}–${formatNumber(from + part.length)} of ${formatNumber(rows.length)}`;
      for (const button of pager.querySelectorAll('button'))
        button.disabled = button.dataset.step === '-1' ? page === 0 : (page + 1) * ROWS_PER_PAGE >= rows.length;
    }
  };
  const drawPage = (): void => draw(page * ROWS_PER_PAGE, (page + 1) * ROWS_PER_PAGE);
  for (const button of document.querySelectorAll<HTMLButtonElement>('.pager button'))
    button.addEventListener('click', () => {
      page += Number(button.dataset.step);
      drawPage();
      byId('snapshots', HTMLElement).scrollIntoView();
      // The pager that is in sight now, and of its buttons one that still leads on: a disabled one would lose the focus.
      const first = [...document.querySelectorAll<HTMLButtonElement>('.pager button')].slice(0, 2);
      const same = first.find(({ dataset }) => dataset.step === button.dataset.step);
      (same?.disabled ? first.find(({ disabled }) => !disabled) : same)?.focus({ preventScroll: true });
    });
  window.addEventListener('beforeprint', () => {
    draw(0, MAX_PRINTED);
    showLeftOut('rows-left', rows.length > MAX_PRINTED ? formatNumber(rows.length - MAX_PRINTED) : null);
  });
  window.addEventListener('afterprint', drawPage);
  return {
    show(next, wanted) {
      rows = next;
      here = wanted;
      page = wanted === null ? 0 : Math.floor(Math.max(0, rows.indexOf(wanted)) / ROWS_PER_PAGE);
      drawPage();
    },
  };
}
