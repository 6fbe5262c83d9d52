/** Maximum distance (ms) between a scheduled time and the clock. A retry never makes it larger: beyond it, the event was replayed or made up. */
export const MAX_LATE_MS = 24 * 60 * 60_000;
