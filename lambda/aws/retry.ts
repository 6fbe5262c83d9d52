import { type AdaptiveRetryStrategy, DefaultRateLimiter } from '@smithy/core/retry';
import { classify, type ErrorClass } from './aws-errors';

/** How often and how fast failed calls are asked again. Delays double up to `longestDelayMs`, with full jitter. */
export interface RetryPace {
  readonly attempts: number;
  /** Base delay after a transient error, and after a throttle. */
  readonly transientDelayMs: number;
  readonly throttledDelayMs: number;
  readonly longestDelayMs: number;
  /** However much a region throttles, it is asked this often per second. */
  readonly slowestPerSecond: number;
}

export const DEFAULT_PACE: RetryPace = {
  attempts: 9,
  transientDelayMs: 100,
  throttledDelayMs: 500,
  longestDelayMs: 10_000,
  slowestPerSecond: 1,
};

type Token = Awaited<ReturnType<AdaptiveRetryStrategy['acquireInitialRetryToken']>>;
type ErrorInfo = Parameters<AdaptiveRetryStrategy['refreshRetryTokenForRetry']>[1];

/** When the calls of one region are sent, as the SDK asks for it before each attempt. */
export interface RegionRetries {
  /** What the SDK tells the service of it. */
  readonly mode: 'adaptive';
  acquireInitialRetryToken(): Promise<Token>;
  /** Rejects where a call is not to be asked again: the SDK then throws the call's own error. */
  refreshRetryTokenForRetry(token: Token, info: ErrorInfo): Promise<Token>;
  recordSuccess(): void;
}

/**
 * What the table does not know, and what it calls denied while the SDK is correcting the clock, is left to the SDK's
 * own decision.
 */
const RETRY_AS: Readonly<Record<ErrorClass, ErrorInfo['errorType'] | null>> = {
  throttled: 'THROTTLING',
  transient: 'TRANSIENT',
  'not-found': 'CLIENT_ERROR',
  'not-set-up': 'CLIENT_ERROR',
  'wrong-input': 'CLIENT_ERROR',
  denied: null,
  unknown: null,
};

/** The token of a call that has failed `failures` times; all waiting is done by then. */
const tokenAfter = (failures: number): Token => ({ getRetryCount: () => failures, getRetryDelay: () => 0 });

/**
 * Makes the retries of one region, which remember how much it throttles. Each call has its attempts, whatever other
 * calls cost: the SDK's own strategies share a quota of retries among all calls of a client, which a long list uses up
 * although each of its pages would succeed.
 */
export function makeRetryStrategy(pace: RetryPace, random: () => number = Math.random): RegionRetries {
  const limiter = new DefaultRateLimiter({
    minFillRate: pace.slowestPerSecond,
    minCapacity: Math.max(1, pace.slowestPerSecond),
  });
  const delayMs: Partial<Record<ErrorInfo['errorType'], number>> = {
    THROTTLING: pace.throttledDelayMs,
    TRANSIENT: pace.transientDelayMs,
  };
  return {
    mode: 'adaptive',
    async acquireInitialRetryToken() {
      await limiter.getSendToken();
      return tokenAfter(0);
    },
    async refreshRetryTokenForRetry(token, info) {
      const errorType = RETRY_AS[classify(info.error)] ?? info.errorType;
      limiter.updateClientSendingRate({ ...info, errorType });
      const base = delayMs[errorType];
      const failures = token.getRetryCount() + 1;
      if (base === undefined || failures >= pace.attempts) throw new Error('this call is not asked again');
      const delay = Math.floor(random() * Math.min(pace.longestDelayMs, base * 2 ** token.getRetryCount()));
      await new Promise((resolve) => setTimeout(resolve, delay));
      await limiter.getSendToken();
      return tokenAfter(failures);
    },
    recordSuccess: () => limiter.updateClientSendingRate({}),
  };
}
