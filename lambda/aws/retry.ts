import { AdaptiveRetryStrategy, DefaultRateLimiter } from '@smithy/core/retry';
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

type Refresh = AdaptiveRetryStrategy['refreshRetryTokenForRetry'];
type ErrorInfo = Parameters<Refresh>[1];

/** What the table does not know, and what it calls denied while the SDK is correcting the clock, is left to the SDK's own judgement. */
const RETRY_AS: Readonly<Record<ErrorClass, ErrorInfo['errorType'] | null>> = {
  throttled: 'THROTTLING',
  transient: 'TRANSIENT',
  'not-found': 'CLIENT_ERROR',
  'not-set-up': 'CLIENT_ERROR',
  'wrong-input': 'CLIENT_ERROR',
  denied: null,
  unknown: null,
};

/** The SDK's adaptive retries (token bucket and back-off of one region), judging errors by the one table. */
class RegionRetryStrategy extends AdaptiveRetryStrategy {
  override refreshRetryTokenForRetry(token: Parameters<Refresh>[0], info: ErrorInfo): ReturnType<Refresh> {
    return super.refreshRetryTokenForRetry(token, { ...info, errorType: RETRY_AS[classify(info.error)] ?? info.errorType });
  }
}

/** Makes the retries of one region, which remember how much it throttles. */
export function makeRetryStrategy(pace: RetryPace, random: () => number = Math.random): AdaptiveRetryStrategy {
  let base = pace.transientDelayMs;
  return new RegionRetryStrategy(pace.attempts, {
    maxAttempts: pace.attempts,
    baseDelay: pace.transientDelayMs,
    rateLimiter: new DefaultRateLimiter({ minFillRate: pace.slowestPerSecond, minCapacity: Math.max(1, pace.slowestPerSecond) }),
    backoff: {
      // Called just before each computation, with the base given above or, after a throttle, the SDK's own.
      setDelayBase: (delay) => {
        base = delay === pace.transientDelayMs ? pace.transientDelayMs : pace.throttledDelayMs;
      },
      computeNextBackoffDelay: (attempt) => Math.floor(random() * Math.min(pace.longestDelayMs, base * 2 ** attempt)),
    },
  });
}
