/**
 * Characters that a terminal, a browser or a spreadsheet would obey or hide: controls, format characters (those that change the direction of
 * writing among them), lone surrogates, line and paragraph separators, and all that is drawn as nothing.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Nearly all text is this: nothing in it needs a closer check. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const PRINTABLE_ASCII_LINES = /^[\n\x20-\x7e]*$/;
const JOINER = /[\u200c\u200d]/;
const VARIATION = /[\ufe0e\ufe0f]/;
/** What a joiner may stand between: letters of scripts that need one, and pictures. */
const JOINABLE =
  /^(?!\p{Script=Latin}|\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}]$/u;
const PICTURE = /^\p{Extended_Pictographic}$/u;

/** Whether a character of UNSAFE is part of how a script or a picture is written, there where it is. */
function isNeeded(character: string, at: number, text: string): boolean {
  const [earlier = '', before = ''] = ['', '', ...text.slice(Math.max(0, at - 4), at)].slice(-2);
  if (VARIATION.test(character)) return PICTURE.test(before);
  if (!JOINER.test(character)) return false;
  const after = String.fromCodePoint(text.codePointAt(at + 1) ?? 0);
  const isKept = JOINABLE.test(before) || (VARIATION.test(before) && PICTURE.test(earlier));
  return isKept && JOINABLE.test(after);
}

const replaceUnsafe = (text: string, kept: string): string =>
  text.replace(UNSAFE, (character, at: number) =>
    kept.includes(character) || isNeeded(character, at, text) ? character : '\ufffd',
  );

/** Returns text for one line or one cell, in which each character that would be obeyed or hidden is a visible `�`. */
export const visible = (text: string): string => (PRINTABLE_ASCII.test(text) ? text : replaceUnsafe(text, ''));

/** Returns text of several lines, in which each character that would be obeyed or hidden is a visible `�`; tabs and line feeds stay. */
export const visibleLines = (text: string): string =>
  PRINTABLE_ASCII_LINES.test(text) ? text : replaceUnsafe(text, '\n\t');

/** `\\u202e`: one escape for each UTF-16 unit. */
const escapedUnits = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/**
 * Escapes in JSON each character that a terminal would obey or hide. Such characters are only within its strings, so that what is parsed from
 * the result is the same value.
 */
export const escapeJson = (json: string): string =>
  PRINTABLE_ASCII_LINES.test(json)
    ? json
    : json.replace(UNSAFE, (character) => (character === '\n' ? character : escapedUnits(character)));

/** `JSON.stringify`, with all escaped that a terminal would obey or hide. */
export const jsonText = (value: unknown, indent?: number): string => escapeJson(JSON.stringify(value, null, indent));

/** A replacer of `JSON.stringify`, for logs that people read: each text in it hides nothing. */
export const visibleMembers = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? visibleLines(value) : value;

const MAX_TEXT_LENGTH = 600;

/** Other people's text on one line: what could break a line, reorder or hide text becomes a visible `�`; absurdly long text is cut. */
export function oneLine(text: string): string {
  const safe = visible(text);
  return safe.length <= MAX_TEXT_LENGTH ? safe : `${safe.slice(0, MAX_TEXT_LENGTH).replace(/[\ud800-\udbff]$/, '')}…`;
}
