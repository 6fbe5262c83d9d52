import type { MemberAccount } from '../policy/policy';
import type { Totals } from './report-model';
import type { UnreadBill } from './spend';

/**
 * `read`: every list. `incomplete`: some lists. `no-role`: its role cannot be assumed. `not-active`: suspended, closed
 * or not joined yet. `failed`: nothing of it could be read.
 */
export type AccountStatus = 'read' | 'incomplete' | 'no-role' | 'not-active' | 'failed';

/** Why an account was not read in full. */
export interface AccountError {
  readonly code: string;
  readonly message: string;
}

/** The snapshots of an account with one value of the tag by which costs are told. */
export interface TagCosts {
  /** Null: without a value, or without the tag. */
  readonly value: string | null;
  readonly snapshots: number;
  readonly expire: number;
  /** US dollars per month, at most, without the `unknownSizes`. */
  readonly monthlyCostCeiling: number;
  readonly expireMonthlyCostCeiling: number;
  readonly unknownSizes: number;
}

/** One account of a roll-up. `reportId` and `totals` are null where there is no report. */
export interface RollUpAccount extends MemberAccount {
  readonly status: AccountStatus;
  readonly error: AccountError | null;
  readonly reportId: string | null;
  readonly totals: Totals | null;
  /** Lists that were not read, such as `us-east-1 disk (AccessDeniedException)`; absent: none. */
  readonly notRead?: readonly string[];
  /** False: the report of the account found what the one before had found; absent: not known. */
  readonly changed?: boolean;
  /** Regions that were not read because a service control policy denies them; absent: none. */
  readonly deniedRegions?: readonly string[];
  /** In order of the values; absent where costs are told by no tag, or where there is no report. */
  readonly byTag?: readonly TagCosts[];
}

/** What Lightsail snapshots cost in the last month, in US dollars. */
export interface RollUpSpend {
  readonly month: string;
  /** False: the bill may still change. */
  readonly final: boolean;
  readonly currency: 'USD';
  /** Of the accounts of the roll-up. */
  readonly total: number;
  /** By account number. An account that is not in the bill used nothing of Lightsail, or joined later. */
  readonly byAccount: Readonly<Record<string, number>>;
  /** Of accounts in the bill that are not in the roll-up. */
  readonly otherAccounts: number;
}

/** The bill of a roll-up: read, not to be read (`spend` null), or unread with the cause. */
export interface RollUpBill {
  readonly spend: RollUpSpend | null;
  readonly spendUnread?: UnreadBill;
}

/** One view over the reports of several accounts. It decides nothing. */
export interface RollUp extends RollUpBill {
  readonly schemaVersion: 1;
  readonly reportId: string;
  /** Whether every account was read in full. */
  readonly complete: boolean;
  /** In order of their ids. */
  readonly accounts: readonly RollUpAccount[];
  /** The sums over the accounts that have a report. */
  readonly totals: Totals;
  /** The key of the tag by which costs are told; absent: by none. */
  readonly costTag?: string;
  /** A sentence for each pattern of the configuration that matches no account; absent: none. */
  readonly warnings?: readonly string[];
}
