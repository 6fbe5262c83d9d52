import type { Report } from '../core/report/report-model';
import { foot, type Line, nextStep, outcome, type TextContext } from './report-header';
import { type Item, type Section, sections, unread } from './report-sections';

/** Words of which a reader of Markdown makes a link, or calls somebody, however they are escaped: addresses, mentions, numbers of issues. */
const LINKED = /(\S*(?:@|:\/\/|\bwww\.|#\d|\bGH-\d)\S*)/i;

/** A word that stays what it is, backticks included. */
function code(word: string): string {
  const longest = Math.max(0, ...(word.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `\`${word}\`` : `${fence} ${word} ${fence}`;
}

/** Text in which nothing is markup, HTML, a link or a mention. */
export const escapedMarkdown = (text: string): string =>
  text
    .split(LINKED)
    .map((part, index) => (index % 2 === 1 ? code(part) : part.replace(/[\\`*_{}[\]<>#|!&~]/g, '\\$&')))
    .join('')
    .replace(/^[+-]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2');

function* lines(all: readonly Line[]): Generator<string> {
  for (const line of all)
    yield typeof line === 'string' ? `${escapedMarkdown(line)}\n\n` : `\`\`\`sh\n${line.command}\n\`\`\`\n\n`;
}

function* part({ title, lead, items }: Section): Generator<string> {
  yield `## ${escapedMarkdown(title)}\n\n`;
  yield* lines(lead);
  let before: Item | null = null;
  for (const item of items()) {
    const isNew = item.heading !== undefined && item.heading !== before?.heading;
    if (isNew) yield `${before === null ? '' : '\n'}### ${escapedMarkdown(item.heading)}\n\n`;
    if (item.shared !== undefined && (isNew || item.shared !== before?.shared))
      yield `${isNew || before === null ? '' : '\n'}${escapedMarkdown(item.shared)}\n\n`;
    before = item;
    yield `- ${escapedMarkdown(item.line)}\n`;
    for (const detail of item.details ?? []) if (detail !== '') yield `  - ${escapedMarkdown(detail)}\n`;
  }
  yield '\n';
}

/** The report as Markdown, in chunks, uncut. Other people's text stays text. */
export function* renderMarkdown(report: Report, context: TextContext): Generator<string> {
  yield '# Lightsail snapshots\n\n';
  yield* lines(outcome(report, context));
  const missing = unread(report);
  for (const each of missing === null ? sections(report) : [missing, ...sections(report)]) yield* part(each);
  yield '## Next step\n\n';
  yield* lines(nextStep(report, context));
  yield '## About this report\n\n';
  yield* lines(foot(report, context));
}
