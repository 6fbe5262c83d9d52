import type { Snapshot } from '../snapshot/snapshot';
import type { Pricing } from './config';

/**
 * Rounds US dollars up to the cent, because costs are ceilings. Ignores floating-point errors below a millionth of a
 * cent.
 */
export const roundMoney = (dollars: number): number => Math.ceil(Number((dollars * 100).toFixed(6))) / 100;

/** The GB that a snapshot can be billed for: its size and its attached non-system disks. Null: a size is not known. */
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

/**
 * The most that a snapshot can cost per month in US dollars: its size is that of the disk. Null: a size is not known.
 */
export function monthlyCostCeiling(snapshot: Snapshot, pricing: Pricing): number | null {
  const gb = snapshotGb(snapshot);
  return gb === null ? null : roundMoney(gb * gbMonthPrice(pricing, snapshot.region));
}
