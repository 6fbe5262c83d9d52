import { wrap } from './terminal';

const CELL_GAP = '  ';
/**
 * Where less than this or than its longest word is left for the last column, and less than it needs, it is written
 * below its row.
 */
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
  const longest = (texts: readonly string[]): number => texts.reduce((most, { length }) => Math.max(most, length), 0);
  const last = rows.map((row) => row.at(-1) ?? '');
  const needed = Math.max(MIN_LAST_COLUMN, longest(last.flatMap((text) => text.split(' '))));
  return { widths, isNarrow: columns - before < Math.min(needed, longest(last)) };
}

/** Whether rows fit side by side in a terminal of this width. */
export const fitsTable = (rows: readonly (readonly string[])[], columns: number): boolean =>
  !measureTable(rows, columns).isNarrow;

/** Rows without the columns of these indexes, as many of them in this order as it takes to fit. */
export function dropColumns(
  rows: readonly (readonly string[])[],
  columns: number,
  [next, ...later]: readonly number[],
): readonly (readonly string[])[] {
  if (next === undefined || fitsTable(rows, columns)) return rows;
  const left = rows.map((row) => row.filter((_, index) => index !== next));
  return dropColumns(
    left,
    columns,
    later.map((index) => (index > next ? index - 1 : index)),
  );
}

/**
 * Rows as aligned columns, a text per row. The last column is wrapped to the width of the terminal: below itself, or
 * below its row where too little is left for it.
 */
export function tableRows(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const { widths, isNarrow } = measureTable(rows, columns);
  return rows.map((row) => {
    const last = row.at(-1) ?? '';
    const cells = row.slice(0, -1);
    const first = cells.map((cell, index) => `${cell.padEnd(widths[index] ?? 0)}${CELL_GAP}`).join('');
    const above = first.trimEnd();
    // Longer rows cannot be aligned: they are wrapped between their cells.
    if (isNarrow)
      return `${above.length <= columns ? `${above}\n` : wrap(cells.join(CELL_GAP), columns, '')}${last === '' ? '' : wrap(last, columns, INDENT)}`;
    return last === '' ? `${first.trimEnd()}\n` : wrap(last, columns, first);
  });
}

/** Rows as aligned columns, in one text. */
export const tableText = (rows: readonly (readonly string[])[], columns: number): string =>
  tableRows(rows, columns).join('');
