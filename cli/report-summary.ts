import type { Report } from '../lambda/core/report/report-model';
import { oneLine } from '../lambda/core/util/safe-text';
import { formatNumber } from '../lambda/render/numbers';
import { sourceName } from '../lambda/render/phrases';
import { closingLine, howToDelete, outcomeLines, type TextContext } from '../lambda/render/report-header';
import { bySource } from '../lambda/render/report-sections';
import { wrap } from '../lambda/render/terminal';
import { dropColumns, fitsTable, tableRows, tableText } from '../lambda/render/text-table';
import { ceilingText, sumSizes } from '../lambda/render/totals';

const HEADER = ['SOURCE', 'KIND', 'REGION', 'SNAPSHOTS', 'KEPT', 'EXPIRED', 'UP TO'] as const;
/** The other columns say the same together. */
const SNAPSHOTS = HEADER.indexOf('SNAPSHOTS');
const INDENT = '  ';

/** Rows as a table; in a narrow terminal without a column, or with the source in a line of its own. */
function sourceTable(rows: readonly (readonly string[])[], columns: number): string {
  const shorter = dropColumns(rows, columns, [SNAPSHOTS]);
  if (fitsTable(shorter, columns)) return tableText(shorter, columns);
  const details = tableRows(
    shorter.map((row) => row.slice(1)),
    columns - INDENT.length,
  );
  return shorter.map(([source = ''], index) => `${wrap(source, columns, '')}${INDENT}${details[index] ?? ''}`).join('');
}

/** A report in short: its totals, a row per source, how to delete, and the outcome as the last line. */
export function* renderSummary(report: Report, context: TextContext, columns: number): Generator<string> {
  for (const line of outcomeLines(report, context)) yield wrap(line, columns, '');
  const rows = bySource(report.items).map((group) => {
    const [first] = group;
    const expiring = group.filter(({ verdict }) => verdict === 'expire').map(({ snapshot }) => snapshot);
    const name = first === undefined ? '' : sourceName(first.snapshot);
    return [
      first?.sourceExists === false ? `${name} (gone)` : name,
      first?.snapshot.kind ?? '',
      oneLine(first?.snapshot.region ?? ''),
      formatNumber(group.length),
      formatNumber(group.length - expiring.length),
      formatNumber(expiring.length),
      expiring.length === 0 ? '' : ceilingText(sumSizes(expiring, report.pricing)).replace('at most ', ''),
    ];
  });
  if (rows.length > 0) yield `\n${sourceTable([HEADER, ...rows], columns)}`;
  yield '\n';
  for (const line of howToDelete(report, context))
    yield typeof line === 'string' ? wrap(line, columns, '') : `    ${line.command}\n`;
  yield `\n${wrap(closingLine(report), columns, '')}`;
}
