import { formatNumber } from '../../numbers';
import type { LocalClock } from '../local-clock';
import type { TrialMark } from '../marks';
import { rowView } from '../row-view';
import type { SnapshotRow } from '../rows';
import { byId, elementOf } from './dom';
import { showLeftOut } from './printing';

const ROWS_PER_PAGE = 25;
/** Maximum number of rows on paper. */
const MAX_PRINTED = 2_000;

export interface SnapshotTable {
  /** Shows the first page of these rows, or the page with `here`. */
  show(rows: readonly SnapshotRow[], here: SnapshotRow | null): void;
  /** Draws the same rows again. */
  redraw(): void;
}

/** The table. Only the rows of the current page are elements. */
export function table(clock: LocalClock, markOf: (row: SnapshotRow) => TrialMark): SnapshotTable {
  const body = byId('body', HTMLTableSectionElement);
  let rows: readonly SnapshotRow[] = [];
  let here: SnapshotRow | null = null;
  let page = 0;
  const drawPager = (pager: HTMLElement, from: number, to: number): void => {
    pager.hidden = rows.length <= ROWS_PER_PAGE;
    const where = pager.querySelector('.where');
    if (where) where.textContent = `Rows ${formatNumber(from + 1)}–${formatNumber(to)} of ${formatNumber(rows.length)}`;
    for (const button of pager.querySelectorAll('button'))
      button.disabled = button.dataset.step === '-1' ? page === 0 : (page + 1) * ROWS_PER_PAGE >= rows.length;
  };
  const draw = (from: number, to: number): void => {
    const part = rows.slice(from, to);
    body.replaceChildren(
      ...part.map((row) => elementOf(rowView(row, clock, { here: row === here, tried: markOf(row) }))),
    );
    byId('none', HTMLElement).hidden = rows.length > 0;
    byId('rows', HTMLTableElement).hidden = rows.length === 0;
    for (const pager of document.querySelectorAll<HTMLElement>('.pager')) drawPager(pager, from, from + part.length);
  };
  const drawPage = (): void => draw(page * ROWS_PER_PAGE, (page + 1) * ROWS_PER_PAGE);
  for (const button of document.querySelectorAll<HTMLButtonElement>('.pager button'))
    button.addEventListener('click', () => {
      page += Number(button.dataset.step);
      drawPage();
      byId('snapshots', HTMLElement).scrollIntoView();
      // Focus an enabled button of the visible pager: a disabled one would lose the focus.
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
    redraw: drawPage,
    show(next, wanted) {
      rows = next;
      here = wanted;
      page = wanted === null ? 0 : Math.floor(Math.max(0, rows.indexOf(wanted)) / ROWS_PER_PAGE);
      drawPage();
    },
  };
}
