import type { Snapshot } from '../snapshot/snapshot';
import type { Pricing } from './config';

/** US dollars rounded up to the cent, so that "at most" stays true; a cent that is only floating-point dust is not added. */
export const roundMoney = (dollars: number): number => Math.ceil(Number((dollars * 100).toFixed(6))) / 100;

/** GB that a snapshot can bill for: its own size and its attached non-system disks. Null where the service left a size out. */
export function snapshotGb(snapshot: Snapshot): number | null {
  let gb = snapshot.sizeGb;
  for (const disk of snapshot.attachedDisks ?? []) {
    if (disk.system || gb === null) continue;
    gb = disk.sizeGb === null ? null : gb + disk.sizeGb;
  }
  return gb;
}

/** US dollars per GB-month in a region. */
export const gbMonthPrice = (pricing: Pricing, region: string): number =>
  pricing.regions.get(region) ?? pricing.default;

/** What a snapshot can cost per month in US dollars, at most: snapshots are incremental, sizes are not. Null where a size is not known. */
export function monthlyCostCeiling(snapshot: Snapshot, pricing: Pricing): number | null {
  const gb = snapshotGb(snapshot);
  return gb === null ? null : roundMoney(gb * gbMonthPrice(pricing, snapshot.region));
}
