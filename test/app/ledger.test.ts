import { checkLedger, type LedgerPorts, openLedger, rehearsalLedger } from '../../lambda/app/ledger';
import type { ItemResult } from '../../lambda/core/outcome';
import type { Plan } from '../../lambda/core/plan';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.UTC(2026, 10, 23, 8);
const HOUR = 3_600_000;
const FACTS = { source: 'web', sizeGb: 40, monthlyCostCeiling: 2 };

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
    source: 'web',
    sizeGb: 40,
    monthlyCostCeiling: 2,
    outcome,
    code: outcome,
    text: outcome,
    at: '2026-11-23T08:01:00.000Z',
  };
};

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('the ledger of a plan', () => {
  let objects: Map<string, string>;
  let now: number;
  beforeEach(() => {
    objects = new Map();
    now = NOW;
  });
  const portsOf = (run: string, alive: boolean | null = null): LedgerPorts => ({
    store: memoryStore(objects),
    clock: () => now,
    owner: { host: 'here', pid: 1, run },
    isAlive: () => alive,
  });

  it('is unfinished until every item has its outcome, then finished', async () => {
    const plan = planOf(2);
    const ledger = await openLedger(portsOf('a'), plan);
    await ledger.record([resultOf(plan, 0)]);
    expect((await ledger.close()).status).toBe('unfinished');
    const again = await openLedger(portsOf('b'), plan);
    expect([...again.recorded.keys()]).toEqual(['arn-0']);
    await again.record([resultOf(plan, 1, 'failed')]);
    const result = await again.close();
    expect({ status: result.status, totals: result.totals }).toMatchObject({
      status: 'finished',
      totals: { deleted: 1, failed: 1, open: 0 },
    });
    expect(result.startedAt).toBe('2026-11-23T08:00:00.000Z');
  });

  it('is read again from the journal alone when the run died after any number of records', async () => {
    const plan = planOf(120);
    for (const count of [0, 1, 2, 49, 50, 51, 100, 119]) {
      objects.clear();
      const ledger = await openLedger(portsOf('a'), plan);
      for (let i = 0; i < count; i += 1) {
        await ledger.intend(`arn-${i}`, FACTS);
        await ledger.record([resultOf(plan, i)]);
      }
      await ledger.intend(`arn-${count}`, FACTS);
      for (const withResult of [true, false]) {
        const left = new Map([...objects].filter(([key]) => withResult || key !== `results/${plan.id}.json`));
        const next = await openLedger({ ...portsOf('b', false), store: memoryStore(left) }, plan);
        expect(next.recorded.size).toBe(count);
        expect([...next.sent.keys()]).toEqual([`arn-${count}`]);
      }
    }
  });

  it('notes an intent before the delete, and lets go of it with the outcome', async () => {
    const plan = planOf(2);
    const ledger = await openLedger(portsOf('a'), plan);
    await ledger.intend('arn-0', FACTS);
    await ledger.intend('arn-1', FACTS);
    await ledger.record([resultOf(plan, 0)]);
    expect([...ledger.sent.keys()]).toEqual(['arn-1']);
    expect([...(await openLedger(portsOf('b', false), plan)).sent]).toEqual([['arn-1', FACTS]]);
  });

  it('takes an intent back for good, until it is noted again', async () => {
    const plan = planOf(2);
    const ledger = await openLedger(portsOf('a'), plan);
    const sentBy = async (run: string) => {
      const left = new Map(objects);
      return [...(await openLedger({ ...portsOf(run, false), store: memoryStore(left) }, plan)).sent.keys()];
    };
    await ledger.intend('arn-0', FACTS);
    await ledger.intend('arn-1', FACTS);
    await ledger.withdraw('arn-0');
    expect({ here: [...ledger.sent.keys()], next: await sentBy('b') }).toEqual({ here: ['arn-1'], next: ['arn-1'] });
    await ledger.intend('arn-0', FACTS);
    expect({ here: [...ledger.sent.keys()].sort(), next: (await sentBy('c')).sort() }).toEqual({
      here: ['arn-0', 'arn-1'],
      next: ['arn-0', 'arn-1'],
    });
  });

  it('takes nothing more once it is closed, not even what was under way then', async () => {
    const plan = planOf(3);
    let hold: (() => void) | null = null;
    const store = memoryStore(objects);
    const ledger = await openLedger(
      {
        ...portsOf('a'),
        store: {
          ...store,
          get: async (key) => {
            if (hold === null || !key.endsWith('claim-2.json')) return store.get(key);
            await new Promise<void>((resolve) => {
              hold = resolve;
            });
            return store.get(key);
          },
        },
      },
      plan,
    );
    await ledger.intend('arn-0', FACTS);
    hold = () => undefined;
    const late = codeOf(ledger.intend('arn-1', FACTS));
    await new Promise(setImmediate);
    const goOn: () => void = hold;
    hold = null;
    await ledger.close();
    const left = new Map(objects);
    goOn();
    expect(await late).toBe('ledger.closed');
    expect(await codeOf(ledger.withdraw('arn-0'))).toBe('ledger.closed');
    expect(await codeOf(ledger.record([resultOf(plan, 0)]))).toBe('ledger.closed');
    expect(objects).toEqual(left);
  });

  it('writes nothing where there is no intent to take back', async () => {
    const ledger = await openLedger(portsOf('a'), planOf(1));
    const before = new Map(objects);
    await ledger.withdraw('arn-0');
    expect(objects).toEqual(before);
  });

  it('takes back no intent of an earlier run', async () => {
    const plan = planOf(1);
    await (await openLedger(portsOf('a'), plan)).intend('arn-0', FACTS);
    const second = await openLedger(portsOf('b', false), plan);
    await second.intend('arn-0', FACTS);
    await second.withdraw('arn-0');
    expect(second.sent.has('arn-0')).toBe(true);
    expect([...(await openLedger(portsOf('c', false), plan)).sent.keys()]).toEqual(['arn-0']);
  });

  it('takes back no intent that the run before noted while this one took over', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    const late = await openLedger(
      {
        ...portsOf('a'),
        // It looked whether it may go on, and then was slow.
        store: { ...store, get: async (key) => (key.endsWith('claim-2.json') ? null : store.get(key)) },
      },
      plan,
    );
    const second = await openLedger(portsOf('b', false), plan);
    await late.intend('arn-0', FACTS);
    await second.intend('arn-0', FACTS);
    await second.withdraw('arn-0');
    expect([...(await openLedger(portsOf('c', false), plan)).sent.keys()]).toEqual(['arn-0']);
  });

  it('writes the result after every outcome while it is small, and rarely enough when it is large', async () => {
    const plan = planOf(2_000);
    const store = memoryStore(objects);
    let writes = 0;
    let bytes = 0;
    const counting = {
      ...store,
      put: async (object: Parameters<typeof store.put>[0]) => {
        const body = [...object.body];
        if (object.key === `results/${plan.id}.json`) {
          writes += 1;
          bytes += body.join('').length;
        }
        await store.put({ ...object, body });
      },
    };
    const ledger = await openLedger({ ...portsOf('a'), store: counting }, plan);
    for (let i = 0; i < 60; i += 1) await ledger.record([resultOf(plan, i)]);
    expect(writes).toBe(61);
    for (let i = 60; i < 2_000; i += 1) await ledger.record([resultOf(plan, i)]);
    const result = await ledger.close();
    expect(result.items).toHaveLength(2_000);
    expect(bytes).toBeLessThan(70 * (objects.get(`results/${plan.id}.json`)?.length ?? 0));
  });

  it('writes what waits together at once, and loses none of it', async () => {
    const plan = planOf(200);
    const ledger = await openLedger(portsOf('a'), plan);
    await Promise.all(plan.items.map((_, i) => ledger.record([resultOf(plan, i)])));
    expect((await ledger.close()).items).toHaveLength(200);
    expect([...objects.keys()].filter((key) => /\/1-\d+\.json$/.test(key)).length).toBeLessThan(10);
  });

  it('refuses a finished plan, and says where its outcomes stand', async () => {
    const plan = planOf(1);
    const ledger = await openLedger(portsOf('a'), plan);
    await ledger.record([resultOf(plan, 0)]);
    await ledger.close();
    await expect(checkLedger(portsOf('b'), plan)).rejects.toThrow(`memory:results/${plan.id}.json`);
    expect(await codeOf(openLedger(portsOf('b'), plan))).toBe('plan.applied');
  });

  it('refuses a plan that another run is applying, and says which one and what to do', async () => {
    const plan = planOf(1);
    await openLedger(portsOf('a'), plan);
    await expect(openLedger(portsOf('b', true), plan)).rejects.toThrow(/process 1 on here.*2026-11-23T09:00:00/);
    expect(await codeOf(checkLedger(portsOf('b', null), plan))).toBe('plan.in-progress');
  });

  it('refuses a plan that another run finished while this one claimed it, and lets go of the claim', async () => {
    const plan = planOf(1);
    const store = memoryStore(objects);
    const late = {
      ...store,
      putIfAbsent: async (object: Parameters<typeof store.putIfAbsent>[0]) => {
        const other = await openLedger(portsOf('a'), plan);
        await other.record([resultOf(plan, 0)]);
        await other.close();
        return store.putIfAbsent({ ...object, key: object.key.replace('claim-1', 'claim-2') });
      },
    };
    expect(await codeOf(openLedger({ ...portsOf('b'), store: late }, plan))).toBe('plan.applied');
  });

  it('lets one of two runs have a plan that start at once', async () => {
    const plan = planOf(1);
    const ends = await Promise.all(['a', 'b', 'c'].map((run) => codeOf(openLedger(portsOf(run, true), plan))));
    expect(ends.filter((code) => code === null)).toHaveLength(1);
    expect(ends.filter((code) => code === 'plan.in-progress')).toHaveLength(2);
  });

  it('takes over from a run that is dead, and from one that was silent for an hour', async () => {
    const plan = planOf(2);
    const first = await openLedger(portsOf('a'), plan);
    expect(await codeOf(openLedger(portsOf('b', false), plan))).toBeNull();
    objects.clear();
    await openLedger(portsOf('a'), plan);
    now = NOW + HOUR - 1;
    expect(await codeOf(openLedger(portsOf('b'), plan))).toBe('plan.in-progress');
    now = NOW + HOUR;
    expect(await codeOf(openLedger(portsOf('b'), plan))).toBeNull();
    expect(first.recorded.size).toBe(0);
  });

  it('counts the silence from the last sign of life, not from the start', async () => {
    const plan = planOf(2);
    const ledger = await openLedger(portsOf('a'), plan);
    now = NOW + HOUR - 1;
    await ledger.intend('arn-0', FACTS);
    now = NOW + HOUR + 1;
    expect(await codeOf(openLedger(portsOf('b'), plan))).toBe('plan.in-progress');
  });

  it('refuses to send anything more once another run has taken over', async () => {
    const plan = planOf(2);
    const first = await openLedger(portsOf('a'), plan);
    await first.intend('arn-0', FACTS);
    const second = await openLedger(portsOf('b', false), plan);
    expect(await codeOf(first.intend('arn-1', FACTS))).toBe('plan.in-progress');
    await first.record([resultOf(plan, 0)]);
    expect((await first.close()).status).toBe('unfinished');
    await second.record([resultOf(plan, 1)]);
    await second.close();
    const third = await openLedger(portsOf('c', false), plan).catch((error: unknown) => error);
    const recorded = third instanceof Error ? third : (third as { recorded: ReadonlyMap<string, unknown> }).recorded;
    expect(recorded).toEqual(new Map([0, 1].map((i) => [`arn-${i}`, resultOf(plan, i)])));
  });

  it('leaves the last word to the run that has taken over', async () => {
    const plan = planOf(1);
    const first = await openLedger(portsOf('a'), plan);
    const second = await openLedger(portsOf('b', false), plan);
    await first.record([resultOf(plan, 0, 'failed')]);
    expect((await first.close()).status).toBe('unfinished');
    expect(await codeOf(checkLedger(portsOf('c', true), plan))).toBe('plan.in-progress');
    await second.record([resultOf(plan, 0, 'deleted')]);
    expect(await second.close()).toMatchObject({ status: 'finished', totals: { deleted: 1, failed: 0 } });
    expect(JSON.parse(objects.get(`results/${plan.id}.json`) ?? '')).toMatchObject({
      status: 'finished',
      totals: { deleted: 1, failed: 0 },
    });
  });

  it('does not write over the result of the run that has taken over and finished', async () => {
    const plan = planOf(1);
    const first = await openLedger(portsOf('a'), plan);
    const second = await openLedger(portsOf('b', false), plan);
    await second.record([resultOf(plan, 0)]);
    await second.close();
    await first.record([resultOf(plan, 0, 'failed')]);
    expect(await codeOf(openLedger(portsOf('c', false), plan))).toBe('plan.applied');
    expect(JSON.parse(objects.get(`results/${plan.id}.json`) ?? '')).toMatchObject({ status: 'finished', totals: { deleted: 1 } });
  });

  it('refuses a further attempt on a snapshot once another run has taken over, and notes one intent for all of them', async () => {
    const plan = planOf(1);
    const first = await openLedger(portsOf('a'), plan);
    await first.intend('arn-0', FACTS);
    await first.intend('arn-0', FACTS);
    expect(JSON.parse(objects.get(`results/${plan.id}/1-1.json`) ?? '').entries).toHaveLength(1);
    await openLedger(portsOf('b', false), plan);
    expect(await codeOf(first.intend('arn-0', FACTS))).toBe('plan.in-progress');
  });

  it('goes on above the journal of a claim that was moved away, and writes over none of it', async () => {
    const plan = planOf(3);
    const first = await openLedger(portsOf('a'), plan);
    await first.record([resultOf(plan, 0)]);
    objects.set(`results/${plan.id}/claim-1.json`, '{');
    await expect(openLedger(portsOf('b'), plan)).rejects.toThrow(/move it away/);
    objects.delete(`results/${plan.id}/claim-1.json`);
    objects.set(`results/${plan.id}/claim-1.json.away`, '{');
    objects.delete(`results/${plan.id}.json`);
    const second = await openLedger(portsOf('b'), plan);
    await second.record([resultOf(plan, 1)]);
    expect([...objects.keys()]).toEqual(expect.arrayContaining([`results/${plan.id}/1-1.json`, `results/${plan.id}/2-1.json`]));
    const left = new Map([...objects].filter(([key]) => key !== `results/${plan.id}.json`));
    const third = await openLedger({ ...portsOf('c', false), store: memoryStore(left) }, plan);
    expect([...third.recorded.keys()]).toEqual(['arn-0', 'arn-1']);
  });

  it('takes very many outcomes at once', async () => {
    const plan = planOf(200_000);
    const ledger = await openLedger(portsOf('a'), plan);
    await ledger.record(plan.items.map((_, i) => resultOf(plan, i)));
    expect((await ledger.close()).totals.deleted).toBe(200_000);
  }, 60_000);

  it('lets a run that ended in order be gone on with at once', async () => {
    const plan = planOf(2);
    await (await openLedger(portsOf('a'), plan)).close();
    expect(await codeOf(openLedger(portsOf('b', true), plan))).toBeNull();
  });

  it.each([
    ['the result', '.json'],
    ['the journal', '/1-1.json'],
    ['the claim', '/claim-1.json'],
  ])('refuses when %s cannot be read: what is not known is never taken for not done', async (_, suffix) => {
    const plan = planOf(3);
    const ledger = await openLedger(portsOf('a'), plan);
    await ledger.record([resultOf(plan, 0)]);
    for (const broken of ['', '{"entries":', '[]', '{"entries":[7]}', '{"entries":[{"result":{"arn":"arn-0"}}]}', 'null']) {
      const left = new Map(objects).set(`results/${plan.id}${suffix}`, broken);
      const code = await codeOf(openLedger({ ...portsOf('b', false), store: memoryStore(left) }, plan));
      expect({ broken, code }).toEqual({ broken, code: 'result.unreadable' });
    }
  });

  it('refuses another plan of the same id', async () => {
    await openLedger(portsOf('a'), planOf(1));
    expect(await codeOf(openLedger(portsOf('b', false), planOf(1, '2')))).toBe('plan.altered');
  });

  it('forgets a rehearsal', async () => {
    const plan = planOf(1);
    const ledger = rehearsalLedger();
    await ledger.intend('arn-0', FACTS);
    await ledger.withdraw('arn-0');
    await ledger.record([resultOf(plan, 0, 'spared')]);
    expect({ recorded: ledger.recorded.size, stored: objects.size }).toEqual({ recorded: 1, stored: 0 });
  });
});
