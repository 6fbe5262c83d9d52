import type { Clock } from '../ports/ports';

/** The check of a snapshot is good for this long (ms): an older one is repeated before a delete is sent. */
export const CHECK_VALID_MS = 5_000;

/** The check of its group comes before it, and is good for this long (ms). */
export const GROUP_CHECK_VALID_MS = 15_000;

/**
 * The wall clock and a clock that cannot be set (ms). A suspended machine may stop the second one; a person may set the
 * first one back.
 */
export interface Clocks {
  readonly clock: Clock;
  readonly monotonic: Clock;
}

/**
 * Starts to measure the age of a check. Returns its age in ms: the larger of both clocks, infinite when a clock was set
 * back.
 */
export function startAge({ clock, monotonic }: Clocks): () => number {
  const [wall, steady] = [clock(), monotonic()];
  return () => {
    const [byWall, bySteady] = [clock() - wall, monotonic() - steady];
    return byWall < 0 || bySteady < 0 ? Number.POSITIVE_INFINITY : Math.max(byWall, bySteady);
  };
}
