import type { Report } from '../core/report/report-model';
import { amountInCents, type MonthlyBill, type Spend, type UnreadBill } from '../core/report/spend';
import { REGION } from '../core/snapshot/region';
import { KINDS, type Snapshot } from '../core/snapshot/snapshot';
import { oneLine } from '../core/util/safe-text';
import { monthName } from './day-text';
import { formatDollars } from './numbers';
import { regionLabel } from './region-names';
import { sumSizes } from './totals';

/** `Oct 2026` of a month (`2026-10`). */
export function monthInWords(month: string): string {
  const [year = '', number = ''] = month.split('-');
  return `${monthName(Number(number)).slice(0, 3)} ${year}`;
}

/** A ceiling in US dollars per month; else a size is not known, or some or all lists of the region were not read. */
type Ceiling = number | 'size not known' | 'not read in full' | 'not read';

/** The bill of a region beside the ceilings of its snapshots. */
export interface RegionBill {
  /** A region, or a code of the bill that is not known. */
  readonly region: string;
  readonly billed: number;
  readonly ceiling: Ceiling;
  /** Of what was read: nothing else can be deleted. Null: a size is not known. */
  readonly expireCeiling: number | null;
}

/** The cost ceiling of some snapshots; null: a size is not known. */
function ceilingOf(snapshots: readonly Snapshot[], { pricing }: Report): number | null {
  const { ceiling, unknown } = sumSizes(snapshots, pricing);
  return unknown > 0 ? null : ceiling;
}

/** The snapshots of each region, all and those that can be deleted. */
function snapshotsByRegion({ items }: Report): ReadonlyMap<string, Readonly<Record<'all' | 'expiring', Snapshot[]>>> {
  const regions = new Map<string, Record<'all' | 'expiring', Snapshot[]>>();
  for (const { snapshot, verdict } of items) {
    const found = regions.get(snapshot.region) ?? { all: [], expiring: [] };
    regions.set(snapshot.region, found);
    found.all.push(snapshot);
    if (verdict === 'expire') found.expiring.push(snapshot);
  }
  return regions;
}

/** How far the lists of a region were read, of all kinds; null: in full. */
function unreadRegion({ scopes }: Report, region: string): 'not read in full' | 'not read' | null {
  const lists = scopes.filter((scope) => scope.region === region);
  const read = new Set(lists.filter(({ status }) => status === 'read').map(({ kind }) => kind));
  if (read.size === 0) return 'not read';
  return read.size < KINDS.length ? 'not read in full' : null;
}

function regionCeiling(report: Report, region: string, all: readonly Snapshot[]): Ceiling {
  return unreadRegion(report, region) ?? ceilingOf(all, report) ?? 'size not known';
}

/** Every region that is billed or has snapshots, the highest bill first. */
export function regionBills(report: Report, { byRegion }: MonthlyBill): readonly RegionBill[] {
  const snapshots = snapshotsByRegion(report);
  return [...new Set([...byRegion.keys(), ...snapshots.keys()])]
    .map((region) => {
      const { all, expiring } = snapshots.get(region) ?? { all: [], expiring: [] };
      return {
        region,
        billed: amountInCents(byRegion.get(region) ?? 0n),
        ceiling: regionCeiling(report, region, all),
        expireCeiling: ceilingOf(expiring, report),
      };
    })
    .sort((a, b) => b.billed - a.billed || (a.region < b.region ? -1 : 1));
}

/**
 * The most of a bill (US dollars) that the snapshots cost which can be deleted: of each region the smaller one of
 * ceiling and bill. What is billed under a code that is not known may belong to any region without a bill.
 */
export function savedAtMost(report: Report, bill: MonthlyBill): number {
  const regions = regionBills(report, bill);
  const elsewhere = regions.reduce((sum, { region, billed }) => sum + (REGION.test(region) ? 0 : billed), 0);
  const most = regions.map(({ region, billed, expireCeiling }) => {
    const inBill = Math.max(0, bill.byRegion.has(region) ? billed : elsewhere);
    return Math.min(inBill, expireCeiling ?? inBill);
  });
  const sum = most.reduce((all, each) => all + each, 0);
  const charged = [...bill.byRegion.values()].reduce((all, amount) => all + (amount > 0n ? amount : 0n), 0n);
  return Math.min(Math.round(sum * 100) / 100, amountInCents(charged));
}

/** `Frankfurt (eu-central-1)`; of a code that is not known, `XYZ1 (not a known region)`. */
export const billedPlace = (region: string): string =>
  REGION.test(region) ? regionLabel(oneLine(region)) : `${oneLine(region)} (not a known region)`;

const finalText = ({ final }: MonthlyBill): string => (final ? '' : ' (not final yet)');

function changeText({ change }: Extract<Spend, { state: 'read' }>): string {
  if (change === null) return '';
  const before = formatDollars(amountInCents(change.before.total));
  return ` It was ${before} in ${monthInWords(change.before.month)}, before the deletions of ${monthInWords(change.month)}.`;
}

/** Why the bill was not read, in one line. */
export const unreadBillLine = ({ cause, remedy }: UnreadBill): string =>
  `The bill of last month was not read: ${oneLine(cause)}. Remedy: ${oneLine(remedy)}.`;

/** The bill in one line, or why it was not read; null: it was not to be read. */
export function spendLine(report: Report): string | null {
  const { spend, totals, complete } = report;
  if (spend === null) return null;
  if (spend.state === 'unread') return unreadBillLine(spend);
  const { bill } = spend;
  const most =
    totals.expire === 0 || !complete
      ? ''
      : ` What can be deleted is at most ${formatDollars(savedAtMost(report, bill))} of that bill.`;
  const total = formatDollars(amountInCents(bill.total));
  return `Lightsail snapshots were billed ${total} in ${monthInWords(bill.month)}${finalText(bill)}.${most}${changeText(spend)}`;
}

/** `up to $300.00`. */
export const upToText = (ceiling: Ceiling | null): string =>
  typeof ceiling === 'number' ? `up to ${formatDollars(ceiling)}` : (ceiling ?? 'size not known');

const MAX_NAMED_BILLS = 3;

/** `Billed by region: Frankfurt (eu-central-1) $52.17 of up to $300.00, …`; null: there is no bill. */
export function regionBillsLine(report: Report): string | null {
  const { spend } = report;
  if (spend?.state !== 'read') return null;
  const billed = regionBills(report, spend.bill).filter(({ region }) => spend.bill.byRegion.has(region));
  if (billed.length === 0) return null;
  const named = billed
    .slice(0, MAX_NAMED_BILLS)
    .map(
      ({ region, billed: dollars, ceiling }) =>
        `${billedPlace(region)} ${formatDollars(dollars)}, ${upToText(ceiling)}`,
    );
  const more = billed.length - named.length;
  return `Billed by region: ${named.join('; ')}${more === 0 ? '' : `; and ${more} more`}.`;
}
