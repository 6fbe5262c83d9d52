import { wrap } from './terminal';

const CELL_GAP = '  ';
/** Where less than this, and less than it needs, is left for the last column, it is written below its row. */
const MIN_LAST_COLUMN = 24;
const INDENT = '    ';

/** The widths of all columns but the last, and whether too little is left for that one. */
function measureTable(
  rows: readonly (readonly string[])[],
  columns: number,
): { readonly widths: readonly number[]; readonly isNarrow: boolean } {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.slice(0, -1).entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  const before = widths.reduce((sum, width) => sum + width + CELL_GAP.length, 0);
  const widestLast = rows.reduce((widest, row) => Math.max(widest, row.at(-1)?.length ?? 0), 0);
  return { widths, isNarrow: columns - before < Math.min(MIN_LAST_COLUMN, widestLast) };
}

/** Whether rows fit side by side in a terminal of this width. */
export const fitsTable = (rows: readonly (readonly string[])[], columns: number): boolean =>
  !measureTable(rows, columns).isNarrow;

/**
 * Rows as aligned columns, a text per row. The last column is wrapped to the width of the terminal: below itself, or
 * below its row where too little is left for it.
 */
export function tableRows(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const { widths, isNarrow } = measureTable(rows, columns);
  return rows.map((row) => {
    const last = row.at(-1) ?? '';
    const cells = row.slice(0, -1);
    if (isNarrow) return `${wrap(cells.join(CELL_GAP), columns, '')}${last === '' ? '' : wrap(last, columns, INDENT)}`;
    const first = cells.map((cell, index) => `${cell.padEnd(widths[index] ?? 0)}${CELL_GAP}`).join('');
    return last === '' ? `${first.trimEnd()}\n` : wrap(last, columns, first);
  });
}

/** Rows as aligned columns, in one text. */
export const tableText = (rows: readonly (readonly string[])[], columns: number): string =>
  tableRows(rows, columns).join('');
