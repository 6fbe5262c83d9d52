import { distance, closest as nearest } from 'fastest-levenshtein';

/** Beyond this a suggestion costs more than it is worth. */
const MAX_CANDIDATES = 1_000;

/** The candidate that was probably meant, or null where none is near: at most a third of the letters differ. */
export function closest(word: string, candidates: readonly string[]): string | null {
  if (candidates.length === 0 || candidates.length > MAX_CANDIDATES || word.length > 100) return null;
  const lower = word.trim().toLowerCase();
  const meant = nearest(
    lower,
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const candidate = candidates.find((known) => known.toLowerCase() === meant);
  return candidate !== undefined && distance(lower, meant) <= Math.floor(Math.max(lower.length, meant.length) / 3)
    ? candidate
    : null;
}
