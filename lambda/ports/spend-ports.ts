import type { AccountBills, MonthlyBill, Spend } from '../core/report/spend';

/** How long (ms) reading a bill may take: it is good to have. */
export const SPEND_TIMEOUT_MS = 30_000;

/** The bills of some months, in their order, or why they could not be read. */
export type Bills =
  | { readonly state: 'read'; readonly bills: readonly MonthlyBill[] }
  | Extract<Spend, { state: 'unread' }>;

/** Reads the bills of months (`2026-08` to `2026-10`, both included). Never rejects. */
export type ReadBills = (first: string, last: string, abortSignal?: AbortSignal) => Promise<Bills>;

/** Reads the bill of a month by account, of all accounts whose bill the caller may see. Never rejects. */
export type ReadAccountBills = (
  month: string,
  abortSignal?: AbortSignal,
) => Promise<{ readonly state: 'read'; readonly bills: AccountBills } | Extract<Spend, { state: 'unread' }>>;

/** Reads the bill of a report that is evaluated at an instant (epoch ms). Never rejects. */
export type ReadSpend = (now: number) => Promise<Spend>;
