import type { Report } from '../core/report-model';
import { foot, type Line, nextStep, outcome, type TextContext } from './frame';
import { type Section, sections, unread } from './outline';

/** Every character that Markdown could read as markup, HTML or a link. */
const escaped = (text: string): string => text.replace(/[\\`*_{}[\]<>#|!&~]|^[+-]/g, '\\$&').replace(/^(\d+)([.)])/, '$1\\$2');

function* lines(all: readonly Line[]): Generator<string> {
  for (const line of all) yield typeof line === 'string' ? `${escaped(line)}\n\n` : `\`\`\`sh\n${line.command}\n\`\`\`\n\n`;
}

function* part({ title, lead, items }: Section): Generator<string> {
  yield `## ${escaped(title)}\n\n`;
  yield* lines(lead);
  let heading: string | undefined;
  for (const item of items()) {
    if (item.heading !== undefined && item.heading !== heading)
      yield `${heading === undefined ? '' : '\n'}### ${escaped(item.heading)}\n\n`;
    heading = item.heading;
    yield `- ${escaped(item.line)}\n`;
    for (const detail of item.details ?? []) if (detail !== '') yield `  - ${escaped(detail)}\n`;
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
