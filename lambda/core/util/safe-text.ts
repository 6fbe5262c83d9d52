/**
 * Characters that a terminal, a browser or a spreadsheet interprets or hides: controls, format characters (also those
 * of writing direction), lone surrogates, line and paragraph separators, and invisible characters.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Nearly all text; it needs no further check. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const PRINTABLE_ASCII_LINES = /^[\n\x20-\x7e]*$/;
const JOINER = /[\u200c\u200d]/;
const VARIATION = /[\ufe0e\ufe0f]/;
/** Characters that a joiner may connect: letters of scripts that need it, and pictures. */
const JOINABLE =
  /^(?!\p{Script=Latin}|\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}]$/u;
const PICTURE = /^\p{Extended_Pictographic}$/u;

/** Whether a character of UNSAFE is needed at its position by a script or a picture. */
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

/** Replaces each unsafe character by a visible `�`, for text of one line or cell. */
export const visible = (text: string): string => (PRINTABLE_ASCII.test(text) ? text : replaceUnsafe(text, ''));

/** Replaces each unsafe character but tabs and line feeds by a visible `�`. */
export const visibleLines = (text: string): string =>
  PRINTABLE_ASCII_LINES.test(text) ? text : replaceUnsafe(text, '\n\t');

/** `\\u202e`: one escape for each UTF-16 unit. */
const escapedUnits = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** Escapes each unsafe character of JSON. They occur only in its strings, so the parsed value is the same. */
export const escapeJson = (json: string): string =>
  PRINTABLE_ASCII_LINES.test(json)
    ? json
    : json.replace(UNSAFE, (character) => (character === '\n' ? character : escapedUnits(character)));

/** `JSON.stringify` with unsafe characters escaped. */
export const jsonText = (value: unknown, indent?: number): string => escapeJson(JSON.stringify(value, null, indent));

/** A replacer for `JSON.stringify` that makes unsafe characters visible, for logs. */
export const visibleMembers = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? visibleLines(value) : value;

const MAX_TEXT_LENGTH = 600;

/** Text of other people on one line: unsafe characters become a visible `�`, and very long text is cut. */
export function oneLine(text: string): string {
  const safe = visible(text);
  return safe.length <= MAX_TEXT_LENGTH ? safe : `${safe.slice(0, MAX_TEXT_LENGTH).replace(/[\ud800-\udbff]$/, '')}…`;
}
