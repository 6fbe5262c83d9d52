import type { Called, Sleep } from '../ports/deletion-ports';

/** How patiently a deletion asks. Milliseconds. */
export interface Pace {
  /** An operation is read for the first time after this, */
  readonly firstPoll: number;
  /** then every so often, */
  readonly poll: number;
  /** and no longer than this. */
  readonly giveUp: number;
  /** How long a snapshot whose operations are done may still be listed. */
  readonly confirm: number;
  /** How often one thing is tried that the service throttles or loses. */
  readonly attempts: number;
  /** What a region is waited for after its first throttle; doubles up to `slowest`, and halves with every success. */
  readonly firstDelay: number;
  readonly slowest: number;
}

/** Operations as the service's own guidance has it; some ten minutes for one that is throttled. */
export const PACE: Pace = {
  firstPoll: 5_000,
  poll: 3_000,
  giveUp: 20 * 60_000,
  confirm: 60_000,
  attempts: 16,
  firstDelay: 1_000,
  slowest: 60_000,
};

/** Remembers how much one region throttles: its deletions go one after the other, each after what the last one taught. */
export interface Pacer {
  readonly pace: Pace;
  readonly sleep: Sleep;
  wait(): Promise<void>;
  slower(): void;
  faster(): void;
}

export function makePacer(pace: Pace, sleep: Sleep): Pacer {
  let delay = 0;
  return {
    pace,
    sleep,
    async wait() {
      if (delay > 0) await sleep(delay);
    },
    slower() {
      delay = Math.min(pace.slowest, Math.max(pace.firstDelay, delay * 2));
    },
    faster() {
      delay = delay < pace.firstDelay ? 0 : delay / 2;
    },
  };
}

/**
 * Asks, at once the first time, until there is an answer, or a failure that waiting does not mend, or patience ends. An answer does not make
 * the region faster: what is read between two deletes says nothing about deletes.
 */
export async function patiently<T>(
  pacer: Pacer,
  ask: () => Promise<Called<T>>,
  signal?: AbortSignal,
): Promise<Called<T>> {
  for (let attempt = 1; ; attempt += 1) {
    if (attempt > 1) await pacer.wait();
    const answer = await ask();
    if (answer.ok) return answer;
    const mends = answer.failure.class === 'throttled' || answer.failure.class === 'transient';
    if (!mends || attempt >= pacer.pace.attempts || signal?.aborted === true) return answer;
    pacer.slower();
  }
}
