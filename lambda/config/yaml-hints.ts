/** What in a line is probably wrong, though a reader can hardly see it; the first that is there. */
const SUSPECTS: readonly (readonly [signs: RegExp, hint: (sign: string) => string])[] = [
  [
    /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/,
    (sign) => `the line has ${hintCodeOf(sign)}, which only looks like a space: write ordinary spaces`,
  ],
  [
    /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/,
    (sign) => `the line has the invisible character ${hintCodeOf(sign)}: delete it`,
  ],
  [/[“”„‟‘’‚‛«»＂＇]/, (sign) => `the line has typographic quotes (${sign}): write plain ones, " or '`],
  [/[：，｛｝［］－＊？]/, (sign) => `the line has a full-width ${sign}: write the ordinary sign`],
  [/^\s*[–—−•‑‐]/, (sign) => `the line begins with ${sign.trim()}: write a plain - before each entry of a list`],
  [
    /\$\{|\{\{|<%|%[A-Z_]+%|\$[A-Z_]{2,}/,
    (sign) => `placeholders such as ${sign} are not replaced here: write the value itself`,
  ],
  [/^\s*\/\//, () => 'comments begin with #'],
  [/^\s*[\w-]+\s*=\s*\S/, () => 'settings are written with a colon and a space: name: value'],
  [/^\s*(?:-\s+)?[A-Za-z]+:[^\s/:]+\s*$/, () => 'a colon needs a space after it'],
];

const hintCodeOf = (sign: string): string =>
  `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** What is probably wrong with a line of a file that is refused; null where nothing strikes. */
export function lineHint(line: string): string | null {
  const content = line.replace(/(^|\s)#.*$/, '');
  for (const [signs, hint] of SUSPECTS) {
    const [sign] = signs.exec(content) ?? [];
    if (sign !== undefined) return hint(sign);
  }
  return null;
}
