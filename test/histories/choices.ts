/** What can go unusually at a point of a history. */
export const CATEGORIES = ['fault', 'reading', 'list', 'store', 'act', 'crash', 'suspend', 'clock', 'slow'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Decides what happens at each point of a history. Option 0 is always the usual one. */
export interface Choices {
  choose(category: Category, options: number): number;
}

/** A seeded source of numbers (mulberry32): the same seed gives the same history. */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 to 1, 1 excluded. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number of a range, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the values; the list must not be empty. */
  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}

/** How likely something unusual of each category is at each point. */
export type Rates = Readonly<Record<Category, number>>;

export const QUIET: Rates = {
  fault: 0,
  reading: 0,
  list: 0,
  store: 0,
  act: 0,
  crash: 0,
  suspend: 0,
  clock: 0,
  slow: 0,
};

/** Chooses by chance, at rates that can be set again: the end of a history has no faults. */
export class RandomChoices implements Choices {
  rates: Rates;
  private readonly random: Random;
  constructor(random: Random, rates: Rates) {
    this.random = random;
    this.rates = rates;
  }

  choose(category: Category, options: number): number {
    if (options < 2 || !this.random.chance(this.rates[category])) return 0;
    return 1 + this.random.below(options - 1);
  }
}

/** How many unusual choices of each category one explored history may have. */
export type Bound = Readonly<Partial<Record<Category, number>>>;

/**
 * Walks through all histories within a bound, depth first: each run of a history follows the prefix, then takes the
 * usual option.
 */
export class Exploration implements Choices {
  private prefix: readonly number[] = [];
  private trail: { readonly taken: number; readonly options: number }[] = [];
  private left: Partial<Record<Category, number>> = {};
  private readonly bound: Bound;
  constructor(bound: Bound) {
    this.bound = bound;
  }

  /** Begins a history. */
  start(prefix: readonly number[] = this.prefix): void {
    this.prefix = prefix;
    this.trail = [];
    this.left = { ...this.bound };
  }

  /** No further unusual choice in this history. */
  exhaust(): void {
    this.left = {};
  }

  choose(category: Category, options: number): number {
    const left = this.left[category] ?? 0;
    if (left === 0 || options < 2) return 0;
    const taken = this.prefix[this.trail.length] ?? 0;
    this.trail.push({ taken, options });
    if (taken > 0) this.left[category] = left - 1;
    return taken;
  }

  /** The choices of the history that was just run: with them it can be repeated. */
  get path(): readonly number[] {
    const path = this.trail.map(({ taken }) => taken);
    while (path.at(-1) === 0) path.pop();
    return path;
  }

  /** Moves to the next history; false: all were run. */
  advance(): boolean {
    let index = this.trail.length - 1;
    for (; index >= 0; index -= 1) {
      const { taken, options } = this.trail[index] ?? { taken: 0, options: 0 };
      if (taken + 1 < options) break;
    }
    if (index < 0) return false;
    this.prefix = [...this.trail.slice(0, index).map(({ taken }) => taken), (this.trail[index]?.taken ?? 0) + 1];
    return true;
  }
}
