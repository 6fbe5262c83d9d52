import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { oneLine } from '../core/util/safe-text';
import { DENIED_TITLE, deniedItems, deniedLine, readingLines } from './denied-regions';
import { escapeMarkdown } from './markdown';
import { formatCount } from './numbers';
import {
  ACCOUNT_COLUMNS,
  type AccountDetails,
  accountCells,
  accountTitle,
  REPORT_ONLY,
  reportedAccounts,
  rollUpGroups,
  rollUpOutcome,
  STATUS_WORDS,
  unreadLine,
} from './roll-up';
import { type TerminalStyle, wrap } from './terminal';
import { dropColumns, tableText } from './text-table';

/** What the forms of a roll-up show besides it. */
export interface RollUpContext {
  /** By account number, of each that has a report. */
  readonly details: ReadonlyMap<string, AccountDetails>;
  /** The command that prints everything of these accounts as JSON; null: there is none. */
  readonly jsonCommand: string | null;
}

const NAME_COLUMN = ACCOUNT_COLUMNS.indexOf('NAME');
const STATUS_COLUMN = ACCOUNT_COLUMNS.indexOf('STATUS');

const MAX_LISTS = 3;

/** Why an account was not read, or not in full. */
export function accountReason(account: RollUpAccount): string {
  const lists = account.notRead ?? [];
  const first = `${lists.slice(0, MAX_LISTS).join(', ')}${lists.length > MAX_LISTS ? ', …' : ''}`;
  const named = lists.length === 0 ? '' : ` (${formatCount(lists.length, 'list')} not read: ${first})`;
  return oneLine(`${account.error?.message ?? STATUS_WORDS[account.status]}${named}`);
}

/** Renders a roll-up as text: what was not read, then the accounts with the most to free first. */
export function* renderRollUpText(rollUp: RollUp, context: RollUpContext, style: TerminalStyle): Generator<string> {
  const columns = Math.max(20, style.columns);
  const paint = (code: string, text: string): string =>
    style.colour ? `\u001b[${code}m${text.slice(0, -1)}\u001b[0m\n` : text;
  const { unread, partly } = rollUpGroups(rollUp.accounts);
  const withReport = reportedAccounts(rollUp);
  yield paint(rollUp.complete ? '1' : '1;31', wrap(unreadLine(rollUp.accounts), columns, ''));
  const denied = deniedLine(rollUp.accounts);
  if (denied !== null) yield wrap(denied, columns, '');
  yield wrap(rollUpOutcome(rollUp), columns, '');
  const groups = [
    { title: 'NOT READ', accounts: unread },
    { title: 'READ IN PART', accounts: partly },
  ];
  for (const { title, accounts } of groups) {
    if (accounts.length === 0) continue;
    yield `\n${paint('1', `${title}\n`)}`;
    for (const account of accounts) {
      const reason = accountReason(account);
      yield wrap(`${accountTitle(account)}, ${STATUS_WORDS[account.status]}: ${reason}`, columns, '  - ');
    }
  }
  const regions = deniedItems(rollUp.accounts);
  if (regions.length > 0) yield `\n${paint('1', `${DENIED_TITLE.toUpperCase()}\n`)}`;
  for (const item of regions) yield wrap(item, columns, '  - ');
  if (withReport.length > 0) {
    yield `\n${paint('1', 'ACCOUNTS\n')}`;
    const rows = [ACCOUNT_COLUMNS, ...withReport.map(accountCells)];
    yield tableText(dropColumns(rows, columns, [STATUS_COLUMN, NAME_COLUMN]), columns);
  }
  yield `\n${wrap(REPORT_ONLY, columns, '')}`;
  if (context.jsonCommand !== null)
    yield `${wrap('The snapshots of each account, with their reasons:', columns, '')}    ${context.jsonCommand}\n`;
}

/** Renders a roll-up as Markdown. */
export function* renderRollUpMarkdown(rollUp: RollUp): Generator<string> {
  const { unread, partly } = rollUpGroups(rollUp.accounts);
  yield '# Lightsail snapshots of several accounts\n\n';
  for (const line of [...readingLines(rollUp.accounts), rollUpOutcome(rollUp)]) yield `${escapeMarkdown(line)}\n\n`;
  const missing = [...unread, ...partly];
  if (missing.length > 0) yield '## Not read, or in part\n\n';
  for (const account of missing)
    yield `- ${escapeMarkdown(`${accountTitle(account)}, ${STATUS_WORDS[account.status]}: ${accountReason(account)}`)}\n`;
  const regions = deniedItems(rollUp.accounts);
  if (regions.length > 0) yield `${missing.length > 0 ? '\n' : ''}## ${DENIED_TITLE}\n\n`;
  for (const item of regions) yield `- ${escapeMarkdown(item)}\n`;
  yield `${missing.length + regions.length > 0 ? '\n' : ''}## Accounts\n\n| ${ACCOUNT_COLUMNS.join(' | ')} |\n|${ACCOUNT_COLUMNS.map(() => '---').join('|')}|\n`;
  for (const account of reportedAccounts(rollUp))
    yield `| ${accountCells(account).map(escapeMarkdown).join(' | ')} |\n`;
  yield `\n${escapeMarkdown(REPORT_ONLY)}\n`;
}
