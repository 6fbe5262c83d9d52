import type { ConfigOrigin } from '../policy/config';
import type { PolicyUse } from '../policy/policy';
import type { Reason } from '../policy/reason';
import type { Kind, Problem, Snapshot, Tags } from '../snapshot/snapshot';
import type { Zone } from '../time/zone';

export type Verdict = 'keep' | 'expire';

/** Why a snapshot is where it is; only `managed` ones are evaluated, all others are set aside and kept. */
export const STATUSES = ['managed', 'held', 'problem', 'unfinished', 'future', 'automatic-copy', 'unmanaged'] as const;
export type Status = (typeof STATUSES)[number];

/** A snapshot with its verdict and every reason for it. */
export interface EvaluatedSnapshot {
  readonly snapshot: Snapshot;
  /** Whether its source exists; null where that could not be read, or where it names none. */
  readonly sourceExists: boolean | null;
  readonly verdict: Verdict;
  readonly status: Status;
  readonly policy: PolicyUse | null;
  readonly reasons: readonly Reason[];
}

/**
 * What came of a list: `disabled` in a region that the account has not enabled, `denied` in one in which a service control policy refuses every
 * call. Neither makes an inventory incomplete.
 */
export type ListStatus = 'read' | 'failed' | 'disabled' | 'denied';

/** One account × region × kind that was to be listed, and what came of it. */
export interface Scope {
  readonly account: string | null;
  readonly region: string;
  readonly kind: Kind;
  readonly status: ListStatus;
  readonly sources: ListStatus;
  readonly pages: number;
  readonly snapshots: number;
  readonly error?: { readonly code: string; readonly message: string; readonly tip?: string };
}

/** Automatic snapshots of one source: they bill, are counted, and are never in a plan. */
export interface AutomaticSnapshots {
  readonly source: {
    readonly arn: string | null;
    readonly name: string | null;
    readonly region: string;
    readonly kind: Kind;
  };
  /** How many are there, and the instant (epoch ms) of the newest. */
  readonly count: number;
  readonly newestAt: number | null;
  /** False: leftovers of a disabled add-on, which stay and bill. Null: the add-on's state was not sent. */
  readonly addOnEnabled: boolean | null;
}

/** All that was read in one run. `complete` is false when a scope, or a source list that a snapshot needs, was not read. */
export interface Inventory {
  readonly account: string | null;
  readonly complete: boolean;
  readonly scopes: readonly Scope[];
  readonly snapshots: readonly Snapshot[];
  readonly sources: import('../snapshot/snapshot').SourceLookup;
  /** Every source of the lists that were read, for the sections on stale and orphaned sources. */
  readonly sourceList: readonly ListedSource[];
  readonly problems: readonly Problem[];
  readonly automatic: readonly AutomaticSnapshots[];
}

export interface ListedSource {
  readonly arn: string;
  readonly name: string | null;
  readonly region: string;
  readonly kind: Kind;
}

export interface Totals {
  readonly snapshots: number;
  readonly keep: number;
  readonly expire: number;
  readonly held: number;
  readonly unmanaged: number;
  readonly problems: number;
  /** Sum of the snapshots' `sizeGb`. */
  readonly sizeGb: number;
  readonly expireSizeGb: number;
  /** US dollars per month, at most. */
  readonly monthlyCostCeiling: number;
  readonly expireMonthlyCostCeiling: number;
  readonly currency: 'USD';
}

/** Why a plan may not be applied, the first that holds. */
export interface Blocked {
  readonly code: 'inventory.incomplete' | 'config.built-in' | 'cap.max-deletions' | 'cap.max-share';
  readonly message: string;
}

/** Said in the e-mail of a report that could not be stored, and nowhere else: nobody may apply its plan. */
export interface NotStored {
  readonly code: 'report.not-stored';
  readonly message: string;
}

export interface PlanSummary {
  readonly id: string;
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly count: number;
  readonly blocked: Blocked | NotStored | null;
}

/** The list of one kind in one region. */
export type ListName = Pick<Scope, 'region' | 'kind'>;

/** A list that was read to its end, and how many snapshots were on it. */
export type ListRead = Pick<Scope, 'region' | 'kind' | 'snapshots'>;

/** What changed since the report before this one, in the lists that both read to their ends; null where there is none to compare with. */
export interface Changes {
  readonly previousReportId: string;
  readonly previousAt: number;
  /** Lists that only one of the two reports read: nothing is said of their snapshots. */
  readonly uncompared: readonly ListName[];
  /** Snapshots that the previous report did not list. */
  readonly added: readonly EvaluatedSnapshot[];
  /** What the previous report listed and this inventory does not. */
  readonly gone: readonly { readonly arn: string; readonly name: string | null }[];
  /** Newly expiring since the previous report. */
  readonly newlyExpiring: readonly EvaluatedSnapshot[];
  /** Past policy in the previous report, and not now. */
  readonly noLongerExpiring: readonly EvaluatedSnapshot[];
  /** Held now, and not held in the previous report. */
  readonly newlyHeld: readonly EvaluatedSnapshot[];
  /** Held in the previous report, and not now. */
  readonly noLongerHeld: readonly EvaluatedSnapshot[];
}

/** A source whose newest finished snapshot is older than `report.staleAfter`. */
export interface StaleSource {
  readonly source: ListedSource;
  /** Epoch ms of the newest manual snapshot; null when it has none. */
  readonly newestAt: number | null;
}

/** A source that a list has or a snapshot names. `exists` is null where that is not known; `newestAt` is epoch ms. */
export interface ReportSource extends ListedSource {
  readonly account: string | null;
  readonly exists: boolean | null;
  /** Empty where the source is not known to exist. */
  readonly tags: Tags;
  readonly newestAt: number | null;
  readonly stale: boolean;
}

/** Everything a report says. Renderers turn it into bytes; they decide nothing. Instants are epoch milliseconds. */
export interface Report {
  readonly reportId: string;
  readonly generatedAt: number;
  readonly evaluatedAt: number;
  /** The configured zone: every date that a person reads is in it. */
  readonly zone: Zone;
  readonly config: ConfigOrigin;
  readonly account: string | null;
  readonly complete: boolean;
  readonly scopes: readonly Scope[];
  readonly totals: Totals;
  /** Ordered by account, region, kind, source name, `createdAt` descending, ARN. */
  readonly items: readonly EvaluatedSnapshot[];
  readonly problems: readonly Problem[];
  readonly plan: PlanSummary;
  /** US dollars per GB-month, for the ceilings of single snapshots. */
  readonly pricing: import('../policy/config').Pricing;
  readonly automatic: readonly AutomaticSnapshots[];
  /** Whether automatic snapshots were counted. */
  readonly automaticRead: boolean;
  /** Ordered by account, region, kind, name and ARN. */
  readonly sources: readonly ReportSource[];
  readonly stale: readonly StaleSource[];
  readonly changes: Changes | null;
  /** Source ARNs that were asked for by name and are gone: later reports need not ask again. */
  readonly confirmedGone: readonly string[];
}
