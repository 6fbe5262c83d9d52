import type { ItemResult } from '../../lambda/core/plan/outcome';
import type { Plan } from '../../lambda/core/plan/plan';
import {
  checkOutcomes,
  type OutcomePorts,
  type OutcomeStore,
  openOutcomes,
  rehearsalOutcomes,
} from '../../lambda/deletion/outcome-store';
import { settleOutcome } from '../../lambda/deletion/outcome-summary';
import type { Store, StoredObject } from '../../lambda/ports/ports';
import { recordFile, recordFolder } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { ORIGIN } from '../support/run-origin';

const NOW = Date.UTC(2026, 10, 23, 8);
const HOUR = 3_600_000;
const REASONS = [{ code: 'last', text: 'last: 3 of 3 slots filled' }];
const FACTS = { source: 'web', sizeGb: 40, monthlyCostCeiling: 2, policy: 'standard', reasons: REASONS };

const planOf = (count: number, digest = '1'): Plan => ({
  schemaVersion: 1,
  id: '20261123T080000Z-1a2b3c4d',
  account: '123456789012',
  scopes: [],
  createdAt: '2026-11-23T08:00:00.000Z',
  expiresAt: '2026-11-30T08:00:00.000Z',
  config: { origin: 'retention.yaml', digest: `sha256:${'0'.repeat(64)}` },
  complete: true,
  blocked: null,
  items: Array.from({ length: count }, (_, i) => ({
    arn: `arn-${i}`,
    name: `web-${i}`,
    kind: 'instance',
    account: '123456789012',
    region: 'us-east-1',
    createdAt: '2026-10-01T00:00:00.000Z',
  })),
  digest: `sha256:${digest.repeat(64)}`,
});

const resultOf = (plan: Plan, index: number, outcome: ItemResult['outcome'] = 'deleted'): ItemResult => {
  const item = plan.items[index];
  if (item === undefined) throw new Error(`the plan has no item ${index}`);
  return {
    ...item,
    ...FACTS,
    outcome,
    code: outcome,
    text: outcome,
    at: '2026-11-23T08:01:00.000Z',
    requestId: null,
  };
};

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => (error as { code?: unknown }).code,
  );

/** Whether a run may send the delete of a snapshot: it has the attempt and the lock. */
const maySend = (outcomes: OutcomeStore, arn: string): Promise<boolean> =>
  outcomes.isOwnAttempt(arn).catch((error: { code?: unknown }) => {
    if (error.code !== 'plan.in-progress') throw error;
    return false;
  });

const itemOf = (plan: Plan, index: number) => {
  const item = plan.items[index];
  if (item === undefined) throw new Error(`the plan has no item ${index}`);
  return item;
};

describe('the record of a plan', () => {
  let objects: Map<string, string>;
  let now: number;
  beforeEach(() => {
    objects = new Map();
    now = NOW;
  });
  const portsOf = (run: string, alive: boolean | null = null, store: Store = memoryStore(objects)): OutcomePorts => ({
    store,
    clock: () => now,
    owner: { host: 'here', pid: 1, run },
    isAlive: () => alive,
  });
  /** Opens the plan as a run that sees no other run at work. */
  const open = (run: string, plan: Plan, store?: Store) => openOutcomes(portsOf(run, false, store), plan, ORIGIN);
  const readJson = (key: string) => JSON.parse(objects.get(key) ?? 'null');

  it('is unfinished until every item has its outcome, then finished', async () => {
    const plan = planOf(2);
    const first = await open('a', plan);
    await first.record([resultOf(plan, 0)]);
    expect((await first.close()).status).toBe('unfinished');
    const again = await open('b', plan);
    expect([...again.recorded.keys()]).toEqual(['arn-0']);
    await again.record([resultOf(plan, 1, 'failed')]);
    const result = await again.close();
    expect({ status: result.status, totals: result.totals }).toMatchObject({
      status: 'finished',
      totals: { deleted: 1, failed: 1, open: 0 },
    });
    expect(result.startedAt).toBe('2026-11-23T08:00:00.000Z');
  });

  it('is the same with the result and without it, after any number of outcomes', async () => {
    const plan = planOf(120);
    for (const count of [0, 1, 2, 49, 119]) {
      objects.clear();
      const outcomes = await open('a', plan);
      for (let i = 0; i < count; i += 1) {
        await outcomes.startAttempt(itemOf(plan, i), FACTS);
        await outcomes.record([resultOf(plan, i)]);
      }
      await outcomes.startAttempt(itemOf(plan, count), FACTS);
      for (const withResult of [true, false]) {
        const left = new Map([...objects].filter(([key]) => withResult || key !== `results/${plan.id}.json`));
        const next = await open('b', plan, memoryStore(left));
        expect(next.recorded.size).toBe(count);
        expect([...next.unsettled]).toEqual([[`arn-${count}`, FACTS]]);
      }
    }
  });

  it('has two objects for each item, named by its position, in a folder that has the digest in its name', async () => {
    const plan = planOf(2);
    const outcomes = await open('a', plan);
    await outcomes.startAttempt(itemOf(plan, 1), FACTS);
    await outcomes.record([resultOf(plan, 1)]);
    const folder = `results/${plan.id}/${'1'.repeat(16)}/`;
    expect(recordFolder(plan)).toBe(folder);
    expect([...objects.keys()].filter((key) => key.startsWith(folder)).sort()).toEqual([
      `${folder}000001.attempt.json`,
      `${folder}000001.outcome.json`,
    ]);
    expect(readJson(`${folder}000001.attempt.json`)).toMatchObject({
      arn: 'arn-1',
      run: 'a',
      state: 'open',
      earlier: false,
    });
    expect(readJson(`${folder}000001.outcome.json`)).toEqual(resultOf(plan, 1));
  });

  it('notes one attempt for all deletes of a snapshot', async () => {
    const plan = planOf(1);
    const outcomes = await open('a', plan);
    expect(await outcomes.startAttempt(itemOf(plan, 0), FACTS)).toBe('owned');
    const noted = new Map(objects);
    expect(await outcomes.startAttempt(itemOf(plan, 0), FACTS)).toBe('owned');
    expect(objects).toEqual(noted);
    expect(await outcomes.isOwnAttempt('arn-0')).toBe(true);
  });

  it('cancels an attempt: the next run knows that nothing was sent, and need not wait', async () => {
    const plan = planOf(2);
    const first = await open('a', plan);
    await first.startAttempt(itemOf(plan, 0), FACTS);
    await first.startAttempt(itemOf(plan, 1), FACTS);
    await first.cancelAttempt('arn-0');
    expect([...first.unsettled.keys()]).toEqual(['arn-1']);
    expect(await first.isOwnAttempt('arn-0')).toBe(false);
    const second = await open('b', plan);
    expect([...second.unsettled.keys()]).toEqual(['arn-1']);
    expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('owned');
    expect(await second.startAttempt(itemOf(plan, 1), FACTS)).toBe('taken-over');
    expect([await maySend(first, 'arn-0'), await maySend(second, 'arn-0')]).toEqual([false, true]);
  });

  it('starts an attempt again that the same run has cancelled', async () => {
    const plan = planOf(1);
    const outcomes = await open('a', plan);
    await outcomes.startAttempt(itemOf(plan, 0), FACTS);
    await outcomes.cancelAttempt('arn-0');
    expect(await outcomes.startAttempt(itemOf(plan, 0), FACTS)).toBe('owned');
    expect(await outcomes.isOwnAttempt('arn-0')).toBe(true);
    await outcomes.record([resultOf(plan, 0, 'spared')]);
    expect((await outcomes.close()).items).toEqual([resultOf(plan, 0, 'spared')]);
  });

  it('cancels nothing that an earlier run may have sent', async () => {
    const plan = planOf(1);
    await (await open('a', plan)).startAttempt(itemOf(plan, 0), FACTS);
    const second = await open('b', plan);
    await second.startAttempt(itemOf(plan, 0), FACTS);
    await second.cancelAttempt('arn-0');
    expect(second.unsettled.has('arn-0')).toBe(true);
    expect([...(await open('c', plan)).unsettled.keys()]).toEqual(['arn-0']);
  });

  it('takes over nothing that a third run takes over and ends in the same moment', async () => {
    const plan = planOf(1);
    await (await open('a', plan)).startAttempt(itemOf(plan, 0), FACTS);
    const third = await open('c', plan);
    let isNext = false;
    const meanwhile = async (): Promise<void> => {
      if (!isNext) return;
      isNext = false;
      await third.startAttempt(itemOf(plan, 0), FACTS);
      await third.record([resultOf(plan, 0)]);
    };
    const store = memoryStore(objects);
    const slow: Store = {
      ...store,
      put: (object) => meanwhile().then(() => store.put(object)),
      replaceIf: (object, version) => meanwhile().then(() => store.replaceIf(object, version)),
    };
    const second = await open('b', plan, slow);
    isNext = true;
    expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('recorded');
    expect(await second.isOwnAttempt('arn-0')).toBe(false);
  });

  it('cancels nothing that another run has taken over, and nothing that was never begun', async () => {
    const plan = planOf(2);
    const first = await open('a', plan);
    await first.startAttempt(itemOf(plan, 0), FACTS);
    const second = await open('b', plan);
    await second.startAttempt(itemOf(plan, 0), FACTS);
    const left = new Map(objects);
    await first.cancelAttempt('arn-0');
    await first.cancelAttempt('arn-1');
    expect(objects).toEqual(left);
  });

  it('lets one of many runs have an item, whichever way they meet', async () => {
    const plan = planOf(1);
    const runs = [await open('a', plan), await open('b', plan), await open('c', plan), await open('d', plan)];
    await Promise.all(runs.map((each) => each.startAttempt(itemOf(plan, 0), FACTS).catch(() => null)));
    const owners = await Promise.all(runs.map((each) => maySend(each, 'arn-0')));
    expect(owners.filter(Boolean).length).toBeLessThanOrEqual(1);
    const { run } = readJson(recordFile(plan, 0, 'attempt'));
    expect(['a', 'b', 'c', 'd']).toContain(run);
  });

  it('knows an attempt of its own whose creation was not answered', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    const lossy: Store = {
      ...store,
      async putIfAbsent(object) {
        await store.putIfAbsent(object);
        return false;
      },
      async replaceIf(object, version) {
        await store.replaceIf(object, version);
        return false;
      },
    };
    const outcomes = await open('a', plan, lossy);
    expect(await outcomes.startAttempt(itemOf(plan, 0), FACTS)).toBe('owned');
    expect(await outcomes.record([resultOf(plan, 0, 'failed')])).toEqual([resultOf(plan, 0, 'failed')]);
    expect((await outcomes.close()).totals).toMatchObject({ failed: 1, open: 0 });
  });

  it('waits for an attempt that it took over, though the answer to its replacement was lost', async () => {
    const plan = planOf(1);
    await (await open('a', plan)).startAttempt(itemOf(plan, 0), FACTS);
    const store = memoryStore(objects);
    const lossy: Store = {
      ...store,
      // The first try is carried out and not answered; the client's second try finds another version.
      async replaceIf(object, version) {
        await store.replaceIf(object, version);
        return false;
      },
    };
    const second = await open('b', plan, lossy);
    expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('taken-over');
    expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('owned');
  });

  it('adopts an outcome that another run recorded before it took over, and one that was recorded while it waited', async () => {
    const plan = planOf(2);
    const first = await open('a', plan);
    await first.startAttempt(itemOf(plan, 0), FACTS);
    await first.startAttempt(itemOf(plan, 1), FACTS);
    const second = await open('b', plan);
    await first.record([resultOf(plan, 0)]);
    expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('recorded');
    expect(await second.startAttempt(itemOf(plan, 1), FACTS)).toBe('taken-over');
    await first.record([resultOf(plan, 1)]);
    expect(await second.startAttempt(itemOf(plan, 1), FACTS)).toBe('recorded');
    expect(await second.close()).toMatchObject({ status: 'finished', totals: { deleted: 2 } });
  });

  it.each(['spared', 'failed', 'changed', 'already-gone'] as const)(
    'lets a run record %s for a snapshot only while no other run may delete it',
    async (outcome) => {
      const plan = planOf(1);
      const first = await open('a', plan);
      const second = await open('b', plan);
      await second.startAttempt(itemOf(plan, 0), FACTS);
      expect(await codeOf(first.record([resultOf(plan, 0, outcome)]))).toBe('plan.in-progress');
      await second.record([resultOf(plan, 0, 'deleted')]);
      expect((await second.close()).items).toEqual([resultOf(plan, 0)]);
    },
  );

  it.each(['spared', 'failed'] as const)(
    'lets no run delete a snapshot for which another one has recorded %s',
    async (outcome) => {
      const plan = planOf(1);
      const first = await open('a', plan);
      const second = await open('b', plan);
      await first.record([resultOf(plan, 0, outcome)]);
      expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('recorded');
      expect(second.recorded.get('arn-0')).toEqual(resultOf(plan, 0, outcome));
    },
  );

  it('lets no run delete a snapshot whose outcome was about to be written when its run died', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    const dying: Store = {
      ...store,
      putIfAbsent: async (object) => {
        if (object.key.endsWith('.outcome.json')) throw new Error('died');
        return store.putIfAbsent(object);
      },
    };
    const second = await open('b', plan);
    await expect((await open('a', plan, dying)).record([resultOf(plan, 0, 'spared')])).rejects.toThrow('died');
    expect(await second.startAttempt(itemOf(plan, 0), FACTS)).toBe('recorded');
    expect([...(await open('c', plan)).recorded.values()]).toEqual([resultOf(plan, 0, 'spared')]);
  });

  it('records failed for a snapshot whose delete an earlier run may have sent, and takes it over from that run', async () => {
    const plan = planOf(1);
    const first = await open('a', plan);
    await first.startAttempt(itemOf(plan, 0), FACTS);
    const second = await open('b', plan);
    await second.record([resultOf(plan, 0, 'failed')]);
    expect(await maySend(first, 'arn-0')).toBe(false);
    expect((await second.close()).totals).toMatchObject({ failed: 1, open: 0 });
  });

  it('never replaces an outcome: the first one counts, whichever run records', async () => {
    const plan = planOf(1);
    const first = await open('a', plan);
    await first.startAttempt(itemOf(plan, 0), FACTS);
    const second = await open('b', plan);
    await first.record([resultOf(plan, 0)]);
    const later = { ...resultOf(plan, 0), text: 'deleted later', at: '2026-11-23T08:02:00.000Z' };
    expect(await second.record([later])).toEqual([resultOf(plan, 0)]);
    expect(readJson(recordFile(plan, 0, 'outcome'))).toEqual(resultOf(plan, 0));
    expect((await second.close()).items).toEqual([resultOf(plan, 0)]);
  });

  it('shows the outcomes of all runs in its result, whichever run writes it last', async () => {
    const plan = planOf(2);
    const first = await open('a', plan);
    const second = await open('b', plan);
    await second.record([resultOf(plan, 1)]);
    await second.close();
    await first.record([resultOf(plan, 0)]);
    expect(await first.close()).toMatchObject({ status: 'finished', totals: { deleted: 2 } });
    expect(readJson(`results/${plan.id}.json`)).toMatchObject({ status: 'finished', totals: { deleted: 2 } });
    expect(await codeOf(open('c', plan))).toBe('plan.applied');
  });

  it('takes nothing more once it is closed', async () => {
    const plan = planOf(2);
    const outcomes = await open('a', plan);
    await outcomes.startAttempt(itemOf(plan, 0), FACTS);
    await outcomes.close();
    const left = new Map(objects);
    expect(await codeOf(outcomes.startAttempt(itemOf(plan, 1), FACTS))).toBe('outcomes.closed');
    expect(await codeOf(outcomes.cancelAttempt('arn-0'))).toBe('outcomes.closed');
    expect(await codeOf(outcomes.record([resultOf(plan, 0)]))).toBe('outcomes.closed');
    expect(objects).toEqual(left);
  });

  it('writes the result after every outcome while it is small, and rarely enough when it is large', async () => {
    const plan = planOf(2_000);
    const store = memoryStore(objects);
    let writes = 0;
    let bytes = 0;
    const counting: Store = {
      ...store,
      put: async (object: StoredObject) => {
        const body = [...object.body];
        if (object.key === `results/${plan.id}.json`) {
          writes += 1;
          bytes += body.join('').length;
        }
        await store.put({ ...object, body });
      },
    };
    const outcomes = await open('a', plan, counting);
    for (let i = 0; i < 60; i += 1) await outcomes.record([resultOf(plan, i)]);
    expect(writes).toBe(61);
    for (let i = 60; i < 2_000; i += 1) await outcomes.record([resultOf(plan, i)]);
    const result = await outcomes.close();
    expect(result.items).toHaveLength(2_000);
    expect(bytes).toBeLessThan(70 * (objects.get(`results/${plan.id}.json`)?.length ?? 0));
  });

  it('costs two writes and two reads for each deletion, and three lists', async () => {
    const plan = planOf(40);
    const store = memoryStore(objects);
    const calls = new Map<string, number>();
    const counted = Object.fromEntries(
      Object.entries(store).map(([name, call]) => [
        name,
        (...args: never[]) => {
          const what = name === 'put' ? (args[0] as unknown as StoredObject).key.replace(/.*\//, '') : name;
          calls.set(what, (calls.get(what) ?? 0) + 1);
          return (call as (...given: never[]) => unknown)(...args);
        },
      ]),
    ) as unknown as Store;
    const outcomes = await open('a', plan, counted);
    for (const [i, item] of plan.items.entries()) {
      await outcomes.startAttempt(item, FACTS);
      await outcomes.isOwnAttempt(item.arn);
      await outcomes.record([resultOf(plan, i)]);
    }
    await outcomes.close();
    // The lock is created, too, read before that and before each view, and read and replaced when it is released.
    expect(Object.fromEntries(calls)).toMatchObject({ putIfAbsent: 81, getVersioned: 124, list: 3, replaceIf: 1 });
    expect(calls.get('lock.json')).toBeUndefined();
  });

  it('refuses a finished plan, and says where its outcomes are', async () => {
    const plan = planOf(1);
    const outcomes = await open('a', plan);
    await outcomes.record([resultOf(plan, 0)]);
    await outcomes.close();
    await expect(checkOutcomes(portsOf('b'), plan)).rejects.toThrow(`memory:results/${plan.id}.json`);
    expect(await codeOf(open('b', plan))).toBe('plan.applied');
  });

  it('refuses a plan whose result is finished, though nothing else is there of it', async () => {
    const plan = planOf(1);
    const outcomes = await open('a', plan);
    await outcomes.record([resultOf(plan, 0)]);
    await outcomes.close();
    for (const key of [...objects.keys()]) if (key !== `results/${plan.id}.json`) objects.delete(key);
    expect(await codeOf(checkOutcomes(portsOf('b'), plan))).toBe('plan.applied');
    expect(await codeOf(open('b', plan))).toBe('plan.applied');
  });

  it('counts an outcome that only an unfinished result has', async () => {
    const plan = planOf(2);
    const outcomes = await open('a', plan);
    await outcomes.record([resultOf(plan, 0)]);
    await outcomes.close();
    for (const key of [...objects.keys()]) if (key !== `results/${plan.id}.json`) objects.delete(key);
    expect([...(await open('b', plan)).recorded.keys()]).toEqual(['arn-0']);
  });

  it('refuses a plan that another run finished while this one took its lock, and releases the lock', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    const late: Store = {
      ...store,
      putIfAbsent: async (object) => {
        if (!object.key.endsWith('lock.json')) return store.putIfAbsent(object);
        const other = await open('a', plan);
        await other.record([resultOf(plan, 0)]);
        await other.close();
        await store.put(object);
        return true;
      },
    };
    expect(await codeOf(open('b', plan, late))).toBe('plan.applied');
    expect(readJson('results/lock.json')).toMatchObject({ owner: { run: 'b' }, released: true });
  });

  it('takes very many outcomes at once', async () => {
    const plan = planOf(100_000);
    const outcomes = await open('a', plan);
    await outcomes.record(plan.items.map((_, i) => resultOf(plan, i)));
    expect((await outcomes.close()).totals.deleted).toBe(100_000);
  }, 60_000);

  it.each([
    ['the result', (plan: Plan) => `results/${plan.id}.json`],
    ['an outcome', (plan: Plan) => recordFile(plan, 0, 'outcome')],
    ['an attempt', (plan: Plan) => recordFile(plan, 1, 'attempt')],
  ])('refuses when %s cannot be read: what is not known is never taken for not done', async (_, keyOf) => {
    const plan = planOf(3);
    const outcomes = await open('a', plan);
    await outcomes.record([resultOf(plan, 0)]);
    await outcomes.startAttempt(itemOf(plan, 1), FACTS);
    for (const broken of [
      '',
      '{"arn":',
      '[]',
      '{"arn":"arn-1"}',
      '7',
      'null',
      '{"arn":"a","name":"b","run":"c","at":"d","revision":1}',
    ]) {
      const left = new Map(objects).set(keyOf(plan), broken);
      if (keyOf(plan).includes('outcome')) left.delete(`results/${plan.id}.json`);
      const code = await codeOf(open('b', plan, memoryStore(left)));
      expect({ broken, code }).toEqual({ broken, code: 'result.unreadable' });
    }
  });

  it('refuses another plan of the same id once one has a result, and never mixes their records', async () => {
    const [plan, altered] = [planOf(1), planOf(1, '2')];
    const outcomes = await open('a', plan);
    await outcomes.startAttempt(itemOf(plan, 0), FACTS);
    expect(await codeOf(open('b', altered))).toBe('plan.altered');
    objects.delete(`results/${plan.id}.json`);
    expect((await open('b', altered)).unsettled.size).toBe(0);
  });

  it('leaves a finished result as it is, though a run that was suspended meanwhile goes on and ends', async () => {
    const plan = planOf(1);
    const suspended = await open('a', plan);
    const second = await open('b', plan);
    await second.record([resultOf(plan, 0)]);
    await second.close();
    const finished = objects.get(`results/${plan.id}.json`);
    now = NOW + HOUR;
    await suspended.record([resultOf(plan, 0)]).catch(() => undefined);
    await suspended.close();
    await settleOutcome(memoryStore(objects), plan, () => true);
    expect(JSON.parse(finished ?? '').status).toBe('finished');
    expect(objects.get(`results/${plan.id}.json`)).toBe(finished);
  });

  it('is closed only when what it records is stored, so that nothing replaces its result later', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const slow: Store = {
      ...store,
      putIfAbsent: async (object) => {
        if (object.key.endsWith('.outcome.json')) await arrived;
        return store.putIfAbsent(object);
      },
    };
    const outcomes = await openOutcomes({ ...portsOf('a'), store: slow }, plan, ORIGIN);
    const recorded = outcomes.record([resultOf(plan, 0)]);
    let left: string | undefined;
    const closed = outcomes.close(async () => {
      left = objects.get(`results/${plan.id}.json`);
    });
    await new Promise((resolve) => setImmediate(resolve));
    arrive();
    await Promise.all([recorded, closed]);
    expect(JSON.parse(left ?? '').status).toBe('finished');
    expect(objects.get(`results/${plan.id}.json`)).toBe(left);
  });

  it('leaves an unfinished result to the run that has the lock now, and does not say that it finished the plan', async () => {
    const plan = planOf(1);
    const suspended = await open('a', plan);
    await suspended.record([resultOf(plan, 0)]);
    const second = await open('b', plan);
    const shown = objects.get(`results/${plan.id}.json`);
    expect((await suspended.close()).status).toBe('unfinished');
    expect(objects.get(`results/${plan.id}.json`)).toBe(shown);
    expect((await second.close()).status).toBe('finished');
    expect(objects.get(`results/${plan.id}.json`)).not.toBe(shown);
  });

  it('replaces no result of which a suspended run cannot read whether it is finished', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    let isDown = false;
    const failing: Store = {
      ...store,
      get: async (key) => {
        if (isDown && key === `results/${plan.id}.json`) throw new Error('no answer');
        return store.get(key);
      },
    };
    const suspended = await openOutcomes({ ...portsOf('a'), store: failing }, plan, ORIGIN);
    const second = await open('b', plan);
    await second.record([resultOf(plan, 0)]);
    await second.close();
    const finished = objects.get(`results/${plan.id}.json`);
    isDown = true;
    await expect(suspended.close()).rejects.toThrow('no answer');
    expect(objects.get(`results/${plan.id}.json`)).toBe(finished);
  });

  it('replaces no attempt of a snapshot that another run found gone, when a suspended run goes on', async () => {
    const plan = planOf(2);
    const suspended = await open('a', plan);
    for (const index of [0, 1]) await suspended.startAttempt(itemOf(plan, index), FACTS);
    const second = await open('b', plan);
    await second.record([resultOf(plan, 0), resultOf(plan, 1)]);
    await second.close();
    const attempts = [0, 1].map((index) => objects.get(recordFile(plan, index, 'attempt')));
    await suspended.cancelAttempt('arn-0');
    const [counted] = await suspended.record([resultOf(plan, 1, 'already-gone')]);
    expect(counted?.outcome).toBe('deleted');
    expect([0, 1].map((index) => objects.get(recordFile(plan, index, 'attempt')))).toEqual(attempts);
  });

  it('has no result that names an approval which could not be recorded', async () => {
    const plan = planOf(1);
    const refused = openOutcomes(portsOf('a'), plan, ORIGIN, () => Promise.reject(new Error('refused')));
    await expect(refused).rejects.toThrow('refused');
    expect(objects.has(`results/${plan.id}.json`)).toBe(false);
    const other = { kind: 'caller', arn: 'arn:aws:iam::123456789012:user/ben', claimed: false } as const;
    const next = await openOutcomes(portsOf('b', true), plan, { ...ORIGIN, approvedBy: other });
    expect((await next.close()).approvedBy).toEqual(other);
  });

  it('stores nothing of a dry run', async () => {
    const plan = planOf(1);
    const outcomes = rehearsalOutcomes();
    await outcomes.startAttempt(itemOf(plan, 0), FACTS);
    await outcomes.cancelAttempt('arn-0');
    await outcomes.record([resultOf(plan, 0, 'spared')]);
    expect({ recorded: outcomes.recorded.size, stored: objects.size }).toEqual({ recorded: 1, stored: 0 });
  });
});

describe('the lock of a place', () => {
  let objects: Map<string, string>;
  let now: number;
  beforeEach(() => {
    objects = new Map();
    now = NOW;
  });
  const portsOf = (run: string, alive: boolean | null): OutcomePorts => ({
    store: memoryStore(objects),
    clock: () => now,
    owner: { host: 'here', pid: 1, run },
    isAlive: () => alive,
  });
  const open = (run: string, alive: boolean | null, plan = planOf(2)) =>
    openOutcomes(portsOf(run, alive), plan, ORIGIN);

  it('refuses a plan that another run is applying, and says which one and what to do', async () => {
    await open('a', null);
    await expect(open('b', true)).rejects.toThrow(/process 1 on here.*2026-11-23T09:00:00/);
    expect(await codeOf(checkOutcomes(portsOf('b', null), planOf(2)))).toBe('plan.in-progress');
  });

  it('lets one of several runs have a plan that start at once', async () => {
    const ends = await Promise.all(['a', 'b', 'c'].map((run) => codeOf(open(run, true))));
    expect(ends.filter((code) => code === null)).toHaveLength(1);
    expect(ends.filter((code) => code === 'plan.in-progress')).toHaveLength(2);
  });

  it.each([
    ['is known to have ended', false, 0, null],
    ['cannot be known and was at work less than an hour ago', null, HOUR - 1, 'plan.in-progress'],
    ['cannot be known and gave no sign for an hour', null, HOUR, null],
    ['seems to be alive and was at work less than an hour ago', true, HOUR - 1, 'plan.in-progress'],
    ['seems to be alive and gave no sign for an hour', true, HOUR, null],
  ])('of a run that %s is obeyed accordingly', async (_, alive, later, code) => {
    await open('a', null);
    now = NOW + later;
    expect(await codeOf(open('b', alive))).toBe(code);
  });

  it('counts the hour from the last sign of life, not from the start', async () => {
    const outcomes = await open('a', null);
    now = NOW + HOUR - 1;
    await outcomes.startAttempt(itemOf(planOf(2), 0), FACTS);
    now = NOW + HOUR + 1;
    expect(await codeOf(open('b', null))).toBe('plan.in-progress');
  });

  it('is released by a run that ends in order: the next one need not wait', async () => {
    await (await open('a', null)).close();
    expect((await open('b', true)).replacedLock).toBe(false);
  });

  it('refuses another plan of the same place, and names the plan that is being applied', async () => {
    const other = { ...planOf(2), id: '20261124T080000Z-5e6f7a8b' };
    await open('a', null);
    await expect(open('b', true, other)).rejects.toThrow(`is applying the plan ${planOf(2).id} from the same place`);
    await expect(checkOutcomes(portsOf('b', null), other)).rejects.toMatchObject({ activePlan: planOf(2).id });
  });

  it('stays that of the run that took it over, though the earlier run renews and releases it', async () => {
    const first = await open('a', null);
    await first.startAttempt(itemOf(planOf(2), 0), FACTS);
    const other = { ...planOf(2), id: '20261124T080000Z-5e6f7a8b' };
    const second = await open('b', false, other);
    expect(second.replacedLock).toBe(true);
    now = NOW + HOUR / 4;
    await first.startAttempt(itemOf(planOf(2), 1), FACTS);
    await first.close();
    await second.startAttempt(itemOf(other, 0), FACTS);
    expect(await second.isOwnAttempt('arn-0')).toBe(true);
    expect(await maySend(first, 'arn-0')).toBe(false);
  });

  it('refuses no run when it cannot be read: the run that wrote it then sends no delete', async () => {
    const first = await open('a', null);
    await first.startAttempt(itemOf(planOf(2), 0), FACTS);
    for (const broken of ['', '{', 'null', '[]', '{"owner":{}}', '{"owner":null,"at":"x"}']) {
      objects.set('results/lock.json', broken);
      expect(await codeOf(first.isOwnAttempt('arn-0'))).toBe('plan.in-progress');
      const second = await open('b', true);
      expect({ broken, replacedLock: second.replacedLock }).toEqual({ broken, replacedLock: true });
    }
  });
});
