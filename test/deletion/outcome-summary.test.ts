import type { ItemResult } from '../../lambda/core/plan/outcome';
import type { Plan, PlanItem } from '../../lambda/core/plan/plan';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { readOutcome, settleOutcome } from '../../lambda/deletion/outcome-summary';
import type { Store } from '../../lambda/ports/ports';
import { planFile } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { ORIGIN } from '../support/run-origin';

const NOW = Date.UTC(2026, 10, 23, 8);
const REASONS = [{ code: 'last', text: 'last: 3 of 3 slots filled' }];
const FACTS = { source: 'web', sizeGb: 40, monthlyCostCeiling: 2, policy: 'standard', reasons: REASONS };

const itemOf = (name: string): PlanItem => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}`,
  name,
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2026-10-01T00:00:00.000Z',
});
const [FIRST, SECOND] = [itemOf('web-1'), itemOf('web-2')];
const PLAN: Plan = {
  schemaVersion: 1,
  id: '20261123T080000Z-1a2b3c4d',
  account: '123456789012',
  scopes: [{ account: '123456789012', region: 'us-east-1', kind: 'instance' }],
  createdAt: '2026-11-23T08:00:00.000Z',
  expiresAt: '2026-11-30T08:00:00.000Z',
  config: { origin: 'retention.yaml', digest: `sha256:${'0'.repeat(64)}` },
  complete: true,
  blocked: null,
  items: [FIRST, SECOND],
  digest: `sha256:${'1'.repeat(64)}`,
};
const done = (item: PlanItem): ItemResult => ({
  ...item,
  ...FACTS,
  outcome: 'deleted',
  code: 'deleted',
  text: 'deleted',
  at: '2026-11-23T08:01:00.000Z',
  requestId: null,
});

describe('the outcome of a plan whose runs may have died', () => {
  const RESULT = `results/${PLAN.id}.json`;
  let objects: Map<string, string>;
  const store = () => memoryStore(objects);
  const open = (run: string) =>
    openOutcomes(
      { store: store(), clock: () => NOW, owner: { host: 'here', pid: 1, run }, isAlive: () => null },
      PLAN,
      ORIGIN,
    );
  beforeEach(() => {
    objects = new Map([[planFile(PLAN.id), JSON.stringify(PLAN)]]);
  });

  it('is nothing where nothing is recorded, and where what is there belongs to another plan of the id', async () => {
    expect(await readOutcome(store(), PLAN)).toBeNull();
    const outcomes = await open('a');
    await outcomes.record([done(FIRST)]);
    expect(await readOutcome(store(), { ...PLAN, digest: `sha256:${'2'.repeat(64)}` })).toBeNull();
  });

  it.each([['is there'], ['is gone, and the plan tells the count']])(
    'is that of the record where the result %s',
    async (which) => {
      const outcomes = await open('a');
      const stale = objects.get(RESULT) ?? '';
      await outcomes.record([done(FIRST)]);
      await outcomes.startAttempt(SECOND, FACTS);
      if (which === 'is there') objects.set(RESULT, stale);
      else objects.delete(RESULT);
      expect(await readOutcome(store(), PLAN)).toMatchObject({
        status: 'unfinished',
        plan: { digest: PLAN.digest, count: 2 },
        account: '123456789012',
        updatedAt: '2026-11-23T08:01:00.000Z',
        totals: { requested: 2, deleted: 1, open: 1 },
        unsettled: [{ arn: SECOND.arn, name: 'web-2', at: '2026-11-23T08:00:00.000Z', ...FACTS }],
        items: [done(FIRST)],
      });
    },
  );

  it('names what was sent by its attempt where the plan is gone', async () => {
    await (await open('a')).startAttempt(FIRST, FACTS);
    objects.delete(planFile(PLAN.id));
    expect((await readOutcome(store(), PLAN))?.unsettled).toEqual([
      { arn: FIRST.arn, name: 'web-1', at: '2026-11-23T08:00:00.000Z', ...FACTS, approvedBy: ORIGIN.approvedBy },
    ]);
  });

  it('cannot be told where the record is all that is left: it is not taken for nothing', async () => {
    await (await open('a')).startAttempt(FIRST, FACTS);
    objects.delete(planFile(PLAN.id));
    objects.delete(RESULT);
    await expect(readOutcome(store(), PLAN)).rejects.toMatchObject({ code: 'result.unreadable' });
  });

  it('is written from the record by a run that ended without doing so, finished if every snapshot has its outcome', async () => {
    const outcomes = await open('a');
    const stale = objects.get(RESULT) ?? '';
    await outcomes.record([done(FIRST), done(SECOND)]);
    objects.set(RESULT, stale);
    await settleOutcome(store(), PLAN, (run) => run === 'a');
    expect(JSON.parse(objects.get(RESULT) ?? '')).toMatchObject({
      status: 'finished',
      totals: { deleted: 2, open: 0 },
    });
  });

  it('has the outcomes that another run recorded while it was written', async () => {
    const outcomes = await open('a');
    await outcomes.record([done(FIRST)]);
    let isLate = true;
    const racing: Store = {
      ...store(),
      async put(object) {
        const body = [...object.body];
        await store().put({ ...object, body });
        if (isLate && object.key === RESULT) {
          isLate = false;
          await outcomes.record([done(SECOND)]);
          await store().put({ ...object, body });
        }
      },
    };
    await settleOutcome(racing, PLAN, (run) => run === 'a');
    expect(await readOutcome(store(), PLAN)).toMatchObject({ status: 'finished', totals: { deleted: 2 } });
    expect(JSON.parse(objects.get(RESULT) ?? '')).toMatchObject({ status: 'finished' });
  });

  it('leaves no lock behind: another run gets the plan at once, and none while its run is at work', async () => {
    await (await open('a')).startAttempt(FIRST, FACTS);
    await expect(open('b')).rejects.toMatchObject({ code: 'plan.in-progress' });
    await settleOutcome(store(), PLAN, (run) => run === 'b');
    await expect(open('b')).rejects.toMatchObject({ code: 'plan.in-progress' });
    await settleOutcome(store(), PLAN, (run) => run === 'a');
    expect([...(await open('b')).unsettled.keys()]).toEqual([FIRST.arn]);
  });
});
