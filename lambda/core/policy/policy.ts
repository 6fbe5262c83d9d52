import type { Kind } from '../snapshot/snapshot';
import type { Duration } from '../time/duration';

export const COUNT_RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export const WITHIN_RULES = [
  'within',
  'withinHourly',
  'withinDaily',
  'withinWeekly',
  'withinMonthly',
  'withinYearly',
] as const;
export type CountRule = (typeof COUNT_RULES)[number];
export type WithinRule = (typeof WITHIN_RULES)[number];

/** A count beyond this is a typing mistake: `unlimited` says it. */
export const MAX_COUNT = 1_000_000;

/** The keep rules of a policy: a union, one that keeps is enough. A count of 0 is absent here; `Infinity` is `unlimited`. */
export interface Keep {
  readonly counts: Readonly<Partial<Record<CountRule, number>>>;
  readonly within: Readonly<Partial<Record<WithinRule, Duration>>>;
}

/** What is kept. At least one of the three members says something; `expireOn` comes from a snapshot's own tag alone. */
export interface Policy {
  readonly keep: Keep | 'all' | null;
  readonly expireAfter: Duration | null;
  /** The last local day (`YYYY-MM-DD`) on which the snapshot is kept. */
  readonly expireOn: string | null;
}

/** Where a snapshot's policy came from, in the order of authority. */
export type PolicyOrigin = 'snapshot-tag' | 'source-tag' | 'rule' | 'default';

/** The policy that evaluates a snapshot. `id` is its identity: the name, or the parsed content of an inline one. */
export interface PolicyUse {
  readonly id: string;
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly rule?: string;
  readonly policy: Policy;
}

/** What a rule is matched against. A `null` member never matches a pattern. */
export interface MatchSubject {
  readonly kind: Kind;
  readonly region: string;
  readonly account: string | null;
  readonly source: string | null;
  readonly name: string | null;
  readonly tags: ReadonlyMap<string, string | null>;
  /** Tags of the living source; null where there is none or it was not read. */
  readonly sourceTags: ReadonlyMap<string, string | null> | null;
  /** null: not known, so neither true nor false. */
  readonly orphaned: boolean | null;
  readonly fromAutoSnapshot: boolean;
}

/** A rule, compiled: the first that matches names the policy. */
export interface Rule {
  readonly name: string;
  readonly policy: string;
  matches(subject: MatchSubject): boolean;
}
