import { autoSnapshotRows } from '../../emulator/rows';
import { arn, NOW, rows, smallAccount, withEmulator } from './reading';

const HERE = 'eu-central-1';
const addOn = (status: string) => ({ addOns: [{ name: 'AutoSnapshot', status }] });
const account = smallAccount({
  [HERE]: {
    instances: rows(HERE, 'instances', 3, 'web', (n) => (n === 1 ? addOn('Enabled') : n === 2 ? addOn('Disabled') : {})),
    disks: rows(HERE, 'disks', 1, 'data'),
    autoSnapshots: {
      'web-1': autoSnapshotRows(NOW, 7),
      'web-2': autoSnapshotRows(NOW, 3, 40),
      'web-3': [],
      'data-1': [...autoSnapshotRows(NOW, 2), { date: '2026-11-22', status: 'Failed' }],
    },
  },
});

describe('automatic snapshots', () => {
  it('are counted for each instance and disk, leftovers of a disabled add-on too; sources without any are left out', () =>
    withEmulator({ account }, async ({ read }) => {
      const { inventory } = await read({ automaticSnapshots: true });
      const instance = (n: number) => ({ arn: arn(HERE, 'Instance', n), name: `web-${n}`, region: HERE, kind: 'instance' });
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

  it('that cannot be read are one problem for each region, asked for once, and nothing is incomplete', () =>
    withEmulator(
      { account, faults: [{ fault: 'error', code: 'AccessDeniedException', operations: 'GetAutoSnapshots', regions: HERE }] },
      async ({ read, emulator }) => {
        const { inventory } = await read({ automaticSnapshots: true }, { automaticAtOnce: 1 });
        expect(inventory.complete).toBe(true);
        expect(inventory.automatic).toEqual([]);
        expect(inventory.problems).toEqual([{ code: 'automatic.unread', arn: null, message: expect.stringContaining(HERE) }]);
        expect(emulator.requests.count('GetAutoSnapshots', HERE)).toBe(1);
      },
    ));

  it('of one source that fails leave the others counted', () =>
    withEmulator(
      {
        account,
        faults: [
          { fault: 'error', code: 'InvalidInputException', message: 'bad', operations: 'GetAutoSnapshots', names: 'web-1', regions: HERE },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read({ automaticSnapshots: true });
        expect(inventory.automatic.map(({ source }) => source.name)).toEqual(['data-1', 'web-2']);
        expect(inventory.problems.map(({ code }) => code)).toEqual(['automatic.unread']);
      },
    ));

  it('of a source that has just been deleted are none', () =>
    withEmulator(
      {
        account,
        faults: [{ fault: 'error', code: 'NotFoundException', operations: 'GetAutoSnapshots', names: 'web-1', regions: HERE }],
        errorForm: 'code',
      },
      async ({ read }) => {
        const { inventory } = await read({ automaticSnapshots: true });
        expect(inventory.problems).toEqual([]);
        expect(inventory.automatic).toHaveLength(2);
      },
    ));
});
