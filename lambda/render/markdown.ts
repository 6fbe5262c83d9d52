import type { Report } from '../core/report/report-model';
import { aboutReport, type Line, nextSteps, outcomeLines, type TextContext } from './report-header';
import { type Item, type Section, sections, unreadSection } from './report-sections';

/** Words that Markdown renderers link even if escaped: addresses, mentions, issue numbers. */
const LINKED = /(\S*(?:@|:\/\/|\bwww\.|#\d|\bGH-\d)\S*)/i;

const escapeMarkup = (text: string): string => text.replace(/[\\`*_{}[\]<>#|!&~]/g, '\\$&');

/**
 * A word that would be linked, as code. Pipes and backticks stay outside of the code: in a table a pipe would end its
 * cell there, and a backtick the code.
 */
const unlinked = (word: string): string =>
  word
    .split(/([|`])/)
    .map((part) => {
      if (part === '`') return '&grave;';
      return LINKED.test(part) ? `\`${part}\`` : escapeMarkup(part);
    })
    .join('');

/** Escapes text, also for a cell of a table: no markup, HTML, link or mention. */
export const escapeMarkdown = (text: string): string =>
  text
    .split(LINKED)
    .map((part, index) => (index % 2 === 1 ? unlinked(part) : escapeMarkup(part)))
    .join('')
    .replace(/^[+-]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2');

function* markdownLines(all: readonly Line[]): Generator<string> {
  for (const line of all)
    yield typeof line === 'string' ? `${escapeMarkdown(line)}\n\n` : `\`\`\`sh\n${line.command}\n\`\`\`\n\n`;
}

function* markdownSection({ title, lead, items }: Section): Generator<string> {
  yield `## ${escapeMarkdown(title)}\n\n`;
  yield* markdownLines(lead);
  let before: Item | null = null;
  for (const item of items()) {
    const isNew = item.heading !== undefined && item.heading !== before?.heading;
    if (isNew) yield `${before === null ? '' : '\n'}### ${escapeMarkdown(item.heading)}\n\n`;
    if (item.shared !== undefined && (isNew || item.shared !== before?.shared))
      yield `${isNew || before === null ? '' : '\n'}${escapeMarkdown(item.shared)}\n\n`;
    before = item;
    yield `- ${escapeMarkdown(item.line)}\n`;
    for (const detail of item.details ?? []) if (detail !== '') yield `  - ${escapeMarkdown(detail)}\n`;
  }
  yield '\n';
}

/** Renders the whole report as Markdown, in chunks. */
export function* renderMarkdown(report: Report, context: TextContext): Generator<string> {
  yield '# Lightsail snapshots\n\n';
  yield* markdownLines(outcomeLines(report, context));
  const missing = unreadSection(report);
  for (const each of missing === null ? sections(report) : [missing, ...sections(report)]) yield* markdownSection(each);
  yield '## Next step\n\n';
  yield* markdownLines(nextSteps(report, context));
  yield '## About this report\n\n';
  yield* markdownLines(aboutReport(report, context));
}
