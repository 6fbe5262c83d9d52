import { anyGlob } from './globs';

/** Texts that patterns are compared over: all texts, or those of a fixed length over some signs. */
export type Universe = { readonly signs: string; readonly length: number } | null;

/** Beyond this many states a comparison is given up: the answer is then that nothing is covered. */
const MAX_STATES = 2_000;

/** How many states all comparisons together may still take. */
export interface Effort {
  left: number;
}

const globHead = (pattern: string): string => /^[^*?]*/.exec(pattern)?.[0] ?? '';
const tailOf = (pattern: string): string => /[^*?]*$/.exec(pattern)?.[0] ?? '';

/** Whether some text may be matched by both patterns, as far as their beginnings and ends tell. */
function canMeet(one: string, two: string): boolean {
  const [head, otherHead, tail, otherTail] = [globHead(one), globHead(two), tailOf(one), tailOf(two)];
  return (
    (head.startsWith(otherHead) || otherHead.startsWith(head)) && (tail.endsWith(otherTail) || otherTail.endsWith(tail))
  );
}

const isEnd = (pattern: string, at: number): boolean => /^\**$/.test(pattern.slice(at));

/**
 * The positions of a pattern after one sign, from one position. A star is passed by without a sign; `null` is a sign
 * that no pattern names.
 */
function* positionsAfter(pattern: string, from: number, sign: string | null): Generator<number> {
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

type SetPosition = readonly [pattern: number, at: number];

/**
 * A state of the search: a position in the later pattern, and all positions in the earlier ones, after the same text.
 */
interface SearchState {
  readonly at: number;
  readonly places: readonly SetPosition[];
  readonly length: number;
}

/** A search for a text of one pattern that none of several patterns matches. */
class GlobSearch {
  private readonly signs: readonly (string | null)[];
  private readonly seen = new Set<string>();
  private readonly pending: SearchState[];

  constructor(
    private readonly later: string,
    private readonly earlier: readonly string[],
    private readonly universe: Universe,
    private readonly effort: Effort,
  ) {
    const named = [...new Set([later, ...earlier].join('').replace(/[*?]/g, ''))];
    this.signs = universe === null ? [...named, null] : [...universe.signs];
    this.pending = [{ at: 0, places: earlier.map((_, i) => [i, 0]), length: 0 }];
  }

  /** Whether there is no such text; false also where the effort does not suffice. */
  findsNone(): boolean {
    for (let state = this.pending.pop(); state !== undefined; state = this.pending.pop()) {
      const isWhole = this.universe === null || state.length === this.universe.length;
      if (isWhole && this.isFound(state)) return false;
      if (this.universe !== null && isWhole) continue;
      if (!this.signs.every((sign) => this.read(state, sign))) return false;
    }
    return true;
  }

  private isFound({ at, places }: SearchState): boolean {
    return isEnd(this.later, at) && !places.some(([i, place]) => isEnd(this.earlier[i] ?? '', place));
  }

  /** Adds the states after one more sign. Returns false where the effort does not suffice. */
  private read({ at, places, length }: SearchState, sign: string | null): boolean {
    const next = new Map<string, SetPosition>();
    for (const [i, place] of places)
      for (const to of positionsAfter(this.earlier[i] ?? '', place, sign)) next.set(`${i}.${to}`, [i, to]);
    const key = [...next.keys()].sort().join(' ');
    for (const to of positionsAfter(this.later, at, sign)) {
      const id = `${to}/${this.universe === null ? '' : length}/${key}`;
      if (this.seen.has(id)) continue;
      this.effort.left -= 1;
      if (this.seen.size >= MAX_STATES || this.effort.left < 0) return false;
      this.seen.add(id);
      this.pending.push({ at: to, places: [...next.values()], length: length + 1 });
    }
    return true;
  }
}

/** Whether every text of one pattern is one of several patterns together. */
function isCoveredByAll(later: string, all: readonly string[], universe: Universe, effort: Effort): boolean {
  const earlier = all.filter((pattern) => canMeet(pattern, later));
  return earlier.length > 0 && new GlobSearch(later, earlier, universe, effort).findsNone();
}

const EVERYTHING = /^\*+$/;

/**
 * Whether every text that the later patterns match is matched by the earlier ones too; false also where that takes too
 * long to find out.
 */
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
      same.has(pattern) ||
      (/[*?]/.test(pattern) ? isCoveredByAll(pattern, earlier, universe, effort) : matches(pattern)),
  );
}
