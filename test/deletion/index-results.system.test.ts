import fc from 'fast-check';
import { historyOf } from '../../lambda/core/plan/history';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import { indexResults, MAX_PAGE_LENGTH, MAX_RESULTS_PER_PAGE } from '../../lambda/deletion/index-results';
import { readUnfinishedPlan } from '../../lambda/deletion/read-unfinished';
import type { Store } from '../../lambda/ports/ports';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { jsonObject } from '../../lambda/storage/json-object';
import {
  LOCK_FILE,
  recordFile,
  resultFile,
  resultFolder,
  resultIndexPage,
  resultPage,
} from '../../lambda/storage/keys';
import { readHistory } from '../../lambda/storage/read-history';
import { memoryStore } from '../fakes/memory-store';
import { anOutcome, aResult, storedResult } from '../support/result-builder';
import { runs } from '../support/runs';

const DAY = 86_400_000;
const idOf = (n: number): string =>
  `${new Date(Date.UTC(2024, 0, 1) + n * DAY).toISOString().slice(0, 10).replaceAll('-', '')}T080000Z-1a2b3c4d`;

/** Counts the objects that a store reads. */
function counting(store: Store): { readonly store: Store; readonly read: string[] } {
  const read: string[] = [];
  const note = (key: string): void => void read.push(key);
  return {
    read,
    store: {
      ...store,
      get: async (key) => {
        note(key);
        return store.get(key);
      },
      lines: async (key) => {
        note(key);
        return store.lines(key);
      },
      getVersioned: async (key) => {
        note(key);
        return store.getVersioned(key);
      },
      getDated: async (key) => {
        note(key);
        return store.getDated(key);
      },
    },
  };
}

async function historyIn(store: Store): Promise<{
  readonly results: readonly ApplyResult[];
  readonly unreadable: readonly string[];
}> {
  const ports = { store, hashText: sha256Of, digest: digestOf };
  const { results, gaps } = await readHistory(store, (known) => readUnfinishedPlan(ports, known));
  return { results, unreadable: gaps.map(({ place }) => place) };
}

/** Names of the snapshots in the history, with their outcomes. */
async function recordedIn(store: Store): Promise<readonly string[]> {
  const { results } = await historyIn(store);
  return historyOf(results, { wanted: null, since: null })
    .map(({ entry }) => `${entry.plan.id} ${entry.name} ${entry.outcome}`)
    .sort();
}

/** Results of 250 snapshots each: 1,000 are 200 MB. */
const COUNT = runs(200, 1_000);

describe('the index of results', () => {
  let objects: Map<string, string>;
  let store: Store;
  let now: number;
  beforeEach(() => {
    objects = new Map();
    now = Date.UTC(2026, 0, 1);
    store = memoryStore(objects, () => now);
  });
  const write = (result: ApplyResult): Promise<void> => {
    now += 1_000;
    return store.put(storedResult(result));
  };

  it('lets the history read at most 20 objects where 1,000 results are stored, and lists all of them', async () => {
    for (let n = 0; n < 1_000; n += 1) {
      await write(aResult(idOf(n), [anOutcome(`web-${n}`), anOutcome(`db-${n}`, { outcome: 'spared' })]));
      // As a run does at its end; here for each tenth, so that others are left to it.
      if (n % 10 === 9) await indexResults(store);
    }
    const counted = counting(store);
    const { results, unreadable } = await historyIn(counted.store);
    expect({ results: results.length, unreadable }).toEqual({ results: 1_000, unreadable: [] });
    expect(historyOf(results, { wanted: null, since: null })).toHaveLength(2_000);
    expect(counted.read).toHaveLength(10);
    expect(counted.read.length).toBeLessThanOrEqual(20);
  });

  it(`lets it read one object for 50 results at most also where each of ${COUNT} has 250 snapshots with their reasons`, async () => {
    const reasons = [
      { code: 'expireAfter', text: '53 days old (expireAfter 30d): made 2026-10-01, no later than 2026-10-24' },
      { code: 'daily', text: 'no daily slot left: newer snapshots fill 7 of 7 (2026-11-17 to 2026-11-23)' },
      { code: 'monthly', text: 'not the newest of 2026-10, and monthly has 12 of 12' },
    ] as const;
    const items = Array.from({ length: 250 }, (_, n) =>
      anOutcome(`web-${n % 25}-${n}`, {
        source: `web-${n % 25}`,
        sourceArn: `arn:aws:lightsail:us-east-1:123456789012:Instance/0b9f7d1c-5a0e-4a86-9f0a-${1_000 + (n % 25)}`,
        reasons,
        requestId: `0b9f7d1c-5a0e-4a86-9f0a-3a5f${100_000 + n}`,
      }),
    );
    const template = [...storedResult(aResult(idOf(0), items)).body].join('');
    for (let n = 0; n < COUNT; n += 1) {
      const body = [
        template.replaceAll(idOf(0), idOf(n)).replaceAll('2026-11-23T08:01', `2026-11-23T${10 + (n % 10)}:01`),
      ];
      now += 1_000;
      await store.put({ key: resultFile(idOf(n)), contentType: 'application/json', body });
      if (n % 100 !== 99) continue;
      await indexResults(store);
      // The history needs no result that the index has, and could not read these.
      for (let done = n - 99; done <= n; done += 1) objects.set(resultFile(idOf(done)), '');
    }
    const counted = counting(store);
    const { results, unreadable } = await historyIn(counted.store);
    expect({ results: results.length, unreadable }).toEqual({ results: COUNT, unreadable: [] });
    const count = (wanted: string | null, since: number | null = null) => historyOf(results, { wanted, since }).length;
    expect([count(null), count('web-3-3'), count('web-3')]).toEqual([250 * COUNT, COUNT, 10 * COUNT]);
    expect(count(null, Date.UTC(2026, 10, 23, 19))).toBe(25 * COUNT);
    expect(counted.read.length).toBeLessThanOrEqual(COUNT / 50);
  }, 180_000);

  it('costs a run that adds its result few reads, whatever is stored already', async () => {
    for (let n = 0; n < 950; n += 1) await write(aResult(idOf(n), [anOutcome(`web-${n}`)]));
    for (let n = 0; n < 6; n += 1) await indexResults(store);
    await write(aResult(idOf(950), [anOutcome('web-950')]));
    const counted = counting(store);
    await indexResults(counted.store);
    // The first line of each page, the result, and the last page.
    expect(counted.read).toHaveLength(12);
    expect(await recordedIn(store)).toHaveLength(951);
  });

  it('is completed by the history where a run died before it added its result, and by the next run', async () => {
    await write(aResult(idOf(1), [anOutcome('web-1')]));
    await indexResults(store);
    await write(aResult(idOf(2), [anOutcome('web-2')]));
    const both = [`${idOf(1)} web-1 deleted`, `${idOf(2)} web-2 deleted`];
    expect(await recordedIn(store)).toEqual(both);
    await write(aResult(idOf(3), [anOutcome('web-3')]));
    await indexResults(store);
    const page = JSON.parse(objects.get(resultIndexPage(1)) ?? '');
    expect(page.plans.map(({ id }: { id: string }) => id).sort()).toEqual([idOf(1), idOf(2), idOf(3)]);
    expect(page.plans[0]).toMatchObject({ status: 'finished', summary: expect.stringContaining('1 deleted') });
  });

  it('lists a result once, although it was added unfinished and again finished', async () => {
    const plan = { id: idOf(1), digest: `sha256:${'1'.repeat(64)}`, count: 2 };
    await write(aResult(idOf(1), [anOutcome('web-1')], { status: 'unfinished', plan }));
    await indexResults(store);
    expect(await recordedIn(store)).toEqual([`${idOf(1)} web-1 deleted`]);
    await write(aResult(idOf(1), [anOutcome('web-1'), anOutcome('web-2')]));
    const both = [`${idOf(1)} web-1 deleted`, `${idOf(1)} web-2 deleted`];
    expect(await recordedIn(store)).toEqual(both);
    await indexResults(store);
    expect(await recordedIn(store)).toEqual(both);
    await indexResults(store);
    expect(JSON.parse(objects.get(resultIndexPage(1)) ?? '').plans).toHaveLength(2);
  });

  it.each([
    ['not the unfinished result of a run at work', 'unfinished', 'another', false, []],
    ['that of its own run', 'unfinished', 'own', false, [idOf(1)]],
    ['that of a run that has ended', 'unfinished', 'another', true, [idOf(1)]],
    ['a finished one', 'finished', 'another', false, [idOf(1)]],
  ] as const)(
    'lists %s: a report takes a listed result for the end of its deletion',
    async (_, status, run, released, ids) => {
      await write(aResult(idOf(1), [anOutcome('web-1')], { status }));
      const owner = { host: 'here', pid: 1, run };
      const at = new Date(now).toISOString();
      await store.put(jsonObject(LOCK_FILE, { plan: idOf(1), owner, at, released }));
      await indexResults(store, (each) => each === 'own');
      const { plans = [] } = JSON.parse(objects.get(resultIndexPage(1)) ?? '{}');
      expect(plans.map(({ id }: { id: string }) => id)).toEqual(ids);
    },
  );

  it('does not hide an outcome that a run recorded before it died, and that no result has', async () => {
    const plan = { id: idOf(1), digest: `sha256:${'1'.repeat(64)}`, count: 3 };
    await write(aResult(idOf(1), [anOutcome('web-1')], { status: 'unfinished', plan }));
    await indexResults(store);
    await store.put(jsonObject(recordFile(plan, 0, 'outcome'), anOutcome('web-1')));
    await store.put(jsonObject(recordFile(plan, 1, 'outcome'), anOutcome('web-2')));
    expect(await recordedIn(store)).toEqual([`${idOf(1)} web-1 deleted`, `${idOf(1)} web-2 deleted`]);
  });

  it('keeps what is no longer stored one by one, and results that are as large as a page', async () => {
    const items = Array.from({ length: 12_000 }, (_, n) => anOutcome(`web-${n}-${'x'.repeat(3_000)}`));
    await write(aResult(idOf(1), [anOutcome('first')]));
    await write(aResult(idOf(2), items));
    await write(aResult(idOf(3), [anOutcome('last')]));
    await indexResults(store);
    const lengths = [1, 2, 3].map((page) => (objects.get(resultIndexPage(page)) ?? '').length);
    expect(lengths.map((length) => length > MAX_PAGE_LENGTH)).toEqual([false, true, false]);
    for (const n of [1, 2, 3]) objects.delete(resultFile(idOf(n)));
    expect(await recordedIn(store)).toHaveLength(12_002);
  });

  it('has at most 100 results on a page', async () => {
    for (let n = 0; n < 250; n += 1) await write(aResult(idOf(n), [anOutcome(`web-${n}`)]));
    await indexResults(store);
    await indexResults(store);
    const sizes = [1, 2, 3].map((page) => JSON.parse(objects.get(resultIndexPage(page)) ?? '').plans.length);
    expect(sizes).toEqual([MAX_RESULTS_PER_PAGE, MAX_RESULTS_PER_PAGE, 50]);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['of a later version', (text: string) => text.replace('"schemaVersion":1', '"schemaVersion":2')],
    ['without a result', (text: string) => text.replace(/\n\{.*\},\n/, '\n')],
    ['a list', () => '[]'],
  ])('is named where a page is %s, and every result is read from its own object', async (_, damage) => {
    for (let n = 0; n < 5; n += 1) await write(aResult(idOf(n), [anOutcome(`web-${n}`)]));
    await indexResults(store);
    objects.set(resultIndexPage(1), damage(objects.get(resultIndexPage(1)) ?? ''));
    const { results, unreadable } = await historyIn(store);
    expect({ results: results.length, unreadable }).toEqual({
      results: 5,
      unreadable: [store.locate(resultIndexPage(1))],
    });
    // The next run makes another page and leaves that one as it is.
    const damaged = objects.get(resultIndexPage(1));
    await write(aResult(idOf(5), [anOutcome('web-5')]));
    await indexResults(store);
    expect(objects.get(resultIndexPage(1))).toBe(damaged);
    expect(await recordedIn(store)).toHaveLength(6);
  });

  it('ignores everything in the folder of results that is no result', async () => {
    await write(aResult(idOf(1), [anOutcome('web-1')]));
    for (const key of [LOCK_FILE, resultPage(idOf(1)), `${resultFolder(idOf(1))}mailed.json`, 'results/notes.txt'])
      objects.set(key, '{}');
    await indexResults(store);
    expect(JSON.parse(objects.get(resultIndexPage(1)) ?? '').plans).toHaveLength(1);
    expect((await historyIn(store)).unreadable).toEqual([]);
  });

  it('names a result that cannot be read, one that has the name of another, and one that was not copied', async () => {
    await write(aResult(idOf(1), [anOutcome('web-1')]));
    objects.set(resultFile(idOf(2)), '{"schemaVersion": 1, "plan"');
    objects.set(resultFile(idOf(3)), objects.get(resultFile(idOf(1))) ?? '');
    objects.set(`${resultFolder(idOf(4))}1111111111111111/000000.outcome.json`, '{}');
    // A run that was refused leaves a note, and no result.
    objects.set(`${resultFolder(idOf(5))}ended-x.json`, '{}');
    const { results, unreadable } = await historyIn(store);
    expect(results.map(({ plan }) => plan.id)).toEqual([idOf(1)]);
    expect(unreadable).toEqual([2, 3, 4].map((n) => store.locate(resultFile(idOf(n)))));
  });

  it('loses and repeats no result, whatever the order in which runs write, die and index', async () => {
    const step = fc.record({
      plan: fc.nat(12),
      items: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 4 }),
      isFinished: fc.boolean(),
      /** The run dies at this call of the store while it indexes; 0: it does not index; -1: it does not die. */
      dieAt: fc.constantFrom(-1, -1, -1, 0, 1, 2, 3, 4, 5, 6),
      isTogether: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const kept = new Map<string, string>();
        let time = 0;
        const whole = memoryStore(kept, () => time);
        const truth = new Map<string, ApplyResult>();
        const running: Promise<unknown>[] = [];
        for (const { plan, items, isFinished, dieAt, isTogether } of steps) {
          time += 1_000;
          const id = idOf(plan);
          if (truth.get(id)?.status !== 'finished') {
            const count = isFinished ? items.length : items.length + 1;
            const result = aResult(
              id,
              items.map((n) => anOutcome(`web-${plan}-${n}`)),
              {
                status: isFinished ? 'finished' : 'unfinished',
                plan: { id, digest: `sha256:${'1'.repeat(64)}`, count },
              },
            );
            truth.set(id, result);
            await whole.put(storedResult(result));
          }
          if (dieAt !== 0) running.push(indexResults(dying(whole, dieAt)).catch(() => undefined));
          if (!isTogether) await Promise.all(running.splice(0));
        }
        await Promise.all(running);
        const expected = [...truth.values()]
          .flatMap(({ plan, items }) => items.map(({ name, outcome }) => `${plan.id} ${name} ${outcome}`))
          .sort();
        expect(await recordedIn(whole)).toEqual(expected);
        await indexResults(whole);
        expect(await recordedIn(whole)).toEqual(expected);
        const counted = counting(whole);
        await historyIn(counted.store);
        // Of an unfinished plan, its record counts.
        const isOpen = (key: string): boolean =>
          [...truth.values()].some(({ plan, status }) => status === 'unfinished' && key.includes(plan.id));
        expect(counted.read.filter((key) => !key.startsWith('results/index/') && !isOpen(key))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** A store that yields before each call, and that fails for good at its n-th call. */
function dying(store: Store, dieAt: number): Store {
  let calls = 0;
  const alive = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    calls += 1;
    if (dieAt > 0 && calls >= dieAt) throw new Error('died');
  };
  return {
    ...store,
    get: async (key) => {
      await alive();
      return store.get(key);
    },
    getVersioned: async (key) => {
      await alive();
      return store.getVersioned(key);
    },
    lines: async (key) => {
      await alive();
      return store.lines(key);
    },
    list: async (prefix) => {
      await alive();
      return store.list(prefix);
    },
    listDated: async (prefix) => {
      await alive();
      return store.listDated(prefix);
    },
    putIfAbsent: async (object) => {
      await alive();
      return store.putIfAbsent(object);
    },
    replaceIf: async (object, version) => {
      await alive();
      return store.replaceIf(object, version);
    },
  };
}
