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

/** SNS takes 256 KiB, attributes included; this leaves them room. */
export const MAX_BODY_BYTES = 250 * 1024;
/** Room that a section gets however long those before it are, so that thousands of expiring snapshots do not push out the problems. */
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

/** Text of a section within `room` bytes, cut between items; says how many were left out, and where they are. */
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

/** The sections within `room` bytes: each may use what those before it left, less a share for each one after it that needs it. */
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
 * The e-mail: a subject of at most 99 printable ASCII characters that says the outcome, and plain text of at most MAX_BODY_BYTES bytes. The outcome,
 * the first scopes that were not read and the next step are always there; sections are cut between items and say how much was left out and where it is.
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
