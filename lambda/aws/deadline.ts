import { setMaxListeners } from 'node:events';
import { RetentionError } from '../core/util/errors';
import type { Clock } from '../ports/ports';
import type { CallOptions } from '../ports/snapshot-kind';

/** The longest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The end of a run's reading: nothing is asked for after it, and what is under way then is given up. */
export interface Deadline {
  readonly options: CallOptions;
  /** Throws when the deadline has passed. */
  check(): void;
  /** The error to report for one that a call failed with. */
  explain(error: unknown): unknown;
  /** Lets go of the timer. */
  clear(): void;
}

/** Starts the countdown to `at` (epoch ms; null: no limit). */
export function startDeadline(at: number | null, clock: Clock): Deadline {
  if (at === null) return { options: {}, check: () => undefined, explain: (error) => error, clear: () => undefined };
  const controller = new AbortController();
  // A hundred calls at once wait for it; Node 20 warns of more than ten.
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(), Math.min(MAX_TIMER_MS, Math.max(0, at - clock())));
  const passed = () =>
    new RetentionError(
      'deadline',
      `not read before the run's deadline (${new Date(at).toISOString()}): allow the run more time, or fewer regions`,
    );
  return {
    options: { abortSignal: controller.signal },
    check() {
      if (controller.signal.aborted || clock() >= at) throw passed();
    },
    explain: (error) =>
      controller.signal.aborted && (error as { name?: unknown } | null)?.name === 'AbortError' ? passed() : error,
    clear: () => clearTimeout(timer),
  };
}
