import { anyGlob } from './globs';

/** Texts that patterns are compared over: all texts, or those of a fixed length over some signs. */
export type Universe = { readonly signs: string; readonly length: number } | null;

/** Beyond this many states a comparison is given up: the answer is then that nothing is covered. */
const MAX_STATES = 2_000;

/** How many states all comparisons together may still take. */
export interface Effort {
  left: number;
}

const headOf = (pattern: string): string => /^[^*?]*/.exec(pattern)?.[0] ?? '';
const tailOf = (pattern: string): string => /[^*?]*$/.exec(pattern)?.[0] ?? '';

/** Whether some text may be matched by both patterns, as far as their beginnings and ends tell. */
function canMeet(one: string, two: string): boolean {
  const [head, otherHead, tail, otherTail] = [headOf(one), headOf(two), tailOf(one), tailOf(two)];
  return (
    (head.startsWith(otherHead) || otherHead.startsWith(head)) && (tail.endsWith(otherTail) || otherTail.endsWith(tail))
  );
}

const isEnd = (pattern: string, at: number): boolean => /^\**$/.test(pattern.slice(at));

/** The positions of a pattern after one sign, from one position. A star is passed by without a sign; `null` is a sign that no pattern names. */
function* after(pattern: string, from: number, sign: string | null): Generator<number> {
  for (let at = from; at < pattern.length; at += 1) {
    const wanted = pattern[at];
    if (wanted === '*') {
      yield at;
      continue;
    }
    if (wanted === '?' || wanted === sign) yield at + 1;
    return;
  }
}

type Place = readonly [pattern: number, at: number];

/** Whether every text of one pattern is one of several patterns together: a search for a text that is not. */
function isCovered(later: string, all: readonly string[], universe: Universe, effort: Effort): boolean {
  const earlier = all.filter((pattern) => canMeet(pattern, later));
  if (earlier.length === 0) return false;
  const named = [...new Set([later, ...earlier].join('').replace(/[*?]/g, ''))];
  const signs: readonly (string | null)[] = universe === null ? [...named, null] : [...universe.signs];
  const start: readonly Place[] = earlier.map((_, i) => [i, 0]);
  const seen = new Set<string>();
  const pending: { readonly at: number; readonly places: readonly Place[]; readonly length: number }[] = [
    { at: 0, places: start, length: 0 },
  ];
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    const { at, places, length } = state;
    const isWhole = universe === null || length === universe.length;
    if (isWhole && isEnd(later, at) && !places.some(([i, place]) => isEnd(earlier[i] ?? '', place))) return false;
    if (universe !== null && isWhole) continue;
    for (const sign of signs) {
      const next = new Map<string, Place>();
      for (const [i, place] of places)
        for (const to of after(earlier[i] ?? '', place, sign)) next.set(`${i}.${to}`, [i, to]);
      const key = [...next.keys()].sort().join(' ');
      for (const to of after(later, at, sign)) {
        const id = `${to}/${universe === null ? '' : length}/${key}`;
        if (seen.has(id)) continue;
        effort.left -= 1;
        if (seen.size >= MAX_STATES || effort.left < 0) return false;
        seen.add(id);
        pending.push({ at: to, places: [...next.values()], length: length + 1 });
      }
    }
  }
  return true;
}

const EVERYTHING = /^\*+$/;

/** Whether every text that the later patterns match is matched by the earlier ones too; false also where that takes too long to find out. */
export function covers(
  earlier: readonly string[],
  later: readonly string[],
  universe: Universe = null,
  effort: Effort = { left: MAX_STATES },
): boolean {
  if (earlier.some((pattern) => EVERYTHING.test(pattern))) return true;
  const same = new Set(earlier);
  const matches = anyGlob(earlier);
  return later.every(
    (pattern) =>
      same.has(pattern) || (/[*?]/.test(pattern) ? isCovered(pattern, earlier, universe, effort) : matches(pattern)),
  );
}
