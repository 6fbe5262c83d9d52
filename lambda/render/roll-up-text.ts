import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { oneLine } from '../core/util/safe-text';
import { DENIED_TITLE, deniedItems, deniedLine, readingLines } from './denied-regions';
import { escapeMarkdown } from './markdown';
import { formatCount } from './numbers';
import {
  type AccountDetails,
  accountRows,
  accountTitle,
  NAME_COLUMN,
  REPORT_ONLY,
  rollUpGroups,
  rollUpOutcome,
  STATUS_COLUMN,
  STATUS_WORDS,
  unreadLine,
} from './roll-up';
import { billedNote, rollUpSpendLine } from './roll-up-spend';
import { type TerminalStyle, wrap } from './terminal';
import { dropColumns, tableText } from './text-table';

/** What the forms of a roll-up show besides it. */
export interface RollUpContext {
  /** By account number, of each that has a report. */
  readonly details: ReadonlyMap<string, AccountDetails>;
  /** The command that prints everything of these accounts as JSON; null: there is none. */
  readonly jsonCommand: string | null;
}

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
  const bill = rollUpSpendLine(rollUp);
  yield paint(rollUp.complete ? '1' : '1;31', wrap(unreadLine(rollUp.accounts), columns, ''));
  const denied = deniedLine(rollUp.accounts);
  if (denied !== null) yield wrap(denied, columns, '');
  yield wrap(rollUpOutcome(rollUp), columns, '');
  if (bill !== null) yield wrap(bill, columns, '');
  const groups = [
    { title: 'NOT READ', accounts: unread },
    { title: 'READ IN PART', accounts: partly },
  ];
  for (const { title, accounts } of groups) {
    if (accounts.length === 0) continue;
    yield `\n${paint('1', `${title}\n`)}`;
    for (const account of accounts) {
      const title = `${accountTitle(account)}, ${STATUS_WORDS[account.status]}`;
      yield wrap(`${title}: ${accountReason(account)}${billedNote(rollUp, account)}`, columns, '  - ');
    }
  }
  const regions = deniedItems(rollUp.accounts);
  if (regions.length > 0) yield `\n${paint('1', `${DENIED_TITLE.toUpperCase()}\n`)}`;
  for (const item of regions) yield wrap(item, columns, '  - ');
  const rows = accountRows(rollUp);
  if (rows.length > 1) {
    yield `\n${paint('1', 'ACCOUNTS\n')}`;
    const dropped = [STATUS_COLUMN, NAME_COLUMN].map((head) => rows[0].indexOf(head));
    yield tableText(dropColumns(rows, columns, dropped), columns);
  }
  yield `\n${wrap(REPORT_ONLY, columns, '')}`;
  if (context.jsonCommand !== null)
    yield `${wrap('The snapshots of each account, with their reasons:', columns, '')}    ${context.jsonCommand}\n`;
}

/** Renders a roll-up as Markdown. */
export function* renderRollUpMarkdown(rollUp: RollUp): Generator<string> {
  const { unread, partly } = rollUpGroups(rollUp.accounts);
  yield '# Lightsail snapshots of several accounts\n\n';
  const lines = [...readingLines(rollUp.accounts), rollUpOutcome(rollUp), rollUpSpendLine(rollUp)];
  for (const line of lines) if (line !== null) yield `${escapeMarkdown(line)}\n\n`;
  const missing = [...unread, ...partly];
  if (missing.length > 0) yield '## Not read, or in part\n\n';
  for (const account of missing) {
    const reason = `${accountReason(account)}${billedNote(rollUp, account)}`;
    yield `- ${escapeMarkdown(`${accountTitle(account)}, ${STATUS_WORDS[account.status]}: ${reason}`)}\n`;
  }
  const regions = deniedItems(rollUp.accounts);
  if (regions.length > 0) yield `${missing.length > 0 ? '\n' : ''}## ${DENIED_TITLE}\n\n`;
  for (const item of regions) yield `- ${escapeMarkdown(item)}\n`;
  const [heads, ...rows] = accountRows(rollUp);
  yield `${missing.length + regions.length > 0 ? '\n' : ''}## Accounts\n\n| ${heads.join(' | ')} |\n|${heads.map(() => '---').join('|')}|\n`;
  for (const cells of rows) yield `| ${cells.map(escapeMarkdown).join(' | ')} |\n`;
  yield `\n${escapeMarkdown(REPORT_ONLY)}\n`;
}
