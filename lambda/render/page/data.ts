/** How a snapshot is drawn. `fix`: kept, and needs a fix; `copy`: a kept copy of an automatic snapshot. */
export type PageMark = 'expire' | 'keep' | 'held' | 'fix' | 'copy';

/** A source. `city` is empty for an unknown region; `alone`: no ARN is known, so each snapshot is evaluated alone. */
export type PageSource = readonly [name: string, gone: 0 | 1, kind: string, region: string, city: string, alone: 0 | 1];

/** A snapshot as a tuple, which is smaller than an object. Repeated texts are indexes into the lists of PageData. */
export type PageRow = readonly [
  name: string,
  source: number,
  at: number | null,
  size: number | null,
  cost: number | null,
  mark: PageMark,
  decision: number,
  /** The policy in words. */
  policy: number,
  /** One sentence. */
  why: number,
  /** All reasons, each an index. Snapshots share most of them. */
  reasons: readonly number[],
  tags: string,
  arnPrefix: number | null,
  arnRest: string,
  /** The policy that evaluates it; null: it is excluded and kept. */
  use: number | null,
  /** The local day of its automatic deletion (`2026-12-07`); empty: none. */
  due: string,
];

/** A policy in a form that JSON can hold. Durations are as written. */
export interface PagePolicy {
  readonly id: string;
  readonly name: string;
  /** Whether the configuration has it. Others are from tags. */
  readonly named: boolean;
  readonly keepAll: boolean;
  readonly counts: Readonly<Record<string, number | 'unlimited'>>;
  readonly within: Readonly<Record<string, string>>;
  readonly expireAfter: string | null;
  readonly expireOn: string | null;
}

/** The data of the page script. Instants are epoch milliseconds. */
export interface PageData {
  readonly now: number;
  /** Offsets (ms) of the configured zone, each valid from an instant on, oldest first. */
  readonly offsets: readonly (readonly [from: number, offset: number])[];
  /** What a trial of policies needs; null: there is none, for the reason in the page. */
  readonly floors: { readonly minKeep: number; readonly minAge: string } | null;
  readonly sources: readonly PageSource[];
  readonly words: readonly string[];
  readonly policies: readonly string[];
  readonly reasons: readonly string[];
  readonly prefixes: readonly string[];
  readonly uses: readonly PagePolicy[];
  readonly rows: readonly PageRow[];
}
