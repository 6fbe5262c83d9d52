import type { Report } from '../core/report/report-model';
import { figure } from './phrases';
import { foot, fullReportPlace, type Line, nextStep, outcome, subject, type TextContext } from './report-header';
import { type Item, type Section, sections, unread } from './report-sections';

/** SNS takes 256 KiB, attributes included; this leaves them room. */
export const MAX_BODY_BYTES = 250 * 1024;
/** Room that a section gets however long those before it are, so that thousands of expiring snapshots do not push out the problems. */
const SHARE = 14;

const encoder = new TextEncoder();
const bytes = (text: string): number => encoder.encode(text).length;

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

const more = (left: number, place: string): string => `… and ${figure(left)} more, in the full report: ${place}\n`;

/** Text of a section within `room` bytes, cut between items; says how many were left out, and where they are. */
function sectionText(section: Section, room: number, place: string): string {
  const parts = [heading(section.title), paragraphs(section.lead)];
  let left = room - bytes(parts.join(''));
  const reserve = bytes(more(section.count, place));
  let written = 0;
  let before: Item | null = null;
  for (const item of section.items()) {
    const text = itemText(item, before);
    const size = bytes(text);
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
function layOut(parts: readonly Section[], room: number, place: string): string {
  const share = Math.floor(room / SHARE);
  const needs = parts.map((part) =>
    Math.min(share, bytes(sectionText(part, share, place)) + bytes(more(part.count, place))),
  );
  let later = needs.reduce((sum, need) => sum + need, 0);
  let left = room;
  return parts
    .map((part, index) => {
      later -= needs[index] ?? 0;
      const text = sectionText(part, left - later, place);
      left -= bytes(text);
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
  const head = paragraphs(outcome(report, context));
  const tail = `${heading('Next step')}${paragraphs(nextStep(report, context))}${heading('About this report')}${paragraphs(foot(report, context))}`;
  const missing = unread(report);
  const body = layOut(
    missing === null ? sections(report, context.due) : [missing, ...sections(report, context.due)],
    MAX_BODY_BYTES - bytes(head) - bytes(tail),
    place,
  );
  return { subject: subject(report), body: `${head}${body}${tail}` };
}
