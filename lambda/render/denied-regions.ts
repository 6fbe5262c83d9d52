import type { RollUpAccount } from '../core/report/roll-up';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatNumber } from './numbers';
import { accountTitle, firstTen, unreadLine } from './roll-up';

/** Regions that a service control policy denies in some accounts. */
interface DeniedRegions {
  readonly regions: readonly string[];
  readonly accounts: readonly RollUpAccount[];
}

const MAX_GROUPS = 3;
const MAX_REGIONS = 5;

export const DENIED_TITLE = 'Regions denied by a service control policy';

/** The accounts by the regions that are denied in them, most accounts first. */
function deniedGroups(accounts: readonly RollUpAccount[]): readonly DeniedRegions[] {
  const groups = new Map<string, RollUpAccount[]>();
  for (const account of accounts) {
    const regions = (account.deniedRegions ?? []).map(oneLine).join(', ');
    if (regions !== '') groups.set(regions, [...(groups.get(regions) ?? []), account]);
  }
  return [...groups]
    .map(([regions, of]) => ({ regions: regions.split(', '), accounts: of }))
    .sort((a, b) => b.accounts.length - a.accounts.length);
}

/**
 * Names the regions that a service control policy denies, and the first ten accounts of each; null: it denies none.
 * `shorten` cuts names.
 */
export function deniedLine(
  accounts: readonly RollUpAccount[],
  shorten: (text: string) => string = (text) => text,
): string | null {
  const groups = deniedGroups(accounts);
  if (groups.length === 0) return null;
  const named = groups.slice(0, MAX_GROUPS).map(({ regions, accounts: of }) => {
    const more = regions.length - MAX_REGIONS;
    const first = `${regions.slice(0, MAX_REGIONS).join(', ')}${more > 0 ? ` and ${formatCount(more, 'more region')}` : ''}`;
    return `${first} in ${of.length > 1 && of.length === accounts.length ? 'all of them' : firstTen(of, shorten)}`;
  });
  const count = groups.reduce((sum, { accounts: of }) => sum + of.length, 0);
  const others = groups.length - named.length;
  return `Denied by a service control policy in ${formatCount(count, 'account')}, and not read: ${named.join('; ')}${others > 0 ? `; and ${formatNumber(others)} more` : ''}.`;
}

/** How far the accounts were read: the first lines of what is made over several. */
export function readingLines(accounts: readonly RollUpAccount[]): readonly string[] {
  const denied = deniedLine(accounts);
  return [unreadLine(accounts), ...(denied === null ? [] : [denied])];
}

/** The denied regions with every account, a line for each set of regions. */
export const deniedItems = (accounts: readonly RollUpAccount[]): readonly string[] =>
  deniedGroups(accounts).map(
    ({ regions, accounts: of }) => `${regions.join(', ')}: not read in ${of.map(accountTitle).join(', ')}`,
  );
