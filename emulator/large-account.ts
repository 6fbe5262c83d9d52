import type { AccountData, RegionData, Row } from './account';
import { REGIONS } from './regions';
import { instanceRow, instanceSnapshotRow, type SourceSpec } from './rows';

const LARGE_ACCOUNT_DAY = 86_400_000;

/**
 * An account for measurements, deterministic: `snapshots` of instances spread evenly over regions and sources, one a
 * day for each source.
 */
export function largeAccount(options: {
  readonly snapshots: number;
  /** How many of the regions that there are, or their names. Default 16. */
  readonly regions?: number | readonly string[] | undefined;
  /** In all; default: one for a hundred snapshots. */
  readonly sources?: number | undefined;
  /** Epoch ms; default 2026-11-23. */
  readonly now?: number | undefined;
}): AccountData {
  const { snapshots, now = Date.UTC(2026, 10, 23, 8) } = options;
  const wanted = options.regions ?? 16;
  const regions = typeof wanted === 'number' ? REGIONS.slice(0, wanted).map((region) => region.name) : wanted;
  const sources = Math.max(regions.length, options.sources ?? Math.ceil(snapshots / 100));
  const data: Record<string, RegionData> = {};
  regions.forEach((region, r) => {
    const share = shareOf(snapshots, regions.length, r);
    const here = shareOf(sources, regions.length, r);
    const specs = Array.from({ length: here }, (_, s) => specOf(region, `web-${region}-${s}`, now));
    const rows: Row[] = [];
    for (let i = 0; i < share; i++) {
      const spec = specs[i % here];
      const age = Math.floor(i / here) + 1;
      if (spec)
        rows.push(
          instanceSnapshotRow(spec, {
            name: `${spec.name}-${String(age).padStart(5, '0')}`,
            createdAt: now - age * LARGE_ACCOUNT_DAY - (i % 86_400) * 1000,
          }),
        );
    }
    data[region] = { instanceSnapshots: rows, instances: specs.map(instanceRow) };
  });
  return { accountId: '123456789012', regions, data };
}

const shareOf = (all: number, parts: number, index: number): number =>
  Math.floor(all / parts) + (index < all % parts ? 1 : 0);

const specOf = (region: string, name: string, now: number): SourceSpec => ({
  accountId: '123456789012',
  region,
  name,
  createdAt: now - 900 * LARGE_ACCOUNT_DAY,
  sizeInGb: 60,
  blueprint: 'wordpress',
  bundle: 'small_3_0',
  tags: [{ key: 'env', value: 'prod' }],
});
