import { S3Client } from '@aws-sdk/client-s3';
import { startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import { TAKE_OVER_WAIT_MS } from '../../lambda/deletion/delete-snapshot';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import type { CallFailure } from '../../lambda/ports/deletion-ports';
import type { Store } from '../../lambda/ports/ports';
import { LOCK_FILE } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { ORIGIN } from '../support/run-origin';
import { anOwner, codeOf, outcomes, type Rig, type RunOptions, smallAccount, startRig } from './rig';

/** The same store, whose lists fail once a lock was replaced. */
function failingAfterLock(store: Store): Store {
  let isLocked = false;
  return {
    ...store,
    async replaceIf(object, version) {
      isLocked ||= object.key === LOCK_FILE;
      return store.replaceIf(object, version);
    },
    async list(prefix) {
      if (isLocked) throw new Error('the store is down');
      return store.list(prefix);
    },
  };
}

/** Lists no snapshot, so that no planned one is a candidate. */
const emptied =
  (rig: Rig): Rig['readInventory'] =>
  async (...asked) => ({ ...(await rig.readInventory(...asked)), snapshots: [] });

interface OpenedStore {
  readonly store: Store;
  close(): Promise<void> | void;
}

const STORES: readonly (readonly [string, (rig: Rig) => Promise<OpenedStore>])[] = [
  ['a store in memory', async () => ({ store: memoryStore(), close: () => undefined })],
  ['a folder', async ({ store }) => ({ store, close: () => undefined })],
  [
    'a bucket',
    async () => {
      const emulator = await startEmulator({ account: smallAccount(), buckets: ['reports'] });
      const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
      const client = new S3Client({ endpoint: emulator.url, region: 'us-east-1', forcePathStyle: true, credentials });
      const close = async () => {
        client.destroy();
        await emulator.close();
      };
      return { store: s3Store(client, 'reports'), close };
    },
  ],
];

describe.each(STORES)('two plans that list the same snapshots, in %s', (_, openStore) => {
  let rig: Rig;
  let opened: OpenedStore;
  beforeEach(async () => {
    rig = await startRig();
    opened = await openStore(rig);
  });
  afterEach(async () => {
    await opened.close();
    await rig.close();
  });
  const deletes = (): readonly string[] =>
    rig.emulator.requests.list().flatMap(({ operation, name }) => (operation.startsWith('Delete') ? [name ?? ''] : []));

  it('are applied by one run at a time: the other one is refused, and each snapshot is deleted once', async () => {
    const { store } = opened;
    const [first, second] = [await rig.plan(), await rig.plan()];
    const options = { store, isAlive: () => null };
    const ends = await Promise.all(
      [first, second].map(({ text }) => codeOf(rig.apply({ ...options, text, owner: anOwner() }))),
    );
    expect([...ends].sort()).toEqual([null, 'plan.in-progress'].sort());
    expect(deletes()).toHaveLength(5);
    expect(new Set(deletes()).size).toBe(5);
  });

  it.each([
    ['has nothing to delete', (run: Rig): RunOptions => ({ readInventory: emptied(run) })],
    ['cannot read the record', (run: Rig): RunOptions => ({ store: failingAfterLock(run.store) })],
  ])('are not applied before a dead run can no longer send, when a run between them %s', async (_name, between) => {
    const { store } = opened;
    const [first, second, third] = [await rig.plan(), await rig.plan(), await rig.plan()];
    await openOutcomes({ store, clock: rig.clock, owner: anOwner(), isAlive: () => false }, first.plan, ORIGIN);
    const options = between({ ...rig, store });
    await rig.apply({ store, ...options, text: second.text, owner: anOwner() }).catch(() => undefined);
    expect(rig.slept).not.toContain(TAKE_OVER_WAIT_MS);
    const { totals } = await rig.apply({ store, text: third.text, owner: anOwner() });
    expect(totals).toMatchObject({ deleted: 5 });
    expect(rig.slept).toContain(TAKE_OVER_WAIT_MS);
  });

  it('are not applied before the unanswered delete of a run that stopped can no longer arrive', async () => {
    const { store } = opened;
    const [first, second] = [await rig.plan(), await rig.plan()];
    const expired = { ok: false, failure: { class: 'caller', code: 'ExpiredToken', message: 'expired' } } as const;
    let isSent = false;
    const stopping: Rig['deletion'] = {
      ...rig.deletion,
      async deleteSnapshot() {
        isSent = true;
        return { ok: false, failure: { class: 'transient', code: 'ECONNRESET', message: 'socket hang up' } };
      },
      readSnapshot: async (...asked) => (isSent ? expired : rig.deletion.readSnapshot(...asked)),
    };
    const stopped = rig.apply({ store, text: first.text, deletion: stopping, owner: anOwner() });
    expect(await codeOf(stopped)).toBe('caller.failed');
    expect(rig.slept).not.toContain(TAKE_OVER_WAIT_MS);
    await rig.apply({ store, text: second.text, owner: anOwner() });
    expect(rig.slept).toContain(TAKE_OVER_WAIT_MS);
  });

  it('share the doubt about a snapshot: it is neither a minimum kept nor simply skipped by the other plan', async () => {
    const { store } = opened;
    const config = aConfig({
      policies: { standard: { keep: { last: 1 } } },
      default: 'standard',
      caps: { maxShare: 0.9 },
    });
    const [first, second] = [await rig.plan(config), await rig.plan(config)];
    const dying: Rig['deletion']['deleteSnapshot'] = async (named, maySend) => {
      if (named.name === 'web-02') throw new Error('power failure');
      return rig.deletion.deleteSnapshot(named, maySend);
    };
    const batch = first.plan.items.filter(({ name }) => name === 'web-02');
    const deletion = { ...rig.deletion, deleteSnapshot: dying };
    const dead = rig.apply({ store, config, text: first.text, deletion, batch, owner: anOwner() });
    await expect(dead).rejects.toThrow('power failure');
    // By the new decision the snapshot in doubt is the one to keep.
    rig.emulator.world.remove('us-east-1', 'instanceSnapshots', 'web-01');
    const result = await rig.apply({ store, config, text: second.text, owner: anOwner() });
    expect(outcomes(result)).toMatchObject({
      'web-02': 'failed kept',
      'web-03': 'spared floor',
      'web-06': 'spared floor',
    });
    expect(result.items.find(({ name }) => name === 'web-02')).toMatchObject({ mayStillBeDeleted: true });
  });

  /** A deletion whose deletes end like this: nothing tells whether the service carries them out. */
  const failing = (failureClass: CallFailure['class']): Rig['deletion'] => ({
    ...rig.deletion,
    deleteSnapshot: async () => ({ ok: false, failure: { class: failureClass, code: 'Failing', message: 'failing' } }),
  });

  it('share the doubt that arises while the question of the other plan is open', async () => {
    const { store } = opened;
    const [first, second] = [await rig.plan(), await rig.plan()];
    const result = await rig.apply({
      store,
      text: second.text,
      owner: anOwner(),
      deletion: failing('refused'),
      approved: async () => {
        const doubtful = { store, text: first.text, deletion: failing('unknown'), owner: anOwner() };
        expect((await rig.apply(doubtful)).totals).toMatchObject({ failed: 5 });
      },
    });
    expect(result.items.map(({ outcome, mayStillBeDeleted }) => [outcome, mayStillBeDeleted])).toEqual(
      Array.from({ length: 5 }, () => ['failed', true]),
    );
  });

  it('share the doubt about a minimum kept that arises while the question of the other plan is open', async () => {
    const { store } = opened;
    const [newest, three] = [
      aConfig({
        rules: [{ match: { name: 'web-02' }, policy: 'old' }],
        policies: { old: { expireAfter: '1d' }, kept: { keep: 'all' } },
        default: 'kept',
      }),
      aConfig({ policies: { standard: { keep: { last: 3 } } }, default: 'standard', floors: { minKeep: 3 } }),
    ];
    const [first, second] = [await rig.plan(newest), await rig.plan(three)];
    expect(first.plan.items.map(({ name }) => name)).toEqual(['web-02']);
    const result = await rig.apply({
      store,
      config: three,
      text: second.text,
      owner: anOwner(),
      approved: async () => {
        await rig.apply({ store, config: newest, text: first.text, deletion: failing('unknown'), owner: anOwner() });
      },
    });
    expect(outcomes(result)).toMatchObject({
      'web-04': 'spared floor',
      'web-05': 'spared floor',
      'web-06': 'spared floor',
    });
  });

  it.each([
    ['has its outcome', 'outcome.json', true],
    ['is settled', 'outcome.json', false],
  ])(
    'share the doubt of a run that died when its snapshot %s, and the result lacks it',
    async (_name, dying, isWritten) => {
      const { store } = opened;
      const config = aConfig({
        policies: { standard: { keep: { last: 1 } } },
        default: 'standard',
        caps: { maxShare: 0.9 },
      });
      const [first, second] = [await rig.plan(config), await rig.plan(config)];
      let isDead = false;
      const alive = (): void => {
        if (isDead) throw new Error('power failure');
      };
      const mortal: Store = {
        ...store,
        async put(object) {
          alive();
          return store.put(object);
        },
        async putIfAbsent(object) {
          alive();
          isDead = object.key.endsWith(dying);
          if (isDead && !isWritten) alive();
          return store.putIfAbsent(object);
        },
        async replaceIf(object, version) {
          alive();
          return store.replaceIf(object, version);
        },
      };
      const batch = first.plan.items.filter(({ name }) => name === 'web-02');
      const deletion = failing('unknown');
      const dead = rig.apply({ store: mortal, config, text: first.text, deletion, batch, owner: anOwner() });
      await expect(dead).rejects.toThrow('power failure');
      rig.emulator.world.remove('us-east-1', 'instanceSnapshots', 'web-01');
      const result = await rig.apply({ store, config, text: second.text, owner: anOwner() });
      expect(outcomes(result)).toMatchObject({ 'web-02': 'failed kept', 'web-03': 'spared floor' });
    },
  );

  it('are both refused while a record of the place cannot be read', async () => {
    const { store } = opened;
    const { text } = await rig.plan();
    await store.put({ key: 'results/other.json', contentType: 'application/json', body: ['{'] });
    const attempt = 'results/other/0123456789abcdef/000000.attempt.json';
    await store.put({ key: attempt, contentType: 'application/json', body: ['{'] });
    expect(await codeOf(rig.apply({ store, text, owner: anOwner() }))).toBe('result.unreadable');
    await expect(rig.apply({ store, text, owner: anOwner() })).rejects.toThrow(
      /restore it, or apply the plan again after \d{4}-/,
    );
    expect(deletes()).toEqual([]);
  });

  it('are not refused for a file in results/ that is no record, such as a history that a person wrote there', async () => {
    const { store } = opened;
    const { text } = await rig.plan();
    for (const name of ['history.json', 'index.json', 'evidence.json'])
      await store.put({ key: `results/${name}`, contentType: 'application/json', body: ['[]'] });
    expect(await codeOf(rig.apply({ store, text, owner: anOwner() }))).toBe(null);
    expect(deletes()).toHaveLength(5);
  });

  it('are not both applied by a suspended run that goes on after the other one took over', async () => {
    const { store } = opened;
    const [first, second] = [await rig.plan(), await rig.plan()];
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let reached: () => void = () => undefined;
    const suspended = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const sentByFirst: string[] = [];
    const deletion = {
      ...rig.deletion,
      deleteSnapshot: (...args: Parameters<typeof rig.deletion.deleteSnapshot>) => {
        sentByFirst.push(args[0].name);
        return rig.deletion.deleteSnapshot(...args);
      },
    };
    const sleeping: Store = {
      ...store,
      // It stops before it writes its first attempt.
      async putIfAbsent(object) {
        if (object.key.endsWith('attempt.json')) {
          reached();
          await asleep;
        }
        return store.putIfAbsent(object);
      },
    };
    const run = codeOf(rig.apply({ store: sleeping, text: first.text, deletion, owner: anOwner() }));
    await suspended;
    const result = await rig.apply({ store, text: second.text, isAlive: () => false, owner: anOwner() });
    expect(result.totals).toMatchObject({ deleted: 5, failed: 0 });
    expect(rig.slept).toContain(TAKE_OVER_WAIT_MS);
    wake();
    expect(await run).toBe('plan.in-progress');
    expect(sentByFirst).toEqual([]);
    expect(deletes()).toHaveLength(5);
  });
});
