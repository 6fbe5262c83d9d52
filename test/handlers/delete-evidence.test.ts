import { verifyEvidence } from '../../lambda/explain/verify-evidence';
import type { Store } from '../../lambda/ports/ports';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { EVIDENCE } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { aResult, storedResult } from '../support/result-builder';
import { KEPT, PLANNED, withBench } from './deletion-bench';

const evidence = { hashText: sha256Of, keptForDays: 400 };

/** A store that fails to write evidence, from its nth such write on. */
function failingEvidence(objects: Map<string, string>, from: number): Store {
  const store = memoryStore(objects);
  let writes = 0;
  return {
    ...store,
    putIfAbsent: async (object) => {
      if (object.key.startsWith(EVIDENCE)) {
        writes += 1;
        if (writes >= from) throw new Error('the bucket refuses evidence');
      }
      return store.putIfAbsent(object);
    },
  };
}

const kindsIn = (objects: ReadonlyMap<string, string>): readonly string[] =>
  [...objects]
    .filter(([key]) => key.startsWith(EVIDENCE))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => JSON.parse(text).kind);

it('a deletion records its plan, its approval and its result, and the e-mail has the head of the chain', () =>
  withBench(async ({ approve, run, objects, mails }) => {
    expect((await run(await approve(), { evidence })).result).toMatchObject({ state: 'finished', deleted: 5 });
    expect(kindsIn(objects)).toEqual(['plan', 'approval', 'result']);
    const ports = {
      store: memoryStore(objects),
      hashText: sha256Of,
      digest: digestOf,
      folder: EVIDENCE,
      now: Date.now(),
    };
    const { head, broken, withoutResult } = await verifyEvidence(ports, null);
    expect([broken, withoutResult]).toEqual([[], []]);
    expect(mails.at(-1)?.body).toContain(`Evidence: ${head?.number}:${head?.sha256}\n`);
    const approval = [...objects].find(([key]) => key.includes('/once-approval-'));
    expect(JSON.parse(approval?.[1] ?? '')).toMatchObject({ approvedBy: { kind: 'caller', claimed: true } });
  }));

it('a deletion whose approval cannot be recorded deletes nothing, and its e-mail gives the reason', () =>
  withBench(async ({ approve, run, objects, mails, rig }) => {
    const failed = await run(await approve(), { evidence, store: failingEvidence(objects, 1) });
    expect(failed.status).toBe('FAILED');
    expect(rig.names()).toEqual(expect.arrayContaining([...KEPT, ...PLANNED]));
    expect(mails.at(-1)?.body).toContain('so nothing was deleted: the bucket refuses evidence');
    expect(mails.at(-1)?.body).toContain('Evidence: not recorded.');
  }));

it('a deletion whose result cannot be recorded is e-mailed all the same', () =>
  withBench(async ({ approve, run, objects, mails }) => {
    const { result } = await run(await approve(), { evidence, store: failingEvidence(objects, 3) });
    expect(result).toMatchObject({ state: 'finished', deleted: 5 });
    expect(mails.at(-1)?.body).toContain('Evidence: not recorded.');
  }));

it('a refused approval is recorded with the end of its run', () =>
  withBench(async ({ run, objects }) => {
    const event = { plan: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'a'.repeat(64)}` };
    expect((await run(event, { evidence })).result).toMatchObject({ state: 'refused', code: 'plan.not-found' });
    expect(kindsIn(objects)).toEqual(['approval', 'result']);
    const list = [...objects].find(([key]) => key.includes('/once-files-'))?.[1] ?? '';
    expect(list).toMatch(/ended-/);
  }));

it('an approval of a finished plan is not recorded, deletes nothing, and changes no recorded file', () =>
  withBench(async ({ approve, run, objects, mails, rig }) => {
    const event = await approve();
    await run(event, { evidence });
    const before = new Map(objects);
    // Were anything deleted for it, it would be found.
    objects.delete(`results/${event.plan}/mailed.json`);
    const again = await run({ ...event, approvedBy: { kind: 'dashboard', arn: null } }, { evidence });
    expect(again.result).toMatchObject({ state: 'finished' });
    expect(kindsIn(objects)).toEqual(['plan', 'approval', 'result']);
    for (const [key, text] of before) if (!/mailed|ended-|lock|\.html$/.test(key)) expect(objects.get(key)).toBe(text);
    const [first, second] = mails.slice(-2).map(({ body }) => /^Evidence: (.*)$/m.exec(body)?.[1]);
    expect([second, first]).toEqual([first, expect.stringMatching(/^3:/)]);
    expect(rig.names()).toEqual(KEPT);
  }));

it('a plan that was finished when it was approved deletes nothing, though its result is removed meanwhile', () =>
  withBench(async ({ approve, run, objects, rig }) => {
    const event = await approve();
    const store = memoryStore(objects);
    const finished = storedResult(
      aResult(event.plan, [], { plan: { id: event.plan, digest: event.digest, count: 5 } }),
    );
    let reads = 0;
    await store.put(finished);
    const { result } = await run(event, {
      evidence,
      store: {
        ...store,
        get: async (key) => {
          const text = await store.get(key);
          if (key === finished.key) reads += 1;
          if (key === finished.key && reads === 1) objects.delete(key);
          return text;
        },
      },
    });
    expect(result).toMatchObject({ state: 'finished' });
    expect(rig.names()).toEqual(expect.arrayContaining([...KEPT, ...PLANNED]));
  }));
