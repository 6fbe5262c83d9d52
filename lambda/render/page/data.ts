/** How a snapshot is drawn. */
export type PageMark = 'keep' | 'expire' | 'held' | 'aside';

/** Name, whether it is gone, kind, region, and what people call the region (empty where unknown). */
export type PageSource = readonly [name: string, gone: 0 | 1, kind: string, region: string, city: string];

/** A snapshot by position, so that tens of thousands of them name no member twice; repeated texts are indexes into the lists of PageData. */
export type PageRow = readonly [
  name: string,
  source: number,
  at: number | null,
  size: number | null,
  cost: number | null,
  mark: PageMark,
  verdict: number,
  /** Which policy evaluated; of what is expired, in short, what it does. */
  policy: number,
  reasons: string,
  tags: string,
  arnPrefix: number | null,
  arnRest: string,
];

/** What the page's script is given. Instants are epoch milliseconds. */
export interface PageData {
  readonly now: number;
  /** Offsets (ms) of the configured zone, each from an instant on, oldest first: right for every instant of the page. */
  readonly offsets: readonly (readonly [from: number, offset: number])[];
  readonly sources: readonly PageSource[];
  readonly words: readonly string[];
  readonly policies: readonly string[];
  readonly prefixes: readonly string[];
  readonly rows: readonly PageRow[];
}
