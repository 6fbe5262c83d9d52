import type { RollUpAccount, RollUpBill } from '../core/report/roll-up';
import {
  type AccountBills,
  type Amount,
  amountInCents,
  amountText,
  isSettled,
  lastMonth,
  parseAmount,
  type UnreadBill,
} from '../core/report/spend';
import type { Store } from '../ports/ports';
import { type ReadAccountBills, SPEND_TIMEOUT_MS } from '../ports/spend-ports';
import { withTimeout } from '../ports/with-timeout';
import { jsonObject } from '../storage/json-object';
import { accountBillsFile } from '../storage/keys';
import { ACCOUNT_BILLS, parseStored } from '../storage/schemas';

export interface AccountsSpendPorts {
  readonly readBills: ReadAccountBills;
  /** Where final bills are kept; null: nowhere. */
  readonly store: Pick<Store, 'get' | 'put'> | null;
  /** The account that asks; null: not known. */
  readonly own: string | null;
}

/** Reads the bill of some accounts at an instant (epoch ms). Never rejects. */
export type ReadAccountsSpend = (accounts: readonly RollUpAccount[], now: number) => Promise<RollUpBill>;

async function storedBills({ store }: AccountsSpendPorts, month: string): Promise<AccountBills | null> {
  const stored = parseStored(ACCOUNT_BILLS, (await store?.get(accountBillsFile(month))) ?? null);
  if (stored === null || stored.month !== month) return null;
  const byAccount = new Map<string, Amount>();
  for (const [account, text] of Object.entries(stored.byAccount)) {
    const amount = parseAmount(text);
    if (amount === null) return null;
    byAccount.set(account, amount);
  }
  return { month, final: true, byAccount };
}

async function storeBills(store: Pick<Store, 'put'>, { month, byAccount }: AccountBills): Promise<void> {
  const amounts = Object.fromEntries([...byAccount].map(([account, amount]) => [account, amountText(amount)]));
  await store.put(
    jsonObject(accountBillsFile(month), { schemaVersion: 1, month, currency: 'USD', byAccount: amounts }),
  );
}

/**
 * Whether a bill is that of the asking account alone, while others have snapshots: then the account may not see their
 * bills, and their zeros would be none.
 */
function isOwnAlone({ byAccount }: AccountBills, own: string | null, accounts: readonly RollUpAccount[]): boolean {
  const hasOthers = accounts.some(({ id, totals }) => id !== own && (totals?.snapshots ?? 0) > 0);
  return hasOthers && [...byAccount.keys()].every((account) => account === own);
}

/** The bill of the accounts of a roll-up, in cents: each is rounded by itself, and so is the sum. */
function spendOfAccounts({ month, final, byAccount }: AccountBills, accounts: readonly RollUpAccount[]): RollUpBill {
  const ids = new Set(accounts.map(({ id }) => id));
  const rows = [...byAccount];
  const sumOf = (isIn: (id: string) => boolean): number =>
    amountInCents(rows.reduce((sum, [id, amount]) => sum + (isIn(id) ? amount : 0n), 0n));
  const named = rows.filter(([id]) => ids.has(id)).map(([id, amount]) => [id, amountInCents(amount)] as const);
  return {
    spend: {
      month,
      final,
      currency: 'USD',
      total: sumOf((id) => ids.has(id)),
      byAccount: Object.fromEntries(named),
      otherAccounts: sumOf((id) => !ids.has(id)),
    },
  };
}

async function readOnce(
  ports: AccountsSpendPorts,
  accounts: readonly RollUpAccount[],
  now: number,
  signal: AbortSignal,
): Promise<RollUpBill> {
  const month = lastMonth(now);
  const stored = await storedBills(ports, month);
  if (stored !== null) return spendOfAccounts(stored, accounts);
  const answer = await ports.readBills(month, signal);
  if (answer.state === 'unread') return unreadSpend(answer);
  if (isOwnAlone(answer.bills, ports.own, accounts))
    return unreadSpend({
      cause: `Cost Explorer shows ${ports.own ?? 'this account'} the bill of no other account`,
      remedy: 'ask from the management account, which sees the bill of every account',
    });
  // A bill that cannot be stored is asked for again by the next report.
  if (ports.store !== null && isSettled(answer.bills, now))
    await storeBills(ports.store, answer.bills).catch(() => undefined);
  return spendOfAccounts(answer.bills, accounts);
}

const unreadSpend = ({ cause, remedy }: UnreadBill): RollUpBill => ({ spend: null, spendUnread: { cause, remedy } });

/** Makes what reads the bill of the last month: from the store where it is final there, else with one request. */
export const makeReadAccountsSpend =
  (ports: AccountsSpendPorts): ReadAccountsSpend =>
  async (accounts, now) => {
    const { value, failure } = await withTimeout('read the bill', SPEND_TIMEOUT_MS, (signal) =>
      readOnce(ports, accounts, now, signal),
    );
    return value ?? unreadSpend({ cause: failure?.message ?? '', remedy: 'the next report asks again' });
  };
