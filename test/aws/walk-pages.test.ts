import { startDeadline } from '../../lambda/aws/deadline';
import { type Walk, walkPages } from '../../lambda/aws/walk-pages';
import type { Page } from '../../lambda/ports/snapshot-kind';

/**
 * Walks a list whose pages hold so many rows each, every one with a token of its own but the last; an `endless` one has
 * no last.
 */
async function walk(
  sizes: readonly number[],
  endless = false,
): Promise<{ readonly walk: Walk; readonly rows: number }> {
  let [asked, rows] = [0, 0];
  const ask = async (): Promise<Page<number>> => {
    const size = sizes[asked] ?? 0;
    asked += 1;
    return {
      rows: Array.from({ length: size }, (_, i) => i),
      next: endless || asked < sizes.length ? `token ${asked}` : null,
    };
  };
  const take = (page: readonly number[] | null): void => {
    rows += page?.length ?? 0;
  };
  return { walk: await walkPages('GetDisks', ask, take, startDeadline(null, Date.now), 10_000), rows };
}

const empty = (count: number): readonly number[] => new Array<number>(count).fill(0);

describe('empty pages that name a next one', () => {
  it('end the walk after a hundred in a row, with what was taken before them', async () => {
    const { walk: walked, rows } = await walk([2, 2], true);
    expect(rows).toBe(4);
    expect(walked).toMatchObject({
      pages: 102,
      error: {
        code: 'inventory.page-limit',
        message: 'GetDisks still names a next page after 100 empty pages in a row: the list has no end',
      },
    });
  });

  it.each<[string, readonly number[]]>([
    ['99 of them before a row', [...empty(99), 1]],
    ['99 of them twice, a row between', [...empty(99), 1, ...empty(99), 1]],
    ['a hundred, the last of which is the end', empty(100)],
    ['none, on a list of nothing', [0]],
  ])('are walked over: %s', async (_, sizes) => {
    const { walk: walked, rows } = await walk(sizes);
    expect(walked).toEqual({ pages: sizes.length, error: null });
    expect(rows).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });
});
