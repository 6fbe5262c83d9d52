import type { AccountChanges, FollowedRollUp, NamedAccount } from '../core/report/account-changes';
import { formatNumber } from './numbers';
import { htmlText } from './page/page-shell';
import { accountTitle } from './roll-up';

const MAX_NAMED_IN_CHANGE = 3;

function changeLine(what: string, accounts: readonly NamedAccount[]): readonly string[] {
  if (accounts.length === 0) return [];
  const more = accounts.length - MAX_NAMED_IN_CHANGE;
  const named = accounts.slice(0, MAX_NAMED_IN_CHANGE).map(accountTitle).join(', ');
  return [`${what}: ${named}${more > 0 ? ` and ${formatNumber(more)} more` : ''}.`];
}

/** How accounts can differ from those of the report before, the most important first, each with its words. */
const CHANGE_KINDS = [
  ['Lost its role since the report before', 'lostRole'],
  ['No longer active', 'suspended'],
  ['Left, or excluded now', 'left'],
  ['Joined', 'joined'],
  ['In another organizational unit', 'moved'],
] as const satisfies readonly (readonly [string, Exclude<keyof AccountChanges, 'since'>])[];
const MISSED_WORDS = 'Not read in three reports or more';

/** The accounts of which an alarm tells, then those that differ from the report before: the most important first. */
export function accountChangeLines({ changes }: FollowedRollUp, missed: readonly NamedAccount[]): readonly string[] {
  const often = changeLine(MISSED_WORDS, missed);
  if (changes === null) return often;
  return [...often, ...CHANGE_KINDS.flatMap(([what, kind]) => changeLine(what, changes[kind]))];
}

/** What changed among accounts, for the page: every account by name. */
export interface PageChanges {
  readonly changes: AccountChanges | null;
  readonly missed: readonly NamedAccount[];
}

const changeItem = (account: NamedAccount & { readonly from?: string; readonly to?: string }): string =>
  account.from === undefined
    ? htmlText(accountTitle(account))
    : htmlText(`${accountTitle(account)}: from ${account.from} to ${account.to}`);

function* changeList(what: string, accounts: readonly NamedAccount[]): Generator<string> {
  if (accounts.length === 0) return;
  yield `<h3>${what} (${formatNumber(accounts.length)})</h3>\n<ul>\n`;
  for (const account of accounts) yield `<li>${changeItem(account)}</li>\n`;
  yield '</ul>\n';
}

/** Renders the part of the page about what changed among accounts; nothing where nothing did. */
export function* accountChangesHtml({ changes, missed }: PageChanges): Generator<string> {
  const lists = [
    ...changeList(MISSED_WORDS, missed),
    ...(changes === null ? [] : CHANGE_KINDS.flatMap(([what, kind]) => [...changeList(what, changes[kind])])),
  ];
  if (lists.length === 0) return;
  yield '<section id="changes"><h2>What changed among accounts</h2>\n';
  if (changes !== null) yield `<p class="dim">Compared with the report ${htmlText(changes.since)}</p>\n`;
  yield* lists;
  yield '</section>\n';
}
