import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { instanceRow } from '../../emulator/rows';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { executionName, readEnding } from '../../lambda/deletion/execution-status';
import type { DeletionPorts } from '../../lambda/deletion/run-deletion-job';
import type { Called } from '../../lambda/ports/deletion-ports';
import { planFile } from '../../lambda/storage/keys';
import { ACCOUNT, aged, aSpec, HERE, outcomes, type Rig, THERE, upTo } from '../deletion/rig';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { type Bench, withBench } from './deletion-bench';
import { EXECUTION, immortal, mortal, mortals, runExecution } from './durable-engine';

const KEPT = ['data-01', 'data-02', 'data-03', 'web-01', 'web-02', 'web-03'];
const PLANNED = ['data-04', 'data-05', 'web-04', 'web-05', 'web-06'];

const ANOTHER = `arn:aws:lightsail:${HERE}:${ACCOUNT}:InstanceSnapshot/00000000-0000-4000-a000-00000000a04e`;

const small = () => {
  const web = aSpec('web');
  return {
    accountId: ACCOUNT,
    regions: [HERE],
    data: { [HERE]: { instances: [instanceRow(web)], instanceSnapshots: aged(web, upTo(5)) } },
  };
};

/** Invocations that end with their first snapshots, one in each region: none is deleted before all of them are. */
function shortInvocations(rig: Rig): Pick<DeletionPorts, 'timeout' | 'deletion'> {
  let controller = new AbortController();
  const waiting: (() => void)[] = [];
  const regionsLeft = (): number =>
    new Set(PLANNED.filter((name) => rig.names().includes(name)).map((name) => name.slice(0, -3))).size;
  return {
    timeout: () => {
      controller = new AbortController();
      return controller.signal;
    },
    deletion: {
      ...rig.deletion,
      async deleteSnapshot(named, maySend) {
        const all = new Promise<void>((resolve) => waiting.push(resolve));
        if (waiting.length === regionsLeft()) {
          controller.abort();
          for (const go of waiting.splice(0)) go();
        }
        await all;
        return rig.deletion.deleteSnapshot(named, maySend);
      },
    },
  };
}

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
      expect(mails[0]?.subject).toMatch(/^\[Lightsail\] 5 of 5 planned snapshots deleted, at most \$\d+\.\d\d\/month$/);
      for (const name of PLANNED) expect(mails[0]?.body).toContain(name);
      expect(mails[0]?.body).toContain(`memory:results/${event.plan}.html`);
      expect(mails[0]?.attributes).toMatchObject({ outcome: 'deleted', deleted: 5, failed: 0 });
      for (const name of PLANNED) expect(objects.get(`results/${event.plan}.html`)).toContain(name);
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
      const isRead = /Deleted \(5\)/.test(body);
      expect([status, isRead]).toEqual([
        deletes < 5 ? 'FAILED' : 'SUCCEEDED',
        deletes === 5 && !fails(`results/${event.plan}.json`, 'get'),
      ]);
      if (isRead) expect(subject).toContain('5 of 5 planned snapshots deleted');
      else expect(subject).toBe(`[Lightsail] Not known what was deleted${deletes < 5 ? ': run.failed' : ''}`);
      if (!isRead) expect(body).toContain('What was done could not be read: the key is disabled.');
      expect(body.includes('.html')).toBe(objects.has(`results/${event.plan}.html`));
      expect(body).toContain(`memory:results/${event.plan}.json`);
      // What the bucket did not take is dealt with once it does: after an hour, because the lock could not be released either.
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
      expect(mails[0]?.subject).toBe('[Lightsail] 2 of 5 deletions failed, 3 deleted');
      expect(mails[0]?.attributes).toMatchObject({ outcome: 'deletion-failed', failed: 2 });
      expect(mails[0]?.body).toContain('AccessDeniedException');
    }));

  it('stops at its deadline, says what was not dealt with, and how to go on', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      let now = Date.now();
      const stopping = new AbortController();
      let read: () => void = () => undefined;
      const inHand = new Promise<void>((resolve) => {
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
            await inHand;
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
        '[Lightsail] Deletion not finished: 1 deleted, 4 of 5 not dealt with',
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

  it('stops at the next invocation when another version was deployed meanwhile, and names the command that continues', () =>
    withBench(async ({ approve, run, rig, result, mails }) => {
      const event = await approve();
      let asked = 0;
      const { result: answer, operations } = await run(event, {
        ...shortInvocations(rig),
        isDeployed: async () => {
          asked += 1;
          return asked < 2;
        },
      });
      expect(operations).toEqual(['start', 'invocation-1', 'rest-2', 'invocation-2', 'record', 'report']);
      expect(answer).toMatchObject({ state: 'stopped', code: 'run.superseded', deleted: 2, open: 3 });
      expect(rig.names().filter((name) => PLANNED.includes(name))).toHaveLength(3);
      expect(result(event.plan)).toMatchObject({ status: 'unfinished', totals: { deleted: 2, open: 3 } });
      expect(mails[0]?.body).toContain('(run.superseded)');
      expect(mails[0]?.body).toContain(`go on with ${event.plan}`);
      // The deployed version goes on at once: no lock is left behind.
      expect((await run(event)).result).toMatchObject({ state: 'finished', deleted: 5 });
      expect(rig.names()).toEqual(KEPT);
    }));

  it.each([
    ['is another', async () => false, { state: 'stopped', code: 'run.superseded', deleted: 1, open: 1 }],
    ['cannot be told', () => Promise.reject(new Error('the alias cannot be read')), undefined],
  ])(
    'sends no further delete within an invocation once the deployed version %s, half a minute later',
    (_, then, ended) =>
      withBench(async ({ approve, run, rig, result, mails }) => {
        const event = await approve();
        let now = Date.now();
        let looks = 0;
        const { result: answer } = await run(event, {
          clock: () => now,
          isDeployed: async () => {
            looks += 1;
            return looks === 1 ? true : then();
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
        expect(answer).toEqual(ended === undefined ? undefined : expect.objectContaining(ended));
        expect(rig.names()).toEqual(['web-01', 'web-02', 'web-03', 'web-05']);
        expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(1);
        expect(result(event.plan)).toMatchObject({ status: 'unfinished', totals: { deleted: 1, open: 1 } });
        expect(mails).toHaveLength(1);
      }, small()),
  );

  it('reads the deployed version again where the last reading of a snapshot took half a minute, before its delete', () =>
    withBench(async ({ approve, run, rig }) => {
      const event = await approve();
      let now = Date.now();
      let looks = 0;
      let slow = 1;
      const readings: string[] = [];
      const { result } = await run(event, {
        clock: () => now,
        isDeployed: async () => {
          looks += 1;
          return true;
        },
        deletion: {
          ...rig.deletion,
          readClock: async () => ({ ok: true, value: { service: now, machine: now } }),
          readSnapshot: async (named) => {
            readings.push(named.name);
            if (named.name === 'web-04' && slow > 0) {
              slow -= 1;
              now += 180_000;
            }
            return rig.deletion.readSnapshot(named);
          },
          deleteSnapshot: (named, maySend) => {
            readings.push(`delete ${named.name}`);
            return rig.deletion.deleteSnapshot(named, maySend);
          },
        },
      });
      expect(result).toMatchObject({ state: 'finished', deleted: 2, deletionsFailed: 0 });
      expect(looks).toBe(2);
      const at = readings.indexOf('web-04');
      // Its group is read again as well, and nothing comes between its last reading and its delete.
      expect(readings.slice(at, at + 4)).toEqual(['web-04', 'web-01', 'web-04', 'delete web-04']);
    }, small()));

  it('reads the deployed version after the inventory, and deletes nothing where it is another', () =>
    withBench(async ({ approve, run, rig, mails, objects }) => {
      const event = await approve();
      const { result } = await run(event, {
        isDeployed: async () => {
          expect(rig.emulator.requests.count('GetDisks')).toBeGreaterThan(0);
          return false;
        },
      });
      expect(result).toMatchObject({ state: 'stopped', code: 'run.superseded', deleted: 0 });
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
      expect(mails.map(({ subject }) => subject)).toEqual(['[Lightsail] Nothing deleted: run.superseded']);
      expect(objects.has(`results/${event.plan}.json`)).toBe(false);
    }));

  it('deletes nothing while the deployed version cannot be read, and fails when that does not change', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      const unreadable = () => Promise.reject(new Error('the alias cannot be read'));
      const { status, error, invocations } = await run(event, { isDeployed: unreadable });
      expect([status, invocations]).toEqual(['FAILED', 6]);
      expect(error).toContain('the alias cannot be read');
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
      expect(mails.map(({ subject }) => subject)).toEqual(['[Lightsail] Nothing deleted: run.failed']);
      let failures = 2;
      const again = await run(event, {
        isDeployed: async () => {
          failures -= 1;
          return failures >= 0 ? unreadable() : true;
        },
      });
      expect(again.result).toMatchObject({ state: 'finished', deleted: 5 });
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
      // A region that does not answer is given five minutes; where all is well, the next invocation begins at once. How many those are depends on how
      // many looks in the other region an invocation that is told to end cuts short.
      const [first, second, ...others] = pauses;
      expect([first, second, ...new Set(others)]).toEqual([1, 300, 1]);
    }));

  it.each<[string, string, (read: Called<Snapshot | null>, invocation: AbortController) => Called<Snapshot | null>]>([
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
          put(object) {
            const body = [...object.body];
            if (body.join('').includes('"released":true')) happened.push('the lock is released');
            return store.put({ ...object, body });
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

  it('reads the deployed version again before its first delete when taking the lock of the plan took longer than half a minute', () =>
    withBench(async ({ approve, run, rig, objects }) => {
      const event = await approve();
      let now = Date.now();
      const store = memoryStore(objects);
      const { result } = await run(event, {
        clock: () => now,
        isDeployed: async () => !objects.has(`results/${event.plan}/lock.json`),
        store: {
          ...store,
          putIfAbsent(object) {
            now += 30_000;
            return store.putIfAbsent(object);
          },
        },
        deletion: { ...rig.deletion, readClock: async () => ({ ok: true, value: { service: now, machine: now } }) },
      });
      expect(result).toMatchObject({ state: 'stopped', code: 'run.superseded', deleted: 0 });
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
          locks.push(JSON.parse(objects.get(`results/${event.plan}/lock.json`) ?? 'null'));
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

describe('a start that comes twice', () => {
  it('does nothing more, and sends nothing more, once the plan is carried out', () =>
    withBench(async ({ approve, handler, run, rig, mails }) => {
      const event = await approve();
      await run(event);
      const deletes = rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete')).length;
      const again = await runExecution(handler(), event, immortal, { name: 'again' });
      expect(again.result).toMatchObject({ state: 'finished', delivery: 'already-sent', deleted: 5 });
      expect(mails).toHaveLength(1);
      expect(rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'))).toHaveLength(
        deletes,
      );
    }));

  it('refuses the second while the first is at it: each snapshot is deleted once', () =>
    withBench(async ({ approve, handler, rig, mails }) => {
      const event = await approve();
      const other = (life: Parameters<ReturnType<typeof handler>>[0]) => {
        const inner = handler()(life);
        // Another execution has another name.
        return ((input, context) =>
          inner(
            Object.assign(Object.create(Object.getPrototypeOf(input)), input, {
              DurableExecutionArn: `${EXECUTION}-other`,
            }),
            context,
          )) as typeof inner;
      };
      const ends = await Promise.all([runExecution(handler(), event, immortal), runExecution(other, event, immortal)]);
      const states = ends.map(
        ({ result }) => (result as { state: string; code?: string }).code ?? (result as { state: string }).state,
      );
      expect(states.sort()).toEqual(['finished', 'plan.in-progress']);
      const deleted = rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'));
      expect(deleted).toHaveLength(5);
      expect(mails.map(({ subject }) => subject.replace(/, at most.*/, '')).sort()).toEqual([
        '[Lightsail] 5 of 5 planned snapshots deleted',
        '[Lightsail] Not carried out a second time: plan.in-progress',
      ]);
    }));
});

describe('tells by e-mail', () => {
  it('nothing of what another run does that is at it: that one tells', () =>
    withBench(async ({ approve, run, mails, objects }) => {
      const event = await approve();
      await run(event, { timeout: () => AbortSignal.abort() });
      const key = `results/${event.plan}/lock.json`;
      const owner = { host: 'elsewhere', pid: 1, run: 'another' };
      objects.set(key, JSON.stringify({ owner, at: new Date().toISOString(), released: false }));
      const { result } = await run(event);
      expect(result).toMatchObject({ state: 'refused', code: 'plan.in-progress', deleted: 0, open: 0 });
      expect(mails.at(-1)?.subject).toBe('[Lightsail] Not carried out a second time: plan.in-progress');
      expect(mails.at(-1)?.body).toContain('The run that is at it sends the outcome.');
      expect(mails.at(-1)?.body).not.toContain('planned snapshots');
    }));

  it('how a run ended that did not finish the plan, though a note says that its outcome went out', () =>
    withBench(async ({ approve, run, mails, objects }) => {
      const event = await approve();
      objects.set(`results/${event.plan}/mailed.json`, '{}');
      const { result } = await run(event, { timeout: () => AbortSignal.abort() });
      expect(result).toMatchObject({ state: 'stopped', delivery: 'sent', open: 5 });
      expect(mails).toHaveLength(1);
    }));
});

describe('refuses, deletes nothing, and says so by e-mail', () => {
  it.each([
    ['a plan that is not there', 'plan.not-found', {}, (event: object) => ({ ...event, plan: 'another' })],
    [
      'a plan of another digest',
      'plan.altered',
      {},
      (event: object) => ({ ...event, digest: `sha256:${'0'.repeat(64)}` }),
    ],
    ['a plan of another account', 'plan.account', { account: '999999999999' }, (event: object) => event],
    [
      'a plan of another configuration',
      'plan.config-changed',
      { config: aConfig({ caps: { maxShare: 0.8 } }) },
      (event: object) => event,
    ],
    ['an expired plan', 'plan.expired', { clock: () => Date.now() + 8 * 86_400_000 }, (event: object) => event],
  ])('%s', (_, code, overrides, change) =>
    withBench(async ({ approve, run, rig, mails, objects }) => {
      const event = change(await approve());
      const { status, result } = await run(event, overrides);
      expect(status).toBe('SUCCEEDED');
      expect(result).toMatchObject({ state: 'refused', code, deleted: 0 });
      const { plan, digest } = event as { readonly plan: string; readonly digest: string };
      expect(await readEnding(memoryStore(objects), { id: plan, digest }, executionName(EXECUTION))).toMatchObject({
        state: 'refused',
        code,
      });
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
      expect(mails.map(({ subject }) => subject)).toEqual([`[Lightsail] Nothing deleted: ${code}`]);
      expect(mails[0]?.body).not.toContain('go on with');
    }),
  );

  it('a plan that is stored under another id, where no one would find its outcomes', () =>
    withBench(async ({ approve, run, rig, mails, objects }) => {
      const event = await approve();
      objects.set(planFile('another'), objects.get(planFile(event.plan)) ?? '');
      expect((await run({ ...event, plan: 'another' })).result).toMatchObject({
        state: 'refused',
        code: 'plan.altered',
        deleted: 0,
      });
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
      expect(mails.map(({ subject }) => subject)).toEqual(['[Lightsail] Nothing deleted: plan.altered']);
    }));

  it('for now only, where not everything can be read: the e-mail says how to start the plan again', () =>
    withBench(async ({ approve, run, rig, mails }) => {
      const event = await approve();
      rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]);
      expect((await run(event)).result).toMatchObject({ state: 'refused', code: 'inventory.incomplete', deleted: 0 });
      expect(rig.names()).toEqual([...KEPT, ...PLANNED].sort());
      expect(mails[0]?.body).toContain(`go on with ${event.plan}`);
    }));

  it.each([
    ['no object', 'now'],
    ['an empty object', {}],
    ['a plan without its digest', { plan: 'a' }],
    ['a plan that leaves its folder', { plan: '../reports/a', digest: `sha256:${'0'.repeat(64)}` }],
    ['a digest that is none', { plan: 'a', digest: 'yes' }],
    ['something else beside it', { plan: 'a', digest: `sha256:${'0'.repeat(64)}`, force: true }],
    ['a schedule beside it', { plan: 'a', digest: `sha256:${'0'.repeat(64)}`, scheduledTime: '2026-11-23T08:00:00Z' }],
    ['a schedule without a time', { scheduledTime: 'monday' }],
  ])('an event that is %s: it asks nothing', (_, event) =>
    withBench(async ({ run, rig }) => {
      const { status, error } = await run(event);
      expect(status).toBe('FAILED');
      expect(error).toContain('cannot delete: got the event');
      expect(rig.emulator.requests.total()).toBe(0);
    }),
  );
});

describe('an invocation that dies', () => {
  it('at any checkpoint, lock, delete, record or mail, before or after it: the plan is applied, nothing else is deleted, the record is true', async () => {
    const survived: string[] = [];
    for (let killAt = 1; killAt <= 200; killAt += 1) {
      const { lifeOf, killed } = mortals(killAt);
      await withBench(async ({ approve, handler, rig, result, mails }) => {
        const event = await approve();
        const deleted = ['web-04', 'web-05'];
        const { status } = await runExecution(handler(), event, lifeOf);
        if (killed() !== null) survived.push(killed() ?? '');
        const at = `killed ${killed()}`;
        expect([at, status]).toEqual([at, 'SUCCEEDED']);
        expect([at, rig.names()]).toEqual([at, ['web-01', 'web-02', 'web-03']]);
        expect([at, outcomes(result(event.plan))]).toEqual([
          at,
          Object.fromEntries(deleted.map((name) => [name, 'deleted'])),
        ]);
        expect([at, result(event.plan).status]).toEqual([at, 'finished']);
        // Each name was deleted once: never a second delete of what is gone already.
        const sent = rig.emulator.requests.list().filter(({ operation }) => operation === 'DeleteInstanceSnapshot');
        expect([at, sent.length]).toEqual([at, 2]);
        expect(mails.length).toBeGreaterThanOrEqual(1);
        expect(mails.length).toBeLessThanOrEqual(
          killed() === 'after send' || killed()?.includes('mailed.json') || killed()?.includes('report SUCCEED')
            ? 2
            : 1,
        );
      }, small());
      if (killed() === null) break;
      if (killAt === 200) throw new Error('200 points were not enough');
    }
    // The points are where they should be: around the start, the claim, each delete, the record, the report.
    for (const name of ['start', 'invocation-1', 'record', 'report'])
      for (const when of ['before', 'after'])
        expect(survived.some((point) => point.startsWith(`${when} ${name} `))).toBe(true);
    for (const name of ['web-04', 'web-05'])
      for (const when of ['before', 'after']) expect(survived).toContain(`${when} delete ${name}`);
    expect(survived.filter((point) => point.includes('claim results/')).length).toBeGreaterThan(0);
    expect(survived).toContain('after send');
  }, 120_000);

  it.each<[string, string, (bench: Bench, isDead: () => boolean) => Partial<DeletionPorts>]>([
    ['finds another version deployed', 'run.superseded', (_, isDead) => ({ isDeployed: async () => !isDead() })],
    [
      'cannot read everything',
      'inventory.incomplete',
      ({ rig }, isDead) => ({
        readInventory: async (...asked) => {
          const inventory = await rig.readInventory(...asked);
          return isDead() ? { ...inventory, complete: false } : inventory;
        },
      }),
    ],
    [
      'fails every time',
      'run.failed',
      ({ rig }, isDead) => ({
        readInventory: (...asked) =>
          isDead() ? Promise.reject(new Error('out of order')) : rig.readInventory(...asked),
      }),
    ],
    [
      'comes after the deadline',
      'run.deadline',
      (_, isDead) => ({ clock: () => Date.now() + (isDead() ? 2 * 3_600_000 : 0) }),
    ],
  ])(
    'at any point, and the next attempt %s: the mail and the result show the outcomes until then, and another run continues',
    async (_, code, portsOf) => {
      const all = ['web-04', 'web-05'];
      let told = 0;
      for (let killAt = 1; killAt <= 200; killAt += 1) {
        const { lifeOf, killed } = mortals(killAt);
        await withBench(async (bench) => {
          const { approve, handler, rig, mails, objects } = bench;
          const event = await approve();
          await runExecution(handler(portsOf(bench, () => killed() !== null)), event, lifeOf);
          const gone = all.filter((name) => !rig.names().includes(name));
          const stored = JSON.parse(objects.get(`results/${event.plan}.json`) ?? 'null') as ApplyResult | null;
          const done = Object.keys(stored === null ? {} : outcomes(stored));
          const unsettled = stored?.unsettled?.map(({ name }) => name) ?? [];
          const { subject = '', body = '' } = mails.at(-1) ?? {};
          const at = `killed ${killed()}: ${subject}`;
          for (const name of gone)
            expect([at, [...done, ...unsettled].includes(name), body.includes(name)]).toEqual([at, true, true]);
          for (const name of done) expect([at, gone.includes(name)]).toEqual([at, true]);
          const nothing = done.length + unsettled.length === 0;
          expect([at, subject.includes('Nothing deleted'), stored?.totals.deleted ?? 0]).toEqual([
            at,
            nothing,
            done.length,
          ]);
          if (subject.includes('not finished')) expect([at, body.includes(code)]).toEqual([at, true]);
          if (unsettled.length > 0) expect(body).toContain('A delete may have been sent: its end is not known (1)\n');
          // The command in the mail goes on at once.
          const again = await runExecution(handler(), event, immortal, { name: 'again' });
          expect([at, again.result]).toEqual([at, expect.objectContaining({ state: 'finished' })]);
          expect([at, rig.names()]).toEqual([at, ['web-01', 'web-02', 'web-03']]);
          expect([at, rig.emulator.requests.count('DeleteInstanceSnapshot')]).toEqual([at, 2]);
          told += gone.length > 0 && stored?.status === 'unfinished' ? 1 : 0;
        }, small());
        if (killed() === null) break;
      }
      expect(told).toBeGreaterThan(5);
    },
    120_000,
  );

  it('in every invocation: the run fails after six of them and tells it once, and another run goes on', () =>
    withBench(async ({ approve, handler, rig, mails }) => {
      const event = await approve();
      let deaths = 0;
      const lifeOf = () =>
        mortal((point) => {
          const ends = point.startsWith('before delete ');
          if (ends) deaths += 1;
          return ends;
        });
      const { status, invocations } = await runExecution(handler(), event, lifeOf, { most: 30 });
      expect([status, invocations]).toEqual(['FAILED', 6]);
      expect(deaths).toBeLessThanOrEqual(13);
      expect(mails.map(({ subject }) => subject)).toEqual([
        '[Lightsail] Deletion not finished: 0 deleted, 1 of unknown end, 1 of 2 not dealt with',
      ]);
      expect(rig.names()).toHaveLength(5);
      expect((await runExecution(handler(), event, immortal, { name: 'again' })).result).toMatchObject({
        state: 'finished',
        deleted: 2,
      });
    }, small()));

  it('between a delete and its record, after which another snapshot takes the name: that one stays', () =>
    withBench(async ({ approve, handler, rig, result }) => {
      const event = await approve();
      let point = 0;
      let dead = false;
      const killer = () => {
        let die: () => void = () => undefined;
        const died = new Promise<void>((resolve) => {
          die = resolve;
        });
        return {
          died,
          async point(name: string) {
            if (name !== 'after delete web-04' || dead) return;
            point += 1;
            dead = true;
            rig.emulator.world.add(HERE, 'instanceSnapshots', {
              ...aged(aSpec('web'), [4])[0],
              name: 'web-04',
              arn: ANOTHER,
            });
            die();
            await new Promise(() => undefined);
          },
        };
      };
      const { status } = await runExecution(handler(), event, killer);
      expect([status, point]).toEqual(['SUCCEEDED', 1]);
      expect(rig.names()).toEqual(['web-01', 'web-02', 'web-03', 'web-04']);
      expect(outcomes(result(event.plan))['web-04']).toBe('deleted');
    }, small()));
});
