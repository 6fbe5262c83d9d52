import { instanceRow } from '../../emulator/rows';
import { historyOf } from '../../lambda/core/plan/history';
import { readUnfinishedPlan } from '../../lambda/deletion/read-unfinished';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { readHistory } from '../../lambda/storage/read-history';
import { ACCOUNT, aged, aSpec, CONFIG, HERE, outcomes } from '../deletion/rig';
import { fakeChannel } from '../fakes/channel';
import { memoryStore } from '../fakes/memory-store';
import { type Bench, withBench } from './deletion-bench';
import { mortals, runExecution } from './durable-engine';

const HOUR = 3_600_000;
const AGES = [20, 21, 22, 23, 24];
const KEPT = ['web-20', 'web-21', 'web-22'];
const AUTOMATIC = {
  mode: 'automatic',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live',
} as const;

const account = () => {
  const web = aSpec('web');
  return {
    accountId: ACCOUNT,
    regions: [HERE],
    data: { [HERE]: { instances: [instanceRow(web)], instanceSnapshots: aged(web, AGES) } },
  };
};

/** Makes and e-mails a report, so many hours ago by its clock, over the account as it is. */
async function report({ rig, objects }: Bench, hoursAgo: number): Promise<void> {
  const at = Date.now() - hoursAgo * HOUR;
  const ports = {
    clock: () => at,
    digest: digestOf,
    readInventory: rig.readInventory,
    store: memoryStore(objects, () => at),
    channel: fakeChannel(),
  };
  const made = await runReport(ports, {
    reportId: newReportId(at),
    config: CONFIG,
    scheduledAt: at,
    region: 'us-east-1',
    deadline: null,
    deletion: AUTOMATIC,
  });
  if (made.delivery !== 'sent') throw new Error('the report was not sent');
}

const week = async (bench: Bench): Promise<void> => {
  for (const hours of [8 * 24, 7 * 24 + 1, 4 * 24, 24, 2]) await report(bench, hours);
};

const scheduledTime = new Date().toISOString();
const autoPlan = `auto-${scheduledTime.slice(0, 19).replace(/[-:]/g, '')}Z`;

describe('automatic deletion', () => {
  it('deletes the snapshots that were listed for the whole grace period, and sends the outcome', () =>
    withBench(async (bench) => {
      await week(bench);
      const { result, operations } = await bench.run({ scheduledTime });
      expect(result).toMatchObject({ state: 'finished', plan: autoPlan, deleted: 2, delivery: 'sent' });
      expect(operations).toEqual(['start', 'select', 'invocation-1', 'record', 'report']);
      expect(bench.rig.names()).toEqual(KEPT);
      expect(bench.mails).toHaveLength(1);
    }, account()));

  it('names the schedule as the approval of its result, and the reports that announced the deletion', () =>
    withBench(async (bench) => {
      await week(bench);
      await bench.run({ scheduledTime });
      const { approvedBy, report: from, items } = bench.result(autoPlan);
      const mailed = [...bench.objects]
        .filter(([key]) => /^runs\/.*\/sent\.json$/.test(key))
        .map(([, text]) => JSON.parse(text).reportId as string)
        .sort()
        .reverse();
      expect(approvedBy).toMatchObject({ kind: 'automatic', arn: null, claimed: false });
      expect(approvedBy?.announcedBy?.length).toBeGreaterThan(1);
      expect(approvedBy?.announcedBy).toEqual(mailed.slice(0, approvedBy?.announcedBy?.length));
      expect(from).toBe(mailed[0]);
      for (const { requestId, policy, reasons } of items) {
        expect(requestId).toMatch(/^[\w-]{8,}$/);
        expect([policy, reasons.length > 0]).toEqual(['standard', true]);
      }
      const ports = { store: memoryStore(bench.objects), hashText: sha256Of, digest: digestOf };
      const { results } = await readHistory(ports.store, (known) => readUnfinishedPlan(ports, known));
      const found = historyOf(results, { wanted: 'web-24', since: null });
      expect(found.map(({ entry }) => [entry.outcome, entry.approvedBy])).toEqual([['deleted', approvedBy]]);
    }, account()));

  it('names the day of the next report by its schedule, after which what is left is listed', () =>
    withBench(async (bench) => {
      await week(bench);
      bench.rig.emulator.world.remove(HERE, 'instanceSnapshots', 'web-24');
      const weekday = new Date(scheduledTime).getUTCDay();
      await bench.run({ scheduledTime }, { reportSchedule: `cron(0 8 ? * ${weekday + 1} *)` });
      const [, day = ''] =
        /The next report \((\d+ \w+ \d{4})\) lists what is left\./.exec(bench.mails[0]?.body ?? '') ?? [];
      const next = new Date(`${day} UTC`);
      expect([next.getUTCDay(), next.getTime() > Date.now() - 24 * HOUR]).toEqual([weekday, true]);
    }, account()));

  it('gives a snapshot that was deleted by hand since the last report the reason that its plan has', () =>
    withBench(async (bench) => {
      await week(bench);
      bench.rig.emulator.world.remove(HERE, 'instanceSnapshots', 'web-24');
      expect((await bench.run({ scheduledTime })).result).toMatchObject({ deleted: 1, alreadyGone: 1 });
      const gone = bench.result(autoPlan).items.find(({ name }) => name === 'web-24');
      const text = 'Newer snapshots fill its slots.';
      expect(gone).toMatchObject({ outcome: 'already-gone', reasons: [{ code: 'planned', text }] });
    }, account()));

  it.each([
    ['a key-only hold', { key: 'retention:hold' }],
    ['a hold with a day to come', { key: 'retention:hold', value: 'until 2099-12-31' }],
    ['a hold of the configuration', { key: 'no_delete' }],
  ])('spares what is held after the last report, by %s', (_, tag) =>
    withBench(async (bench) => {
      await week(bench);
      bench.rig.emulator.world.tag(HERE, 'web-24', [tag]);
      const { result } = await bench.run({ scheduledTime });
      expect(result).toMatchObject({ deleted: 1, spared: 1 });
      expect(bench.rig.names()).toEqual([...KEPT, 'web-24']);
      expect(outcomes(bench.result(autoPlan))['web-24']).toBe('spared hold');
    }, account()),
  );

  it('spares what is held on its source, and what is tagged just before its delete', () =>
    withBench(async (bench) => {
      await week(bench);
      bench.rig.emulator.setFaults([
        {
          fault: 'change',
          operations: 'GetInstanceSnapshot',
          names: 'web-24',
          change: { action: 'tag', region: HERE, resource: 'web-24', tags: [{ key: 'retention:hold' }] },
        },
      ]);
      await bench.run({ scheduledTime });
      expect(bench.rig.names()).toEqual([...KEPT, 'web-24']);
      await withBench(async (other) => {
        await week(other);
        other.rig.emulator.world.tag(HERE, 'web', [{ key: 'retention:hold' }]);
        expect((await other.run({ scheduledTime })).result).toMatchObject({ deleted: 0, spared: 2 });
        expect(other.rig.names()).toHaveLength(5);
      }, account());
    }, account()));

  it('does nothing, sends nothing and calls nothing of Lightsail where nothing is due', () =>
    withBench(async (bench) => {
      for (const hours of [4 * 24, 24, 2]) await report(bench, hours);
      const asked = bench.rig.emulator.requests.total();
      const { status, result, operations } = await bench.run({ scheduledTime });
      expect([status, operations]).toEqual(['SUCCEEDED', ['start', 'select']]);
      expect(result).toMatchObject({ state: 'nothing', code: 'auto.grace' });
      expect(bench.mails).toEqual([]);
      expect(bench.rig.emulator.requests.total()).toBe(asked);
    }, account()));

  it('is done once for a scheduled time, however often it is delivered', () =>
    withBench(async (bench) => {
      await week(bench);
      await bench.run({ scheduledTime });
      const deletes = () =>
        bench.rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete')).length;
      const before = deletes();
      expect((await bench.run({ scheduledTime })).result).toMatchObject({ state: 'nothing', code: 'auto.duplicate' });
      expect(deletes()).toBe(before);
      expect(bench.mails).toHaveLength(1);
    }, account()));

  it('recognises its own plan after it died, though a report came in between, and spares a snapshot that is held since', () =>
    withBench(async (bench) => {
      await week(bench);
      let isDead = false;
      const lifeOf = () => {
        let die: () => void = () => undefined;
        const died = new Promise<void>((resolve) => {
          die = resolve;
        });
        return {
          died,
          async point(name: string) {
            if (isDead || name !== `after claim plans/${autoPlan}.json`) return;
            isDead = true;
            bench.rig.emulator.world.tag(HERE, 'web-24', [{ key: 'retention:hold' }]);
            await report(bench, 0);
            die();
            await new Promise(() => undefined);
          },
        };
      };
      const { result } = await runExecution(bench.handler(), { scheduledTime }, lifeOf);
      expect(result).toMatchObject({ state: 'finished', plan: autoPlan, deleted: 1, spared: 1 });
      expect(bench.rig.names()).toEqual([...KEPT, 'web-24']);
      expect(bench.mails).toHaveLength(1);
    }, account()));

  it('survives the death of its invocation at any point, the writing of its plan included', async () => {
    const survived: string[] = [];
    for (let killAt = 1; killAt <= 200; killAt += 1) {
      const { lifeOf, killed } = mortals(killAt);
      await withBench(async (bench) => {
        await week(bench);
        const { status, result } = await runExecution(bench.handler(), { scheduledTime }, lifeOf);
        const at = `killed ${killed()}`;
        expect([at, status, bench.rig.names()]).toEqual([at, 'SUCCEEDED', KEPT]);
        expect([at, result]).toEqual([at, expect.objectContaining({ state: 'finished', deleted: 2 })]);
        expect([at, bench.result(autoPlan).status]).toEqual([at, 'finished']);
      }, account());
      if (killed() === null) break;
      survived.push(killed() ?? '');
      if (killAt === 200) throw new Error('200 points were not enough');
    }
    for (const when of ['before', 'after']) expect(survived).toContain(`${when} claim plans/${autoPlan}.json`);
  }, 120_000);
});
