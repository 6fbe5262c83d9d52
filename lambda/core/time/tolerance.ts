import { DAY_MS, MINUTE_MS } from './units';

/** The most (ms) by which a time that another clock wrote may be ahead of this one. */
export const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS;

/**
 * The most (ms) between a scheduled time and the clock. No retry is later: an event beyond it was replayed or invented.
 */
export const MAX_LATE_MS = DAY_MS;
