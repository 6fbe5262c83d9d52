import type { ConfigOrigin } from '../policy/config';
import type { PolicyUse } from '../policy/policy';
import type { Reason } from '../policy/reason';
import type { Kind, Problem, Snapshot, Tags } from '../snapshot/snapshot';
import type { Zone } from '../time/zone';
import type { Spend } from './spend';

export type Verdict = 'keep' | 'expire';

/** The status of a snapshot. Only `managed` ones are evaluated; all others are excluded and kept. */
export const STATUSES = ['managed', 'held', 'problem', 'unfinished', 'future', 'automatic-copy', 'unmanaged'] as const;
export type Status = (typeof STATUSES)[number];

/** A snapshot with its verdict and reasons. */
export interface EvaluatedSnapshot {
  readonly snapshot: Snapshot;
  /** Whether its source exists; null: not known, or no source is named. */
  readonly sourceExists: boolean | null;
  readonly verdict: Verdict;
  readonly status: Status;
  readonly policy: PolicyUse | null;
  readonly reasons: readonly Reason[];
}

/**
 * The result of reading a list. `disabled`: the account has not enabled the region. `denied`: a service control policy
 * denies every call in it. Neither makes an inventory incomplete.
 */
export type ListStatus = 'read' | 'failed' | 'disabled' | 'denied';

/** A list to read (account × region × kind), with its result. */
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

/** Automatic snapshots of one source. They are counted, and are never in a plan. */
export interface AutomaticSnapshots {
  readonly source: {
    readonly arn: string | null;
    readonly name: string | null;
    readonly region: string;
    readonly kind: Kind;
  };
  /** Their number, and the creation (epoch ms) of the newest. */
  readonly count: number;
  readonly newestAt: number | null;
  /** False: the add-on is disabled, and its snapshots remain. Null: not known. */
  readonly addOnEnabled: boolean | null;
}

/** The data of one run. `complete` is false if a list of snapshots or of their sources was not read. */
export interface Inventory {
  readonly account: string | null;
  readonly complete: boolean;
  readonly scopes: readonly Scope[];
  readonly snapshots: readonly Snapshot[];
  readonly sources: import('../snapshot/snapshot').SourceLookup;
  /** Every source of the lists that were read. */
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

/** The first reason why a plan may not be applied. */
export interface Blocked {
  readonly code:
    | 'inventory.incomplete'
    | 'config.built-in'
    | 'cap.max-deletions'
    | 'cap.max-share'
    | 'organization.report-only';
  readonly message: string;
}

/** Only in the e-mail of a report that could not be stored: its plan cannot be applied. */
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

/** A completely read list with its number of snapshots. */
export type ListRead = Pick<Scope, 'region' | 'kind' | 'snapshots'>;

/** The changes since the previous report, in the lists that both read completely. */
export interface Changes {
  readonly previousReportId: string;
  readonly previousAt: number;
  /** Lists that only one of the two reports read. Their snapshots are not compared. */
  readonly uncompared: readonly ListName[];
  /** Snapshots that the previous report did not list. */
  readonly added: readonly EvaluatedSnapshot[];
  /** Snapshots that only the previous report listed. */
  readonly gone: readonly { readonly arn: string; readonly name: string | null }[];
  /** Expired now, and not in the previous report. */
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
  /** Epoch ms of the newest manual snapshot; null: none. */
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

/** The content of a report, which renderers write without decisions of their own. Instants are epoch milliseconds. */
export interface Report {
  readonly reportId: string;
  readonly generatedAt: number;
  readonly evaluatedAt: number;
  /** The configured zone of all dates in texts. */
  readonly zone: Zone;
  readonly config: ConfigOrigin;
  readonly account: string | null;
  readonly complete: boolean;
  /** Whether every region of the account was asked; false: those that were named. */
  readonly allRegions: boolean;
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
  /** The bill of the last month; null: it was not to be read. */
  readonly spend: Spend | null;
  /** Source ARNs that a request by name confirmed as gone. Later reports do not request them again. */
  readonly confirmedGone: readonly string[];
}
