/**
 * Whether at most `limit` edits (insert, delete, replace, swap of neighbours) turn one text into the other. Optimal
 * string alignment; time is linear in length × limit.
 */
export function withinDistance(one: string, two: string, limit: number): boolean {
  if (Math.abs(one.length - two.length) > limit) return false;
  const far = limit + 1;
  let last: number[] = [];
  let row = Array.from({ length: two.length + 1 }, (_, j) => Math.min(j, far));
  for (let i = 1; i <= one.length; i += 1) {
    const next = new Array<number>(two.length + 1).fill(far);
    next[0] = Math.min(i, far);
    for (let j = Math.max(1, i - limit); j <= Math.min(two.length, i + limit); j += 1) {
      const cost = one[i - 1] === two[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && one[i - 1] === two[j - 2] && one[i - 2] === two[j - 1];
      next[j] = Math.min(
        charAt(row, j) + 1,
        charAt(next, j - 1) + 1,
        charAt(row, j - 1) + cost,
        swapped ? charAt(last, j - 2) + 1 : far,
        far,
      );
    }
    last = row;
    row = next;
  }
  return charAt(row, two.length) <= limit;
}

const charAt = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
