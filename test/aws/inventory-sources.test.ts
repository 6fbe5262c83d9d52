import type { RegionData } from '../../emulator/account';
import { autoSnapshotRows } from '../../emulator/rows';
import { ACCOUNT, arn, NOW, rows, scopeOf, smallAccount, smallRegion, withEmulator } from './reading';

const HERE = 'eu-central-1';
const THERE = 'us-east-1';

const copyFrom = (sourceArn: string): RegionData => ({
  instanceSnapshots: rows(HERE, 'instanceSnapshots', 1, 'copy', () => ({
    fromInstanceName: 'web',
    fromInstanceArn: sourceArn,
  })),
});

describe('a source', () => {
  it('is looked up by its ARN, with its tags', () =>
    withEmulator({}, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.sources(arn(HERE, 'Instance', 1))).toEqual({
        state: 'exists',
        name: 'web-1',
        tags: new Map([['env', 'prod']]),
      });
      expect(inventory.sources(arn(HERE, 'Instance', 99))).toEqual({ state: 'gone' });
      expect(inventory.sourceList).toHaveLength(9);
    }));

  it('in a region outside the filter is read there, and nothing else is', () =>
    withEmulator(
      { account: smallAccount({ [HERE]: copyFrom(arn(THERE, 'Instance', 1)) }) },
      async ({ read, emulator }) => {
        const { inventory } = await read({ regions: [HERE], kinds: ['instance'] });
        expect(inventory.sources(arn(THERE, 'Instance', 1)).state).toBe('exists');
        expect(inventory.scopes).toHaveLength(1);
        expect(inventory.complete).toBe(true);
        const asked = emulator.requests
          .list()
          .filter(({ region, operation }) => region === THERE && operation !== 'GetRegions');
        expect(asked.map(({ operation }) => operation)).toEqual(['GetInstances']);
        expect(inventory.sourceList.every(({ region }) => region === HERE)).toBe(true);
      },
    ));

  it('of a kind outside the filter is read too: a system disk comes from an instance', () => {
    const diskSnapshots = rows(HERE, 'diskSnapshots', 1, 'system', () => ({
      fromInstanceName: 'web',
      fromInstanceArn: arn(HERE, 'Instance', 1),
    }));
    return withEmulator({ account: smallAccount({ [HERE]: { diskSnapshots } }) }, async ({ read, emulator }) => {
      const { inventory } = await read({ regions: [HERE], kinds: ['disk'] });
      expect(inventory.snapshots[0]?.source).toEqual({ name: 'web', arn: arn(HERE, 'Instance', 1) });
      expect(inventory.sources(arn(HERE, 'Instance', 1)).state).toBe('exists');
      expect(emulator.requests.count('GetInstances')).toBe(1);
      expect(emulator.requests.count('GetInstanceSnapshots')).toBe(0);
    });
  });

  it('whose list is outside the filter and was not read makes the inventory incomplete, with one problem', () =>
    withEmulator(
      {
        account: smallAccount({ [HERE]: copyFrom(arn(THERE, 'Instance', 1)) }),
        faults: [
          { fault: 'error', code: 'AccessDeniedException', message: 'no', operations: 'GetInstances', regions: THERE },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read({ regions: [HERE] });
        expect(inventory.sources(arn(THERE, 'Instance', 1))).toEqual({
          state: 'unread',
          list: { region: THERE, kind: 'instance' },
        });
        expect(inventory.scopes.every(({ status, sources }) => status === 'read' && sources === 'read')).toBe(true);
        expect(inventory.complete).toBe(false);
        expect(inventory.problems).toEqual([
          {
            code: 'source.unread',
            arn: null,
            message: expect.stringMatching(/instance list of us-east-1.*AccessDeniedException: no/),
          },
        ]);
      },
    ));

  it.each([[['instance', 'disk', 'database'] as const], [['instance'] as const]])(
    'of a list in the filter that was not read makes the scope say so, with one problem however many snapshots need it (%s)',
    (kinds) =>
      withEmulator(
        { faults: [{ fault: 'error', code: 'AccessDeniedException', operations: 'GetInstances', regions: HERE }] },
        async ({ read }) => {
          const { inventory } = await read({ kinds });
          expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({
            status: 'read',
            sources: 'failed',
            snapshots: 5,
            error: { code: 'AccessDeniedException' },
          });
          expect(inventory.problems.map(({ code }) => code)).toEqual(['source.unread']);
          expect(inventory.complete).toBe(false);
          expect(inventory.sourceList.some(({ region, kind }) => region === HERE && kind === 'instance')).toBe(false);
        },
      ),
  );

  it('of a list that failed halfway counts as unread, also where its row had come', () =>
    withEmulator(
      {
        account: smallAccount({ [HERE]: { instances: rows(HERE, 'instances', 3, 'web') } }),
        faults: [
          { fault: 'error', code: 'AccessDeniedException', operations: 'GetInstances', regions: HERE, after: 1 },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.sources(arn(HERE, 'Instance', 1)).state).toBe('unread');
      },
    ));

  it('in a region that GetRegions does not name is asked for nowhere and stays unread', () =>
    withEmulator(
      { account: smallAccount({ [HERE]: copyFrom(arn('us-west-1', 'Instance', 1)) }) },
      async ({ read, emulator }) => {
        const { inventory } = await read();
        expect(inventory.sources(arn('us-west-1', 'Instance', 1))).toEqual({
          state: 'unread',
          list: { region: 'us-west-1', kind: 'instance' },
        });
        expect(inventory.problems).toMatchObject([
          { code: 'source.unread', message: expect.stringContaining('us-west-1') },
        ]);
        expect(inventory.complete).toBe(false);
        expect(emulator.requests.list().some(({ region }) => region === 'us-west-1')).toBe(false);
      },
    ));

  it.each(['junk', arn(HERE, 'Bucket', 1)])(
    'whose ARN names no list (%s) is unread, and is a problem of its own',
    (strange) =>
      withEmulator({ account: smallAccount({ [HERE]: copyFrom(strange) }) }, async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.sources(strange)).toEqual({ state: 'unread', list: null });
        expect(inventory.problems).toMatchObject([{ code: 'source.unread', arn: strange }]);
      }),
  );

  it('of another account is unread, and is a problem of its own: the lists of this one cannot say that it is gone', () => {
    const foreign = arn(HERE, 'Instance', 1).replace(ACCOUNT, '999999999999');
    return withEmulator({ account: smallAccount({ [HERE]: copyFrom(foreign) }) }, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.sources(foreign)).toEqual({ state: 'unread', list: null });
      expect(inventory.problems).toMatchObject([
        { code: 'source.unread', arn: foreign, message: expect.stringContaining(ACCOUNT) },
      ]);
    });
  });

  it('that was listed twice with different tags is unread: one of them could be a hold', () => {
    const [row = {}] = smallRegion(HERE).instances ?? [];
    const instances = [row, { ...row, tags: [{ key: 'retention:hold' }] }];
    return withEmulator({ account: smallAccount({ [HERE]: { instances } }) }, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.sources(arn(HERE, 'Instance', 1)).state).toBe('unread');
      expect(inventory.problems).toMatchObject([{ code: 'source.unread', arn: arn(HERE, 'Instance', 1) }]);
    });
  });

  it.each(['x', {}, null, 7])(
    'whose add-ons are no list (%j) is read, and nothing is known of its automatic snapshots',
    (addOns) => {
      const instances = rows(HERE, 'instances', 1, 'web', () => ({ addOns }));
      const autoSnapshots = { 'web-1': autoSnapshotRows(NOW, 2) };
      return withEmulator({ account: smallAccount({ [HERE]: { instances, autoSnapshots } }) }, async ({ read }) => {
        const { inventory } = await read({ automaticSnapshots: true });
        expect(inventory.sources(arn(HERE, 'Instance', 1)).state).toBe('exists');
        expect(inventory.complete).toBe(true);
        expect(inventory.automatic).toMatchObject([{ source: { name: 'web-1' }, count: 2, addOnEnabled: null }]);
      });
    },
  );

  it('listed without its ARN makes its list unread: it could be any of the sources', () => {
    const instances = [...(smallRegion(HERE).instances ?? []), { name: 'nameless', tags: [{ key: 'retention:hold' }] }];
    return withEmulator({ account: smallAccount({ [HERE]: { instances } }) }, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.sources(arn(HERE, 'Instance', 7)).state).toBe('unread');
      expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({
        sources: 'failed',
        error: { code: 'source.incomplete' },
      });
    });
  });

  it.each([
    'Instance/1',
    `arn:aws:lightsail:${HERE}:123456789012:Instance`,
    arn(THERE, 'Instance', 1),
    arn(HERE, 'Disk', 1),
  ])('listed with the ARN %s makes its list unread: it could be the held source of any snapshot', (strange) => {
    const instances = [{ name: 'web-1', arn: strange, tags: [{ key: 'retention:hold' }] }];
    return withEmulator({ account: smallAccount({ [HERE]: { instances } }) }, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.sources(arn(HERE, 'Instance', 1)).state).toBe('unread');
      expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({
        status: 'read',
        sources: 'failed',
        error: { code: 'source.incomplete' },
      });
      expect(scopeOf(inventory, HERE, 'instance').error?.message).toContain(strange);
      expect(inventory.problems.map(({ code }) => code)).toEqual(['source.unread']);
      expect(inventory.complete).toBe(false);
    });
  });

  it('is never matched by name: "web" is not "web-2", and a name that another took is not it', () =>
    withEmulator(
      {
        account: smallAccount({
          [HERE]: {
            instances: rows(HERE, 'instances', 2, 'web', (n) => ({
              name: n === 1 ? 'web' : 'web-2',
              tags: n === 2 ? [{ key: 'no_delete' }] : [],
            })),
          },
        }),
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.sources(arn(HERE, 'Instance', 1))).toEqual({ state: 'exists', name: 'web', tags: new Map() });
      },
    ));
});
