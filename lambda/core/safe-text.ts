/**
 * Characters that a terminal, a browser or a spreadsheet would obey or hide: controls, format characters (those that change the direction of
 * writing among them), lone surrogates, line and paragraph separators, and all that is drawn as nothing.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Text with a character beyond this can need more than a look. */
const BEYOND_ASCII = /[^\n\x20-\x7e]/;
const JOINER = /[\u200c\u200d]/;
const VARIATION = /[\ufe0e\ufe0f]/;
/** What a joiner may stand between: letters of scripts that need one, and pictures. */
const JOINABLE = /^(?!\p{Script=Latin})[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}]$/u;
const PICTURE = /^\p{Extended_Pictographic}$/u;

/** Whether a character of UNSAFE is part of how a script or a picture is written, there where it is. */
function isNeeded(character: string, at: number, text: string): boolean {
  const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? '';
  if (VARIATION.test(character)) return PICTURE.test(before);
  if (!JOINER.test(character)) return false;
  const after = String.fromCodePoint(text.codePointAt(at + 1) ?? 0);
  return JOINABLE.test(before) && JOINABLE.test(after);
}

const replaced = (text: string, kept: string): string =>
  BEYOND_ASCII.test(text) || !kept.includes('\n')
    ? text.replace(UNSAFE, (character, at: number) => (kept.includes(character) || isNeeded(character, at, text) ? character : '\ufffd'))
    : text;

/** Returns text for one line or one cell, in which each character that would be obeyed or hidden is a visible `�`. */
export const visible = (text: string): string => replaced(text, '');

/** Returns text of several lines, in which each character that would be obeyed or hidden is a visible `�`; tabs and line feeds stay. */
export const visibleLines = (text: string): string => replaced(text, '\n\t');

/**
 * Escapes in JSON each character that a terminal would obey or hide. Such characters are only within its strings, so that what is parsed from
 * the result is the same value.
 */
export const escapeJson = (json: string): string =>
  BEYOND_ASCII.test(json)
    ? json.replace(UNSAFE, (character) =>
        character === '\n'
          ? character
          : [...Array(character.length).keys()].map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(''),
      )
    : json;

/** `JSON.stringify`, with all escaped that a terminal would obey or hide. */
export const jsonText = (value: unknown, indent?: number): string => escapeJson(JSON.stringify(value, null, indent));

/** A replacer of `JSON.stringify`, for logs that people read: each text in it hides nothing. */
export const visibleMembers = (_: string, value: unknown): unknown => (typeof value === 'string' ? visibleLines(value) : value);
