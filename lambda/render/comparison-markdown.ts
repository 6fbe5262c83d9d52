import type { PolicyComparison } from '../core/report/compare-policies';
import type { Zone } from '../core/time/zone';
import { comparisonText, type TextTable } from './comparison-sections';
import { escapeMarkdown } from './markdown';

/** More rows than this would make a comment too long for GitHub (65,536 characters). */
const MAX_MARKDOWN_ROWS = 100;

function* markdownTable([head = [], ...rows]: TextTable): Generator<string> {
  const lineOf = (row: readonly string[]): string => `| ${row.map(escapeMarkdown).join(' | ')} |\n`;
  yield lineOf(head);
  yield `|${head.map(() => '---').join('|')}|\n`;
  for (const row of rows.slice(0, MAX_MARKDOWN_ROWS)) yield lineOf(row);
  if (rows.length > MAX_MARKDOWN_ROWS)
    yield `\n${rows.length - MAX_MARKDOWN_ROWS} more rows are in the text and JSON formats.\n`;
  yield '\n';
}

const hasRows = (rows: TextTable): boolean => rows.length > 1;

/**
 * The comparison as Markdown for a pull request. Names and messages of other people stay text: no link, mention, HTML
 * or comment.
 */
export function* renderComparisonMarkdown(comparison: PolicyComparison, zone: Zone): Generator<string> {
  const text = comparisonText(comparison, zone);
  yield `# ${escapeMarkdown(text.title)}\n\n`;
  for (const line of text.about) yield `${escapeMarkdown(line)}\n\n`;
  for (const { title, outcome } of text.parts) yield `**${escapeMarkdown(`${title}: ${outcome}`)}**\n\n`;
  yield* markdownTable(text.totals);
  for (const { title, newlyExpiring, newlyKept } of text.parts) {
    if (hasRows(newlyExpiring)) {
      yield `## Newly expiring: ${escapeMarkdown(title)}\n\n`;
      yield* markdownTable(newlyExpiring);
    }
    if (hasRows(newlyKept)) {
      yield `## Newly kept: ${escapeMarkdown(title)}\n\n`;
      yield* markdownTable(newlyKept);
    }
  }
  if (hasRows(text.sources)) {
    yield '## Sources\n\n';
    yield* markdownTable(text.sources);
  }
}
