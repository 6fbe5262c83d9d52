import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { formatDollars } from './numbers';
import { monthInWords, unreadBillLine } from './spend-text';

/** Whether the bill of a roll-up was to be read. */
export const asksSpend = ({ spend, spendUnread }: RollUp): boolean => spend !== null || spendUnread !== undefined;

/** What the bill of a roll-up has of an account (US dollars); null: it was not read, or has nothing of the account. */
export const billedTo = ({ spend }: RollUp, { id }: Pick<RollUpAccount, 'id'>): number | null =>
  spend?.byAccount[id] ?? null;

/** The bill of all accounts in one line, or why it was not read; null: it was not to be read. */
export function rollUpSpendLine({ spend, spendUnread, totals }: RollUp): string | null {
  if (spendUnread !== undefined) return unreadBillLine(spendUnread);
  if (spend === null) return null;
  const month = `${monthInWords(spend.month)}${spend.final ? '' : ' (not final yet)'}`;
  const ceiling = `Full copies of all that were read would cost up to ${formatDollars(totals.monthlyCostCeiling)} a month.`;
  const others =
    spend.otherAccounts === 0 ? '' : ` Accounts outside of this report: ${formatDollars(spend.otherAccounts)}.`;
  return `The snapshots of these accounts were billed ${formatDollars(spend.total)} in ${month}. ${ceiling}${others}`;
}

/** `; billed $4.12 in Oct 2026, of up to $12.00`: the bill of an account beside its ceiling; empty without a bill. */
export function billedNote(rollUp: RollUp, account: RollUpAccount): string {
  const billed = billedTo(rollUp, account);
  if (rollUp.spend === null || billed === null) return '';
  const ceiling = account.totals === null ? '' : `, of up to ${formatDollars(account.totals.monthlyCostCeiling)}`;
  return `; billed ${formatDollars(billed)} in ${monthInWords(rollUp.spend.month)}${ceiling}`;
}
