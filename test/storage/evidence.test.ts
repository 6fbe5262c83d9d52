import type { Store } from '../../lambda/ports/ports';
import { sha256Of } from '../../lambda/runtime/digest';
import { headText, parseHead } from '../../lambda/storage/evidence';
import { evidenceName } from '../../lambda/storage/keys';
import { AT, EvidencePlace, planOf } from '../fakes/evidence-place';
import { memoryStore } from '../fakes/memory-store';

const inMemory = () => {
  const objects = new Map<string, string>();
  return { objects, place: new EvidencePlace(memoryStore(objects)) };
};

/** Counts the calls of a store by name. */
function counted(store: Store): { readonly store: Store; readonly calls: string[] } {
  const calls: string[] = [];
  const wrapped = new Proxy(store, {
    get: (target, name: keyof Store) =>
      typeof target[name] === 'function'
        ? (...given: readonly unknown[]) => {
            calls.push(`${name} ${String((given[0] as { readonly key?: string }).key ?? given[0])}`);
            return (target[name] as (...all: readonly unknown[]) => unknown)(...given);
          }
        : target[name],
  });
  return { store: wrapped, calls };
}

it('a record has the number, the object with its hash, and the hash of the record before', async () => {
  const { objects, place } = inMemory();
  const head = await place.report(1);
  const [first, second] = [objects.get('evidence/00000001.json') ?? '', objects.get('evidence/00000002.json') ?? ''];
  const { id } = planOf(1);
  expect(JSON.parse(first)).toEqual({
    schemaVersion: 1,
    number: 1,
    at: new Date(AT).toISOString(),
    kind: 'report',
    ref: { key: `reports/${id}/report.json` },
    sha256: sha256Of(objects.get(`reports/${id}/report.json`) ?? ''),
    previous: null,
  });
  expect(JSON.parse(second)).toMatchObject({ number: 2, kind: 'plan', previous: sha256Of(first) });
  expect(head).toEqual({ number: 2, sha256: sha256Of(second) });
});

it('an object names the day until which it is kept, counted from its run', async () => {
  const { objects, place } = inMemory();
  const bucket = new EvidencePlace(memoryStore(objects), { keptForDays: 400 });
  await bucket.report(1);
  await place.report(2);
  expect(JSON.parse(objects.get('evidence/00000001.json') ?? '').ref.keptUntil).toBe('2027-12-28T08:00:00.000Z');
  expect(JSON.parse(objects.get('evidence/00000003.json') ?? '').ref).not.toHaveProperty('keptUntil');
});

it('a result lists its files as sha256sum checks them: the result, attempts, outcomes and approvals', async () => {
  const { objects, place } = inMemory();
  await place.report(1);
  await place.delete(1);
  const record = JSON.parse(objects.get('evidence/00000004.json') ?? '');
  expect(record.kind).toBe('result');
  const lines = (objects.get(record.ref.key) ?? '').trimEnd().split('\n');
  const folder = `results/${planOf(1).id}/${'1'.repeat(16)}`;
  expect(lines).toEqual([
    '# finished',
    '# indexed',
    ...[
      `results/${planOf(1).id}.json`,
      `${folder}/000000.attempt.json`,
      `${folder}/000000.outcome.json`,
      `${folder}/once-approval-run-1.json`,
    ].map((key) => `${sha256Of(objects.get(key) ?? '')}  ${key}`),
  ]);
});

it('a run that is repeated records nothing twice', async () => {
  const { objects, place } = inMemory();
  await place.report(1);
  await place.report(1);
  await place.approve(1);
  await place.approve(1);
  await place.remove(1);
  await place.result(1);
  await place.result(1);
  // Report, plan, approval, result: the plan was just recorded.
  expect([...objects.keys()].filter((key) => key.startsWith('evidence/'))).toHaveLength(4);
});

it('writers at the same time never continue one record', async () => {
  const { objects, place } = inMemory();
  await Promise.all(Array.from({ length: 40 }, (_, number) => place.report(number)));
  const { records, broken } = await place.verify();
  expect([records, broken]).toEqual([80, []]);
  expect(objects.has('evidence/00000080.json')).toBe(true);
});

it('a writer whose answer was lost finds its own record', async () => {
  const objects = new Map<string, string>();
  const store = memoryStore(objects);
  const place = new EvidencePlace({
    ...store,
    // As a client that repeats a request: the first one was carried out.
    putIfAbsent: async (object) => {
      await store.putIfAbsent(object);
      return !object.key.startsWith('evidence/');
    },
  });
  await place.report(1);
  expect((await place.verify()).records).toBe(2);
});

it('a writer waits for a record that another one is still writing', async () => {
  const objects = new Map<string, string>();
  const store = memoryStore(objects);
  let conflicts = 3;
  const place = new EvidencePlace({
    ...store,
    putIfAbsent: async (object) => {
      conflicts -= 1;
      return conflicts >= 0 && object.key.startsWith('evidence/') ? false : store.putIfAbsent(object);
    },
  });
  await place.report(1);
  expect(await place.verify()).toMatchObject({ records: 2, broken: [] });
});

it('a chain whose last record cannot be read is not continued', async () => {
  const { objects, place } = inMemory();
  await place.report(1);
  objects.set('evidence/00000002.json', '{');
  await expect(place.report(2)).rejects.toMatchObject({ code: 'evidence.unreadable' });
  await expect(place.approve(2)).rejects.toMatchObject({ code: 'evidence.not-recorded' });
});

describe('the head of a chain', () => {
  const withRecords = async (count: number, from = 1) => {
    const objects = new Map<string, string>();
    const first = new EvidencePlace(memoryStore(objects));
    await first.report(1);
    const text = objects.get('evidence/00000002.json') ?? '';
    objects.delete('evidence/00000001.json');
    objects.delete('evidence/00000002.json');
    for (let number = from; number <= count; number += 1)
      objects.set(`evidence/${evidenceName(number)}`, text.replace('"number":2', `"number":${number}`));
    const { store, calls } = counted(memoryStore(objects));
    return { place: new EvidencePlace(store), calls };
  };
  const listsOf = (calls: readonly string[]): number => calls.filter((call) => call.startsWith('listAfter')).length;

  it.each([
    [999, 1],
    [1_000, 1],
    [1_001, 3],
    [2_500, 3],
    [20_000, 9],
  ])('of %i records is found with at most %i lists', async (count, lists) => {
    const { place, calls } = await withRecords(count);
    expect((await place.report(2))?.number).toBe(count + 2);
    expect(listsOf(calls)).toBeLessThanOrEqual(lists);
  });

  it('is found where the first records are missing', async () => {
    const { place } = await withRecords(4_200, 3_100);
    expect((await place.report(2))?.number).toBe(4_202);
  });

  it('is printed as number and hash, and read back', () => {
    const head = { number: 12, sha256: 'ab'.repeat(32) };
    expect(headText(head)).toBe(`12:${'ab'.repeat(32)}`);
    expect(parseHead(headText(head))).toEqual(head);
    expect(parseHead(`Evidence: ${headText(head)}`)).toEqual(head);
    expect(parseHead(` 12:${'AB'.repeat(32)}\n`)).toEqual(head);
    expect(['', '12', '0:aa', `x:${'a'.repeat(64)}`, `123456789:${'a'.repeat(64)}`].map(parseHead)).toEqual(
      Array.from({ length: 5 }, () => null),
    );
  });
});
