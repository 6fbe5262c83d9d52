import type { MonthlyBill, Spend } from '../core/report/spend';

/** The bills of some months, in their order, or why they could not be read. */
export type Bills =
  | { readonly state: 'read'; readonly bills: readonly MonthlyBill[] }
  | Extract<Spend, { state: 'unread' }>;

/** Reads the bills of months (`2026-08` to `2026-10`, both included). Never rejects. */
export type ReadBills = (first: string, last: string, abortSignal?: AbortSignal) => Promise<Bills>;

/** Reads the bill of a report that is evaluated at an instant (epoch ms). Never rejects. */
export type ReadSpend = (now: number) => Promise<Spend>;
