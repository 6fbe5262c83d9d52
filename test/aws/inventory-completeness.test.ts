import { sampleAccount } from '../../emulator/sample-account';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import {
  ACCOUNT,
  arn,
  NOW,
  namesIn,
  namesOf,
  notRead,
  rows,
  SMALL_REGIONS,
  scopeOf,
  smallAccount,
  withEmulator,
} from './reading';

describe('the inventory', () => {
  it('reads every page of every kind in every region that GetRegions names', () =>
    withEmulator({}, async ({ read, emulator }) => {
      const { inventory } = await read();
      expect(inventory.complete).toBe(true);
      expect(inventory.account).toBe(ACCOUNT);
      expect(namesOf(inventory)).toEqual(namesIn(smallAccount()));
      expect(scopeOf(inventory, 'eu-central-1', 'instance')).toEqual({
        account: ACCOUNT,
        region: 'eu-central-1',
        kind: 'instance',
        status: 'read',
        sources: 'read',
        pages: 3,
        snapshots: 5,
      });
      // Three pages, and the first of them once more at the end.
      expect(emulator.requests.count('GetInstanceSnapshots', 'eu-central-1')).toBe(4);
      expect(emulator.requests.count('GetRegions')).toBe(1);
      expect(emulator.requests.list().filter(({ operation }) => !operation.startsWith('Get'))).toEqual([]);
    }));

  it('asks GetRegions again at each run and reads a region that has appeared since', () =>
    withEmulator({ account: { ...smallAccount(), regions: ['us-east-1'] } }, async ({ read, emulator }) => {
      expect((await read()).inventory.scopes).toHaveLength(3);
      emulator.world.regions = SMALL_REGIONS;
      expect((await read()).inventory.scopes).toHaveLength(9);
    }));

  it('reads a region of the future that no list in the code could name', () =>
    withEmulator(
      {
        account: {
          accountId: ACCOUNT,
          regions: ['us-east-1', 'mx-central-1'],
          data: { 'mx-central-1': { disks: [] } },
        },
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.complete).toBe(true);
        expect(inventory.scopes.map(({ region }) => region)).toContain('mx-central-1');
      },
    ));

  it('is restricted to the regions and kinds asked for, without duplicates', () =>
    withEmulator({}, async ({ read, emulator }) => {
      const { inventory } = await read({ regions: ['eu-central-1', 'eu-central-1'], kinds: ['disk'] });
      expect(inventory.scopes.map(({ region, kind }) => `${region} ${kind}`)).toEqual(['eu-central-1 disk']);
      expect(emulator.requests.count('GetInstanceSnapshots')).toBe(0);
      expect(
        emulator.requests
          .list()
          .every(({ region, operation }) => region === 'eu-central-1' || operation === 'GetRegions'),
      ).toBe(true);
    }));

  it('names a configured region that GetRegions does not know as failed scopes, and reads the others', () =>
    withEmulator({}, async ({ read }) => {
      const { inventory } = await read({ regions: ['us-west-1', 'eu-central-1'] });
      expect(inventory.complete).toBe(false);
      expect(notRead(inventory)).toEqual(['us-west-1 database', 'us-west-1 disk', 'us-west-1 instance']);
      expect(scopeOf(inventory, 'us-west-1', 'disk').error).toEqual({
        code: 'region.unknown',
        message: 'GetRegions does not name the region us-west-1: correct --region, or regions in the configuration',
      });
    }));

  it('is the same, byte for byte, whatever the order in which answers arrive', async () => {
    const once = async (seed: number): Promise<string> => {
      let text = '';
      await withEmulator(
        {
          account: sampleAccount(NOW),
          seed,
          faults: [1, 2, 3].map((ms) => ({ fault: 'latency', ms: ms * 4, chance: 0.3 })),
        },
        async ({ read }) => {
          const { inventory } = await read({ automaticSnapshots: true });
          text = JSON.stringify({
            ...inventory,
            snapshots: inventory.snapshots.map((each) => ({ ...each, tags: [...each.tags] })),
          });
        },
      );
      return text;
    };
    expect(await once(1)).toBe(await once(2));
  });

  it('orders scopes by account, region and kind as strings', () =>
    withEmulator({}, async ({ read }) => {
      const { inventory } = await read();
      const keys = inventory.scopes.map(({ region, kind }) => `${region} ${kind}`);
      expect(keys).toEqual([...keys].sort());
    }));

  it('takes the account from what it is told, else from the ARNs of snapshots or sources, else says null', () =>
    withEmulator({}, async ({ read, emulator }) => {
      expect((await read({}, { account: '999999999999' })).inventory.account).toBe('999999999999');
      emulator.world.regions = ['sa-east-1'];
      const empty = (await read()).inventory;
      expect([empty.account, empty.scopes[0]?.account]).toEqual([null, null]);
      emulator.world.add('sa-east-1', 'disks', { name: 'alone' });
      expect((await read()).inventory.account).toBe(ACCOUNT);
    }));

  it('tells its progress: the regions, each page, each scope', () =>
    withEmulator({}, async ({ read }) => {
      const { progress } = await read();
      expect(progress[0]).toEqual({ event: 'regions', regions: 3, scopes: 9 });
      const pages = progress.flatMap((event) => (event.event === 'page' ? [event] : []));
      expect(pages.reduce((sum, { snapshots }) => sum + snapshots, 0)).toBe(21);
      const scopes = progress.flatMap((event) =>
        event.event === 'scope' ? [`${event.region} ${event.kind} ${event.status}`] : [],
      );
      expect(scopes.sort()).toEqual(
        SMALL_REGIONS.flatMap((region) => KINDS.map((kind) => `${region} ${kind} read`)).sort(),
      );
    }));

  it('keeps apart two sources that bore the same name: identity is the ARN', () =>
    withEmulator(
      {
        account: smallAccount({
          'us-east-1': {
            instances: rows('us-east-1', 'instances', 1, 'web', () => ({
              name: 'web',
              arn: arn('us-east-1', 'Instance', 2),
            })),
          },
        }),
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.sources(arn('us-east-1', 'Instance', 1))).toEqual({ state: 'gone' });
        expect(inventory.sources(arn('us-east-1', 'Instance', 2))).toMatchObject({ state: 'exists', name: 'web' });
      },
    ));
});
