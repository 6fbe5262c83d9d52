import type { RollUp } from '../core/report/roll-up';
import { deniedLine } from './denied-regions';
import {
  type EmailBlock,
  type EmailLine,
  type EmailText,
  emailSubject,
  fitEmail,
  foreignText,
  MAX_LINE_CHARACTERS,
} from './email-layout';
import { formatCount, formatDollars, formatNumber } from './numbers';
import {
  accountTitle,
  REPORT_ONLY,
  reportedAccounts,
  rollUpGroups,
  rollUpOutcome,
  STATUS_WORDS,
  unreadLine,
} from './roll-up';
import { billedNote, rollUpSpendLine } from './roll-up-spend';
import { accountReason } from './roll-up-text';

/** What the e-mail of a deployment has besides that of the command line. */
export interface RollUpEmailContext {
  /** Lines with the places of page and files, and what changed since the roll-up before. */
  readonly places?: readonly EmailLine[];
  readonly changes?: readonly string[];
  readonly footer?: readonly string[];
}

const MAX_UNREAD = 10;
const MAX_ACCOUNTS = 8;
/** Lines about the accounts as a whole, and about what changed: together. */
const MAX_GENERAL = 7;
/** Names are cut so far that the first line holds ten of them. */
const FIRST_LINE_NAMES = [60, 40, 24, 12] as const;

/** The subject names what could not be read first, then what can be freed. */
function rollUpSubject(rollUp: RollUp): string {
  const { unread, partly } = rollUpGroups(rollUp.accounts);
  const { totals, accounts } = rollUp;
  const all = formatCount(accounts.length, 'account');
  if (unread.length > 0)
    return emailSubject([`INCOMPLETE: ${formatNumber(unread.length)} of ${all} could not be read`]);
  if (partly.length > 0)
    return emailSubject([`INCOMPLETE: ${formatNumber(partly.length)} of ${all} could not be read in full`]);
  if (totals.expire === 0)
    return emailSubject([`Nothing to do: ${formatCount(totals.snapshots, 'snapshot')} in ${all}`]);
  const what = `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} in ${all} are expired`;
  return emailSubject([`${what}, up to ${formatDollars(totals.expireMonthlyCostCeiling)}/month`, what]);
}

/** The line with names that are as long as fit. */
function fittingLine(lineWith: (shorten: (name: string) => string) => string): string {
  const lines = FIRST_LINE_NAMES.map((max) => lineWith((name) => foreignText(name, max)));
  return lines.find((line) => line.length <= MAX_LINE_CHARACTERS) ?? lines.at(-1) ?? '';
}

function firstLines(rollUp: RollUp): EmailBlock {
  const { accounts } = rollUp;
  return [
    fittingLine((shorten) => unreadLine(accounts, shorten)),
    fittingLine((shorten) => deniedLine(accounts, shorten) ?? ''),
    rollUpOutcome(rollUp),
    foreignText(rollUpSpendLine(rollUp) ?? '', MAX_LINE_CHARACTERS),
  ].filter((line) => line !== '');
}

/** Patterns that match no account, in one line, then what changed. */
const generalLines = ({ warnings = [] }: RollUp, { changes = [] }: RollUpEmailContext): readonly string[] => [
  ...warnings
    .slice(0, 1)
    .map(
      (first) => `Warning: ${first}${warnings.length > 1 ? `; and ${formatNumber(warnings.length - 1)} more` : ''}.`,
    ),
  ...changes,
];

function unreadBlock(rollUp: RollUp, maxName: number): EmailBlock {
  const { unread, partly } = rollUpGroups(rollUp.accounts);
  const missing = [...unread, ...partly];
  if (missing.length === 0) return [];
  const more = missing.length - MAX_UNREAD;
  return [
    'NOT READ, OR IN PART',
    ...missing
      .slice(0, MAX_UNREAD)
      .map(
        (account) =>
          `- ${foreignText(accountTitle(account), maxName)}, ${STATUS_WORDS[account.status]}: ${foreignText(accountReason(account), 120)}${billedNote(rollUp, account)}`,
      ),
    ...(more > 0 ? [`and ${formatNumber(more)} more: the page names all`] : []),
  ];
}

function accountsBlock(rollUp: RollUp, maxName: number): EmailBlock {
  const expired = reportedAccounts(rollUp).filter(({ totals }) => (totals?.expire ?? 0) > 0);
  if (expired.length === 0) return [];
  const more = expired.length - MAX_ACCOUNTS;
  return [
    'ACCOUNTS WITH EXPIRED SNAPSHOTS',
    ...expired.slice(0, MAX_ACCOUNTS).map((account) => {
      const { expire = 0, snapshots = 0, expireMonthlyCostCeiling = 0 } = account.totals ?? {};
      const cost = expireMonthlyCostCeiling === 0 ? '' : `, up to ${formatDollars(expireMonthlyCostCeiling)} a month`;
      const counts = `${formatNumber(expire)} of ${formatCount(snapshots, 'snapshot')} expired`;
      return `- ${foreignText(accountTitle(account), maxName)}: ${counts}${cost}${billedNote(rollUp, account)}`;
    }),
    ...(more > 0 ? [`and ${formatCount(more, 'more account')}`] : []),
  ];
}

/** Renders the e-mail of a roll-up: at most 40 lines and 8 KiB, whatever the number of accounts. */
export function renderRollUpEmail(rollUp: RollUp, context: RollUpEmailContext = {}): EmailText {
  const first = firstLines(rollUp);
  const general = generalLines(rollUp, context)
    .slice(0, MAX_GENERAL - first.length)
    .map((line) => foreignText(line, MAX_LINE_CHARACTERS));
  const body = fitEmail((maxName) => [
    first,
    unreadBlock(rollUp, maxName),
    accountsBlock(rollUp, maxName),
    general,
    context.places ?? [],
    [
      REPORT_ONLY,
      `Roll-up ${foreignText(rollUp.reportId, 60)}. Costs are for full copies; you pay at most that.`,
      ...(context.footer ?? []),
    ],
  ]);
  return { subject: rollUpSubject(rollUp), body };
}
