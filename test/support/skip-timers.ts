/** Timers of one length that do not wait. */
export interface SkippedTimers {
  /** The time that was skipped so far, in milliseconds. */
  skippedMs(): number;
  restore(): void;
}

/**
 * Ends timers of `ms` milliseconds at once, until they are restored.
 *
 * Tests handle time in four ways. A `clock` and a `sleep` are arguments wherever code takes them; `virtualTime` makes
 * both for a whole run whose waits take no time. `emulator.clockOffset` moves the clock of the service. Jest's fake
 * timers replace `Date`. This is for a whole command in this process, which makes its own clock.
 */
export function skipTimers(ms: number): SkippedTimers {
  let skipped = 0;
  const set = globalThis.setTimeout;
  const spy = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void, delay = 0) => {
    if (delay !== ms) return set(done, delay);
    skipped += delay;
    return set(done, 0);
  }) as typeof setTimeout);
  return { skippedMs: () => skipped, restore: () => spy.mockRestore() };
}
