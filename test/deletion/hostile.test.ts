import { once } from 'node:events';
import { instanceRow } from '../../emulator/rows';
import { aSpec, codeOf, HERE, outcomes, type Rig, startRig, THERE } from './rig';

const HOLD = [{ key: 'retention:hold' }];
const SNAPSHOTS = 'instanceSnapshots';

/** Another snapshot takes a name that has just become free. */
function takeName(rig: Rig, name: string, region = HERE): string {
  const taken = rig.emulator.world.add(region, SNAPSHOTS, {
    name,
    createdAt: Date.now() / 1000,
    fromInstanceName: 'other',
    sizeInGb: 8,
  });
  return taken.arn ?? '';
}
const arnsOf = (rig: Rig): (string | undefined)[] => rig.emulator.world.rows(HERE, SNAPSHOTS).map(({ arn }) => arn);

describe('a hostile account', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.plan();
  });
  afterEach(() => rig.close());

  it('does not delete a snapshot that took the name of a planned one before the run', async () => {
    rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-05');
    const taken = takeName(rig, 'web-05');
    const result = await rig.apply();
    expect(outcomes(result)['web-05']).toBe('changed snapshot.changed');
    expect(arnsOf(rig)).toContain(taken);
    expect(result.totals.deleted).toBe(4);
  });

  it('does not delete a snapshot that took the name of a planned one after the inventory', async () => {
    let taken = '';
    const result = await rig.apply({
      approved: () => {
        rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-05');
        taken = takeName(rig, 'web-05');
      },
    });
    expect(outcomes(result)['web-05']).toBe('changed snapshot.changed');
    expect(arnsOf(rig)).toContain(taken);
    expect(
      rig.emulator.requests
        .list()
        .some(({ operation, name }) => operation === 'DeleteInstanceSnapshot' && name === 'web-05'),
    ).toBe(false);
  });

  it('does not delete a snapshot whose ARN is the planned one and whose creation is not', async () => {
    const { world } = rig.emulator;
    const row = world.find(HERE, SNAPSHOTS, 'web-05') ?? {};
    const result = await rig.apply({
      approved: () => world.replace(HERE, SNAPSHOTS, row, { ...row, createdAt: (row.createdAt ?? 0) + 1 }),
    });
    expect(outcomes(result)['web-05']).toBe('changed snapshot.changed');
    expect(rig.names()).toContain('web-05');
  });

  it.each([
    ['a key-only hold tag', [{ key: 'retention:hold' }]],
    ['a dated hold', [{ key: 'retention:hold', value: 'until 2999-01-01' }]],
    ["AWS's own example of a hold", [{ key: 'no_delete' }]],
    ['the tag of a stack', [{ key: 'aws:cloudformation:stack-name', value: 'shop' }]],
    ['a misspelt hold', [{ key: 'Retention:Hold' }]],
  ])('spares a snapshot on which %s appears between plan and apply', async (_, tags) => {
    rig.emulator.world.tag(HERE, 'web-05', tags);
    const result = await rig.apply();
    expect(outcomes(result)['web-05']).toMatch(/^spared (hold|tag\.)/);
    expect(result.items.find(({ name }) => name === 'web-05')?.text).toContain(tags[0]?.key);
    expect(rig.names()).toContain('web-05');
  });

  it('spares a snapshot that is held between the inventory and its turn', async () => {
    const result = await rig.apply({ approved: () => void rig.emulator.world.tag(HERE, 'web-05', HOLD) });
    expect(outcomes(result)['web-05']).toBe('spared hold');
    expect(result.totals.deleted).toBe(4);
  });

  it('spares a snapshot that gets any tag at all between the inventory and its turn', async () => {
    const result = await rig.apply({
      approved: () => void rig.emulator.world.tag(HERE, 'web-05', [{ key: 'ticket', value: '4711' }]),
    });
    expect(outcomes(result)['web-05']).toBe('spared tags.changed');
  });

  it('spares a snapshot that loses a tag between the inventory and its turn', async () => {
    rig.emulator.world.tag(HERE, 'web-05', [{ key: 'env', value: 'test' }]);
    const result = await rig.apply({ approved: () => void rig.emulator.world.untag(HERE, 'web-05', ['env']) });
    expect(outcomes(result)['web-05']).toBe('spared tags.changed');
  });

  it('spares a snapshot that is no longer finished at its turn', async () => {
    const { world } = rig.emulator;
    const row = world.find(HERE, SNAPSHOTS, 'web-05') ?? {};
    const result = await rig.apply({ approved: () => world.replace(HERE, SNAPSHOTS, row, { ...row, state: 'error' }) });
    expect(outcomes(result)['web-05']).toBe('spared unfinished');
  });

  // A hold that comes between the last reading and the delete is the one that the code cannot see: the window is that
  // one call, and there
  // the role's Deny under the hold tag is the lock.
  it('spares a snapshot that is held between its last reading and its delete, where the role denies the delete', async () => {
    rig.emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'DeleteInstanceSnapshot', names: 'web-05' },
    ]);
    const { deletion } = rig;
    const result = await rig.apply({
      deletion: {
        ...deletion,
        async deleteSnapshot(named, maySend) {
          if (named.name === 'web-05') rig.emulator.world.tag(HERE, 'web-05', HOLD);
          return deletion.deleteSnapshot(named, maySend);
        },
      },
    });
    expect(outcomes(result)['web-05']).toBe('spared hold');
    expect(rig.names()).toContain('web-05');
    expect(result.totals).toMatchObject({ deleted: 4, spared: 1 });
  });

  it('makes no call between the last reading of a snapshot and its delete', async () => {
    await rig.apply();
    const calls = rig.emulator.requests.list().filter(({ region }) => region === HERE);
    const deletes = calls.flatMap(({ operation }, index) => (operation === 'DeleteInstanceSnapshot' ? [index] : []));
    expect(deletes).toHaveLength(3);
    for (const index of deletes)
      expect(calls[index - 1]).toMatchObject({ operation: 'GetInstanceSnapshot', name: calls[index]?.name });
  });

  it('says that a snapshot was gone already when it went by hand before the run', async () => {
    rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-05');
    const result = await rig.apply();
    expect(outcomes(result)['web-05']).toBe('already-gone snapshot.gone');
    expect(result.totals).toMatchObject({ deleted: 4, alreadyGone: 1, freedMonthlyCostCeiling: 8 });
  });

  it.each(['approved', 'delete'])(
    'says that a snapshot was gone already when it went by hand just before its %s',
    async (when) => {
      const remove = (): void => void rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-05');
      if (when === 'delete')
        rig.emulator.before('DeleteInstanceSnapshot', ({ name }) => (name === 'web-05' ? remove() : undefined));
      const result = await rig.apply(when === 'approved' ? { approved: remove } : {});
      expect(outcomes(result)['web-05']).toBe('already-gone snapshot.gone');
    },
  );

  it('evaluates by the source that a snapshot came from, not by one that was created again under its name', async () => {
    const { world } = rig.emulator;
    world.remove(HERE, 'instances', 'web');
    world.add(HERE, 'instances', {
      ...instanceRow(aSpec('web')),
      arn: `arn:aws:lightsail:${HERE}:123456789012:Instance/new`,
      name: 'web',
      tags: HOLD,
    });
    const result = await rig.apply();
    expect(result.totals.deleted).toBe(5);
    expect(rig.names()).toEqual(expect.arrayContaining(['web-01', 'web-02', 'web-03']));
  });

  it('spares a whole group whose source was created again under its name after the inventory', async () => {
    const { world } = rig.emulator;
    const result = await rig.apply({
      approved: () => {
        world.remove(HERE, 'instances', 'web');
        world.add(HERE, 'instances', {
          ...instanceRow(aSpec('web')),
          arn: `arn:aws:lightsail:${HERE}:123456789012:Instance/new`,
          name: 'web',
        });
      },
    });
    expect(outcomes(result)).toMatchObject({
      'web-04': 'spared source.changed',
      'web-06': 'spared source.changed',
      'data-05': 'deleted',
    });
  });

  it.each([
    ['is deleted', (on: Rig) => on.emulator.world.remove(HERE, 'instances', 'web')],
    ['is held', (on: Rig) => on.emulator.world.tag(HERE, 'web', HOLD)],
    ['gets another policy', (on: Rig) => on.emulator.world.tag(HERE, 'web', [{ key: 'retention:keep', value: 'all' }])],
  ])('spares a whole group whose source %s after the inventory', async (_, change) => {
    const result = await rig.apply({ approved: () => void change(rig) });
    expect(outcomes(result)).toMatchObject({
      'web-04': 'spared source.changed',
      'web-05': 'spared source.changed',
      'data-05': 'deleted',
    });
  });

  it('spares every snapshot of a source that is held between plan and apply', async () => {
    rig.emulator.world.tag(HERE, 'web', HOLD);
    expect(outcomes(await rig.apply())).toMatchObject({
      'web-04': 'spared hold',
      'web-05': 'spared hold',
      'web-06': 'spared hold',
    });
  });

  it('does not delete in place of retained snapshots that were deleted manually before the run: the decision is a fresh one', async () => {
    for (const name of ['web-01', 'web-02', 'web-03']) rig.emulator.world.remove(HERE, SNAPSHOTS, name);
    const result = await rig.apply();
    expect(outcomes(result)).toMatchObject({
      'web-04': 'spared kept',
      'web-05': 'spared kept',
      'web-06': 'spared kept',
    });
  });

  it('spares a group whose retained snapshot was deleted manually after the inventory', async () => {
    const result = await rig.apply({ approved: () => void rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-01') });
    expect(outcomes(result)).toMatchObject({
      'web-04': 'spared floor',
      'web-06': 'spared floor',
      'data-05': 'deleted',
    });
    expect(result.items.find(({ name }) => name === 'web-04')?.text).toContain('web-01 is gone');
  });

  it('reads the retained snapshot again before every delete of a group', async () => {
    rig.emulator.after(
      'DeleteInstanceSnapshot',
      ({ name }, world) => void (name === 'web-04' && world.remove(HERE, SNAPSHOTS, 'web-01')),
    );
    expect(outcomes(await rig.apply())).toMatchObject({
      'web-04': 'deleted',
      'web-05': 'spared floor',
      'web-06': 'spared floor',
    });
  });

  it('spares the rest of a group whose source is held while it is worked on', async () => {
    rig.emulator.after(
      'DeleteInstanceSnapshot',
      ({ name }, world) => void (name === 'web-04' && world.tag(HERE, 'web', HOLD)),
    );
    expect(outcomes(await rig.apply())).toMatchObject({
      'web-04': 'deleted',
      'web-05': 'spared source.changed',
      'data-05': 'deleted',
    });
  });

  it.each([
    ['its source is held', 'spared source.changed', (on: Rig) => on.emulator.world.tag(HERE, 'web', HOLD)],
    ['its kept sibling goes', 'spared floor', (on: Rig) => on.emulator.world.remove(HERE, SNAPSHOTS, 'web-01')],
  ])('does not try a throttled delete again when %s meanwhile', async (_, outcome, change) => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: 'DeleteInstanceSnapshot', names: 'web-04', times: 1 }]);
    rig.emulator.before('GetInstance', () => {
      if (rig.emulator.requests.count('DeleteInstanceSnapshot') > 0) change(rig);
    });
    expect(outcomes(await rig.apply())).toMatchObject({ 'web-04': outcome, 'web-05': outcome, 'web-06': outcome });
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(1);
  });

  it.each([
    ['says that a snapshot may still be deleted', 'before', 'failed source.changed'],
    ['sees that a snapshot is gone', 'after', 'deleted'],
  ] as const)('%s when its source is held after the answer to its delete was lost', async (_, when, outcome) => {
    rig.emulator.setFaults([{ fault: 'reset', when, operations: 'DeleteInstanceSnapshot', names: 'web-04', times: 1 }]);
    rig.emulator.before('GetInstance', (__, world) => {
      if (rig.emulator.requests.count('DeleteInstanceSnapshot') > 0) world.tag(HERE, 'web', HOLD);
    });
    const result = await rig.apply();
    expect(outcomes(result)).toMatchObject({ 'web-04': outcome, 'web-05': 'spared source.changed' });
    const { text } = result.items.find(({ name }) => name === 'web-04') ?? {};
    expect(text).toMatch(when === 'before' ? /a delete was sent.*may still be deleted/ : /it is gone/);
  });

  it('never touches the snapshot that took a name while the answer to its delete was lost', async () => {
    rig.emulator.setFaults([
      { fault: 'reset', when: 'after', operations: 'DeleteInstanceSnapshot', names: 'web-05', times: 1 },
    ]);
    let taken = '';
    rig.emulator.after('DeleteInstanceSnapshot', ({ name }) => {
      if (name === 'web-05' && taken === '') taken = takeName(rig, 'web-05');
    });
    const result = await rig.apply();
    expect(outcomes(result)['web-05']).toBe('deleted');
    expect(taken).not.toBe('');
    expect(arnsOf(rig)).toContain(taken);
    const sent = rig.emulator.requests
      .list()
      .filter(({ operation, name }) => operation === 'DeleteInstanceSnapshot' && name === 'web-05');
    expect(sent).toHaveLength(1);
  });

  it('says deleted when the name was taken again before the deletion was confirmed', async () => {
    let taken = '';
    rig.emulator.after('DeleteInstanceSnapshot', ({ name }) => {
      if (name === 'web-05') taken = takeName(rig, 'web-05');
    });
    expect(outcomes(await rig.apply())['web-05']).toBe('deleted');
    expect(arnsOf(rig)).toContain(taken);
  });

  it('never deletes a snapshot that a report did not list, though it is expired by policy now', async () => {
    const row = rig.emulator.world.find(HERE, SNAPSHOTS, 'web-06') ?? {};
    const { arn: _, ...rest } = row;
    rig.emulator.world.add(HERE, SNAPSHOTS, { ...rest, name: 'web-99' });
    await rig.apply();
    expect(rig.names()).toContain('web-99');
  });

  it('refuses when a region that the plan was made from cannot be read now', async () => {
    rig.emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', regions: THERE, operations: 'GetDiskSnapshots' },
    ]);
    expect(await codeOf(rig.apply())).toBe('inventory.incomplete');
    expect(rig.names()).toHaveLength(11);
  });

  it('refuses when a region that the plan was made from answers as one that is not enabled', async () => {
    rig.emulator.setFaults([{ fault: 'error', code: 'OptInRequired', regions: THERE }]);
    expect(await codeOf(rig.apply())).toBe('inventory.incomplete');
  });

  it('goes on where the list of what an earlier run dealt with is absent now', async () => {
    await rig.plan();
    const stop = new AbortController();
    let done = 0;
    const deletion: typeof rig.deletion = {
      ...rig.deletion,
      deleteSnapshot: async (named, maySend) => {
        if (named.region !== HERE) return rig.deletion.deleteSnapshot(named, maySend);
        // Its answer comes when the run is told to end, so that its attempts never run out before.
        if (!stop.signal.aborted) await once(stop.signal, 'abort');
        return { ok: false, failure: { class: 'throttled', code: 'ThrottlingException', message: 'slow down' } };
      },
    };
    const progress = (): void => {
      done += 1;
      if (done === 2) stop.abort();
    };
    expect((await rig.apply({ deletion, progress, signal: stop.signal })).totals).toMatchObject({
      deleted: 2,
      open: 3,
    });
    rig.emulator.setFaults([{ fault: 'shape', dropList: true, regions: THERE, operations: 'GetDiskSnapshots' }]);
    expect((await rig.apply()).totals).toMatchObject({ deleted: 5, open: 0 });
  });

  it('refuses when a list with planned snapshots is absent from the answer now', async () => {
    rig.emulator.setFaults([{ fault: 'shape', dropList: true, regions: HERE, operations: 'GetInstanceSnapshots' }]);
    expect(await codeOf(rig.apply())).toBe('inventory.incomplete');
  });

  it('refuses when the sources of a planned scope cannot be read now', async () => {
    rig.emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', regions: HERE, operations: 'GetInstances' },
    ]);
    expect(await codeOf(rig.apply())).toBe('inventory.incomplete');
  });

  it.each(['repeated', 'endless'] as const)(
    'refuses when a list is a loop of pages (%s)',
    async (mode) => {
      rig.emulator.setFaults([{ fault: 'tokens', operations: 'GetInstanceSnapshots', regions: HERE, mode }]);
      expect(await codeOf(rig.prepare())).toBe('inventory.incomplete');
    },
    120_000,
  );

  it('spares a snapshot that is listed twice with different content', async () => {
    rig.emulator.setFaults([{ fault: 'rows', operations: 'GetInstanceSnapshots', regions: HERE, mode: 'conflict' }]);
    const result = await rig.apply();
    const conflicting = result.items.filter(({ code }) => code === 'snapshot.conflict');
    expect(rig.names()).toEqual(expect.arrayContaining(conflicting.map(({ name }) => name)));
    expect(result.totals.failed).toBe(0);
  });
});
