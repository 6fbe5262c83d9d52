import { RetentionError } from '../core/util/errors';

/** The result of some work: its value, or its failure. */
export type TimedResult<T> =
  | { readonly value: T; readonly failure: null }
  | { readonly value: null; readonly failure: Error };

/**
 * Does work for at most `ms` (null: no limit). Its failure, and a time-out, are data. The signal of work that takes
 * longer is aborted, and its result is ignored.
 */
export async function withTimeout<T>(
  task: string,
  ms: number | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<TimedResult<T>> {
  const timedOut = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    if (ms === null) return;
    const timeout = new RetentionError(
      'store.slow',
      `cannot ${task}: ${ms > 0 ? `it took longer than ${(ms / 1_000).toFixed(1)} seconds` : 'no time was left for it'}`,
    );
    timer = setTimeout(() => {
      timedOut.abort();
      reject(timeout);
    }, ms);
  });
  try {
    return { value: await Promise.race([work(timedOut.signal), limit]), failure: null };
  } catch (error) {
    return { value: null, failure: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    clearTimeout(timer);
  }
}
