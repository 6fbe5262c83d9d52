import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { accountChangesHtml, type PageChanges } from './account-changes';
import { DENIED_TITLE, deniedItems, deniedLine } from './denied-regions';
import { formatDollars, formatNumber } from './numbers';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
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
import { accountReason, type RollUpContext } from './roll-up-text';

/** Hides accounts that do not have the searched text. */
export const ROLL_UP_SCRIPT = `const field = document.querySelector('#search');
const rows = [...document.querySelectorAll('[data-account]')];
const none = document.querySelector('#none');
field.hidden = false;
field.addEventListener('input', () => {
  const text = field.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    row.hidden = !row.dataset.account.toLowerCase().includes(text);
    if (!row.hidden) shown += 1;
  }
  none.hidden = shown > 0;
});
`;
/** Its SHA-256, as the content security policy of the page names it. */
export const ROLL_UP_SCRIPT_HASH = 'sha256-0B+IHtysF4qOFt+yeodJCp1flZlSAhsYk3TmLpO5ZJc=';

/** The address of an account's own page; null: it has none. */
export type AccountPage = (account: RollUpAccount) => string | null;

const cell = (label: string, html: string): string => `<td data-label="${label}">${html}</td>`;

function* sourceTable(account: RollUpAccount, context: RollUpContext): Generator<string> {
  const { sources, problems } = context.details.get(account.id) ?? { sources: [], problems: [] };
  for (const list of account.notRead ?? []) yield `<p>Not read: ${htmlText(list)}</p>\n`;
  for (const region of account.deniedRegions ?? [])
    yield `<p>Not read, denied by a service control policy: ${htmlText(region)}</p>\n`;
  if (sources.length > 0) {
    yield '<table><thead><tr>';
    for (const head of ['Source', 'Kind', 'Region', 'Snapshots', 'Expired', 'Up to'])
      yield `<th scope="col">${head}</th>`;
    yield '</tr></thead>\n<tbody>\n';
    for (const { name, kind, region, snapshots, expire, expireCeiling } of sources)
      yield `<tr>${cell('Source', htmlText(name))}${cell('Kind', htmlText(kind))}${cell('Region', htmlText(region))}${cell('Snapshots', formatNumber(snapshots))}${cell('Expired', formatNumber(expire))}${cell('Up to', expireCeiling === 0 ? '' : `${formatDollars(expireCeiling)}/month`)}</tr>\n`;
    yield '</tbody></table>\n';
  }
  for (const problem of problems) yield `<p class="dim">Problem: ${htmlText(problem)}</p>\n`;
}

/** What search finds an account by. */
const searched = ({ id, name, ou, status }: RollUpAccount): string =>
  htmlText(`${id} ${name ?? ''} ${ou ?? ''} ${STATUS_WORDS[status]}`);

function* unreadList(rollUp: RollUp, accounts: readonly RollUpAccount[]): Generator<string> {
  if (accounts.length === 0) return;
  yield '<h2>Not read, or in part</h2>\n';
  for (const account of accounts) {
    const reason = `${accountReason(account)}${billedNote(rollUp, account)}`;
    yield `<p data-account="${searched(account)}"><strong>${htmlText(accountTitle(account))}</strong>, `;
    yield `${STATUS_WORDS[account.status]}: ${htmlText(reason)}</p>\n`;
  }
}

function* accountPart(
  rollUp: RollUp,
  account: RollUpAccount,
  context: RollUpContext,
  pageOf: AccountPage,
): Generator<string> {
  const { snapshots = 0, expire = 0, expireMonthlyCostCeiling = 0 } = account.totals ?? {};
  const cost = expireMonthlyCostCeiling === 0 ? '' : `, up to ${formatDollars(expireMonthlyCostCeiling)} a month`;
  const counts = `${formatNumber(snapshots)} snapshots, ${formatNumber(expire)} expired${cost}${billedNote(rollUp, account)}`;
  const page = pageOf(account);
  yield `<details class="card" ` +
    `data-account="${searched(account)}"><summary><strong>${htmlText(accountTitle(account))}</strong>: ${counts}</summary>\n`;
  if (account.ou !== null) yield `<p class="dim">${htmlText(account.ou)}</p>\n`;
  if (page !== null) yield `<p><a href="${htmlText(page)}">The report of this account</a></p>\n`;
  yield* sourceTable(account, context);
  yield '</details>\n';
}

/** Renders a roll-up as one self-contained page: unread accounts first, then those with the most to free. */
export function* renderRollUpHtml(
  rollUp: RollUp,
  context: RollUpContext,
  pageOf: AccountPage = () => null,
  changed: PageChanges = { changes: null, missed: [] },
): Generator<string> {
  const { unread, partly } = rollUpGroups(rollUp.accounts);
  const denied = deniedLine(rollUp.accounts);
  const bill = rollUpSpendLine(rollUp);
  const { warnings = [] } = rollUp;
  yield `${pageStart({ title: 'Lightsail snapshots of several accounts', scriptHash: ROLL_UP_SCRIPT_HASH })}<main class="wrap">
<h1>Lightsail snapshots of several accounts</h1>
<p><strong>${htmlText(unreadLine(rollUp.accounts))}</strong></p>
${denied === null ? '' : `<p><strong>${htmlText(denied)}</strong></p>\n`}<p>${htmlText(rollUpOutcome(rollUp))}</p>
${bill === null ? '' : `<p id="spend">${htmlText(bill)}</p>\n`}${warnings.map((warning) => `<p>Warning: ${htmlText(warning)}</p>\n`).join('')}<p class="dim">${htmlText(REPORT_ONLY)}</p>
<p><input type="search" id="search" aria-label="Search accounts" placeholder="Search accounts" hidden></p>
<p id="none" hidden>No account has this text.</p>
`;
  yield* unreadList(rollUp, [...unread, ...partly]);
  const regions = deniedItems(rollUp.accounts);
  if (regions.length > 0) yield `<h2>${DENIED_TITLE}</h2>\n`;
  for (const item of regions) yield `<p>${htmlText(item)}</p>\n`;
  yield* accountChangesHtml(changed);
  yield '<h2>Accounts</h2>\n';
  for (const account of reportedAccounts(rollUp)) yield* accountPart(rollUp, account, context, pageOf);
  yield `<p class="dim">Roll-up ${htmlText(rollUp.reportId)}</p>\n</main>\n<script>${ROLL_UP_SCRIPT}</script>\n${PAGE_END}`;
}
