import type { MemberAccount } from '../policy/policy';
import type { Totals } from './report-model';

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
}

/** One view over the reports of several accounts. It decides nothing. */
export interface RollUp {
  readonly schemaVersion: 1;
  readonly reportId: string;
  /** Whether every account was read in full. */
  readonly complete: boolean;
  /** In order of their ids. */
  readonly accounts: readonly RollUpAccount[];
  /** The sums over the accounts that have a report. */
  readonly totals: Totals;
  /** A sentence for each pattern of the configuration that matches no account; absent: none. */
  readonly warnings?: readonly string[];
  /** Null: the bill was not read. */
  readonly spend: null;
}
