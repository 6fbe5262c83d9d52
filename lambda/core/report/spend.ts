import { DAY_MS } from '../time/units';

/** An amount of money, exact: a whole number of 10^-18 of its currency. */
export type Amount = bigint;

const DECIMALS = 18;
const UNIT = 10n ** BigInt(DECIMALS);
const CENT = UNIT / 100n;
const AMOUNT = /^([+-]?)(\d{1,30})(?:\.(\d{0,60}))?(?:[eE]([+-]?\d{1,2}))?$/;

/** Reads a decimal text (`41.2`, `1E-7`); null: it is none. What is below 10^-18 is cut off. */
export function parseAmount(text: string): Amount | null {
  const [, sign, whole, fraction = '', exponent = '0'] = AMOUNT.exec(text) ?? [];
  if (whole === undefined) return null;
  const shift = DECIMALS - fraction.length + Number(exponent);
  const digits = BigInt(`${whole}${fraction}`);
  const size = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return sign === '-' ? -size : size;
}

/** Writes an amount as a decimal text, exactly. */
export function amountText(amount: Amount): string {
  const size = amount < 0n ? -amount : amount;
  const fraction = String(size % UNIT)
    .padStart(DECIMALS, '0')
    .replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${size / UNIT}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Rounds an amount to the cent as a bill does, half up; in units of the currency, for JSON and for people. */
export const amountInCents = (amount: Amount): number => {
  const size = amount < 0n ? -amount : amount;
  const cents = Number((size + CENT / 2n) / CENT) / 100;
  return amount < 0n ? -cents : cents;
};

/** What Lightsail snapshots cost in one month. */
export interface MonthlyBill {
  /** `2026-10`; the months of bills are those of UTC. */
  readonly month: string;
  /** False: the bill may still change. */
  readonly final: boolean;
  readonly total: Amount;
  /** By region; a code that is not known stays as it is. */
  readonly byRegion: ReadonlyMap<string, Amount>;
}

/** What the bill did after a deletion. */
export interface BillChange {
  /** The month of the deletion, and the bill of the month before. */
  readonly month: string;
  readonly before: MonthlyBill;
}

/** What Lightsail snapshots cost each account in one month. */
export interface AccountBills {
  readonly month: string;
  readonly final: boolean;
  /** By account number, of every account with any use of Lightsail in the bill. */
  readonly byAccount: ReadonlyMap<string, Amount>;
}

/** Why a bill could not be read. */
export interface UnreadBill {
  readonly cause: string;
  readonly remedy: string;
}

/** The bill of a report, or why it could not be read. */
export type Spend =
  | {
      readonly state: 'read';
      readonly bill: MonthlyBill;
      /** Null: no deletion lies between two bills. */
      readonly change: BillChange | null;
    }
  | (UnreadBill & { readonly state: 'unread' });

/** The month of an instant, in UTC. */
export const monthOf = (instant: number): string => new Date(instant).toISOString().slice(0, 7);

/** The month that lies so many months after another. */
export function monthAfter(month: string, after: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return monthOf(Date.UTC(year, number - 1 + after, 1));
}

/** Days of the next month before which a bill is not stored: it can change, even where it is no longer estimated. */
const SETTLED_AFTER_DAYS = 10;

/** Whether a bill can no longer change. */
export const isSettled = ({ month, final }: Pick<MonthlyBill, 'month' | 'final'>, now: number): boolean =>
  final && now >= Date.parse(`${monthAfter(month, 1)}-01T00:00:00Z`) + SETTLED_AFTER_DAYS * DAY_MS;

/** The last month that is over. */
export const lastMonth = (now: number): string => monthAfter(monthOf(now), -1);

/** Codes of Lightsail's regions in usage types: docs.aws.amazon.com, "AWS Region billing codes" (November 2026). */
const REGION_OF_CODE = new Map<string, string>([
  ['', 'us-east-1'],
  ['USE1', 'us-east-1'],
  ['USE2', 'us-east-2'],
  ['USW2', 'us-west-2'],
  ['CAN1', 'ca-central-1'],
  ['SAE1', 'sa-east-1'],
  ['EU', 'eu-west-1'],
  ['EUW1', 'eu-west-1'],
  ['EUW2', 'eu-west-2'],
  ['EUW3', 'eu-west-3'],
  ['EUC1', 'eu-central-1'],
  ['EUN1', 'eu-north-1'],
  ['EUS2', 'eu-south-2'],
  ['APE1', 'ap-east-1'],
  ['APN1', 'ap-northeast-1'],
  ['APN2', 'ap-northeast-2'],
  ['APS1', 'ap-southeast-1'],
  ['APS2', 'ap-southeast-2'],
  ['APS3', 'ap-south-1'],
  ['APS4', 'ap-southeast-3'],
  ['APS7', 'ap-southeast-5'],
]);

/** The region of a usage type that bills snapshots (`EUC1-SnapshotUsage`); null: it bills something else. */
export function billedRegion(usageType: string): string | null {
  if (!usageType.endsWith('SnapshotUsage')) return null;
  const dash = usageType.indexOf('-');
  const code = usageType.slice(0, Math.max(0, dash));
  return REGION_OF_CODE.get(code) ?? code;
}

/** Adds up a month by account: amounts by account and usage type, of those that bill snapshots. */
export function accountBillsOf(
  month: string,
  final: boolean,
  amounts: Iterable<readonly [account: string, usageType: string, amount: Amount]>,
): AccountBills {
  const byAccount = new Map<string, Amount>();
  for (const [account, usageType, amount] of amounts)
    byAccount.set(account, (byAccount.get(account) ?? 0n) + (billedRegion(usageType) === null ? 0n : amount));
  return { month, final, byAccount: new Map([...byAccount].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Adds up a month: amounts by usage type, of those that bill snapshots. */
export function billOf(month: string, final: boolean, amounts: Iterable<readonly [string, Amount]>): MonthlyBill {
  const byRegion = new Map<string, Amount>();
  let total = 0n;
  for (const [usageType, amount] of amounts) {
    const region = billedRegion(usageType);
    if (region === null) continue;
    byRegion.set(region, (byRegion.get(region) ?? 0n) + amount);
    total += amount;
  }
  return { month, final, total, byRegion: new Map([...byRegion].sort(([a], [b]) => (a < b ? -1 : 1))) };
}
