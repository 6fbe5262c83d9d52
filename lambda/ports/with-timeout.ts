import { RetentionError } from '../core/util/errors';

/** What some work came to: its value, or why it came to none. */
export type Came<T> = { readonly value: T; readonly failure: null } | { readonly value: null; readonly failure: Error };

/**
 * Does work for at most `ms` (null: however long it takes). Its failure, and time that ran out, are data; work that takes longer is let go, and can
 * tell by its signal.
 */
export async function inTime<T>(
  what: string,
  ms: number | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Came<T>> {
  const letGo = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    if (ms === null) return;
    const late = new RetentionError(
      'store.slow',
      `cannot ${what}: it took longer than ${Math.ceil(ms / 1_000)} seconds`,
    );
    timer = setTimeout(() => {
      letGo.abort();
      reject(late);
    }, ms);
  });
  try {
    return { value: await Promise.race([work(letGo.signal), limit]), failure: null };
  } catch (error) {
    return { value: null, failure: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    clearTimeout(timer);
  }
}
