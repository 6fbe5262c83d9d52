import type { ApplyResult } from '../../lambda/core/plan/outcome';
import type { DeletionPorts } from '../../lambda/deletion/run-deletion-job';
import { aged, aSpec, HERE, outcomes } from '../deletion/rig';
import { ANOTHER, type Bench, small, withBench } from './deletion-bench';
import { immortal, mortal, mortals, runExecution } from './durable-engine';

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
          // The e-mail counts what was deleted, and names what may still be.
          const isMailed = (name: string): boolean =>
            unsettled.includes(name) ? body.includes(name) : body.includes(`DELETED: ${done.length} `);
          for (const name of gone)
            expect([at, [...done, ...unsettled].includes(name), isMailed(name)]).toEqual([at, true, true]);
          for (const name of done) expect([at, gone.includes(name)]).toEqual([at, true]);
          const nothing = done.length + unsettled.length === 0;
          expect([at, subject.includes('Nothing deleted'), stored?.totals.deleted ?? 0]).toEqual([
            at,
            nothing,
            done.length,
          ]);
          if (subject.includes('NOT FINISHED')) expect([at, body.includes(code)]).toEqual([at, true]);
          if (unsettled.length > 0) expect(body).toContain('NOT KNOWN: 1 (a delete may have been sent)\n');
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
      expect([status, deaths]).toEqual(['FAILED', 6]);
      expect(invocations).toBeLessThanOrEqual(13);
      expect(mails.map(({ subject }) => subject)).toEqual([
        '[Lightsail] NOT FINISHED: 0 of 2 snapshots deleted, 1 unknown, 1 not processed',
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
