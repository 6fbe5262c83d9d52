import { oneLine } from '../core/util/safe-text';
import { utf8Length } from '../core/util/utf8';
import { dayInWords } from './day-text';

/** Limits of an e-mail body, links included. */
export const MAX_EMAIL_LINES = 40;
export const MAX_EMAIL_BYTES = 8 * 1024;
/** Maximum characters of a line; a line that ends with a link may be longer. */
export const MAX_LINE_CHARACTERS = 200;
/** Maximum characters of a name or a message of other people. */
const MAX_NAME_CHARACTERS = 60;
/** Shorter maxima, for a body that exceeds its bytes. */
const NAME_LIMITS = [MAX_NAME_CHARACTERS, 40, 24, 12] as const;
/** Maximum columns of a line of a command. */
const MAX_COMMAND_COLUMNS = 76;
/** Maximum characters of a subject; SNS accepts less than 100. */
const MAX_SUBJECT_CHARACTERS = 99;

/** An e-mail as it is sent. */
export interface EmailText {
  readonly subject: string;
  readonly body: string;
}

/** Cuts text of one line to a number of characters, and marks the cut. */
function cutCharacters(text: string, max: number): string {
  const characters = [...text];
  // A joiner that the cut leaves at the end becomes visible.
  return characters.length <= max ? text : oneLine(`${characters.slice(0, max - 1).join('')}…`);
}

/** Writes text of other people: on one line, at most `max` characters, and without a link. */
export const foreignText = (text: string, max: number = MAX_NAME_CHARACTERS): string =>
  cutCharacters(oneLine(text).replace(/:\/\//g, ': //'), max);

/** A line of the body. */
export interface EmailLine {
  readonly text: string;
  /** Written after the text, and never cut. */
  readonly link?: string;
}

/** Some lines without an empty line between them. */
export type EmailBlock = readonly (string | EmailLine)[];

function lineText(line: string | EmailLine): string {
  const { text, link } = typeof line === 'string' ? { text: line, link: undefined } : line;
  const shown = cutCharacters(text, MAX_LINE_CHARACTERS).trimEnd();
  return link === undefined ? `${shown}\n` : `${shown} ${link}\n`;
}

const blocksText = (blocks: readonly EmailBlock[]): string =>
  blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map(lineText).join(''))
    .join('\n');

/** Writes the blocks, with shorter names if the body would exceed MAX_EMAIL_BYTES. */
export function fitEmail(blocksWith: (maxName: number) => readonly EmailBlock[]): string {
  const bodies = NAME_LIMITS.map((maxName) => () => blocksText(blocksWith(maxName)));
  for (const body of bodies) {
    const text = body();
    if (utf8Length(text) <= MAX_EMAIL_BYTES) return text;
  }
  return blocksText(blocksWith(NAME_LIMITS[NAME_LIMITS.length - 1] ?? 1));
}

/** Text in printable ASCII: letters lose their marks, and every other character becomes `?`. */
const asciiText = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]/gu, '?');

/** The first subject that fits, with the prefix that mail filters match. */
export function emailSubject(candidates: readonly string[]): string {
  const subjects = candidates.map((text) => `[Lightsail] ${asciiText(text)}`);
  const fitting = subjects.find((text) => text.length <= MAX_SUBJECT_CHARACTERS);
  return fitting ?? (subjects.at(-1) ?? '[Lightsail]').slice(0, MAX_SUBJECT_CHARACTERS).trimEnd();
}

/** The words of a command as they are quoted. */
const shellWords = (command: string): readonly string[] =>
  command.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];

/** Breaks a command with ` \` into lines of at most 76 columns; a longer word has a line of its own. */
export function commandLines(command: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of shellWords(command)) {
    const longer = line === '' ? `${lines.length === 0 ? '' : '  '}${word}` : `${line} ${word}`;
    if (line !== '' && longer.length + 2 > MAX_COMMAND_COLUMNS) {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    } else line = longer;
  }
  return [...lines, line];
}

/** `7 Dec 2026 09:00` of a local minute (`2026-12-07 09:00`). */
export const mediumMinute = (minute: string): string => `${dayInWords(minute.slice(0, 10))}${minute.slice(10)}`;
