import type { List, Row } from '../../emulator/account';
import { classify } from '../../lambda/aws/aws-errors';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { KINDS, type Kind, type Snapshot } from '../../lambda/core/snapshot/snapshot';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { ACCOUNT, arn, NOW, rows, smallAccount, withEmulator } from '../aws/reading';

const HERE = 'eu-central-1';
const LIST: Readonly<Record<Kind, List>> = {
  instance: 'instanceSnapshots',
  disk: 'diskSnapshots',
  database: 'relationalDatabaseSnapshots',
};

const MEMBERS = [
  'kind',
  'account',
  'region',
  'arn',
  'name',
  'createdAt',
  'sizeGb',
  'state',
  'fromAutoSnapshot',
  'tags',
  'source',
  'supportCode',
  'blueprint',
  'bundle',
  'engine',
  'engineVersion',
  'attachedDisks',
  'defects',
] as const satisfies readonly (keyof Snapshot)[];

/** What the lists of a kind make of rows. */
async function listed(kind: Kind, ...raw: readonly Row[]): Promise<readonly Snapshot[]> {
  let found: readonly Snapshot[] = [];
  await withEmulator({ account: smallAccount({ [HERE]: { [LIST[kind]]: raw } }), pageSize: 100 }, async ({ read }) => {
    const { inventory } = await read({ regions: [HERE], kinds: [kind] });
    found = inventory.snapshots;
  });
  return found;
}

/** All that is known of a snapshot, written out. */
const written = (snapshot: Snapshot | undefined): Partial<Snapshot> | undefined =>
  snapshot &&
  Object.fromEntries(MEMBERS.flatMap((member) => (snapshot[member] === undefined ? [] : [[member, snapshot[member]]])));

const row = (kind: Kind, more: Row = {}): Row => ({ ...rows(HERE, LIST[kind], 1, 'snap')[0], ...more });

describe('a snapshot as a compact record', () => {
  it('of an instance has all that its row says', async () => {
    const raw = row('instance', {
      createdAt: 1_571_421_527.755,
      supportCode: '1234/snap-1',
      isFromAutoSnapshot: true,
      tags: [{ key: 'env', value: 'prod' }, { key: 'no_delete' }],
      fromInstanceName: 'web',
      fromInstanceArn: arn(HERE, 'Instance', 1),
      fromBlueprintId: 'wordpress',
      fromBundleId: 'small_3_0',
      fromAttachedDisks: [
        { name: 'data', path: '/dev/xvdf', sizeInGb: 64, isSystemDisk: false },
        { path: '/dev/xvda', isSystemDisk: true },
      ],
    });
    expect((await listed('instance', raw)).map(written)).toStrictEqual([
      {
        kind: 'instance',
        account: ACCOUNT,
        region: HERE,
        arn: arn(HERE, 'InstanceSnapshot', 1),
        name: 'snap-1',
        createdAt: 1_571_421_527_755,
        sizeGb: 40,
        state: 'available',
        fromAutoSnapshot: true,
        tags: new Map([
          ['env', 'prod'],
          ['no_delete', null],
        ]),
        source: { name: 'web', arn: arn(HERE, 'Instance', 1) },
        supportCode: '1234/snap-1',
        blueprint: 'wordpress',
        bundle: 'small_3_0',
        attachedDisks: [
          { name: 'data', path: '/dev/xvdf', sizeGb: 64, system: false },
          { name: null, path: '/dev/xvda', sizeGb: null, system: true },
        ],
      },
    ]);
  });

  it('of a database has its engine', async () => {
    const raw = row('database', {
      fromRelationalDatabaseName: 'shop',
      fromRelationalDatabaseArn: arn(HERE, 'RelationalDatabase', 1),
      fromRelationalDatabaseBlueprintId: 'mysql_8_0',
      fromRelationalDatabaseBundleId: 'micro_2_0',
      engine: 'mysql',
      engineVersion: '8.0.42',
    });
    expect((await listed('database', raw))[0]).toMatchObject({
      source: { name: 'shop', arn: arn(HERE, 'RelationalDatabase', 1) },
      blueprint: 'mysql_8_0',
      bundle: 'micro_2_0',
      engine: 'mysql',
      engineVersion: '8.0.42',
      fromAutoSnapshot: false,
    });
  });

  it('of a disk names the disk, else the instance whose system disk it was, else nothing', async () => {
    const disk = { fromDiskName: 'data', fromDiskArn: arn(HERE, 'Disk', 1) };
    const instance = { fromInstanceName: 'web', fromInstanceArn: arn(HERE, 'Instance', 1) };
    const sourceOf = async (more: Row) => (await listed('disk', row('disk', more)))[0]?.source;
    expect(await sourceOf(disk)).toEqual({ name: 'data', arn: arn(HERE, 'Disk', 1) });
    expect(await sourceOf({ ...disk, ...instance })).toEqual({ name: 'data', arn: arn(HERE, 'Disk', 1) });
    expect(await sourceOf(instance)).toEqual({ name: 'web', arn: arn(HERE, 'Instance', 1) });
    expect(await sourceOf({ fromDiskName: 'data' })).toEqual({ name: 'data', arn: null });
    expect(await sourceOf({})).toBeNull();
  });

  it.each(KINDS)('of the kind %s leaves absent what is absent, and guesses nothing', async (kind) => {
    const [snapshot] = await listed(kind, { name: 'bare', arn: row(kind).arn ?? '', createdAt: NOW / 1000 });
    expect(written(snapshot)).toStrictEqual({
      kind,
      account: ACCOUNT,
      region: HERE,
      arn: row(kind).arn,
      name: 'bare',
      createdAt: NOW,
      sizeGb: null,
      state: null,
      fromAutoSnapshot: false,
      tags: new Map(),
      source: null,
    });
  });

  it.each([
    ['no ARN at all', { arn: 'snapshot-1' }],
    ['one of another kind', { arn: arn(HERE, 'DiskSnapshot', 1) }],
    ['one of the source', { arn: arn(HERE, 'Instance', 1) }],
    ['one of another region', { arn: arn('us-east-1', 'InstanceSnapshot', 1) }],
    ['an instant that no calendar has', { createdAt: 1e18 }],
    ['a number for a name', { name: 5 }],
    ['an empty name', { name: '' }],
  ])('refuses to be evaluated with %s', async (_, more) => {
    const [snapshot] = await listed('instance', row('instance', more as Row));
    expect(snapshot?.defects).toEqual([{ code: 'snapshot.incomplete', message: expect.any(String) }]);
  });

  it('refuses to be evaluated when one tag key comes twice with different values', async () => {
    const twice = (a: string, b: string) =>
      row('instance', {
        tags: [
          { key: 'k', value: a },
          { key: 'k', value: b },
        ],
      });
    expect((await listed('instance', twice('x', 'y')))[0]?.defects).toEqual([
      { code: 'snapshot.conflict', message: expect.stringContaining('k') },
    ]);
    expect((await listed('instance', twice('x', 'x')))[0]?.defects).toBeUndefined();
    const keyOnly = row('instance', { tags: [{ key: 'k' }, { key: 'k', value: 'x' }] });
    expect((await listed('instance', keyOnly))[0]?.defects).toHaveLength(1);
  });

  it('stands for a row that is null, as one without members', () => {
    const body = JSON.stringify({ diskSnapshots: [null, row('disk')] });
    const answer = {
      fault: 'answer',
      status: 200,
      contentType: 'application/x-amz-json-1.1',
      body,
      operations: 'GetDiskSnapshots',
    } as const;
    return withEmulator({ faults: [answer] }, async ({ read }) => {
      const { inventory } = await read({ regions: [HERE], kinds: ['disk'] });
      expect(inventory.snapshots.map(({ name, defects }) => [name, defects?.length])).toEqual([
        [null, 1],
        ['snap-1', undefined],
      ]);
    });
  });

  it('shares equal tags, sources and disks with the others of its run', async () => {
    const more = {
      tags: [{ key: 'env', value: 'prod' }],
      fromInstanceName: 'web',
      fromInstanceArn: arn(HERE, 'Instance', 1),
      fromAttachedDisks: [{ name: 'data', sizeInGb: 8 }],
    };
    const [one, two] = await listed(
      'instance',
      row('instance', more),
      row('instance', { ...more, name: 'snap-2', arn: arn(HERE, 'InstanceSnapshot', 2) }),
    );
    expect(one?.tags).toBe(two?.tags);
    expect(one?.source).toBe(two?.source);
    expect(one?.attachedDisks).toBe(two?.attachedDisks);
  });

  it.each([
    ['size', { sizeInGb: 41 }],
    ['state', { state: 'error' }],
    ['tags', { tags: [{ key: 'env', value: 'test' }] }],
    ['disks', { fromAttachedDisks: [{ name: 'other', sizeInGb: 8 }] }],
    ['blueprint', { fromBlueprintId: 'ubuntu' }],
    ['bundle', { fromBundleId: 'large' }],
    ['origin in an automatic snapshot', { isFromAutoSnapshot: true }],
    ['name of its source', { fromInstanceName: 'renamed' }],
  ])('shares with the others of its source nothing that differs: its own %s', async (_, differing) => {
    const more = {
      fromInstanceName: 'web',
      fromInstanceArn: arn(HERE, 'Instance', 1),
      tags: [{ key: 'env', value: 'prod' }],
    };
    const named = (n: number) => ({ name: `snap-${n}`, arn: arn(HERE, 'InstanceSnapshot', n) });
    const alone = await listed('instance', row('instance', { ...more, ...differing, ...named(2) }));
    const [before, between, after] = await listed(
      'instance',
      row('instance', more),
      row('instance', { ...more, ...differing, ...named(2) }),
      row('instance', { ...more, ...named(3) }),
    );
    expect(written(between)).toStrictEqual(written(alone[0]));
    expect({ ...written(after), ...named(1), createdAt: before?.createdAt }).toEqual(written(before));
  });

  it('shares with any number of others that differ from it', async () => {
    const more = { fromInstanceName: 'web', fromInstanceArn: arn(HERE, 'Instance', 1) };
    const sizes = Array.from({ length: 30 }, (_, i) => 8 + (i % 10));
    const snapshots = await listed(
      'instance',
      ...sizes.map((sizeInGb, n) =>
        row('instance', { ...more, sizeInGb, name: `snap-${n}`, arn: arn(HERE, 'InstanceSnapshot', n) }),
      ),
    );
    expect(snapshots.map(({ sizeGb }) => sizeGb)).toEqual(sizes);
  });

  it('has its tags in the order of their keys, so that the same tags are the same in whatever order they come', async () => {
    const tags = [{ key: 'b', value: '1' }, { key: 'a' }, { key: 'B', value: '2' }];
    const snapshots = await listed(
      'instance',
      row('instance', { tags }),
      row('instance', { tags: [...tags].reverse() }),
    );
    expect(snapshots).toHaveLength(1);
    expect(snapshots[0]?.defects).toBeUndefined();
    expect([...(snapshots[0]?.tags ?? [])]).toEqual([
      ['B', '2'],
      ['a', null],
      ['b', '1'],
    ]);
  });

  it.each([
    [{ key: 'a', value: 'b' }, { key: 'a\tb' }],
    [{ key: 'a', value: '' }, { key: 'a' }],
  ])('never takes the tags of another that only look alike: %j and %j', async (one, two) => {
    const snapshots = await listed(
      'instance',
      row('instance', { tags: [one] }),
      row('instance', { tags: [two], name: 'snap-2', arn: arn(HERE, 'InstanceSnapshot', 2) }),
    );
    expect(snapshots.map(({ tags }) => [...tags])).toEqual(
      [one, two].map((tag) => [[tag.key, 'value' in tag ? tag.value : null]]),
    );
  });
});

describe('the single reads', () => {
  it.each(KINDS)('of the kind %s give the same record as the list', (kind) =>
    withEmulator({}, async ({ read, emulator }) => {
      const { inventory } = await read({ regions: [HERE], kinds: [kind] });
      const client = makeLightsailClients({
        config: { endpoint: emulator.url, credentials: { accessKeyId: 'k', secretAccessKey: 's' } },
      })(HERE);
      const { readSnapshot, readSource } = snapshotKinds()[kind];
      const [snapshot] = inventory.snapshots;
      expect(await readSnapshot(client, snapshot?.name ?? '', { region: HERE, account: null })).toEqual(snapshot);
      const [source] = inventory.sourceList;
      expect(await readSource(client, source?.name ?? '')).toMatchObject({ arn: source?.arn, name: source?.name });
      await expect(readSnapshot(client, 'nobody', { region: HERE, account: null })).rejects.toThrow();
      expect(classify(await readSource(client, 'nobody').catch((error: unknown) => error))).toBe('not-found');
    }),
  );
});
