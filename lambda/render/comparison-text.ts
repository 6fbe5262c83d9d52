import type { PolicyComparison } from '../core/report/compare-policies';
import type { Zone } from '../core/time/zone';
import { comparisonText, type TextTable } from './comparison-sections';
import { type TerminalStyle, wrap } from './terminal';

const COLUMN_GAP = '  ';

/**
 * A table with columns as wide as their widest cell. The first column is aligned to the left, the others to the right.
 */
function* alignedTable([head = [], ...rows]: TextTable): Generator<string> {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join(COLUMN_GAP)
      .trimEnd();
  for (const row of [head, ...rows]) yield `${lineOf(row)}\n`;
}

const isChanged = (row: readonly string[]): boolean => row.some((cell) => cell.includes(' → '));

/** Writes the comparison for a terminal or a pipe. A pipe has `columns` of infinity: nothing is wrapped. */
export function* renderComparisonText(
  comparison: PolicyComparison,
  zone: Zone,
  { columns, colour }: TerminalStyle,
): Generator<string> {
  const text = comparisonText(comparison, zone);
  const paint = (code: string, line: string): string => (colour ? `\u001b[${code}m${line.trimEnd()}\u001b[0m\n` : line);
  const title = (line: string): string => `\n${paint('1', wrap(line, columns, ''))}`;
  const change = (
    sign: string,
    code: string,
    [snapshot, source, region, created, policy, reason, cost]: readonly string[],
  ) =>
    paint(code, wrap(`${snapshot} (${source}, ${region}, ${created}, ${cost})`, columns, `  ${sign} `)) +
    wrap(`policy ${policy}: ${reason}`, columns, '      ');

  yield paint('1', wrap(text.title, columns, ''));
  for (const line of text.about) yield wrap(line, columns, '');
  yield title('Totals');
  yield* alignedTable(text.totals);
  for (const part of text.parts) {
    yield title(part.title);
    if (part.newlyExpiring.length > 1) yield 'Newly expiring:\n';
    for (const row of part.newlyExpiring.slice(1)) yield change('-', '31', row);
    if (part.newlyKept.length > 1) yield 'Newly kept:\n';
    for (const row of part.newlyKept.slice(1)) yield change('+', '32', row);
  }
  const [head = [], ...rows] = text.sources;
  const changed = rows.filter(isChanged);
  if (changed.length > 0) {
    yield title('Sources that change');
    yield* alignedTable([head, ...changed]);
  }
  yield '\n';
  for (const part of text.parts) yield paint('1', wrap(`${part.title}: ${part.outcome}`, columns, ''));
}
