import { largeAccount } from '../../emulator/large-account';
import { aConfig } from '../support/config-builder';
import { runs } from '../support/runs';
import { type Rig, startRig } from './rig';

const DELETIONS = runs(1_000, 10_000);

describe(`a plan of ${DELETIONS}`, () => {
  let rig: Rig;
  afterEach(() => rig.close());

  it('is applied completely, over regions in parallel, each snapshot once, and its result is complete', async () => {
    const config = aConfig({
      policies: { half: { keep: { last: DELETIONS / 100 } } },
      default: 'half',
      caps: { maxDeletions: DELETIONS, maxShare: 0.5 },
    });
    rig = await startRig(largeAccount({ snapshots: 2 * DELETIONS, sources: 100, regions: 8, now: Date.now() }));
    const { plan } = await rig.plan(config);
    expect(plan.items).toHaveLength(DELETIONS);
    const planned = new Set(plan.items.map(({ name }) => name));
    const kept = rig.names().filter((name) => !planned.has(name));
    rig.emulator.requests.clear();
    const result = await rig.apply({ config, count: DELETIONS });
    expect(result.totals).toMatchObject({ requested: DELETIONS, deleted: DELETIONS, failed: 0, open: 0 });
    expect(rig.names()).toEqual(kept);
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(DELETIONS);
    const stored = JSON.parse((await rig.store.get(`results/${plan.id}.json`)) ?? '');
    expect(new Set(stored.items.map(({ name }: { name: string }) => name))).toEqual(planned);
  }, 900_000);
});
