import { parseInstant } from './instant';

/** A time without reports, as ISO instants: from `from` (null: no start) until before `to`. */
export interface Pause {
  readonly from: string | null;
  readonly to: string;
}

/**
 * Since when (epoch ms) a report is due that was expected at `since`: not before the end of a pause that began before
 * `now`.
 */
export function dueSince(since: number, now: number, pauses: readonly Pause[]): number {
  const begun = pauses.filter(({ from }) => from === null || (parseInstant(from) ?? now) <= now);
  return Math.max(since, ...begun.map(({ to }) => Math.min(now, parseInstant(to) ?? since)));
}
