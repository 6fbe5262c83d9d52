import { parseInstant } from './instant';

/** A time in which no report is due, as ISO instants: `from` null is the beginning of time, and `to` is no part of it. */
export interface Pause {
  readonly from: string | null;
  readonly to: string;
}

/** The time (epoch ms) since when a report is due that was awaited since `since`: a pause that began before `now` does not count. */
export function dueSince(since: number, now: number, pauses: readonly Pause[]): number {
  const begun = pauses.filter(({ from }) => from === null || (parseInstant(from) ?? now) <= now);
  return Math.max(since, ...begun.map(({ to }) => Math.min(now, parseInstant(to) ?? since)));
}
