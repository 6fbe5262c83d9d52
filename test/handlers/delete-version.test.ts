import { memoryStore } from '../fakes/memory-store';
import { KEPT, PLANNED, shortInvocations, small, withBench } from './deletion-bench';

describe('the deletion function, where another version may be deployed', () => {
  it('stops at the next invocation when another version was deployed meanwhile, and names no command, because the configuration may be another', () =>
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
      expect(mails[0]?.body).toContain('the next report makes a new plan');
      expect(mails[0]?.body).not.toContain('go on with');
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

  it('reads the deployed version again before its first delete when taking the lock of the plan took longer than half a minute', () =>
    withBench(async ({ approve, run, rig, objects }) => {
      const event = await approve();
      let now = Date.now();
      const store = memoryStore(objects);
      const { result } = await run(event, {
        clock: () => now,
        isDeployed: async () => !objects.has(`results/lock.json`),
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
});
