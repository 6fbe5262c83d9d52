import { openLedger } from '../../lambda/app/ledger';
import { readOutcome, settleLedger } from '../../lambda/app/ledger-end';
import { planFile } from '../../lambda/app/store-report';
import type { ItemResult } from '../../lambda/core/outcome';
import type { Plan, PlanItem } from '../../lambda/core/plan';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.UTC(2026, 10, 23, 8);
const FACTS = { source: 'web', sizeGb: 40, monthlyCostCeiling: 2 };

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
});

describe('the outcome of a plan whose runs may have died', () => {
  const RESULT = `results/${PLAN.id}.json`;
  let objects: Map<string, string>;
  const store = () => memoryStore(objects);
  const open = (run: string) =>
    openLedger({ store: store(), clock: () => NOW, owner: { host: 'here', pid: 1, run }, isAlive: () => null }, PLAN);
  beforeEach(() => {
    objects = new Map([[planFile(PLAN.id), JSON.stringify(PLAN)]]);
  });

  it('is nothing where nothing is recorded, and where what is there belongs to another plan of the id', async () => {
    expect(await readOutcome(store(), PLAN)).toBeNull();
    const ledger = await open('a');
    await ledger.record([done(FIRST)]);
    expect(await readOutcome(store(), { ...PLAN, digest: `sha256:${'2'.repeat(64)}` })).toBeNull();
  });

  it.each([['is there'], ['is gone, and the plan tells the count']])('is that of the journal where the result %s', async (which) => {
    const ledger = await open('a');
    const stale = objects.get(RESULT) ?? '';
    await ledger.record([done(FIRST)]);
    await ledger.intend(SECOND.arn, FACTS);
    if (which === 'is there') objects.set(RESULT, stale);
    else objects.delete(RESULT);
    expect(await readOutcome(store(), PLAN)).toMatchObject({
      status: 'unfinished',
      plan: { digest: PLAN.digest, count: 2 },
      account: '123456789012',
      updatedAt: '2026-11-23T08:01:00.000Z',
      totals: { requested: 2, deleted: 1, open: 1 },
      unsettled: [{ arn: SECOND.arn, name: 'web-2', ...FACTS }],
      items: [done(FIRST)],
    });
  });

  it('names by its ARN what was sent where the plan is gone', async () => {
    await (await open('a')).intend(FIRST.arn, FACTS);
    objects.delete(planFile(PLAN.id));
    expect((await readOutcome(store(), PLAN))?.unsettled).toEqual([{ arn: FIRST.arn, name: null, ...FACTS }]);
  });

  it('cannot be told where the journal is all that is left: it is not taken for nothing', async () => {
    await (await open('a')).intend(FIRST.arn, FACTS);
    objects.delete(planFile(PLAN.id));
    objects.delete(RESULT);
    await expect(readOutcome(store(), PLAN)).rejects.toMatchObject({ code: 'result.unreadable' });
  });

  it('is written by the run that has the newest claim, finished if every snapshot has its outcome', async () => {
    const ledger = await open('a');
    const stale = objects.get(RESULT) ?? '';
    await ledger.record([done(FIRST), done(SECOND)]);
    objects.set(RESULT, stale);
    await settleLedger(store(), PLAN, 'a');
    expect(JSON.parse(objects.get(RESULT) ?? '')).toMatchObject({ status: 'finished', totals: { deleted: 2, open: 0 } });
  });

  it.each([
    ['has another run as its owner', 'b', async () => undefined],
    ['was let go', 'a', async (ledger: { close(): Promise<unknown> }) => void (await ledger.close())],
  ])('is not written over where the newest claim %s', async (_, run, end) => {
    const ledger = await open('a');
    const stale = objects.get(RESULT) ?? '';
    await ledger.record([done(FIRST)]);
    await end(ledger);
    objects.set(RESULT, stale);
    await settleLedger(store(), PLAN, run);
    expect(objects.get(RESULT)).toBe(stale);
  });

  it('leaves no claim behind: another run gets the plan at once, and none while its run is at it', async () => {
    await (await open('a')).intend(FIRST.arn, FACTS);
    await expect(open('b')).rejects.toMatchObject({ code: 'plan.in-progress' });
    await settleLedger(store(), PLAN, 'b');
    await expect(open('b')).rejects.toMatchObject({ code: 'plan.in-progress' });
    await settleLedger(store(), PLAN, 'a');
    expect([...(await open('b')).sent.keys()]).toEqual([FIRST.arn]);
  });
});
