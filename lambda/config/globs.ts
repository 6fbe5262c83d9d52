/**
 * Whether a whole text matches a pattern in which `*` is any run of characters (also none) and `?` exactly one;
 * case-sensitive. Costs at most the product of the lengths, whatever the pattern: glob libraries that compile to
 * regular expressions take seconds for `*a*a*a*a*b` and carry more magic than the contract has.
 */
export function globMatches(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  let [star, resume] = [-1, 0];
  while (t < text.length) {
    const sign = pattern[p];
    if (sign === '*') {
      [star, resume] = [p, t];
      p += 1;
    } else if (sign === '?' || sign === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      resume += 1;
      [p, t] = [star + 1, resume];
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** Whether a pattern has a wildcard. */
const isGlob = (pattern: string): boolean => /[*?]/.test(pattern);

/** A predicate for several patterns: any of them. */
export function anyGlob(patterns: readonly string[]): (text: string) => boolean {
  const literals = new Set(patterns.filter((pattern) => !isGlob(pattern)));
  const globs = patterns.filter(isGlob);
  return (text) => literals.has(text) || globs.some((glob) => globMatches(glob, text));
}
