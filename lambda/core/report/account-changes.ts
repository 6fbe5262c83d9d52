import type { RollUp, RollUpAccount } from './roll-up';

/** An account that a change names. */
export interface NamedAccount {
  readonly id: string;
  readonly name: string | null;
}

/** How the accounts differ from those of the report before. */
export interface AccountChanges {
  /** The id of that report. */
  readonly since: string;
  readonly joined: readonly NamedAccount[];
  /** Those that the organization no longer lists, or that the configuration now excludes. */
  readonly left: readonly NamedAccount[];
  readonly moved: readonly (NamedAccount & { readonly from: string; readonly to: string })[];
  /** Those that are no longer active. */
  readonly suspended: readonly NamedAccount[];
  /** Those whose role could be assumed before. */
  readonly lostRole: readonly NamedAccount[];
}

/** An account of a roll-up with its history. */
export interface FollowedAccount extends RollUpAccount {
  /** How many reports in a row could not read it, this one included. */
  readonly unreadReports: number;
}

/** A roll-up that was compared with the one before. `changes` is null where there is none. */
export interface FollowedRollUp extends RollUp {
  readonly accounts: readonly FollowedAccount[];
  readonly changes: AccountChanges | null;
}
