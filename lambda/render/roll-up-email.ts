import type { AccountChanges, FollowedAccount, FollowedRollUp, NamedAccount } from '../core/report/account-changes';
import { cloudShellLink, dashboardLink, s3ObjectLink } from '../core/report/console-links';
import { dayInWords } from './day-text';
import { commandLines, type EmailBlock, type EmailText, emailSubject, fitEmail, foreignText } from './email-layout';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { accountText, hasExpired, orderedAccounts, statusText, unreadAccounts } from './roll-up-order';

/** Maximum accounts or lines of each block. With the empty lines they add up to 40 at most. */
const MAX_NAMED_IN_FIRST_LINE = 10;
const MAX_UNREAD_LINES = 4;
const MAX_ACCOUNT_LINES = 8;
const MAX_NAMED_IN_CHANGE = 3;

/** The surroundings of the message about an organization. */
export interface RollUpEmailContext {
  readonly region: string;
  /** The local day of the next report (`2026-12-07`); null: not known. */
  readonly nextReport: string | null;
  /** The places of the page and of the table, `s3://…`. */
  readonly page: string;
  readonly csv: string;
  /** The command that makes the report again. */
  readonly command: string;
  readonly dashboard?: string;
  readonly config: { readonly origin: string; readonly digest: string };
}

const expiredText = ({ totals }: FollowedRollUp): string =>
  `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')}`;

const upTo = ({ totals }: FollowedRollUp, per: string): string =>
  `up to ${formatDollars(totals.expireMonthlyCostCeiling)}${per}`;

/** The outcome in at most 99 printable ASCII characters. */
export function rollUpSubject(rollUp: FollowedRollUp): string {
  const { accounts, totals } = rollUp;
  const unread = unreadAccounts(rollUp).length;
  const all = formatCount(accounts.length, 'account');
  if (unread > 0) return emailSubject([`INCOMPLETE: ${formatNumber(unread)} of ${all} could not be read`]);
  if (hasExpired(rollUp))
    return emailSubject([
      `${expiredText(rollUp)} in ${all} can be deleted, ${upTo(rollUp, '/month')}`,
      `${expiredText(rollUp)} in ${all} can be deleted`,
    ]);
  return emailSubject([
    `Nothing to do: all ${formatCount(totals.snapshots, 'snapshot')} in ${all} are within policy`,
    'Nothing to do',
  ]);
}

/** Some items, and how many more there are. */
function andMore(items: readonly string[], max: number): string {
  const more = items.length - max;
  return `${items.slice(0, max).join(', ')}${more > 0 ? `, and ${formatNumber(more)} more` : ''}`;
}

/** The first line counts the accounts that could not be read and names the first of them. */
function rollUpOutcome(rollUp: FollowedRollUp): EmailBlock {
  const unread = unreadAccounts(rollUp).map(({ id }) => id);
  const all = formatCount(rollUp.accounts.length, 'account');
  const first =
    unread.length === 0
      ? `All ${all} were read.`
      : `${formatNumber(unread.length)} of ${all} could not be read: ${andMore(unread, MAX_NAMED_IN_FIRST_LINE)}`;
  const what = hasExpired(rollUp)
    ? `By policy ${expiredText(rollUp)} can be deleted, ${upTo(rollUp, ' a month')}.`
    : `No snapshot can be deleted by policy (${formatNumber(rollUp.totals.snapshots)} checked).`;
  return [first, `${what} Nothing deletes in the accounts of an organization.`];
}

function unreadLines(rollUp: FollowedRollUp, maxName: number): EmailBlock {
  const unread = unreadAccounts(rollUp);
  const lineOf = (account: FollowedAccount): string => {
    const why = account.error === null ? '' : `: ${foreignText(account.error.message, maxName * 2)}`;
    return `- ${foreignText(accountText(account), maxName)}, ${statusText(account)}${why}`;
  };
  if (unread.length === 0) return [];
  const max = unread.length > MAX_UNREAD_LINES ? MAX_UNREAD_LINES - 1 : MAX_UNREAD_LINES;
  const more = unread.length - max;
  return [
    'NOT READ',
    ...unread.slice(0, max).map(lineOf),
    ...(more > 0 ? [`- and ${formatNumber(more)} more; the page names all`] : []),
  ];
}

function accountLines(rollUp: FollowedRollUp, maxName: number): EmailBlock {
  const rows = orderedAccounts(rollUp).filter(({ totals }) => (totals?.expire ?? 0) > 0);
  if (rows.length === 0) return [];
  const max = rows.length > MAX_ACCOUNT_LINES ? MAX_ACCOUNT_LINES - 1 : MAX_ACCOUNT_LINES;
  const byCost = [...rows].sort(
    (a, b) => (b.totals?.expireMonthlyCostCeiling ?? 0) - (a.totals?.expireMonthlyCostCeiling ?? 0),
  );
  const lineOf = (account: FollowedAccount): string => {
    const { expire, snapshots, expireMonthlyCostCeiling } = account.totals ?? rollUp.totals;
    return `- ${foreignText(accountText(account), maxName)}: ${formatNumber(expire)} of ${formatNumber(snapshots)}, up to ${formatDollars(expireMonthlyCostCeiling)}`;
  };
  const more = byCost.length - max;
  return [
    'WHAT COULD BE DELETED, BY ACCOUNT (US dollars a month)',
    ...byCost.slice(0, max).map(lineOf),
    ...(more > 0 ? [`- and ${formatCount(more, 'account')} more`] : []),
  ];
}

/** What became of accounts since the report before, and which were not read for long. */
function changeLines({ changes, accounts }: FollowedRollUp, maxName: number): EmailBlock {
  const line = (what: string, list: readonly NamedAccount[]): readonly string[] =>
    list.length === 0
      ? []
      : [
          `- ${what}: ${andMore(
            list.map((account) => foreignText(accountText(account), maxName)),
            MAX_NAMED_IN_CHANGE,
          )}`,
        ];
  const missed = accounts.filter(({ unreadReports }) => unreadReports >= 3);
  const since = (of: AccountChanges): readonly string[] => [
    ...line('joined', of.joined),
    ...line('left, or excluded now', of.left),
    ...line('in another organizational unit', of.moved),
    ...line('no longer active', of.suspended),
    ...line('lost its role', of.lostRole),
  ];
  const lines = [...line('not read in three reports or more', missed), ...(changes === null ? [] : since(changes))];
  return lines.length === 0 ? [] : ['ACCOUNTS SINCE THE REPORT BEFORE', ...lines];
}

function rollUpLinks({ region, page, csv, dashboard }: RollUpEmailContext): EmailBlock {
  const link = (text: string, place: string) => {
    const address = s3ObjectLink(place, region);
    return address === null ? `${text} ${foreignText(place, 170)}` : { text, link: address };
  };
  return [
    link('Every account, with its report (choose Open):', page),
    link('As a table:', csv),
    ...(dashboard === undefined ? [] : [{ text: 'Dashboard:', link: dashboardLink(dashboard, region) }]),
  ];
}

function rollUpNextStep(rollUp: FollowedRollUp, { region, command }: RollUpEmailContext): EmailBlock {
  if (unreadAccounts(rollUp).length === 0)
    return hasExpired(rollUp)
      ? ['NEXT STEP', 'Read the report of each account on the page. A person of the account can delete there.']
      : ['You do not need to do anything.'];
  return [
    'NEXT STEP',
    'Fix what was not read, or exclude the account in the configuration. To report again, paste this into CloudShell:',
    { text: 'CloudShell:', link: cloudShellLink(region) },
    ...commandLines(command),
  ];
}

/** The message about an organization: at most 40 lines, whatever the number of accounts. */
export function renderRollUpEmail(rollUp: FollowedRollUp, context: RollUpEmailContext): EmailText {
  const { nextReport, config } = context;
  const footer = [
    `Configuration: ${foreignText(config.origin)}, ${config.digest.slice(0, 23)}`,
    `Report: ${rollUp.reportId}${nextReport === null ? '' : `. The next one: ${dayInWords(nextReport)}`}`,
  ];
  const body = fitEmail((maxName) => [
    rollUpOutcome(rollUp),
    unreadLines(rollUp, maxName),
    accountLines(rollUp, maxName),
    changeLines(rollUp, maxName),
    rollUpLinks(context),
    rollUpNextStep(rollUp, context),
    footer,
  ]);
  return { subject: rollUpSubject(rollUp), body };
}
