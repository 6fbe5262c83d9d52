import type { GetAutoSnapshotsCommand, LightsailClient } from '@aws-sdk/client-lightsail';
import { largeAccount } from '../../emulator/large-account';
import { autoSnapshotRows } from '../../emulator/rows';
import { type LightsailClients, makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { arn, NOW, rows, SMALL_REGIONS, smallAccount, withEmulator } from './reading';

const HERE = 'eu-central-1';
const addOn = (status: string) => ({ addOns: [{ name: 'AutoSnapshot', status }] });
const account = smallAccount({
  [HERE]: {
    instances: rows(HERE, 'instances', 3, 'web', (n) =>
      n === 1 ? addOn('Enabled') : n === 2 ? addOn('Disabled') : {},
    ),
    disks: rows(HERE, 'disks', 1, 'data'),
    autoSnapshots: {
      'web-1': autoSnapshotRows(NOW, 7),
      'web-2': autoSnapshotRows(NOW, 3, 40),
      'web-3': [],
      'data-1': [
        ...autoSnapshotRows(NOW, 2),
        { date: '2026-11-22', status: 'Failed' },
        { date: '2026-11-21', status: 'NotFound' },
      ],
    },
  },
});

describe('automatic snapshots', () => {
  it('are counted for each instance and disk, leftovers of a disabled add-on too; sources without any are left out', () =>
    withEmulator({ account }, async ({ read }) => {
      const { inventory } = await read({ automaticSnapshots: true });
      const instance = (n: number) => ({
        arn: arn(HERE, 'Instance', n),
        name: `web-${n}`,
        region: HERE,
        kind: 'instance',
      });
      expect(inventory.automatic).toEqual([
        {
          source: { arn: arn(HERE, 'Disk', 1), name: 'data-1', region: HERE, kind: 'disk' },
          count: 2,
          newestAt: NOW - 7_200_000,
          addOnEnabled: null,
        },
        { source: instance(1), count: 7, newestAt: NOW - 7_200_000, addOnEnabled: true },
        { source: instance(2), count: 3, newestAt: NOW - 40 * 86_400_000 - 7_200_000, addOnEnabled: false },
      ]);
      expect(inventory.complete).toBe(true);
    }));

  it('are not asked for unless wanted, and never of databases', () =>
    withEmulator({ account }, async ({ read, emulator }) => {
      await read({ automaticSnapshots: false });
      expect(emulator.requests.count('GetAutoSnapshots')).toBe(0);
      await read({ automaticSnapshots: true, kinds: ['database'] });
      expect(emulator.requests.count('GetAutoSnapshots')).toBe(0);
      await read({ automaticSnapshots: true, regions: [HERE], kinds: ['disk', 'database'] });
      expect(
        emulator.requests
          .list()
          .filter(({ operation }) => operation === 'GetAutoSnapshots')
          .map(({ name }) => name),
      ).toEqual(['data-1']);
    }));

  it.each([
    { fault: 'throttle' as const },
    { fault: 'error' as const, code: 'ServiceUnavailable' },
    { fault: 'hang' as const },
  ])('are not asked for any further after a source that failed through all its attempts: %j', (fault) =>
    withEmulator(
      {
        account: largeAccount({ snapshots: 60, regions: [HERE], sources: 60 }),
        faults: [{ ...fault, operations: 'GetAutoSnapshots' }],
      },
      async ({ read, emulator }) => {
        const client = { requestTimeout: 1_000, pace: { attempts: 2 } };
        const { inventory } = await read(
          { automaticSnapshots: true },
          { firstRegion: HERE, automaticAtOnce: 2, client },
        );
        expect(emulator.requests.count('GetAutoSnapshots')).toBe(4);
        expect(inventory.complete).toBe(true);
        expect(inventory.problems).toEqual([
          {
            code: 'automatic.unread',
            arn: null,
            message: expect.stringMatching(/only in part.*(Throttling|Unavailable|Timeout)/),
          },
        ]);
      },
    ),
  );

  it('are read last in each region, when they can no longer delay anything that decides', () =>
    withEmulator(
      { account, faults: [{ fault: 'latency', ms: 50, operations: ['Get*Snapshots', 'GetRelational*'] }] },
      async ({ read, emulator }) => {
        await read({ automaticSnapshots: true });
        for (const region of SMALL_REGIONS) {
          const asked = emulator.requests.list().filter((request) => request.region === region);
          const first = asked.findIndex(({ operation }) => operation === 'GetAutoSnapshots');
          expect(first).toBeGreaterThan(0);
          expect(asked.slice(first).every(({ operation }) => operation === 'GetAutoSnapshots')).toBe(true);
        }
      },
    ));

  it('are asked for by a client of their own, and everything else by the other', () =>
    withEmulator({ account }, async ({ read, emulator }) => {
      const made = makeLightsailClients({
        config: { endpoint: emulator.url, credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } },
      });
      const sent: string[] = [];
      const clients: LightsailClients = (region, purpose = 'lists') => {
        const client = made(region, purpose);
        const send = async (
          command: { readonly constructor: { readonly name: string } },
          options: object,
        ): Promise<unknown> => {
          sent.push(`${purpose} ${command.constructor.name}`);
          return client.send(command as GetAutoSnapshotsCommand, options);
        };
        return Object.assign(Object.create(client), { send }) as LightsailClient;
      };
      await read({ automaticSnapshots: true, kinds: ['disk'] }, { clients });
      expect([...new Set(sent)].sort()).toEqual([
        'automatic GetAutoSnapshotsCommand',
        'lists GetDiskSnapshotsCommand',
        'lists GetDisksCommand',
        'lists GetRegionsCommand',
      ]);
    }));

  it('are asked for at most four at once in a region', () =>
    withEmulator(
      { account: largeAccount({ snapshots: 12, regions: [HERE], sources: 12 }) },
      async ({ read, emulator }) => {
        let [now, most] = [0, 0];
        let open = (): void => undefined;
        const opened = new Promise<void>((resolve) => {
          open = resolve;
        });
        emulator.before('GetAutoSnapshots', () => {
          now += 1;
          most = Math.max(most, now);
          // By then a fifth would have come as well.
          if (now === 4) setTimeout(open, 100);
          return opened;
        });
        emulator.after('GetAutoSnapshots', () => {
          now -= 1;
        });
        await read({ automaticSnapshots: true }, { firstRegion: HERE });
        expect(most).toBe(4);
        expect(emulator.requests.count('GetAutoSnapshots')).toBe(12);
      },
    ));

  it.each(['AccessDeniedException', 'RegionSetupInProgressException'])(
    'that cannot be read because of %s are one problem for each region, asked for once, and nothing is incomplete',
    (code) =>
      withEmulator(
        { account, faults: [{ fault: 'error', code, operations: 'GetAutoSnapshots', regions: HERE }] },
        async ({ read, emulator }) => {
          const { inventory } = await read({ automaticSnapshots: true }, { automaticAtOnce: 1 });
          expect(inventory.complete).toBe(true);
          expect(inventory.automatic).toEqual([]);
          expect(inventory.problems).toEqual([
            { code: 'automatic.unread', arn: null, message: expect.stringContaining(HERE) },
          ]);
          expect(emulator.requests.count('GetAutoSnapshots', HERE)).toBe(1);
        },
      ),
  );

  it('of one source that fails leave the others counted', () =>
    withEmulator(
      {
        account,
        faults: [
          {
            fault: 'error',
            code: 'InvalidInputException',
            message: 'bad',
            operations: 'GetAutoSnapshots',
            names: 'web-1',
            regions: HERE,
          },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read({ automaticSnapshots: true });
        expect(inventory.automatic.map(({ source }) => source.name)).toEqual(['data-1', 'web-2']);
        expect(inventory.problems.map(({ code }) => code)).toEqual(['automatic.unread']);
      },
    ));

  it('of a source without a name are a problem, for they cannot be asked for', () => {
    const [, ...others] = account.data[HERE]?.instances ?? [];
    const instances = [{ arn: arn(HERE, 'Instance', 1) }, ...others];
    return withEmulator(
      { account: smallAccount({ [HERE]: { ...account.data[HERE], instances } }) },
      async ({ read }) => {
        const { inventory } = await read({ automaticSnapshots: true });
        expect(inventory.automatic.map(({ source }) => source.name)).toEqual(['data-1', 'web-2']);
        expect(inventory.problems).toMatchObject([
          { code: 'automatic.unread', message: expect.stringContaining(arn(HERE, 'Instance', 1)) },
        ]);
        expect(inventory.complete).toBe(true);
      },
    );
  });

  it.each(['{}', '{"autoSnapshots":null}', '{"autoSnapshots":[]}'])(
    'answered by %j are none: every member may be absent',
    (body) =>
      withEmulator(
        {
          account,
          faults: [
            { fault: 'answer', status: 200, body, operations: 'GetAutoSnapshots', names: 'web-1', regions: HERE },
          ],
        },
        async ({ read }) => {
          const { inventory } = await read({ automaticSnapshots: true, kinds: ['instance'] });
          expect(inventory.problems).toEqual([]);
          expect(inventory.automatic.map(({ source }) => source.name)).not.toContain('web-1');
        },
      ),
  );

  it.each(['{"autoSnapshots":"x"}', '{"autoSnapshots":[null]}', ''])(
    'answered by %j are a problem, and not none',
    (body) =>
      withEmulator(
        {
          account,
          faults: [
            { fault: 'answer', status: 200, body, operations: 'GetAutoSnapshots', names: 'web-1', regions: HERE },
          ],
        },
        async ({ read }) => {
          const { inventory } = await read({ automaticSnapshots: true, kinds: ['instance'] });
          expect(inventory.problems.map(({ code }) => code)).toEqual(['automatic.unread']);
          expect(inventory.problems[0]?.message).toContain('GetAutoSnapshots: inventory.');
          expect(inventory.automatic.map(({ source }) => source.name)).not.toContain('web-1');
          expect(inventory.complete).toBe(true);
        },
      ),
  );

  it('of a source that has just been deleted are none', () =>
    withEmulator(
      {
        account,
        faults: [
          { fault: 'error', code: 'NotFoundException', operations: 'GetAutoSnapshots', names: 'web-1', regions: HERE },
        ],
        errorForm: 'code',
      },
      async ({ read }) => {
        const { inventory } = await read({ automaticSnapshots: true });
        expect(inventory.problems).toEqual([]);
        expect(inventory.automatic).toHaveLength(2);
      },
    ));
});
