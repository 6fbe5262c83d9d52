import { wrapAnsi } from 'fast-wrap-ansi';
import type { Report } from '../core/report/report-model';
import { aboutReport, closingLine, type Line, nextSteps, outcomeLines, type TextContext } from './report-header';
import { type Item, type Section, sections, unreadSection } from './report-sections';
import { fitsTable, tableRows } from './text-table';

/** The width of the terminal, and whether colours are used. Colours only repeat the text. */
export interface TerminalStyle {
  readonly columns: number;
  readonly colour: boolean;
}

const MIN_REPORT_COLUMNS = 20;

/**
 * Wraps text at `columns` cells (wide characters count two). `first` starts the first line; the others are indented as
 * much. Words are never split.
 */
export function wrap(text: string, columns: number, first: string): string {
  const lines = wrapAnsi(text, Math.max(1, columns - first.length), { hard: false }).split('\n');
  return lines.map((line, index) => `${index === 0 ? first : ' '.repeat(first.length)}${line}\n`).join('');
}

/**
 * The lines of a section's items: on a terminal that is wide enough a table of their cells; elsewhere a list.
 */
function itemRows(
  { columns: heads = [] }: Section,
  items: readonly Item[],
  columns: number,
): { readonly head: string; readonly items: readonly string[] } {
  const table = [heads, ...items.map(({ cells = [] }) => cells)];
  if (heads.length === 0 || !Number.isFinite(columns) || !fitsTable(table, columns))
    return { head: '', items: items.map(({ line }) => wrap(line, columns, '  - ')) };
  const [head = '', ...rows] = tableRows(table, columns);
  return { head, items: rows };
}

/** Renders the whole report as text, in chunks. Only commands to copy are wider than the terminal. */
export function* renderTerminal(report: Report, context: TextContext, style: TerminalStyle): Generator<string> {
  const columns = Math.max(MIN_REPORT_COLUMNS, style.columns);
  const paint = (code: string, text: string): string =>
    style.colour ? `\u001b[${code}m${text.slice(0, -1)}\u001b[0m\n` : text;
  const prose = (all: readonly Line[]): string =>
    all
      .map((line) => (typeof line === 'string' ? wrap(line, columns, '') : paint('36', `    ${line.command}\n`)))
      .join('');
  const title = (text: string): string => `\n${paint('1', wrap(text.toUpperCase(), columns, ''))}`;
  const entry = (item: Item, before: Item | null, row: string): string => {
    const source =
      item.heading === undefined || item.heading === before?.heading
        ? ''
        : `\n${paint('1', wrap(item.heading, columns, ''))}`;
    const shared =
      item.shared === undefined || (source === '' && item.shared === before?.shared)
        ? ''
        : wrap(item.shared, columns, '');
    const details = (item.details ?? [])
      .filter((detail) => detail !== '')
      .map((detail) => paint('2', wrap(detail, columns, '    ')));
    return `${source}${shared}${row}${details.join('')}`;
  };
  function* part(section: Section): Generator<string> {
    yield title(section.title) + prose(section.lead);
    const items = [...section.items()];
    const rows = itemRows(section, items, columns);
    if (rows.head !== '') yield `\n${paint('2', rows.head)}`;
    for (const [index, item] of items.entries()) yield entry(item, items[index - 1] ?? null, rows.items[index] ?? '');
  }

  const [first = '', ...rest] = outcomeLines(report, context);
  yield paint(report.complete ? '1' : '1;31', wrap(first, columns, '')) + prose(rest);
  const missing = unreadSection(report);
  for (const each of missing === null ? sections(report) : [missing, ...sections(report)]) yield* part(each);
  yield title('Next step') + prose(nextSteps(report, context));
  yield title('About this report') + prose(aboutReport(report, context));
  yield `\n${wrap(closingLine(report), columns, '')}`;
}
