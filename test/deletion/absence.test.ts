import type { Inventory } from '../../lambda/core/report/report-model';
import { aConfig } from '../support/config-builder';
import { codeOf, HERE, outcomes, type Rig, startRig } from './rig';

const SNAPSHOTS = 'instanceSnapshots';

/** The rig's own inventory, changed before anything is decided. */
const listing =
  (rig: Rig, change: (inventory: Inventory) => Partial<Inventory>): Rig['readInventory'] =>
  async (...asked) => {
    const inventory = await rig.readInventory(...asked);
    return { ...inventory, ...change(inventory) };
  };

const without =
  (name: string) =>
  ({ snapshots }: Inventory): Partial<Inventory> => ({
    snapshots: snapshots.filter((snapshot) => snapshot.name !== name),
  });

describe('what a list does not have', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.plan();
  });
  afterEach(() => rig.close());
  const deletesOf = (name: string): number =>
    rig.emulator.requests.list().filter((call) => call.operation === 'DeleteInstanceSnapshot' && call.name === name)
      .length;

  it('leads to a reading by name: a planned snapshot that exists is skipped, and never recorded as gone', async () => {
    const result = await rig.apply({ readInventory: listing(rig, without('web-05')) });
    expect(outcomes(result)['web-05']).toBe('spared list.omitted');
    expect(rig.names()).toContain('web-05');
    expect(result.totals).toMatchObject({ deleted: 4, spared: 1, alreadyGone: 0 });
  });

  it('is already gone when it is not there by name either', async () => {
    rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-05');
    const calls = rig.emulator.requests.list().length;
    expect(outcomes(await rig.apply())['web-05']).toBe('already-gone snapshot.gone');
    const asked = rig.emulator.requests.list().slice(calls);
    expect(asked.some(({ operation, name }) => operation === 'GetInstanceSnapshot' && name === 'web-05')).toBe(true);
  });

  it('fails, and is not called gone, when it cannot be read by name', async () => {
    rig.emulator.setFaults([
      { fault: 'error', operations: 'GetInstanceSnapshot', names: 'web-05', code: 'AccessDeniedException' },
    ]);
    const result = await rig.apply({ readInventory: listing(rig, without('web-05')) });
    expect(outcomes(result)['web-05']).toBe('failed AccessDeniedException');
  });

  it('is read through throttles', async () => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: 'GetInstanceSnapshot', names: 'web-05', times: 7 }]);
    const result = await rig.apply({ readInventory: listing(rig, without('web-05')) });
    expect(outcomes(result)['web-05']).toBe('spared list.omitted');
  });

  it('is not recorded as deleted after a crash while it exists: the outcome notes that it may still be deleted', async () => {
    const { deletion } = rig;
    const dying: typeof deletion.deleteSnapshot = async (named, maySend) => {
      if (named.name === 'web-05') throw new Error('power failure');
      return deletion.deleteSnapshot(named, maySend);
    };
    await expect(rig.apply({ deletion: { ...deletion, deleteSnapshot: dying } })).rejects.toThrow('power failure');
    const result = await rig.apply({ readInventory: listing(rig, without('web-05')) });
    expect(result.items.find(({ name }) => name === 'web-05')).toMatchObject({
      outcome: 'failed',
      code: 'list.omitted',
      mayStillBeDeleted: true,
      text: expect.stringContaining('may still be deleted'),
    });
    expect(rig.names()).toContain('web-05');
    expect(deletesOf('web-05')).toBe(0);
  });

  it('is called deleted after a crash once it is gone, also when another snapshot has its name', async () => {
    const { deletion } = rig;
    const dying: typeof deletion.deleteSnapshot = async (named, maySend) => {
      const answer = await deletion.deleteSnapshot(named, maySend);
      if (named.name === 'web-05') throw new Error('power failure');
      return answer;
    };
    await expect(rig.apply({ deletion: { ...deletion, deleteSnapshot: dying } })).rejects.toThrow('power failure');
    const { arn } = rig.emulator.world.add(HERE, SNAPSHOTS, {
      name: 'web-05',
      createdAt: Date.now() / 1000,
      sizeInGb: 8,
    });
    expect(outcomes(await rig.apply())['web-05']).toBe('deleted');
    expect(rig.emulator.world.find(HERE, SNAPSHOTS, 'web-05')?.arn).toBe(arn);
  });

  it('is no proof that a source is gone: the source is read by name, and its snapshots are skipped', async () => {
    const prepared = await rig.prepare();
    const [, web] = prepared.groups;
    expect(web?.source?.name).toBe('web');
    const lying = (inventory: Inventory): Partial<Inventory> => ({
      sources: (arn) => (arn === web?.source?.arn ? { state: 'gone' } : inventory.sources(arn)),
    });
    rig.emulator.world.tag(HERE, 'web', [{ key: 'retention:hold' }], 'instances');
    const result = await rig.apply({ readInventory: listing(rig, lying) });
    for (const name of ['web-04', 'web-05', 'web-06']) expect(outcomes(result)[name]).toMatch(/^spared /);
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
    expect(result.totals).toMatchObject({ deleted: 2, spared: 3 });
  });

  it('is a source that appears after the decision: its snapshots are skipped from then on', async () => {
    const row = { ...rig.emulator.world.remove(HERE, 'instances', 'web'), name: 'web' };
    rig.emulator.after(
      'DeleteInstanceSnapshot',
      ({ name }, world) => void (name === 'web-04' && world.add(HERE, 'instances', row)),
    );
    const result = await rig.apply();
    expect(outcomes(result)).toMatchObject({
      'web-04': 'deleted',
      'web-05': 'spared source.listed',
      'web-06': 'spared source.listed',
    });
  });

  it('lets the snapshots of a source go that does not exist by name either, or whose name another one has', async () => {
    const row = rig.emulator.world.remove(HERE, 'instances', 'web') ?? {};
    const { arn: _, ...like } = row;
    rig.emulator.world.add(HERE, 'instances', { ...like, name: 'web' });
    expect((await rig.apply()).totals).toMatchObject({ deleted: 5 });
  });

  it('keeps the snapshots of a source that cannot be read by name', async () => {
    rig.emulator.world.remove(HERE, 'instances', 'web');
    const approved = () =>
      rig.emulator.setFaults([{ fault: 'error', operations: 'GetInstance', code: 'AccessDeniedException' }]);
    const result = await rig.apply({ approved });
    expect(outcomes(result)).toMatchObject({
      'web-04': 'failed AccessDeniedException',
      'web-06': 'failed AccessDeniedException',
    });
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
  });
});

describe('a group that was not as expected once', () => {
  it('is skipped to its end, though its kept snapshot is back at the next turn', async () => {
    const rig = await startRig();
    try {
      await rig.plan();
      let readings = 0;
      const readSnapshot: typeof rig.deletion.readSnapshot = async (named, abortSignal) => {
        if (named.name === 'web-01') {
          readings += 1;
          if (readings === 2) return { ok: true, value: null };
        }
        return rig.deletion.readSnapshot(named, abortSignal);
      };
      const result = await rig.apply({ deletion: { ...rig.deletion, readSnapshot } });
      expect(outcomes(result)).toMatchObject({
        'web-04': 'deleted',
        'web-05': 'spared floor',
        'web-06': 'spared floor',
      });
      expect(readings).toBe(2);
    } finally {
      await rig.close();
    }
  });
});

describe('credentials that end while a plan is carried out', () => {
  it.each(['ExpiredTokenException', 'UnrecognizedClientException', 'ExpiredToken', 'InvalidClientTokenId'])(
    'stop the run at any call (%s): no snapshot fails because of it, and the same plan goes on afterwards',
    async (code) => {
      for (const after of code === 'ExpiredTokenException' ? [10, 15, 18, 21, 24, 27, 30, 33, 36] : [20, 27]) {
        const rig = await startRig();
        try {
          await rig.plan();
          // Deletes end after one reading of their operation, so that this call can fail as well.
          const slow = { fault: 'operation', polls: 1, operations: 'Delete*Snapshot' } as const;
          rig.emulator.setFaults([slow, { fault: 'error', code, status: 400, after }]);
          const ended = await codeOf(rig.apply());
          expect([after, ended]).toEqual([
            after,
            expect.stringMatching(/^(caller\.failed|inventory\.incomplete|clock\.skew)$/),
          ]);
          rig.emulator.setFaults([slow]);
          const result = await rig.apply();
          expect([after, result.totals]).toEqual([after, expect.objectContaining({ deleted: 5, failed: 0, open: 0 })]);
          expect(rig.names()).toHaveLength(6);
        } finally {
          await rig.close();
        }
      }
    },
    120_000,
  );

  it('leave nothing of unknown end where no delete was sent', async () => {
    const rig = await startRig();
    try {
      const { plan } = await rig.plan();
      rig.emulator.setFaults([
        { fault: 'error', code: 'ExpiredTokenException', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'] },
      ]);
      expect(await codeOf(rig.apply())).toBe('caller.failed');
      const stored = JSON.parse((await rig.store.get(`results/${plan.id}.json`)) ?? '');
      expect(stored).toMatchObject({ status: 'unfinished', totals: { open: 5, failed: 0 } });
      expect(stored.unsettled).toBeUndefined();
    } finally {
      await rig.close();
    }
  });

  it('are not what an offline machine lacks, and it stops the run as well', async () => {
    const rig = await startRig();
    try {
      await rig.plan();
      const failure = {
        class: 'transient',
        code: 'ENOTFOUND',
        message: 'getaddrinfo ENOTFOUND',
        undone: true,
        unreachable: true,
      } as const;
      const offline = async () => ({ ok: false, failure }) as const;
      for (const method of ['readSnapshot', 'readSource', 'deleteSnapshot'] as const)
        expect(await codeOf(rig.apply({ deletion: { ...rig.deletion, [method]: offline } }))).toBe('caller.failed');
      expect((await rig.apply()).totals).toMatchObject({ deleted: 5, failed: 0 });
    } finally {
      await rig.close();
    }
  });
});

describe('the connections of a run', () => {
  it.each([16, 20, 24, 28])(
    'stop the run when every connection is lost from call %i on, and the same plan goes on afterwards',
    async (after) => {
      const rig = await startRig();
      try {
        await rig.plan();
        rig.emulator.setFaults([{ fault: 'reset', after }]);
        expect(await codeOf(rig.apply())).toBe('caller.failed');
        rig.emulator.setFaults([]);
        expect((await rig.apply()).totals).toMatchObject({ deleted: 5, failed: 0, open: 0 });
      } finally {
        await rig.close();
      }
    },
  );
});

describe('a name that answers with an ARN which cannot have taken it', () => {
  it.each([
    ['another region', 'arn:aws:lightsail:eu-west-1:123456789012:InstanceSnapshot/x'],
    ['another account', 'arn:aws:lightsail:us-east-1:999999999999:InstanceSnapshot/x'],
    ['another kind', 'arn:aws:lightsail:us-east-1:123456789012:DiskSnapshot/x'],
    ['no ARN at all', 'x'],
    ['the same letters in another case', null],
  ])('is no proof that the snapshot is gone: %s', async (_, arn) => {
    const rig = await startRig();
    try {
      await rig.plan();
      const other: Rig['deletion'] = {
        ...rig.deletion,
        async readSnapshot(named, abortSignal) {
          const answer = await rig.deletion.readSnapshot(named, abortSignal);
          if (named.name !== 'web-05' || !answer.ok || answer.value === null) return answer;
          return { ok: true, value: { ...answer.value, arn: arn ?? answer.value.arn?.toUpperCase() ?? '' } };
        },
      };
      const result = await rig.apply({ deletion: other, retrySettings: { attempts: 2, confirmMs: 1 } });
      expect(outcomes(result)['web-05']).toBe('failed answer.other-arn');
      expect(rig.names()).toContain('web-05');
    } finally {
      await rig.close();
    }
  });
});

describe('a snapshot whose delete an earlier run may have sent', () => {
  it('does not count for the minimum kept, so that its group is not emptied when that delete arrives late', async () => {
    const rig = await startRig();
    try {
      const { deletion } = rig;
      const config = aConfig({
        policies: { standard: { keep: { last: 1 } } },
        default: 'standard',
        caps: { maxShare: 0.9 },
      });
      const { plan } = await rig.plan(config);
      const dying: Rig['deletion']['deleteSnapshot'] = async (named, maySend) => {
        if (named.name === 'web-02') throw new Error('power failure');
        return deletion.deleteSnapshot(named, maySend);
      };
      const batch = plan.items.filter(({ name }) => name === 'web-02');
      const dead = rig.apply({ config, deletion: { ...deletion, deleteSnapshot: dying }, batch });
      await expect(dead).rejects.toThrow('power failure');
      // By the new decision the snapshot in doubt is the one to keep.
      rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-01');
      const result = await rig.apply({ config });
      expect(outcomes(result)).toMatchObject({
        'web-02': 'failed kept',
        'web-03': 'spared floor',
        'web-06': 'spared floor',
      });
      expect(result.items.find(({ name }) => name === 'web-03')?.text).toContain(
        'only 0 of its group are certain to stay',
      );
      expect(rig.names()).toEqual(expect.arrayContaining(['web-02', 'web-03', 'web-04', 'web-05', 'web-06']));
    } finally {
      await rig.close();
    }
  });
});

describe('a snapshot that cannot be read after its delete, because the connection is lost', () => {
  it('stops the run, stays open, and counts as deleted in the next run of the same plan', async () => {
    const rig = await startRig();
    try {
      const { plan } = await rig.plan();
      const sent = new Set<string>();
      const cut: Rig['deletion'] = {
        ...rig.deletion,
        async deleteSnapshot(named, maySend) {
          sent.add(named.name);
          return rig.deletion.deleteSnapshot(named, maySend);
        },
        async readSnapshot(named, abortSignal) {
          if (!sent.has(named.name)) return rig.deletion.readSnapshot(named, abortSignal);
          const message = 'read ECONNRESET';
          return { ok: false, failure: { class: 'transient', code: 'ECONNRESET', message, unreachable: true } };
        },
      };
      expect(await codeOf(rig.apply({ deletion: cut }))).toBe('caller.failed');
      const stored = JSON.parse((await rig.store.get(`results/${plan.id}.json`)) ?? '');
      expect(stored.totals).toMatchObject({ failed: 0, open: 5 });
      expect(sent.size).toBeGreaterThan(0);
      const { totals } = await rig.apply();
      expect(totals).toMatchObject({ deleted: 5, failed: 0, open: 0 });
    } finally {
      await rig.close();
    }
  });
});

describe('a delete whose answer was lost', () => {
  const lost = { ok: false, failure: { class: 'transient', code: 'TimeoutError', message: 'no answer' } } as const;
  const busy = {
    ok: true,
    value: [{ id: 'two', state: 'failed', code: 'OperationFailure', details: 'another operation is in progress' }],
  } as const;

  const withLost = async (goesAfterMs: number | null) => {
    const rig = await startRig();
    try {
      await rig.plan();
      let sent = 0;
      let sleptAt = 0;
      const slept = () => rig.slept.reduce((sum, ms) => sum + ms, 0);
      const deletion: Rig['deletion'] = {
        ...rig.deletion,
        async readSnapshot(named, abortSignal) {
          const isOver = sent > 0 && goesAfterMs !== null && slept() - sleptAt >= goesAfterMs;
          if (named.name === 'web-05' && isOver) rig.emulator.world.remove(HERE, SNAPSHOTS, 'web-05');
          return rig.deletion.readSnapshot(named, abortSignal);
        },
        async deleteSnapshot(named, maySend) {
          if (named.name !== 'web-05') return rig.deletion.deleteSnapshot(named, maySend);
          sent += 1;
          if (sent === 1) sleptAt = slept();
          return sent === 1 ? lost : busy;
        },
      };
      const result = await rig.apply({ deletion });
      return { item: result.items.find(({ name }) => name === 'web-05'), names: rig.names() };
    } finally {
      await rig.close();
    }
  };

  it('is waited for when the next delete fails because of it, and the snapshot counts as deleted', async () => {
    const { item, names } = await withLost(15_000);
    expect(item).toMatchObject({ outcome: 'deleted' });
    expect(names).not.toContain('web-05');
  });

  it('is named when the next delete fails because of it: the snapshot may still be deleted', async () => {
    const { item } = await withLost(null);
    expect(item).toMatchObject({ outcome: 'failed', code: 'OperationFailure', mayStillBeDeleted: true });
    expect(item?.text).toMatch(/another operation is in progress.*may still be deleted/);
  });
});
