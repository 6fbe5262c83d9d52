import { wrap } from '../lambda/render/terminal';

const GAP = '  ';
/** A last column that is narrower than this is written below its row. */
const MIN_LAST_COLUMN = 24;
const INDENT = '    ';

/**
 * Rows as aligned columns. The last column is wrapped to the width of the terminal, below itself or, where it is too
 * narrow, below its row.
 */
export function tableText(rows: readonly (readonly string[])[], columns: number): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.slice(0, -1).entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  const before = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const isNarrow = columns - before < MIN_LAST_COLUMN;
  return rows
    .map((row) => {
      const last = row.at(-1) ?? '';
      const cells = row.slice(0, -1);
      if (isNarrow) return `${wrap(cells.join(GAP), columns, '')}${last === '' ? '' : wrap(last, columns, INDENT)}`;
      const first = cells.map((cell, index) => `${cell.padEnd(widths[index] ?? 0)}${GAP}`).join('');
      return last === '' ? `${first.trimEnd()}\n` : wrap(last, columns, first);
    })
    .join('');
}
