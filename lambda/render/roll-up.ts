import type { Report } from '../core/report/report-model';
import type { AccountStatus, RollUp, RollUpAccount } from '../core/report/roll-up';
import { compareText } from '../core/util/compare-text';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { sourceName } from './phrases';
import { bySource } from './report-sections';
import { billedTo } from './roll-up-spend';
import { sumSizes } from './totals';

/** A source of one account, for the roll-up. */
export interface RollUpSource {
  readonly name: string;
  readonly kind: string;
  readonly region: string;
  readonly snapshots: number;
  readonly expire: number;
  /** US dollars per month, at most, of what is expired. */
  readonly expireCeiling: number;
}

/** What a roll-up shows of an account besides its totals. */
export interface AccountDetails {
  readonly sources: readonly RollUpSource[];
  readonly problems: readonly string[];
}

/** Accounts that were not read at all, in part, and in full. */
export interface RollUpGroups {
  readonly unread: readonly RollUpAccount[];
  readonly partly: readonly RollUpAccount[];
  readonly read: readonly RollUpAccount[];
}

const MAX_PROBLEMS = 20;

/** The details of an account, taken from its report. */
export function accountDetails(report: Report): AccountDetails {
  const sources = bySource(report.items).map((group): RollUpSource => {
    const [first] = group;
    const expired = group.filter(({ verdict }) => verdict === 'expire').map(({ snapshot }) => snapshot);
    return {
      name: first === undefined ? '' : sourceName(first.snapshot),
      kind: first?.snapshot.kind ?? '',
      region: first?.snapshot.region ?? '',
      snapshots: group.length,
      expire: expired.length,
      expireCeiling: sumSizes(expired, report.pricing).ceiling,
    };
  });
  return {
    sources: sources.sort((a, b) => b.expireCeiling - a.expireCeiling || compareText(a.name, b.name)),
    problems: report.problems.slice(0, MAX_PROBLEMS).map(({ message }) => message),
  };
}

const expiredCeiling = ({ totals }: RollUpAccount): number => totals?.expireMonthlyCostCeiling ?? 0;

/** Accounts with the most expensive expired snapshots first. */
const byCeiling = (a: RollUpAccount, b: RollUpAccount): number =>
  expiredCeiling(b) - expiredCeiling(a) || (b.totals?.expire ?? 0) - (a.totals?.expire ?? 0) || compareText(a.id, b.id);

/** Groups the accounts by how far they were read. */
export function rollUpGroups(accounts: readonly RollUpAccount[]): RollUpGroups {
  const withStatus = (isIn: (status: AccountStatus) => boolean) => accounts.filter(({ status }) => isIn(status));
  return {
    unread: withStatus((status) => status !== 'read' && status !== 'incomplete'),
    partly: withStatus((status) => status === 'incomplete').sort(byCeiling),
    read: withStatus((status) => status === 'read').sort(byCeiling),
  };
}

/** The accounts that have a report, with the most expensive expired snapshots first. */
export const reportedAccounts = ({ accounts }: RollUp): readonly RollUpAccount[] =>
  accounts.filter(({ totals }) => totals !== null).sort(byCeiling);

/** The name of an account where it is known, else its number. */
export const accountLabel = ({ id, name }: Pick<RollUpAccount, 'id' | 'name'>): string => oneLine(name ?? id);

/** `client-shop (123456789012)`. */
export const accountTitle = ({ id, name }: Pick<RollUpAccount, 'id' | 'name'>): string =>
  name === null ? id : `${oneLine(name)} (${id})`;

export const STATUS_WORDS: Readonly<Record<AccountStatus, string>> = {
  read: 'read',
  incomplete: 'read in part',
  'no-role': 'no role',
  'not-active': 'not active',
  failed: 'failed',
};

const MAX_NAMED = 10;

export function firstTen(accounts: readonly RollUpAccount[], shorten: (text: string) => string): string {
  const named = accounts.slice(0, MAX_NAMED).map((account) => shorten(accountLabel(account)));
  const more = accounts.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${formatNumber(more)} more` : ''}`;
}

/**
 * The first line of every form of a roll-up: how many accounts could not be read, and the first ten of them. `shorten`
 * cuts names.
 */
export function unreadLine(
  accounts: readonly RollUpAccount[],
  shorten: (text: string) => string = (text) => text,
): string {
  const { unread, partly } = rollUpGroups(accounts);
  const all = accounts.length;
  const inPart = partly.length === 0 ? '' : `${formatNumber(partly.length)} read in part: ${firstTen(partly, shorten)}`;
  if (unread.length > 0) {
    const what = `${formatNumber(unread.length)} of ${formatCount(all, 'account')} could not be read`;
    return `${what}: ${firstTen(unread, shorten)}${inPart === '' ? '' : `; ${inPart}`}.`;
  }
  if (inPart !== '') return `All of ${formatCount(all, 'account')} could be reached, ${inPart}.`;
  const whole = accounts.some(({ deniedRegions }) => deniedRegions !== undefined)
    ? 'read, except in regions that a service control policy denies'
    : 'read in full';
  return all === 1 ? `The account was ${whole}.` : `All ${formatNumber(all)} accounts were ${whole}.`;
}

/** What all accounts that were read hold together. */
export function rollUpOutcome(rollUp: RollUp): string {
  const { totals, accounts } = rollUp;
  const from = formatCount(accounts.filter((account) => account.totals !== null).length, 'account');
  const held = `${formatCount(totals.snapshots, 'snapshot')} in ${from}`;
  if (totals.expire === 0) return `${held}: none is expired by policy.`;
  const cost =
    totals.expireMonthlyCostCeiling === 0 ? '' : `, up to ${formatDollars(totals.expireMonthlyCostCeiling)} a month`;
  return `${held}: ${formatNumber(totals.expire)} expired by policy${cost}.`;
}

export const REPORT_ONLY =
  'Plans of accounts of an organization are report-only: this version deletes nothing in them.';

type AccountColumn = readonly [head: string, cell: (account: RollUpAccount, rollUp: RollUp) => string];

const perMonth = (ceiling: number | undefined): string =>
  (ceiling ?? 0) === 0 ? '' : `${formatDollars(ceiling ?? 0)}/month`;

export const NAME_COLUMN = 'NAME';
export const STATUS_COLUMN = 'STATUS';

const ACCOUNT_COLUMNS: readonly AccountColumn[] = [
  ['ACCOUNT', ({ id }) => id],
  [NAME_COLUMN, ({ name }) => oneLine(name ?? '')],
  [STATUS_COLUMN, ({ status }) => STATUS_WORDS[status]],
  ['SNAPSHOTS', ({ totals }) => (totals === null ? '' : formatNumber(totals.snapshots))],
  ['EXPIRED', ({ totals }) => (totals === null ? '' : formatNumber(totals.expire))],
  ['UP TO', ({ totals }) => perMonth(totals?.expireMonthlyCostCeiling)],
];

/** What all snapshots of an account cost at most, and its bill: where a bill was read. */
const SPEND_COLUMNS: readonly AccountColumn[] = [
  ['ALL UP TO', ({ totals }) => perMonth(totals?.monthlyCostCeiling)],
  [
    'BILLED',
    (account, rollUp) => {
      const billed = billedTo(rollUp, account);
      return billed === null ? '' : formatDollars(billed);
    },
  ],
];

/** The table of the accounts that have a report: the heads of its columns, then a row for each. */
export function accountRows(rollUp: RollUp): readonly [heads: readonly string[], ...rows: (readonly string[])[]] {
  const columns = [...ACCOUNT_COLUMNS, ...(rollUp.spend === null ? [] : SPEND_COLUMNS)];
  const rows = reportedAccounts(rollUp).map((account) => columns.map(([, cell]) => cell(account, rollUp)));
  return [columns.map(([head]) => head), ...rows];
}
