import type { Row } from '../../emulator/account';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { rows, smallAccount, withEmulator } from '../aws/reading';

const HERE = 'eu-central-1';

/** What the list of instance snapshots makes of one row with these members. */
async function listed(more: Readonly<Record<string, unknown>>): Promise<Snapshot | undefined> {
  let found: readonly Snapshot[] = [];
  const row = { ...rows(HERE, 'instanceSnapshots', 1, 'snap')[0], ...more } as Row;
  await withEmulator({ account: smallAccount({ [HERE]: { instanceSnapshots: [row] } }) }, async ({ read }) => {
    found = (await read({ regions: [HERE], kinds: ['instance'] })).inventory.snapshots;
  });
  return found[0];
}

describe('a member of the wrong type is no fact: the snapshot is kept, as a problem', () => {
  it.each([
    [
      'a tag value that is a number',
      { tags: [{ key: 'retention:hold', value: 5 }] },
      'the value of tag retention:hold is not a text',
    ],
    ['a tag value that is a map', { tags: [{ key: 'env', value: {} }] }, 'the value of tag env is not a text'],
    ['isFromAutoSnapshot as a text', { isFromAutoSnapshot: 'true' }, 'isFromAutoSnapshot is neither true nor false'],
    ['a creation time of zero', { createdAt: 0 }, 'createdAt'],
    ['a creation time before 1970', { createdAt: -5 }, 'createdAt'],
  ])('%s', async (_, more, text) => {
    expect((await listed(more))?.defects?.map(({ message }) => message).join('; ')).toContain(text);
  });

  it('a copy of an automatic snapshot stays one, however the flag is written', async () => {
    expect((await listed({ isFromAutoSnapshot: 'true' }))?.fromAutoSnapshot).toBe(true);
  });

  it.each([-40, 1e308, 'large'])('a size of %p is not known', async (sizeInGb) => {
    expect((await listed({ sizeInGb }))?.sizeGb ?? null).toBeNull();
  });

  it('an attached disk that is nothing costs nothing', async () => {
    expect((await listed({ fromAttachedDisks: [null] }))?.defects).toBeUndefined();
  });
});
