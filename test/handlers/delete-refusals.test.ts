import { executionName, readEnding } from '../../lambda/deletion/execution-status';
import { planFile } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { KEPT, PLANNED, withBench } from './deletion-bench';
import { EXECUTION, immortal, runExecution } from './durable-engine';

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
      expect(mails.map(({ subject }) => subject.replace(/, up to.*/, '')).sort()).toEqual([
        '[Lightsail] 5 of 5 snapshots deleted',
        '[Lightsail] Already in progress: plan.in-progress',
      ]);
    }));
});

describe('tells by e-mail', () => {
  it('nothing of what another run does that is at it: that one tells', () =>
    withBench(async ({ approve, run, mails, objects }) => {
      const event = await approve();
      await run(event, { timeout: () => AbortSignal.abort() });
      const key = `results/lock.json`;
      const owner = { host: 'elsewhere', pid: 1, run: 'another' };
      objects.set(key, JSON.stringify({ plan: event.plan, owner, at: new Date().toISOString(), released: false }));
      const { result } = await run(event);
      expect(result).toMatchObject({ state: 'refused', code: 'plan.in-progress', deleted: 0, open: 0 });
      expect(mails.at(-1)?.subject).toBe('[Lightsail] Already in progress: plan.in-progress');
      expect(mails.at(-1)?.body).toContain(
        'The other run tells the outcome: the deployed function by e-mail, a command line where it was started.\n' +
          'If neither follows, that run has died: apply the plan again after the time above.',
      );
      expect(mails.at(-1)?.body).not.toMatch(/^(DELETED|FAILED|SKIPPED): /m);
    }));

  it('that another plan is being applied, and how to apply this one afterwards', () =>
    withBench(async ({ approve, run, mails, objects }) => {
      const event = await approve();
      const owner = { host: 'elsewhere', pid: 1, run: 'another' };
      objects.set('results/lock.json', JSON.stringify({ plan: 'other', owner, at: new Date().toISOString() }));
      const { result } = await run(event);
      expect(result).toMatchObject({ state: 'refused', code: 'plan.in-progress', otherPlan: 'other', deleted: 0 });
      expect(mails.at(-1)?.subject).toBe('[Lightsail] Nothing deleted: plan.in-progress');
      expect(mails.at(-1)?.body).toContain('is applying the plan other from the same place');
      expect(mails.at(-1)?.body).toContain('To continue with the snapshots that were not processed');
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
