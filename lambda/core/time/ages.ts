import { DAY_MS } from './units';

/** Whole days of 24 hours between two instants (epoch ms). */
export const wholeDaysBetween = (from: number, to: number): number => Math.trunc((to - from) / DAY_MS);

/** The longest distance of two neighbours in whole days. `sorted`: epoch ms, oldest first. Null: fewer than two. */
export function longestGapDays(sorted: readonly number[]): number | null {
  let longest: number | null = null;
  for (const [index, time] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined) longest = Math.max(longest ?? 0, wholeDaysBetween(time, next));
  }
  return longest;
}
