import type { FollowedAccount, FollowedRollUp, NamedAccount } from '../core/report/account-changes';
import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { escapeHtml } from './escape';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { zoneText } from './phrases';
import { accountText, orderedAccounts, statusText, unreadAccounts } from './roll-up-order';

/** The search of the page, and its hash for the content policy. */
export const SEARCH_SCRIPT = `const q = document.getElementById('q');
q.parentElement.hidden = false;
q.addEventListener('input', () => {
  const words = q.value.toLowerCase();
  for (const row of document.querySelectorAll('tbody tr')) row.hidden = !row.textContent.toLowerCase().includes(words);
});`;
export const SEARCH_SCRIPT_HASH = 'sha256-3QI4dIxyrpOEXcss/UtFniwLgeFCRP8spL2eWeXqWTg=';

/** The surroundings of the page of an organization. */
export interface RollUpPageContext {
  readonly zone: Zone;
  /** When the report was made (epoch ms). */
  readonly at: number;
  /** The address of the page of an account, and those of the files. */
  readonly accountLink: (id: string) => string;
  readonly csv: string;
  readonly json: string;
}

const HEADINGS = ['Account', 'State', 'Snapshots', 'Can be deleted', 'Up to $ a month', 'Organizational unit'];

function accountRow(account: FollowedAccount, { accountLink }: RollUpPageContext): string {
  const { id, name, ou, error, reportId, totals, unreadReports } = account;
  const label = name === null ? id : `${htmlText(name)} <span class="quiet">${id}</span>`;
  const linked = reportId === null ? label : `<a href="${escapeHtml(accountLink(id))}">${label}</a>`;
  const often = unreadReports > 1 ? ` (${formatCount(unreadReports, 'report')} in a row)` : '';
  const why = error === null ? '' : `: ${htmlText(error.message)}`;
  const numbers =
    totals === null
      ? ['', '', '']
      : [formatNumber(totals.snapshots), formatNumber(totals.expire), formatDollars(totals.expireMonthlyCostCeiling)];
  return `<tr><th scope="row">${linked}</th><td>${statusText(account)}${often}${why}</td>${numbers
    .map((text) => `<td class="num">${text}</td>`)
    .join('')}<td class="small">${htmlText(ou ?? '')}</td></tr>\n`;
}

const changeItem = (what: string, accounts: readonly NamedAccount[]): string =>
  accounts.length === 0
    ? ''
    : `<li>${what}: ${accounts.map((account) => htmlText(accountText(account))).join(', ')}</li>\n`;

function changesSection({ changes }: FollowedRollUp): string {
  if (changes === null) return '';
  const items = [
    changeItem('Joined', changes.joined),
    changeItem('Left, or excluded now', changes.left),
    ...changes.moved.map(({ from, to, ...account }) =>
      changeItem(`Moved from ${htmlText(from)} to ${htmlText(to)}`, [account]),
    ),
    changeItem('No longer active', changes.suspended),
    changeItem('Lost its role', changes.lostRole),
  ].join('');
  return items === '' ? '' : `<h2>Accounts since report ${htmlText(changes.since)}</h2>\n<ul>\n${items}</ul>\n`;
}

/** Renders a roll-up as a page, in chunks: every account, unread ones first, each with a link to its own report. */
export function* renderRollUpHtml(rollUp: FollowedRollUp, context: RollUpPageContext): Generator<string> {
  const { accounts, totals } = rollUp;
  const unread = unreadAccounts(rollUp).length;
  const all = formatCount(accounts.length, 'account');
  const state =
    unread === 0 ? `All ${all} were read.` : `<strong>${formatNumber(unread)} of ${all} could not be read.</strong>`;
  yield `${pageStart({ title: 'Organization · Lightsail snapshots', scriptHash: SEARCH_SCRIPT_HASH })}<header class="top"><div class="wrap">\
<b>Lightsail snapshots</b></div></header>
<main class="wrap">
<h1>Accounts of the organization</h1>
<p>${state} By policy ${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} can be deleted, \
up to ${formatDollars(totals.expireMonthlyCostCeiling)} a month. Nothing deletes in the accounts of an organization.</p>
<p class="small quiet">Report ${htmlText(rollUp.reportId)} of ${localMinute(context.at, context.zone)}. \
${escapeHtml(zoneText(context.zone))}. <a href="${escapeHtml(context.csv)}">CSV</a> <a href="${escapeHtml(context.json)}">JSON</a></p>
${changesSection(rollUp)}<p hidden>Search <input type="search" id="q" aria-label="Search accounts"></p>
<table>
<thead><tr>${HEADINGS.map((heading) => `<th scope="col">${heading}</th>`).join('')}</tr></thead>
<tbody>
`;
  for (const account of orderedAccounts(rollUp)) yield accountRow(account, context);
  yield `</tbody>\n</table>\n</main>\n<script>${SEARCH_SCRIPT}</script>\n${PAGE_END}`;
}
