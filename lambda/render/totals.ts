import type { Pricing } from '../core/policy/config';
import { gbMonthPrice, roundMoney, snapshotGb } from '../core/policy/cost';
import type { Snapshot } from '../core/snapshot/snapshot';
import { formatNumber } from './numbers';
import { monthlyCostText } from './phrases';

/** What several snapshots come to. `gb` and `ceiling` (US dollars per month) are of those whose size is known; `unknown` are the others. */
export interface SizeTotals {
  readonly snapshots: number;
  readonly gb: number;
  /** Whether attached disks are part of it. */
  readonly withDisks: boolean;
  readonly ceiling: number;
  readonly unknown: number;
}

/** Adds up sizes and ceilings. */
export function sumSizes(snapshots: Iterable<Snapshot>, pricing: Pricing): SizeTotals {
  let [amount, gb, dollars, unknown, withDisks] = [0, 0, 0, 0, false];
  for (const snapshot of snapshots) {
    const size = snapshotGb(snapshot);
    amount += 1;
    if (size === null) unknown += 1;
    else {
      gb += size;
      dollars += size * gbMonthPrice(pricing, snapshot.region);
      withDisks ||= size !== snapshot.sizeGb;
    }
  }
  return { snapshots: amount, gb, withDisks, ceiling: roundMoney(dollars), unknown };
}

const isUnknown = ({ snapshots, unknown }: SizeTotals): boolean => unknown > 0 && unknown === snapshots;

/** ` and 2 of unknown size`; empty where every size is known. Those are named, never counted as free. */
export const unknownSizeText = ({ unknown }: Pick<SizeTotals, 'unknown'>): string =>
  unknown === 0 ? '' : ` and ${formatNumber(unknown)} of unknown size`;

/** `at most $7.20/month`, `at most $7.20/month and 1 of unknown size`, `cost not known`. */
export const ceilingText = (extent: SizeTotals): string =>
  isUnknown(extent) ? monthlyCostText(null) : `${monthlyCostText(extent.ceiling)}${unknownSizeText(extent)}`;

/** `180 GB`, or `244 GB with attached disks` where these are part of it. */
export const gbText = (extent: SizeTotals): string =>
  isUnknown(extent)
    ? 'size not known'
    : `${formatNumber(extent.gb)} GB${extent.withDisks ? ' with attached disks' : ''}`;

/** `180 GB, at most $9.00/month and 1 of unknown size`. */
export const sizesText = (extent: SizeTotals): string =>
  isUnknown(extent) ? 'size and cost not known' : `${gbText(extent)}, ${ceilingText(extent)}`;
