import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { recordApproval } from '../../lambda/deletion/record-deletion';
import { verifyEvidence } from '../../lambda/explain/verify-evidence';
import type { Store } from '../../lambda/ports/ports';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { EVIDENCE, planFile } from '../../lambda/storage/keys';
import { PLAN, parseStored } from '../../lambda/storage/schemas';
import { memoryStore, timesOf } from '../fakes/memory-store';
import { anOutcome, aResult, storedResult } from '../support/result-builder';
import { ORIGIN } from '../support/run-origin';
import { KEPT, PLANNED, withBench } from './deletion-bench';
import { immortal, mortal, runExecution } from './durable-engine';

const HOUR = 3_600_000;
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

const verified = (objects: Map<string, string>) =>
  verifyEvidence(
    { store: memoryStore(objects), hashText: sha256Of, digest: digestOf, folder: EVIDENCE, now: Date.now() },
    null,
  );

it('a deletion records its plan, its approval and its result, and the e-mail has the head of the chain', () =>
  withBench(async ({ approve, run, objects, mails }) => {
    expect((await run(await approve(), { evidence })).result).toMatchObject({ state: 'finished', deleted: 5 });
    expect(kindsIn(objects)).toEqual(['plan', 'approval', 'result']);
    const { head, broken, withoutResult } = await verified(objects);
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

it('a finished result that could not be recorded is recorded when its plan is approved again', () =>
  withBench(async ({ approve, run, objects, mails }) => {
    const event = await approve();
    await run(event, { evidence, store: failingEvidence(objects, 3) });
    for (const key of objects.keys()) if (key.includes('/once-files-')) objects.delete(key);
    objects.delete(`results/${event.plan}/mailed.json`);
    await run({ ...event, approvedBy: { kind: 'dashboard', arn: null } }, { evidence });
    expect(kindsIn(objects)).toEqual(['plan', 'approval', 'result']);
    expect(mails.at(-1)?.body).toMatch(/^Evidence: 3:/m);
    const { broken, withoutResult } = await verified(objects);
    expect([broken, withoutResult]).toEqual([[], []]);
    const [outcome = ''] = [...objects.keys()].filter((key) => key.endsWith('.outcome.json'));
    objects.set(outcome, (objects.get(outcome) ?? '').replace('"deleted"', '"spared"'));
    expect((await verified(objects)).broken).toEqual([expect.objectContaining({ fault: 'object.altered' })]);
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

/** A run of another machine that applies a plan, and has recorded its approval. */
async function runElsewhere(objects: Map<string, string>, event: { readonly plan: string; readonly digest: string }) {
  const store = memoryStore(objects);
  const plan = parseStored(PLAN, objects.get(planFile(event.plan)) ?? null);
  if (plan === null) throw new Error('the plan cannot be read');
  const owner = { host: 'another machine', pid: 7, run: 'elsewhere' };
  const approved = { plan: { id: plan.id, digest: plan.digest }, run: owner.run, origin: ORIGIN };
  const outcomes = await openOutcomes({ store, clock: Date.now, owner, isAlive: () => null }, plan, ORIGIN, () =>
    recordApproval({ ...evidence, store, clock: Date.now, folder: EVIDENCE }, approved),
  );
  const ports = { store, hashText: sha256Of, digest: digestOf, folder: EVIDENCE, now: Date.now() };
  return { outcomes, plan, verify: () => verifyEvidence(ports, null) };
}

it('an approval of a plan that another run applies breaks no link of the chain while that run goes on', () =>
  withBench(async ({ approve, run, objects }) => {
    const event = await approve();
    const { outcomes, plan, verify } = await runElsewhere(objects, event);
    const second = await run(event, { evidence });
    expect(second.result).toMatchObject({ state: 'refused', code: 'plan.in-progress' });
    const [first] = plan.items;
    if (first === undefined) throw new Error('the plan lists nothing');
    const { name, arn } = first;
    await outcomes.record([anOutcome(name, { arn, outcome: 'spared', code: 'kept', text: 'it is kept now' })]);
    expect((await verify()).broken).toEqual([]);
  }));

/** The key of the approval of the run elsewhere, and that of the run of the function. */
const approvalsIn = (objects: ReadonlyMap<string, string>) => {
  const keys = [...objects.keys()].filter((key) => key.includes('/once-approval-'));
  return { elsewhere: keys.find((key) => key.includes('-elsewhere')), own: keys.find((key) => !/elsewhere/.test(key)) };
};

// The second is the finest time that a bucket tells.
it.each([60_000, 0])('a run that records its result late breaks no link of the run that began %i ms after it', (ms) =>
  withBench(async ({ approve, run, objects }) => {
    const event = await approve();
    const store = memoryStore(objects);
    let later: Awaited<ReturnType<typeof runElsewhere>> | undefined;
    const overtaken: Store = {
      ...store,
      put: async (object) => {
        await store.put(object);
        if (!object.key.includes('/ended-')) return;
        later = await runElsewhere(objects, event);
        const { elsewhere = '', own = '' } = approvalsIn(objects);
        timesOf(objects).set(elsewhere, (timesOf(objects).get(own) ?? 0) + ms);
      },
    };
    const first = await run(event, { evidence, store: overtaken, isDeployed: async () => false });
    expect(first.result).toMatchObject({ state: 'stopped', code: 'run.superseded' });
    const [item] = later?.plan.items ?? [];
    if (later === undefined || item === undefined) throw new Error('no other run began');
    await later.outcomes.record([anOutcome(item.name, { arn: item.arn, outcome: 'spared' })]);
    expect((await later.verify()).broken).toEqual([]);
  }),
);

it.each([
  ['after the index was written', /^noted .*\/ended-/],
  ['after the result was hashed', /^hashed results\/[^/]*\.json$/],
])('a run that ended takes no result for its own that another run finished %s', (_, moment) =>
  withBench(async ({ approve, run, objects }) => {
    const event = await approve();
    const store = memoryStore(objects);
    let later: Awaited<ReturnType<typeof runElsewhere>> | undefined;
    const finishAt = async (now: string): Promise<void> => {
      if (later !== undefined || !moment.test(now)) return;
      later = await runElsewhere(objects, event);
      const { outcomes, plan } = later;
      await outcomes.record(plan.items.map(({ name, arn }) => anOutcome(name, { arn, outcome: 'spared' })));
      await outcomes.close();
    };
    const overtaken: Store = {
      ...store,
      put: async (object) => {
        await store.put(object);
        await finishAt(`noted ${object.key}`);
      },
      fingerprint: async (key, version) => {
        const found = await store.fingerprint(key, version);
        await finishAt(`hashed ${key}`);
        return found;
      },
    };
    // Each invocation ends before its first snapshot.
    const ended = await run(event, { evidence, store: overtaken, timeout: () => AbortSignal.abort() });
    expect(ended.result).toMatchObject({ state: 'stopped', code: 'run.idle' });
    expect(later?.outcomes.result().totals).toMatchObject({ requested: 5, open: 0 });
    expect((await later?.verify())?.broken).toEqual([]);
  }),
);

it('a later execution of the same name records the approval of its own run', () =>
  withBench(async ({ approve, handler, objects, rig }) => {
    const event = await approve();
    const named = (who: string, id: string, isDeployed: boolean) =>
      runExecution(
        handler({ evidence, isDeployed: async () => isDeployed }),
        { ...event, approvedBy: { kind: 'caller', arn: `arn:aws:iam::123456789012:user/${who}` } },
        immortal,
        { name: event.plan, id },
      );
    expect((await named('ann', '0001', false)).result).toMatchObject({ state: 'stopped' });
    expect((await named('bob', '0002', true)).result).toMatchObject({ state: 'finished' });
    expect(rig.names()).toEqual(KEPT);
    const approvals = [...objects].filter(([key]) => key.includes('/once-approval-')).map(([, text]) => text);
    expect(approvals.map((text) => JSON.parse(text).approvedBy.arn)).toEqual([
      'arn:aws:iam::123456789012:user/ann',
      'arn:aws:iam::123456789012:user/bob',
    ]);
    expect((await verified(objects)).broken).toEqual([]);
  }));

it('a run records what a killed execution of another plan left, once that execution can no longer go on', () =>
  withBench(async ({ approve, run, handler, objects, rig }) => {
    const ports = { evidence, clock: rig.clock };
    const dying = () => mortal((point) => point.startsWith('after delete'));
    const killed = runExecution(handler(ports), await approve(), dying, { most: 1, name: 'killed' });
    await expect(killed).rejects.toThrow('did not end in 1 invocations');
    const left = async (): Promise<readonly string[]> => (await verified(objects)).unrecorded;
    const files = await left();
    expect(files.some((place) => place.endsWith('.attempt.json'))).toBe(true);
    // Its lock has timed out, and another invocation of it may still follow.
    rig.advance(2 * HOUR);
    expect((await run(await approve(), ports)).result).toMatchObject({ state: 'finished' });
    expect(await left()).toEqual(files);
    rig.advance(22 * HOUR);
    expect((await run(await approve(), ports)).result).toMatchObject({ state: 'finished' });
    expect(await verified(objects)).toMatchObject({ broken: [], unrecorded: [], withoutResult: [] });
    expect(kindsIn(objects).filter((kind) => kind === 'result')).toHaveLength(3);
    for (const place of files) {
      const key = place.replace('memory:', '');
      const text = objects.get(key) ?? '';
      objects.set(key, `${text} `);
      expect((await verified(objects)).broken).toContainEqual(
        expect.objectContaining({ fault: 'object.altered', place }),
      );
      objects.set(key, text);
    }
  }));

it('a run that is refused leaves the result to the run that applies the plan', () =>
  withBench(async ({ approve, run, objects }) => {
    const event = await approve();
    const { outcomes, plan } = await runElsewhere(objects, event);
    const key = `results/${event.plan}.json`;
    const store = memoryStore(objects);
    let finished: string | undefined;
    const finish = async (): Promise<void> => {
      await outcomes.record(plan.items.map(({ name, arn }) => anOutcome(name, { arn, outcome: 'spared' })));
      await outcomes.close();
      finished = objects.get(key);
    };
    // The other run would finish just before this one writes the result.
    const finishing: Store = {
      ...store,
      put: async (object) => {
        if (object.key === key && finished === undefined) await finish();
        await store.put(object);
      },
    };
    const second = await run(event, { evidence, store: finishing });
    expect(second.result).toMatchObject({ state: 'refused', code: 'plan.in-progress' });
    if (finished === undefined) await finish();
    expect(JSON.parse(finished ?? '')).toMatchObject({ status: 'finished' });
    expect(objects.get(key)).toBe(finished);
  }));
