import type { Report } from '../core/report-model';
import { foot, type Line, nextStep, outcome, type TextContext } from './frame';
import { type Item, type Section, sections, unread } from './outline';

/** How wide the terminal is, and whether it may be coloured. Colours only repeat what the words say. */
export interface TerminalStyle {
  readonly columns: number;
  readonly colour: boolean;
}

const NARROWEST = 60;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Terminal cells of a character: none for combining marks and joiners, two for wide ones. */
const cells = (character: string): number => (/[\p{Mn}\p{Me}\u200c\u200d]/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1);
const plain = /^[\x20-\x7e]*$/;
const width = (text: string): number => (plain.test(text) ? text.length : [...text].reduce((sum, character) => sum + cells(character), 0));

/** Pieces of a word that is wider than the line. */
function* pieces(word: string, room: number): Generator<string> {
  let piece = '';
  let used = 0;
  for (const character of word) {
    const size = cells(character);
    if (used + size > room) {
      yield piece;
      piece = '';
      used = 0;
    }
    piece += character;
    used += size;
  }
  yield piece;
}

/** Words broken into lines of at most `columns` cells, the first behind `first`, the others behind as many blanks. */
export function wrap(text: string, columns: number, first: string): string {
  const room = columns - first.length;
  const done: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(' ')) {
    const parts = width(word) > room ? [...pieces(word, room)] : [word];
    for (const [index, part] of parts.entries()) {
      const size = width(part);
      const glue = index === 0 && line !== '' ? 1 : 0;
      if (line !== '' && used + glue + size > room) {
        done.push(line);
        line = part;
        used = size;
      } else {
        line += (glue === 1 ? ' ' : '') + part;
        used += glue + size;
      }
    }
  }
  return [...done, line].map((each, index) => `${index === 0 ? first : ' '.repeat(first.length)}${each}\n`).join('');
}

/** The report as text for a terminal or a pipe, grouped by source, in chunks, uncut; no line but a command is wider than the terminal. */
export function* renderTerminal(report: Report, context: TextContext, style: TerminalStyle): Generator<string> {
  const columns = Math.max(NARROWEST, style.columns);
  const paint = (code: string, text: string): string => (style.colour ? `\u001b[${code}m${text.slice(0, -1)}\u001b[0m\n` : text);
  const prose = (all: readonly Line[]): string =>
    all.map((line) => (typeof line === 'string' ? wrap(line, columns, '') : paint('36', `    ${line.command}\n`))).join('');
  const title = (text: string): string => `\n${paint('1', wrap(text.toUpperCase(), columns, ''))}`;
  const entry = (item: Item, heading: string | undefined): string => {
    const source = item.heading === undefined || item.heading === heading ? '' : `\n${paint('1', wrap(item.heading, columns, ''))}`;
    const details = (item.details ?? []).filter((detail) => detail !== '').map((detail) => paint('2', wrap(detail, columns, '    ')));
    return `${source}${wrap(item.line, columns, '  - ')}${details.join('')}`;
  };
  function* part(section: Section): Generator<string> {
    yield title(section.title) + prose(section.lead);
    let heading: string | undefined;
    for (const item of section.items()) {
      yield entry(item, heading);
      heading = item.heading;
    }
  }

  const [first = '', ...rest] = outcome(report, context);
  yield paint(report.complete ? '1' : '1;31', wrap(first, columns, '')) + prose(rest);
  const missing = unread(report);
  for (const each of missing === null ? sections(report) : [missing, ...sections(report)]) yield* part(each);
  yield title('Next step') + prose(nextStep(report, context));
  yield title('About this report') + prose(foot(report, context));
}
