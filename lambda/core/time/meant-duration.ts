import { parseDuration } from './duration';

const UNIT_WORDS: readonly (readonly [RegExp, string])[] = [
  [/months?/g, 'mo'],
  [/years?|yrs?/g, 'y'],
  [/weeks?|wks?/g, 'w'],
  [/days?/g, 'd'],
  [/hours?|hrs?/g, 'h'],
];

/** A duration in other words, letters or spaces: `30 days`, `30D`, `p30d`, 30. */
export function meantDuration(value: unknown): string | null {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? `${value}d` : null;
  if (typeof value !== 'string' || value.length > 40) return null;
  const short = UNIT_WORDS.reduce(
    (text, [words, unit]) => text.replace(words, unit),
    value.toLowerCase().replace(/[\s,]+|and/g, ''),
  );
  return [short, short.toUpperCase()].find((text) => text !== value && parseDuration(text).ok) ?? null;
}
