import type { Report } from '../core/report/report-model';
import { utf8Length } from '../core/util/utf8';
import { formatNumber } from './numbers';
import {
  aboutReport,
  fullReportPlace,
  type Line,
  nextSteps,
  outcomeLines,
  reportSubject,
  type TextContext,
} from './report-header';
import { type Item, type Section, sections, unreadSection } from './report-sections';

/** Maximum size of an e-mail: SNS accepts 256 KiB with the message attributes. */
export const MAX_BODY_BYTES = 250 * 1024;
/** Each section may use at least this fraction of the e-mail, so that a long list does not displace the problems. */
const SECTION_SHARE = 14;

const heading = (title: string): string => `\n${title.toUpperCase()}\n`;
const paragraphs = (lines: readonly Line[]): string =>
  lines.map((line) => (typeof line === 'string' ? `${line}\n` : `    ${line.command}\n`)).join('');

function itemText(item: Item, before: Item | null): string {
  const title = item.heading !== undefined && item.heading !== before?.heading ? `\n${item.heading}\n` : '';
  const shared =
    item.shared !== undefined && (title !== '' || item.shared !== before?.shared) ? `${item.shared}\n` : '';
  const details = (item.details ?? []).filter((detail) => detail !== '').map((detail) => `   ${detail}\n`);
  return `${title}${shared}- ${item.line}\n${details.join('')}`;
}

const more = (left: number, place: string): string =>
  `… and ${formatNumber(left)} more, in the full report: ${place}\n`;

/** Writes a section within `maxBytes`, cut between items; names the number of omitted items and their place. */
function sectionText(section: Section, maxBytes: number, place: string): string {
  const parts = [heading(section.title), paragraphs(section.lead)];
  let left = maxBytes - utf8Length(parts.join(''));
  const reserve = utf8Length(more(section.count, place));
  let written = 0;
  let before: Item | null = null;
  for (const item of section.items()) {
    const text = itemText(item, before);
    const size = utf8Length(text);
    const last = written === section.count - 1;
    if (size + (last ? 0 : reserve) > left) break;
    parts.push(text);
    left -= size;
    written += 1;
    before = item;
  }
  if (written < section.count) parts.push(more(section.count - written, place));
  return parts.join('');
}

/**
 * Writes the sections within `maxBytes`: each may use what the earlier ones left, minus the reserve of the later ones.
 */
function layOut(parts: readonly Section[], maxBytes: number, place: string): string {
  const share = Math.floor(maxBytes / SECTION_SHARE);
  const needs = parts.map((part) =>
    Math.min(share, utf8Length(sectionText(part, share, place)) + utf8Length(more(part.count, place))),
  );
  let later = needs.reduce((sum, need) => sum + need, 0);
  let left = maxBytes;
  return parts
    .map((part, index) => {
      later -= needs[index] ?? 0;
      const text = sectionText(part, left - later, place);
      left -= utf8Length(text);
      return text;
    })
    .join('');
}

export interface EmailText {
  readonly subject: string;
  readonly body: string;
}

/**
 * Renders the e-mail: a subject of at most 99 printable ASCII characters, and plain text of at most MAX_BODY_BYTES. The
 * outcome, the first failed lists and the next steps are always complete; long sections are cut between items.
 */
export function renderEmail(report: Report, context: TextContext): EmailText {
  const place = fullReportPlace(context);
  const head = paragraphs(outcomeLines(report, context));
  const tail = `${heading('Next step')}${paragraphs(nextSteps(report, context))}${heading('About this report')}${paragraphs(aboutReport(report, context))}`;
  const missing = unreadSection(report);
  const body = layOut(
    missing === null ? sections(report, context.due) : [missing, ...sections(report, context.due)],
    MAX_BODY_BYTES - utf8Length(head) - utf8Length(tail),
    place,
  );
  return { subject: reportSubject(report), body: `${head}${body}${tail}` };
}
