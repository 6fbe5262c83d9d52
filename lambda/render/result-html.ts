import type { ItemResult, Unsettled } from '../core/plan/outcome';
import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { escapeHtml } from './escape';
import { PAGE_STYLE, PAGE_STYLE_HASH } from './page/assets';
import { monthlyCostText, zoneText } from './phrases';
import { endSentence, type ResultContext } from './result-email';
import { UNSETTLED_TEXT, unsettledItems } from './result-text';

const POLICY = `default-src 'none'; style-src '${PAGE_STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`;

const text = (said: string): string => escapeHtml(oneLine(said));

const outcomeRow = (
  zone: Zone,
  { outcome, name, kind, region, source, text: why, code, monthlyCostCeiling, at }: ItemResult,
): string =>
  `<tr><td>${outcome}</td><th scope="row">${text(name)}</th><td>${text(source ?? 'not known')}</td><td>${kind}, ${text(region)}</td><td>${text(why)} <span class="dim">(${text(code)})</span></td><td>${monthlyCostText(monthlyCostCeiling)}</td><td>${localMinute(Date.parse(at), zone)}</td></tr>\n`;

const unsettledRow = ({ name, arn, source, monthlyCostCeiling }: Unsettled): string =>
  `<tr><td>not known</td><th scope="row">${text(name ?? arn)}</th><td>${text(source ?? 'not known')}</td><td></td><td>${UNSETTLED_TEXT}</td><td>${monthlyCostText(monthlyCostCeiling)}</td><td></td></tr>\n`;

/** What was done, as one self-contained page without script, in chunks. Other people's text stays text. */
export function* renderResultHtml(context: ResultContext): Generator<string> {
  const { planId, result, end, zone } = context;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Lightsail deletion ${text(planId)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header><p class="dim">Plan ${text(planId)}. ${text(zoneText(zone))}.</p>
<h1>${escapeHtml(endSentence(context))}</h1>
</header>
<main>
`;
  if (end.state !== 'finished')
    yield `<p>It ended before it was finished: ${text(end.text)} (${text(end.code)}).</p>\n`;
  if (result !== null) {
    yield '<table><thead><tr><th>Outcome</th><th>Snapshot</th><th>Source</th><th>What and where</th><th>Why</th><th>Cost ceiling</th><th>When</th></tr></thead>\n<tbody>\n';
    for (const each of unsettledItems(result)) yield unsettledRow(each);
    for (const item of result.items) yield outcomeRow(zone, item);
    yield '</tbody></table>\n';
  }
  yield '</main>\n</body>\n</html>\n';
}
