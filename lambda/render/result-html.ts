import type { ItemResult, Unsettled } from '../core/plan/outcome';
import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { escapeHtml } from './escape';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { monthlyCostText, zoneText } from './phrases';
import { endSentence, type ResultContext } from './result-email';
import { UNSETTLED_TEXT, unsettledItems } from './result-text';

const COLUMN_NAMES = ['Outcome', 'Snapshot', 'Source', 'What and where', 'Why', 'Cost ceiling', 'When'] as const;

/** A row of the table: the outcome, the snapshot as its heading, and the other cells. All are HTML. */
const tableRowHtml = (outcome: string, snapshot: string, cells: readonly string[]): string =>
  `<tr><td>${outcome}</td><th scope="row">${snapshot}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;

const outcomeRow = (zone: Zone, item: ItemResult): string =>
  tableRowHtml(item.outcome, htmlText(item.name), [
    htmlText(item.source ?? 'not known'),
    `${item.kind}, ${htmlText(item.region)}`,
    `${htmlText(item.text)} <span class="dim">(${htmlText(item.code)})</span>`,
    monthlyCostText(item.monthlyCostCeiling),
    localMinute(Date.parse(item.at), zone),
  ]);

const unsettledRow = ({ name, arn, source, monthlyCostCeiling }: Unsettled): string =>
  tableRowHtml('not known', htmlText(name ?? arn), [
    htmlText(source ?? 'not known'),
    '',
    UNSETTLED_TEXT,
    monthlyCostText(monthlyCostCeiling),
    '',
  ]);

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
    yield `<table><thead><tr>${COLUMN_NAMES.map((name) => `<th>${name}</th>`).join('')}</tr></thead>\n<tbody>\n`;
    for (const each of unsettledItems(result)) yield unsettledRow(each);
    for (const item of result.items) yield outcomeRow(zone, item);
    yield '</tbody></table>\n';
  }
  yield `</main>\n${PAGE_END}`;
}
