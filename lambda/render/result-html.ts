import type { ApplyResult, ItemDetails, ItemResult, Unsettled } from '../core/plan/outcome';
import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { approvalText } from './approval';
import { escapeHtml } from './escape';
import { formatCount, formatNumber } from './numbers';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { monthlyCostText, zoneText } from './phrases';
import { endSentence, type ResultContext } from './result-email';
import { UNSETTLED_TEXT, unsettledItems } from './result-text';

const COLUMN_NAMES = [
  'Outcome',
  'Snapshot',
  'Source',
  'Kind and region',
  'Result',
  'Policy and reasons',
  'Size and cost ceiling',
  'Time',
  'Request id',
] as const;

/** A row of the table: the outcome, the snapshot as its heading, and the other cells. All are HTML. */
const tableRowHtml = (outcome: string, snapshot: string, cells: readonly string[]): string =>
  `<tr><td>${outcome}</td><th scope="row">${snapshot}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;

const sizeHtml = ({ sizeGb, monthlyCostCeiling }: ItemDetails): string =>
  `${sizeGb === null ? 'size not known' : `${formatNumber(sizeGb)} GB`}, ${monthlyCostText(monthlyCostCeiling)}`;

const decisionHtml = ({ policy, reasons }: ItemDetails): string => {
  const name = policy === null ? '' : `policy ${htmlText(policy)}`;
  const texts = reasons.map(({ text }) => htmlText(text)).join('; ');
  return [name, texts].filter((part) => part !== '').join(': ') || 'not recorded';
};

/** The snapshot by name, with what identifies it: its ARN and its creation. */
const identityHtml = ({ name, arn, createdAt }: ItemResult, zone: Zone): string =>
  `${htmlText(name)}<br><span class="dim">${htmlText(arn)}<br>made ${localMinute(Date.parse(createdAt), zone)}</span>`;

function outcomeRow(zone: Zone, item: ItemResult): string {
  const by = item.approvedBy === undefined ? '' : `<br>Approved by ${htmlText(approvalText(item.approvedBy))}`;
  return tableRowHtml(item.outcome, identityHtml(item, zone), [
    htmlText(item.source ?? 'not known'),
    `${item.kind}, ${htmlText(item.region)}`,
    `${htmlText(item.text)} <span class="dim">(${htmlText(item.code)})</span>${by}`,
    decisionHtml(item),
    sizeHtml(item),
    localMinute(Date.parse(item.at), zone),
    htmlText(item.requestId ?? 'none'),
  ]);
}

const unsettledRow = (item: Unsettled): string =>
  tableRowHtml('not known', `${htmlText(item.name ?? item.arn)}`, [
    htmlText(item.source ?? 'not known'),
    '',
    UNSETTLED_TEXT,
    decisionHtml(item),
    sizeHtml(item),
    '',
    '',
  ]);

/** The facts about a deletion that an auditor needs, as a list. */
function factsHtml(result: ApplyResult, zone: Zone): string {
  const { plan, account, config, report, approvedBy, startedAt, updatedAt } = result;
  const time = (instant: string): string => localMinute(Date.parse(instant), zone);
  const facts: readonly (readonly [string, string])[] = [
    ['Approved by', approvalText(approvedBy)],
    ['Account', account ?? 'not known'],
    ['Plan', `${plan.id}, ${formatCount(plan.count, 'snapshot')}, ${plan.digest}`],
    ['Report', report ?? 'not recorded'],
    ['Configuration', config === null ? 'not recorded' : `${config.origin}, ${config.digest}`],
    ['Time', `${time(startedAt)} to ${time(updatedAt)}`],
  ];
  const items = facts.map(([name, text]) => `<dt>${name}</dt><dd>${htmlText(text)}</dd>`);
  return `<dl class="card">\n${items.join('\n')}\n</dl>\n`;
}

/** Renders the result of a deletion as one self-contained page without script, in chunks. */
export function* renderResultHtml(context: ResultContext): Generator<string> {
  const { planId, result, end, zone } = context;
  yield `${pageStart({ title: `Lightsail deletion ${planId}` })}<header><p class="dim">Plan ${htmlText(planId)}. \
${htmlText(zoneText(zone))}.</p>
<h1>${escapeHtml(endSentence(context))}</h1>
</header>
<main>
`;
  if (end.state !== 'finished') yield `<p>It ended early: ${htmlText(end.text)} (${htmlText(end.code)}).</p>\n`;
  if (result !== null) {
    yield factsHtml(result, zone);
    yield `<table><thead><tr>${COLUMN_NAMES.map((name) => `<th>${name}</th>`).join('')}</tr></thead>\n<tbody>\n`;
    for (const each of unsettledItems(result)) yield unsettledRow(each);
    for (const item of result.items) yield outcomeRow(zone, item);
    yield '</tbody></table>\n';
  }
  yield `</main>\n${PAGE_END}`;
}
