import type { CallResult, Sleep } from '../ports/deletion-ports';

/** Retry settings of a deletion. */
export interface RetrySettings {
  /** An operation is read for the first time after this, */
  readonly firstPollMs: number;
  /** then in this interval, */
  readonly pollMs: number;
  /** and no longer than this. */
  readonly giveUpMs: number;
  /** How long a snapshot whose operations are done may still be listed. */
  readonly confirmMs: number;
  /** How many times a call is tried that the service throttles or loses. */
  readonly attempts: number;
  /** The delay of a region after its first throttle; doubles up to `maxDelayMs`, and halves with every success. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Operations are read as AWS recommends; a call that is throttled is tried for some ten minutes. */
export const RETRY_SETTINGS: RetrySettings = {
  firstPollMs: 5_000,
  pollMs: 3_000,
  giveUpMs: 20 * 60_000,
  confirmMs: 60_000,
  attempts: 16,
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
};

/** The backoff of one region, whose deletes are sent one after the other. */
export interface Backoff {
  readonly settings: RetrySettings;
  readonly sleep: Sleep;
  wait(): Promise<void>;
  onThrottle(): void;
  onSuccess(): void;
}

export function makeBackoff(settings: RetrySettings, sleep: Sleep): Backoff {
  const { firstDelayMs, maxDelayMs } = settings;
  let delayMs = 0;
  return {
    settings,
    sleep,
    async wait() {
      if (delayMs > 0) await sleep(delayMs);
    },
    onThrottle() {
      delayMs = Math.min(maxDelayMs, Math.max(firstDelayMs, delayMs * 2));
    },
    onSuccess() {
      delayMs = delayMs < firstDelayMs ? 0 : delayMs / 2;
    },
  };
}

/**
 * Calls until there is an answer, a failure that does not pass, or no attempt left. `signal` ends the retries. An
 * answer does not count as a success of the region: reads between two deletes say nothing about deletes.
 */
export async function withRetries<T>(
  backoff: Backoff,
  call: () => Promise<CallResult<T>>,
  signal?: AbortSignal,
): Promise<CallResult<T>> {
  for (let attempt = 1; ; attempt += 1) {
    if (attempt > 1) await backoff.wait();
    const answer = await call();
    if (answer.ok) return answer;
    const mayPass = answer.failure.class === 'throttled' || answer.failure.class === 'transient';
    if (!mayPass || attempt >= backoff.settings.attempts || signal?.aborted === true) return answer;
    backoff.onThrottle();
  }
}
