import {
  amountText,
  isSettled,
  lastMonth,
  type MonthlyBill,
  monthAfter,
  monthOf,
  parseAmount,
  type Spend,
} from '../core/report/spend';
import type { Store } from '../ports/ports';
import { type ReadBills, type ReadSpend, SPEND_TIMEOUT_MS } from '../ports/spend-ports';
import { withTimeout } from '../ports/with-timeout';
import { jsonObject } from '../storage/json-object';
import { billFile, INDEX_JSON } from '../storage/keys';
import { MONTHLY_BILL, parseStored, REPORT_INDEX } from '../storage/schemas';

/** After how many months the bill of a deletion is no longer compared. */
const MAX_CHANGE_MONTHS = 3;

export interface ReadSpendPorts {
  readonly readBills: ReadBills;
  /** Where final bills are kept; null: nowhere. */
  readonly store: Pick<Store, 'get' | 'put'> | null;
}

type ReadStore = NonNullable<ReadSpendPorts['store']>;

/** The bill of a month in the store; null: none, or not as it was written. */
async function storedBill(store: ReadStore, month: string): Promise<MonthlyBill | null> {
  const stored = parseStored(MONTHLY_BILL, await store.get(billFile(month)));
  if (stored === null || stored.month !== month) return null;
  const amounts = Object.entries(stored.byRegion).map(([region, text]) => [region, parseAmount(text)] as const);
  const total = parseAmount(stored.total);
  if (total === null || amounts.some(([, amount]) => amount === null)) return null;
  const byRegion = new Map(amounts.flatMap(([region, amount]) => (amount === null ? [] : [[region, amount] as const])));
  return { month, final: true, total, byRegion };
}

async function storeBill(store: ReadStore, { month, total, byRegion }: MonthlyBill): Promise<void> {
  const amounts = Object.fromEntries([...byRegion].map(([region, amount]) => [region, amountText(amount)]));
  const bill = { schemaVersion: 1, month, currency: 'USD', total: amountText(total), byRegion: amounts };
  await store.put(jsonObject(billFile(month), bill));
}

/** Whether the sentence of a result (`Of 26 planned snapshots: 22 deleted, …`) says that a snapshot was deleted. */
export const hasDeleted = (outcome: string): boolean => /: [1-9][\d,]* deleted\b/.test(outcome);

/** The newest month of a deletion that lies before the last bill; null: none. */
async function monthOfDeletion(store: ReadStore, last: string): Promise<string | null> {
  const { deletions } = parseStored(REPORT_INDEX, await store.get(INDEX_JSON)) ?? { deletions: [] };
  const months = deletions
    .filter(({ at, outcome }) => hasDeleted(outcome) && !Number.isNaN(Date.parse(at)))
    .map(({ at }) => monthOf(Date.parse(at)))
    .filter((month) => month < last && month >= monthAfter(last, -MAX_CHANGE_MONTHS));
  return months.sort().at(-1) ?? null;
}

/** Reads what the store has of some months. */
async function storedBills(store: ReadStore | null, first: string, last: string): Promise<Map<string, MonthlyBill>> {
  const found = new Map<string, MonthlyBill>();
  if (store === null) return found;
  for (let month = first; month <= last; month = monthAfter(month, 1)) {
    const bill = await storedBill(store, month);
    if (bill !== null) found.set(month, bill);
  }
  return found;
}

/** The bills of some months: stored ones, and all others with one request, of which final ones are stored. */
async function billsBetween(
  { readBills, store }: ReadSpendPorts,
  [first, last]: readonly [string, string],
  now: number,
  abortSignal: AbortSignal,
): Promise<ReadonlyMap<string, MonthlyBill> | Extract<Spend, { state: 'unread' }>> {
  const bills = await storedBills(store, first, last);
  const missing = [first, last].find((month) => !bills.has(month));
  if (missing === undefined) return bills;
  const answer = await readBills(missing, last, abortSignal);
  if (answer.state === 'unread') return answer;
  for (const bill of answer.bills) {
    // A bill that cannot be stored is asked for again by the next report.
    if (store !== null && !bills.has(bill.month) && isSettled(bill, now))
      await storeBill(store, bill).catch(() => undefined);
    bills.set(bill.month, bill);
  }
  return bills;
}

async function spendOf(ports: ReadSpendPorts, now: number, abortSignal: AbortSignal): Promise<Spend> {
  const last = lastMonth(now);
  const month = ports.store === null ? null : await monthOfDeletion(ports.store, last);
  const first = month === null ? last : monthAfter(month, -1);
  const bills = await billsBetween(ports, [first, last], now, abortSignal);
  if ('state' in bills) return bills;
  const [bill, before] = [bills.get(last), bills.get(first)];
  if (bill === undefined || before === undefined) throw new Error(`Cost Explorer gave no bill for ${last}`);
  return { state: 'read', bill, change: month === null ? null : { month, before } };
}

/** Makes what reads the bill of the last month: from the store where it is final there, else with one request. */
export const makeReadSpend =
  (ports: ReadSpendPorts): ReadSpend =>
  async (now) => {
    const { value, failure } = await withTimeout('read the bill', SPEND_TIMEOUT_MS, (signal) =>
      spendOf(ports, now, signal),
    );
    return value ?? { state: 'unread', cause: failure?.message ?? '', remedy: 'the next report asks again' };
  };
