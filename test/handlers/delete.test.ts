import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { executionName, readEnding } from '../../lambda/deletion/execution-status';
import { readUnfinishedPlan } from '../../lambda/deletion/read-unfinished';
import type { CallResult } from '../../lambda/ports/deletion-ports';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { readHistory } from '../../lambda/storage/read-history';
import { CONFIG, HERE, outcomes, THERE } from '../deletion/rig';
import { memoryStore } from '../fakes/memory-store';
import { KEPT, PLANNED, shortInvocations, small, withBench } from './deletion-bench';
import { EXECUTION, immortal, mortal, runExecution } from './durable-engine';

describe('the deletion function', () => {
  it('carries out an approved plan, keeps the outcomes as JSON and HTML, and sends them', () =>
    withBench(async ({ approve, run, rig, result, mails, objects }) => {
      const event = await approve();
      const { status, result: answer, operations } = await run(event);
      expect(status).toBe('SUCCEEDED');
      expect(answer).toMatchObject({
        state: 'finished',
        plan: event.plan,
        deleted: 5,
        deletionsFailed: 0,
        open: 0,
        delivery: 'sent',
      });
      expect(rig.names()).toEqual(KEPT);
      expect(Object.values(outcomes(result(event.plan)))).toEqual([
        'deleted',
        'deleted',
        'deleted',
        'deleted',
        'deleted',
      ]);
      expect(operations).toEqual(['start', 'invocation-1', 'record', 'report']);
      expect(mails).toHaveLength(1);
      expect(mails[0]?.subject).toMatch(/^\[Lightsail\] 5 of 5 snapshots deleted, up to \$\d+\.\d\d\/month$/);
      expect(mails[0]?.body).toMatch(/^DELETED: 5 \(up to \$[\d.]+ a month\)$/m);
      expect(mails[0]?.body).toContain(`memory:results/${event.plan}.html`);
      expect(mails[0]?.attributes).toMatchObject({ outcome: 'deleted', deleted: 5, failed: 0 });
      for (const name of PLANNED) expect(objects.get(`results/${event.plan}.html`)).toContain(name);
    }));

  it('records the approval that the event claims, and adds the result to the index of the history', () =>
    withBench(async ({ approve, run, result, objects }) => {
      const event = await approve();
      await run({ ...event, approvedBy: { kind: 'dashboard', arn: null } });
      const approvedBy = { kind: 'dashboard', arn: null, claimed: true };
      expect(result(event.plan)).toMatchObject({ approvedBy, report: event.plan, config: { origin: CONFIG.origin } });
      expect(objects.get(`results/${event.plan}.html`)).toContain('user of the dashboard (claimed), ARN not known');
      const reads: string[] = [];
      const plain = memoryStore(objects);
      const store = {
        ...plain,
        get: (key: string) => {
          reads.push(key);
          return plain.get(key);
        },
      };
      const { results } = await readHistory(store, (known) =>
        readUnfinishedPlan({ store, hashText: sha256Of, digest: digestOf }, known),
      );
      expect(reads).toEqual(['results/index/00001.json']);
      expect(results.map(({ plan, status }) => [plan.id, status])).toEqual([[event.plan, 'finished']]);
    }));

  it('claims no one where the event names no one, and refuses a claim of another form before anything is read', () =>
    withBench(async ({ approve, run, result, rig }) => {
      const event = await approve();
      const before = rig.emulator.requests.total();
      expect((await run({ ...event, approvedBy: 'ann' })).status).toBe('FAILED');
      expect(rig.emulator.requests.total()).toBe(before);
      await run(event);
      expect(result(event.plan).approvedBy).toEqual({ kind: 'caller', arn: null, claimed: true });
    }));

  it('is run by the testing package of AWS with the same operations', async () => {
    await LocalDurableTestRunner.setupTestEnvironment({ skipTime: false });
    try {
      await withBench(async ({ approve, handler, rig, mails }) => {
        const runner = new LocalDurableTestRunner({ handlerFunction: handler()(immortal()) });
        const execution = await runner.run({ payload: await approve() });
        expect(execution.getStatus()).toBe('SUCCEEDED');
        expect(execution.getOperations().map((operation) => operation.getName())).toEqual([
          'start',
          'invocation-1',
          'record',
          'report',
        ]);
        expect(rig.names()).toEqual(KEPT);
        expect(mails).toHaveLength(1);
      });
    } finally {
      await LocalDurableTestRunner.teardownTestEnvironment();
    }
  });

  it('takes as many invocations as it needs, each with a fresh decision, and rests in between', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      const { status, operations, invocations } = await run(event, shortInvocations(rig));
      expect(status).toBe('SUCCEEDED');
      expect(operations).toEqual([
        'start',
        'invocation-1',
        'rest-2',
        'invocation-2',
        'rest-3',
        'invocation-3',
        'record',
        'report',
      ]);
      expect(invocations).toBe(3);
      expect(rig.names()).toEqual(KEPT);
      expect(mails).toHaveLength(1);
    }));

  it('spares a snapshot that is held between two invocations', () =>
    withBench(async ({ approve, run, rig, result }) => {
      const event = await approve();
      let invocations = 0;
      const controller = { current: new AbortController() };
      await run(event, {
        timeout: () => {
          invocations += 1;
          controller.current = new AbortController();
          return controller.current.signal;
        },
        deletion: {
          ...rig.deletion,
          deleteSnapshot: async (named, maySend) => {
            const answer = await rig.deletion.deleteSnapshot(named, maySend);
            controller.current.abort();
            if (invocations === 1) rig.emulator.world.tag(HERE, 'web-06', [{ key: 'retention:hold' }]);
            return answer;
          },
        },
      });
      expect(rig.names()).toContain('web-06');
      expect(outcomes(result(event.plan))['web-06']).toBe('spared hold');
    }));

  it('tries an invocation again when the bucket fails, and loses and repeats nothing', () =>
    withBench(async ({ approve, run, rig, result, mails, objects }) => {
      const event = await approve();
      let failures = 2;
      const readInventory: typeof rig.readInventory = async (...asked) => {
        failures -= 1;
        if (failures >= 0) throw new Error('the bucket is away');
        return rig.readInventory(...asked);
      };
      const { status, invocations } = await run(event, { readInventory });
      expect(status).toBe('SUCCEEDED');
      expect(invocations).toBe(3);
      expect(rig.names()).toEqual(KEPT);
      expect(result(event.plan)).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
      expect(mails).toHaveLength(1);
      expect(objects.has(`results/${event.plan}/mailed.json`)).toBe(true);
    }));

  it('goes on when the answer to the creation of its lock is lost, and it finds a lock of its own', () =>
    withBench(async ({ approve, run, rig, objects }) => {
      const event = await approve();
      const store = memoryStore(objects);
      let lost = 1;
      const { result } = await run(event, {
        store: {
          ...store,
          putIfAbsent: async (object) => {
            const written = await store.putIfAbsent(object);
            lost -= 1;
            return written && lost < 0;
          },
        },
      });
      expect(result).toMatchObject({ state: 'finished', deleted: 5 });
      expect(rig.names()).toEqual(KEPT);
    }));

  it('sends what it has when an invocation fails every time, and then fails', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      const readInventory = () => Promise.reject(new Error('out of order'));
      const { status, error, invocations, pauses } = await run(event, { readInventory });
      expect(status).toBe('FAILED');
      expect(error).toContain('out of order');
      // Some ten minutes: as long as a service may be away.
      expect(pauses).toEqual([5, 15, 45, 135, 405]);
      expect(invocations).toBe(6);
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
      expect(mails.map(({ subject }) => subject)).toEqual(['[Lightsail] Nothing deleted: run.failed']);
      expect(mails[0]?.body).toContain('out of order');
    }));

  it('sends the outcome when the topic comes back, and tells it once', () =>
    withBench(async ({ approve, run, mails }) => {
      const event = await approve();
      let refusals = 3;
      const channel = {
        confirmedSubscribers: async () => 1,
        send: async (message: (typeof mails)[number]) => {
          refusals -= 1;
          if (refusals >= 0) throw new Error('the topic is away');
          mails.push(message);
        },
      };
      expect((await run(event, { channel })).status).toBe('SUCCEEDED');
      expect(mails).toHaveLength(1);
    }));

  it('sends the outcome though it cannot note how it ended', () =>
    withBench(async ({ approve, run, rig, mails, objects }) => {
      const event = { ...(await approve()), plan: 'another' };
      const store = memoryStore(objects);
      const { result } = await run(event, {
        store: {
          ...store,
          put: (object) =>
            object.key.includes('/ended-') ? Promise.reject(new Error('not allowed')) : store.put(object),
        },
      });
      expect(result).toMatchObject({ state: 'refused', code: 'plan.not-found', delivery: 'sent' });
      expect(mails).toHaveLength(1);
      expect([...objects.keys()].filter((key) => key.includes('/ended-'))).toEqual([]);
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
    }));

  it.each<[string, number, (key: string, what: string) => boolean]>([
    ['fails from the start', 0, () => true],
    ['fails from the first delete on', 1, () => true],
    ['takes no page', 5, (key, what) => what === 'put' && key.endsWith('.html')],
    ['takes no note of the mail', 5, (key, what) => what === 'put' && key.endsWith('mailed.json')],
    ['gives no record back at the end', 5, (key, what) => what === 'list' && key.includes('results/')],
    ['gives no result back at the end', 5, (key, what) => what === 'get' && /results\/[^/]+\.json$/.test(key)],
  ])('sends the outcome, or that it could not be read, once, though the bucket %s', (_, deletes, fails) =>
    withBench(async ({ approve, handler, run, rig, mails, objects }) => {
      const event = await approve();
      const store = memoryStore(objects);
      let away = deletes === 0;
      let sent = 0;
      const failing = <T>(key: string, what: string, call: () => Promise<T>): Promise<T> =>
        away && fails(key, what) ? Promise.reject(new Error('the key is disabled')) : call();
      const { status } = await run(event, {
        store: {
          ...store,
          put: (object) => failing(object.key, 'put', () => store.put(object)),
          putIfAbsent: (object) => failing(object.key, 'put', () => store.putIfAbsent(object)),
          get: (key) => failing(key, 'get', () => store.get(key)),
          list: (prefix) => failing(prefix, 'list', () => store.list(prefix)),
        },
        deletion: {
          ...rig.deletion,
          deleteSnapshot: async (named, maySend) => {
            const answer = await rig.deletion.deleteSnapshot(named, maySend);
            sent += 1;
            away ||= sent === deletes;
            return answer;
          },
        },
      });
      expect(mails).toHaveLength(1);
      const { subject = '', body = '' } = mails[0] ?? {};
      const isRead = /^DELETED: 5 /m.test(body);
      expect([status, isRead]).toEqual([
        deletes < 5 ? 'FAILED' : 'SUCCEEDED',
        deletes === 5 && !fails(`results/${event.plan}.json`, 'get'),
      ]);
      if (isRead) expect(subject).toContain('5 of 5 snapshots deleted');
      else expect(subject).toBe(`[Lightsail] Not known what was deleted${deletes < 5 ? ': run.failed' : ''}`);
      if (!isRead) expect(body).toContain('What was done could not be read: the key is disabled.');
      expect(body.includes('.html')).toBe(objects.has(`results/${event.plan}.html`));
      expect(body).toContain(`memory:results/${event.plan}.json`);
      // What the bucket did not take is dealt with once it does: after an hour, because the lock could not be released
      // either.
      const clock = () => Date.now() + 3_700_000;
      const readClock = async () => ({ ok: true, value: { service: clock(), machine: clock() } }) as const;
      const later = { clock, deletion: { ...rig.deletion, readClock } };
      const again = await runExecution(handler(later), event, immortal, { name: 'again' });
      expect([again.status, rig.names()]).toEqual(['SUCCEEDED', KEPT]);
    }),
  );

  it('says so where the result of the plan is not as it was written', () =>
    withBench(async ({ approve, run, rig, mails, objects }) => {
      const event = await approve();
      objects.set(`results/${event.plan}.json`, '{"half');
      expect((await run(event)).status).toBe('FAILED');
      expect(mails.map(({ subject }) => subject)).toEqual(['[Lightsail] Not known what was deleted: run.failed']);
      expect(mails[0]?.body).toContain('is not as it was written');
      expect(objects.get(`results/${event.plan}.json`)).toBe('{"half');
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
    }));

  it('says which failed, why, and that the others went', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'DeleteDiskSnapshot' }]);
      const { result } = await run(event);
      expect(result).toMatchObject({ state: 'finished', deleted: 3, deletionsFailed: 2 });
      expect(mails[0]?.subject).toBe('[Lightsail] 3 of 5 snapshots deleted, 2 failed');
      expect(mails[0]?.attributes).toMatchObject({ outcome: 'deletion-failed', failed: 2 });
      expect(mails[0]?.body).toContain('AccessDeniedException');
    }));

  it('stops at its deadline, says what was not dealt with, and how to go on', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      let now = Date.now();
      const stopping = new AbortController();
      let read: () => void = () => undefined;
      const started = new Promise<void>((resolve) => {
        read = resolve;
      });
      const { result } = await run(event, {
        clock: () => now,
        timeout: () => stopping.signal,
        deletion: {
          ...rig.deletion,
          readClock: async () => ({ ok: true, value: { service: now, machine: now } }),
          async readSnapshot(named, abortSignal) {
            if (named.region === THERE && PLANNED.includes(named.name)) {
              read();
              await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
            }
            return rig.deletion.readSnapshot(named, abortSignal);
          },
          async deleteSnapshot(named, maySend) {
            await started;
            stopping.abort();
            const answer = await rig.deletion.deleteSnapshot(named, maySend);
            now += 3_600_000;
            return answer;
          },
        },
      });
      expect(result).toMatchObject({ state: 'stopped', code: 'run.deadline' });
      expect(rig.names().filter((name) => PLANNED.includes(name))).toHaveLength(4);
      // The delete of the other region was not sent: its attempt is cancelled, so its end is known.
      expect(mails.map(({ subject }) => subject)).toEqual([
        '[Lightsail] NOT FINISHED: 1 of 5 snapshots deleted, 4 not processed',
      ]);
      expect(mails[0]?.body).toContain(`go on with ${event.plan}`);
    }));

  it('goes on where an earlier execution stopped, and tells the outcome of both', () =>
    withBench(async ({ approve, run, rig, result, mails }) => {
      const event = await approve();
      const limits = { inventory: 60_000, invocation: 60_000, closing: 60_000, run: 3_600_000, invocations: 1 };
      const first = new AbortController();
      const { result: stopped } = await run(event, {
        limits,
        timeout: () => first.signal,
        deletion: {
          ...rig.deletion,
          deleteSnapshot: (named, maySend) => {
            first.abort();
            return rig.deletion.deleteSnapshot(named, maySend);
          },
        },
      });
      expect(stopped).toMatchObject({ state: 'stopped', code: 'run.invocations' });
      const second = await run(event);
      expect(second.result).toMatchObject({ state: 'finished', deleted: 5 });
      expect(rig.names()).toEqual(KEPT);
      expect(result(event.plan).items).toHaveLength(5);
      expect(mails).toHaveLength(2);
    }));

  it('stops when invocation after invocation deals with nothing', () =>
    withBench(async ({ approve, run, mails, objects }) => {
      const event = await approve();
      const { result, operations } = await run(event, { timeout: () => AbortSignal.abort() });
      expect(result).toMatchObject({ state: 'stopped', code: 'run.idle', open: 5 });
      expect(
        await readEnding(memoryStore(objects), { id: event.plan, digest: event.digest }, executionName(EXECUTION)),
      ).toMatchObject({
        state: 'stopped',
        code: 'run.idle',
      });
      expect(operations.filter((name) => name.startsWith('invocation'))).toHaveLength(4);
      expect(mails).toHaveLength(1);
    }));

  it('waits for a region that stops answering while it is at it, and goes on', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      let readings = 0;
      const { result, pauses } = await run(event, {
        ...shortInvocations(rig),
        readInventory: async (...asked) => {
          readings += 1;
          const inventory = await rig.readInventory(...asked);
          return readings === 2 ? { ...inventory, complete: false } : inventory;
        },
      });
      expect(result).toMatchObject({ state: 'finished', deleted: 5 });
      expect(mails).toHaveLength(1);
      // A region that does not answer is given five minutes; where all is well, the next invocation begins at once. How
      // many those are depends on how
      // many looks in the other region an invocation that is told to end cuts short.
      const [first, second, ...others] = pauses;
      expect([first, second, ...new Set(others)]).toEqual([1, 300, 1]);
    }));

  it.each<
    [string, string, (read: CallResult<Snapshot | null>, invocation: AbortController) => CallResult<Snapshot | null>]
  >([
    ['sends no delete', 'finds the snapshot as it was', (read) => read],
    [
      'takes nothing back in the record',
      'is given up',
      (_, invocation) => {
        invocation.abort();
        return { ok: false, failure: { class: 'transient', code: 'AbortError', message: 'no answer' } };
      },
    ],
  ])('%s after the end of an invocation, where a last reading outlasts it and %s', (_, __, answer) =>
    withBench(async ({ approve, run, rig, result, objects }) => {
      const event = await approve();
      const [invocation, end] = [new AbortController(), new AbortController()];
      let goOn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const deletes: string[] = [];
      const { result: stopped } = await run(event, {
        limits: { inventory: 60_000, invocation: 60_000, closing: 60_000, run: 3_600_000, invocations: 1 },
        timeout: () => invocation.signal,
        beforeEnd: () => end.signal,
        deletion: {
          ...rig.deletion,
          async readSnapshot(named) {
            const read = await rig.deletion.readSnapshot(named);
            if (named.name !== 'web-04') return read;
            end.abort();
            await held;
            return answer(read, invocation);
          },
          deleteSnapshot: (named, maySend) => {
            deletes.push(named.name);
            return rig.deletion.deleteSnapshot(named, maySend);
          },
        },
      });
      expect(stopped).toMatchObject({ state: 'stopped', code: 'run.invocations', deleted: 0 });
      const told = new Map(objects);
      goOn();
      // All that follows the reading waits for nothing outside of this process.
      await new Promise((resolve) => setImmediate(resolve));
      expect(deletes).toEqual([]);
      expect(objects).toEqual(told);
      expect(result(event.plan).unsettled?.map(({ name }) => name)).toEqual(['web-04']);
      expect((await run(event)).result).toMatchObject({ state: 'finished', deleted: 2 });
      expect(rig.names()).toEqual(['web-01', 'web-02', 'web-03']);
    }, small()),
  );

  it('waits at the end of an invocation for a delete that is on its way, before it releases its lock', () =>
    withBench(async ({ approve, run, rig, objects }) => {
      const event = await approve();
      const end = new AbortController();
      const store = memoryStore(objects);
      const happened: string[] = [];
      const { result } = await run(event, {
        limits: { inventory: 60_000, invocation: 60_000, closing: 60_000, run: 3_600_000, invocations: 1 },
        beforeEnd: () => end.signal,
        store: {
          ...store,
          replaceIf(object, version) {
            const body = [...object.body];
            if (body.join('').includes('"released":true')) happened.push('the lock is released');
            return store.replaceIf({ ...object, body }, version);
          },
        },
        deletion: {
          ...rig.deletion,
          async deleteSnapshot(named, maySend) {
            end.abort();
            await new Promise((resolve) => setTimeout(resolve, 50));
            const answer = await rig.deletion.deleteSnapshot(named, maySend);
            happened.push('the delete is answered');
            return answer;
          },
        },
      });
      expect(happened).toEqual(['the delete is answered', 'the lock is released']);
      expect(result).toMatchObject({ state: 'stopped', code: 'run.invocations' });
    }, small()));

  it('measures what it did, and mails it once, though it dies right after it noted the mail', () =>
    withBench(async ({ approve, handler, mails }) => {
      const event = await approve();
      let dead = false;
      const lifeOf = () =>
        mortal((point) => {
          const ends = !dead && /^after put .*mailed\.json$/.test(point);
          dead ||= ends;
          return ends;
        });
      const { result } = await runExecution(handler(), event, lifeOf);
      expect(dead).toBe(true);
      expect(result).toMatchObject({ state: 'finished', delivery: 'sent', deleted: 2 });
      expect(mails).toHaveLength(1);
    }, small()));

  it('releases its lock when an invocation fails in the middle', () =>
    withBench(async ({ approve, run, rig, objects }) => {
      const event = await approve();
      let now = Date.now();
      const locks: unknown[] = [];
      const { result } = await run(event, {
        clock: () => now,
        isDeployed: async () => {
          locks.push(JSON.parse(objects.get(`results/lock.json`) ?? 'null'));
          if (locks.length === 2) throw new Error('the alias cannot be read');
          return true;
        },
        deletion: {
          ...rig.deletion,
          readClock: async () => ({ ok: true, value: { service: now, machine: now } }),
          deleteSnapshot: async (named, maySend) => {
            const answer = await rig.deletion.deleteSnapshot(named, maySend);
            now += 30_000;
            return answer;
          },
        },
      });
      expect(result).toMatchObject({ state: 'finished', deleted: 2 });
      expect(locks.slice(0, 3)).toEqual([
        null,
        expect.objectContaining({ released: false }),
        expect.objectContaining({ released: true }),
      ]);
    }, small()));
});
