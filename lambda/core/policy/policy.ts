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

/** Maximum count of a rule; larger counts are written as `unlimited`. */
export const MAX_COUNT = 1_000_000;

/** The keep rules of a policy; one that keeps is enough. A count of 0 is absent; `Infinity` is `unlimited`. */
export interface Keep {
  readonly counts: Readonly<Partial<Record<CountRule, number>>>;
  readonly within: Readonly<Partial<Record<WithinRule, Duration>>>;
}

/** A retention policy with at least one of its members. `expireOn` comes only from a tag of the snapshot. */
export interface Policy {
  readonly keep: Keep | 'all' | null;
  readonly expireAfter: Duration | null;
  /** The last local day (`YYYY-MM-DD`) on which the snapshot is kept. */
  readonly expireOn: string | null;
}

/** The origins of a policy, by precedence. */
export type PolicyOrigin = 'snapshot-tag' | 'source-tag' | 'rule' | 'default';

/** The policy that evaluates a snapshot. `id` is its identity: the name, or the parsed content of an inline one. */
export interface PolicyUse {
  readonly id: string;
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly rule?: string;
  readonly policy: Policy;
}

/** The input of a rule match. A `null` member matches no pattern. */
export interface MatchSubject {
  readonly kind: Kind;
  readonly region: string;
  readonly account: string | null;
  /** Name and OU path of the account in its organization; null: not known. */
  readonly accountName: string | null;
  readonly ou: string | null;
  readonly source: string | null;
  readonly name: string | null;
  readonly tags: ReadonlyMap<string, string | null>;
  /** Tags of the existing source; null: none, or not read. */
  readonly sourceTags: ReadonlyMap<string, string | null> | null;
  /** Null: not known. */
  readonly orphaned: boolean | null;
  readonly fromAutoSnapshot: boolean;
}

/** An account of an organization. */
export interface MemberAccount {
  /** 12 digits. */
  readonly id: string;
  readonly name: string | null;
  /** The path of its organizational unit: `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`. */
  readonly ou: string | null;
}

/** A compiled rule. The first match gives the policy. */
export interface Rule {
  readonly name: string;
  readonly policy: string;
  /** Whether it matches by the name or OU of the account, which only the organization knows. */
  readonly needsMember?: boolean;
  matches(subject: MatchSubject): boolean;
}
