const MAX_CALLS_AT_ONCE = 16;

/** Calls a port for each of many, a few at a time. Returns the answers in order. */
export async function eachOf<T, R>(all: readonly T[], call: (each: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = [];
  for (let from = 0; from < all.length; from += MAX_CALLS_AT_ONCE)
    answers.push(...(await Promise.all(all.slice(from, from + MAX_CALLS_AT_ONCE).map(call))));
  return answers;
}
