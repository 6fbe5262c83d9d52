import type { Sleep } from '../../lambda/ports/deletion-ports';
import type { Clock } from '../../lambda/ports/ports';

/**
 * Time that passes only while something sleeps: then it is at once as late as what ends first. What does not go by it
 * (an engine between two steps) takes none.
 */
export interface VirtualTime {
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly timeout: (ms: number) => AbortSignal;
  /** Lets time pass until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Starts at an instant (epoch ms). `turns`: how often the event loop turns before everything counts as waiting. */
export function virtualTime(start: number, turns = 3): VirtualTime {
  let now = start;
  const timers: { readonly at: number; readonly ring: () => void }[] = [];
  let asleep = 0;
  const after = (ms: number, ring: () => void): void => {
    timers.push({ at: now + Math.max(0, ms), ring });
    timers.sort((a, b) => a.at - b.at);
  };
  return {
    clock: () => now,
    sleep(ms) {
      asleep += 1;
      return new Promise((resolve) =>
        after(ms, () => {
          asleep -= 1;
          resolve();
        }),
      );
    },
    timeout(ms) {
      const controller = new AbortController();
      after(ms, () => controller.abort());
      return controller.signal;
    },
    async until(promise) {
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (let idle = 0; idle < 100_000; ) {
        for (let turn = 0; turn < turns; turn += 1) await settled();
        if (isSettled) return promise;
        const next = asleep > 0 ? timers.shift() : undefined;
        if (next === undefined) {
          idle += 1;
          continue;
        }
        now = Math.max(now, next.at);
        next.ring();
      }
      throw new Error('nothing sleeps, and it does not end');
    },
  };
}
