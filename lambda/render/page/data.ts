/** How a snapshot is drawn. */
export type PageMark = 'keep' | 'expire' | 'held' | 'aside';

/** A source; `city` is empty for an unknown region. */
export type PageSource = readonly [name: string, gone: 0 | 1, kind: string, region: string, city: string];

/** A snapshot as a tuple, which is smaller than an object. Repeated texts are indexes into the lists of PageData. */
export type PageRow = readonly [
  name: string,
  source: number,
  at: number | null,
  size: number | null,
  cost: number | null,
  mark: PageMark,
  verdict: number,
  /** The policy; of an expired snapshot, the summary of its reasons. */
  policy: number,
  reasons: string,
  tags: string,
  arnPrefix: number | null,
  arnRest: string,
];

/** The data of the page script. Instants are epoch milliseconds. */
export interface PageData {
  readonly now: number;
  /** Offsets (ms) of the configured zone, each valid from an instant on, oldest first. */
  readonly offsets: readonly (readonly [from: number, offset: number])[];
  readonly sources: readonly PageSource[];
  readonly words: readonly string[];
  readonly policies: readonly string[];
  readonly prefixes: readonly string[];
  readonly rows: readonly PageRow[];
}
