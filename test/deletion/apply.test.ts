import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outcomes, type Rig, startRig } from './rig';

const PLANNED = ['data-04', 'data-05', 'web-04', 'web-05', 'web-06'];
const KEPT = ['data-01', 'data-02', 'data-03', 'web-01', 'web-02', 'web-03'];

describe('applying a plan', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  it('deletes exactly what the plan lists, and says so', async () => {
    const { plan } = await rig.plan();
    expect(plan.items.map(({ name }) => name).sort()).toEqual(PLANNED);
    const result = await rig.apply({ count: 5 });
    expect(outcomes(result)).toEqual(Object.fromEntries(PLANNED.map((name) => [name, 'deleted'])));
    expect(rig.names()).toEqual(KEPT);
    expect(result.status).toBe('finished');
    expect(result.totals).toEqual({
      requested: 5,
      deleted: 5,
      alreadyGone: 0,
      spared: 0,
      changed: 0,
      failed: 0,
      open: 0,
      freedGb: 200,
      freedMonthlyCostCeiling: 10,
      currency: 'USD',
    });
  });

  it('writes every outcome to results/<plan id>.json beside the plan', async () => {
    const { plan } = await rig.plan();
    const result = await rig.apply();
    const stored = JSON.parse(readFileSync(join(rig.folder, 'results', `${plan.id}.json`), 'utf8'));
    expect(stored).toEqual(result);
    expect(stored.plan).toEqual({ id: plan.id, digest: plan.digest, count: 5 });
  });

  it('sends each delete once, in the region of the snapshot, and calls no other delete', async () => {
    await rig.plan();
    await rig.apply();
    const deletes = rig.emulator.requests.list().filter(({ operation }) => /^Delete/.test(operation));
    expect(deletes.map(({ operation, region, name }) => `${region} ${operation} ${name}`).sort()).toEqual([
      'eu-central-1 DeleteDiskSnapshot data-04',
      'eu-central-1 DeleteDiskSnapshot data-05',
      'us-east-1 DeleteInstanceSnapshot web-04',
      'us-east-1 DeleteInstanceSnapshot web-05',
      'us-east-1 DeleteInstanceSnapshot web-06',
    ]);
  });

  it('goes newest first within a group, and reads floor and source and then the snapshot right before each delete', async () => {
    await rig.plan();
    const prepared = await rig.prepare();
    expect(prepared.groups.map(({ items }) => items.map(({ item }) => item.name))).toEqual([
      ['data-04', 'data-05'],
      ['web-04', 'web-05', 'web-06'],
    ]);
    rig.emulator.requests.clear();
    await rig.apply();
    const calls = rig.emulator.requests
      .list()
      .filter(({ region, operation }) => region === 'us-east-1' && !/^Get(Regions|.*s)$/.test(operation))
      .map(({ operation, name }) => `${operation} ${name}`);
    expect(calls).toEqual([
      ...['web-04', 'web-05', 'web-06'].flatMap((name) => [
        'GetInstance web',
        'GetInstanceSnapshot web-01',
        `GetInstanceSnapshot ${name}`,
        `DeleteInstanceSnapshot ${name}`,
        `GetInstanceSnapshot ${name}`,
      ]),
    ]);
  });

  it('reads exactly the scopes of the plan', async () => {
    await rig.plan();
    rig.emulator.world.regions = [...rig.emulator.world.regions, 'ap-south-1'];
    rig.emulator.requests.clear();
    await rig.apply();
    const regions = new Set(rig.emulator.requests.list().map(({ region }) => region));
    expect([...regions].sort()).toEqual(['eu-central-1', 'us-east-1']);
    expect(rig.emulator.requests.count('GetAutoSnapshots')).toBe(0);
  });

  it('rehearses the same path up to the delete, deletes nothing, and records nothing', async () => {
    await rig.plan();
    const would: string[] = [];
    const prepared = await rig.prepare();
    const { applyPrepared } = await import('../../lambda/deletion/apply-plan');
    const { rehearsalOutcomes } = await import('../../lambda/deletion/outcome-store');
    const { RETRY_SETTINGS } = await import('../../lambda/deletion/backoff');
    await applyPrepared(
      {
        clock: Date.now,
        monotonic: () => performance.now(),
        sleep: async () => undefined,
        deletion: rig.deletion,
        outcomes: rehearsalOutcomes(),
        retrySettings: RETRY_SETTINGS,
      },
      prepared,
      { wouldDelete: ({ item }) => void would.push(item.name) },
    );
    expect(would.sort()).toEqual(PLANNED);
    expect(rig.names()).toHaveLength(11);
    expect(await rig.store.list('results/')).toEqual([]);
    expect(rig.emulator.requests.count('GetInstanceSnapshot')).toBe(6);
  });

  it('carries out a batch only, and a batch that is run twice deletes nothing twice', async () => {
    const { plan } = await rig.plan();
    const batch = plan.items.filter(({ name }) => name === 'web-04' || name === 'data-05');
    const first = await rig.apply({ batch });
    expect(outcomes(first)).toEqual({ 'data-05': 'deleted', 'web-04': 'deleted' });
    expect({ status: first.status, open: first.totals.open }).toEqual({ status: 'unfinished', open: 3 });
    const again = await rig.apply({ batch });
    expect(again.items).toEqual(first.items);
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(1);
    expect((await rig.apply()).status).toBe('finished');
    expect(rig.names()).toEqual(KEPT);
  });

  it('ends after the current snapshot when it is aborted, and the next run continues', async () => {
    await rig.plan();
    const controller = new AbortController();
    rig.emulator.after('DeleteInstanceSnapshot', () => controller.abort());
    const first = await rig.apply({ signal: controller.signal });
    expect(first.status).toBe('unfinished');
    expect(first.items.map(({ outcome }) => outcome)).toEqual(first.items.map(() => 'deleted'));
    expect(first.items.map(({ name }) => name)).toContain('web-04');
    expect(rig.names()).toContain('web-05');
    expect((await rig.apply()).status).toBe('finished');
    expect(rig.names()).toEqual(KEPT);
  });

  it('finishes an empty plan at once', async () => {
    const { plan } = await rig.plan();
    await rig.apply();
    const next = await rig.plan();
    expect(next.plan.id).not.toBe(plan.id);
    const result = await rig.apply({ count: 0 });
    expect({ status: result.status, items: result.items }).toEqual({ status: 'finished', items: [] });
  });
});
