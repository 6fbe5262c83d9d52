import { largeAccount } from '../../emulator/large-account';
import { aConfig } from '../support/config-builder';
import { type Rig, startRig } from './rig';

describe('a plan of ten thousand', () => {
  let rig: Rig;
  afterEach(() => rig.close());

  it('is applied completely, over regions in parallel, each snapshot once, and its result is complete', async () => {
    const config = aConfig({
      policies: { half: { keep: { last: 100 } } },
      default: 'half',
      caps: { maxDeletions: 10_000, maxShare: 0.5 },
    });
    rig = await startRig(largeAccount({ snapshots: 20_000, sources: 100, regions: 8, now: Date.now() }));
    const { plan } = await rig.plan(config);
    expect(plan.items).toHaveLength(10_000);
    const planned = new Set(plan.items.map(({ name }) => name));
    const kept = rig.names().filter((name) => !planned.has(name));
    rig.emulator.requests.clear();
    const result = await rig.apply({ config, count: 10_000 });
    expect(result.totals).toMatchObject({ requested: 10_000, deleted: 10_000, failed: 0, open: 0 });
    expect(rig.names()).toEqual(kept);
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(10_000);
    const stored = JSON.parse((await rig.store.get(`results/${plan.id}.json`)) ?? '');
    expect(new Set(stored.items.map(({ name }: { name: string }) => name))).toEqual(planned);
  }, 900_000);
});
