/** Maximum distance (ms) between a scheduled time and the clock. A retry never makes it larger: beyond it, the event was replayed or made up. */
export const MAX_LATE_MS = 24 * 60 * 60_000;

/** Maximum difference (ms) between two clocks that are right. A time further ahead than this is in the future. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;
