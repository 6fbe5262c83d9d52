import type { AccountChanges, FollowedRollUp, NamedAccount } from '../core/report/account-changes';
import type { RollUp, RollUpAccount } from '../core/report/roll-up';

/** As many reports in a row as may fail to read an account before an alarm is raised. */
const MAX_UNREAD_REPORTS = 3;

/** Whether nothing of an active account was read. */
const isUnread = ({ status }: RollUpAccount): boolean => status === 'no-role' || status === 'failed';

const named = ({ id, name }: NamedAccount): NamedAccount => ({ id, name });

function changesOf(rollUp: RollUp, previous: FollowedRollUp): AccountChanges {
  const before = new Map(previous.accounts.map((account) => [account.id, account]));
  const now = new Set(rollUp.accounts.map(({ id }) => id));
  const pairs = rollUp.accounts.flatMap((account) => {
    const earlier = before.get(account.id);
    return earlier === undefined ? [] : [{ account, earlier }];
  });
  const became = (status: RollUpAccount['status'], from: (earlier: RollUpAccount) => boolean): NamedAccount[] =>
    pairs
      .filter(({ account, earlier }) => account.status === status && earlier.status !== status && from(earlier))
      .map(({ account }) => named(account));
  return {
    since: previous.reportId,
    joined: rollUp.accounts.filter(({ id }) => !before.has(id)).map(named),
    left: previous.accounts.filter(({ id }) => !now.has(id)).map(named),
    moved: pairs.flatMap(({ account, earlier }) =>
      account.ou === null || earlier.ou === null || account.ou === earlier.ou
        ? []
        : [{ ...named(account), from: earlier.ou, to: account.ou }],
    ),
    suspended: became('not-active', () => true),
    lostRole: became('no-role', ({ status }) => status === 'read' || status === 'incomplete'),
  };
}

/** Compares a roll-up with the one before, and counts for each account the reports in a row that could not read it. */
export function followAccounts(rollUp: RollUp, previous: FollowedRollUp | null): FollowedRollUp {
  const unread = new Map(previous?.accounts.map(({ id, unreadReports }) => [id, unreadReports]));
  return {
    ...rollUp,
    accounts: rollUp.accounts.map((account) => ({
      ...account,
      unreadReports: isUnread(account) ? (unread.get(account.id) ?? 0) + 1 : 0,
    })),
    changes: previous === null ? null : changesOf(rollUp, previous),
  };
}

/** Returns the accounts that three reports in a row, or more, could not read. */
export const missedAccounts = ({ accounts }: FollowedRollUp): readonly NamedAccount[] =>
  accounts.filter(({ unreadReports }) => unreadReports >= MAX_UNREAD_REPORTS).map(named);
