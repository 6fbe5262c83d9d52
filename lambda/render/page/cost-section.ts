import type { Report } from '../../core/report/report-model';
import { amountInCents, type MonthlyBill } from '../../core/report/spend';
import { type Bar, type Chart, charts } from '../charts';
import { escapeHtml } from '../escape';
import { formatCount, formatDollars, formatNumber } from '../numbers';
import { allSizes } from '../report-header';
import { billedPlace, monthInWords, regionBills, spendLine, upToText } from '../spend-text';
import { gbText, unknownSizeText } from '../totals';
import { clockOf } from './local-clock';
import type { HistoryPoint, PageContext } from './page-context';

/** A link to the filters of the page. */
const filterLink = (filter: Readonly<Record<string, string>>): string =>
  `#${escapeHtml(String(new URLSearchParams(filter)))}`;

function barHtml({ label, keep, expire, value, expiring, filter }: Bar, longest: number): string {
  const part = (amount: number): string => ((100 * amount) / longest).toFixed(2);
  const name = `<bdi>${escapeHtml(label)}</bdi>`;
  const heading = filter === null ? name : `<a href="${filterLink(filter)}">${name}</a>`;
  const hatched = expire > 0 ? `<rect class="hatched" width="${part(expire)}%" height="12"/>` : '';
  const ghost = `<rect class="ghost" x="${part(expire)}%" width="${part(keep)}%" height="12"/>`;
  const of = expiring === '' ? '' : `<span class="vh"> ${escapeHtml(expiring)}</span>`;
  return `<tr><th scope="row">${heading}</th><td class="bar" aria-hidden="true"><svg>${hatched}${ghost}</svg></td>\
<td class="r">${escapeHtml(value)}${of}</td></tr>`;
}

function chartHtml({ title, unit, bars }: Chart): string {
  const note = unit === 'dollars' ? 'Up to, per month' : 'Number of snapshots';
  const longest = Math.max(...bars.map(({ keep, expire }) => keep + expire), 1e-9);
  const rows = bars.map((bar) => barHtml(bar, longest)).join('\n');
  const caption = `<caption><b>${escapeHtml(title)}</b> ${note}; hatched can be deleted</caption>`;
  return `<div class="chart"><table>${caption}<tbody>${rows}</tbody></table></div>\n`;
}

const CHART_WIDTH = 330;
const CHART_HEIGHT = 190;
const RIGHT_EDGE = 262;
/** The most reports in the chart. */
const MAX_POINTS = 12;

const path = (values: readonly number[], x: (index: number) => number, y: (value: number) => number): string =>
  values.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('');

/** How many snapshots were kept, and how many could be deleted, in the last reports. */
function historyHtml(report: Report, earlier: readonly HistoryPoint[]): string {
  const { totals, evaluatedAt, zone } = report;
  const now = {
    at: evaluatedAt,
    keep: totals.keep,
    expire: totals.expire,
    monthlyCostCeiling: totals.monthlyCostCeiling,
  };
  const points = [...earlier.filter(({ at }) => at < evaluatedAt), now].slice(-MAX_POINTS);
  const [first] = points;
  if (first === undefined || points.length < 2) return '';
  const clock = clockOf(zone);
  const top = Math.max(1, ...points.map(({ keep, expire }) => Math.max(keep, expire)));
  const x = (index: number): number => (RIGHT_EDGE * index) / (points.length - 1) + 4;
  const y = (value: number): number => CHART_HEIGHT - ((CHART_HEIGHT - 20) * value) / top;
  const kept = path(
    points.map(({ keep }) => keep),
    x,
    y,
  );
  const expiring = path(
    points.map(({ expire }) => expire),
    x,
    y,
  );
  const isClose = Math.abs(y(now.keep) - y(now.expire)) < 16;
  const apart = isClose ? 9 : 0;
  const isUp = now.keep >= now.expire;
  const labelY = (value: number, up: boolean): number => y(value) + 4 + (up ? -apart : apart);
  const label =
    `Kept snapshots: ${formatNumber(first.keep)} to ${formatNumber(now.keep)} over ` +
    `${formatCount(points.length, 'report')}; ${formatNumber(now.expire)} can be deleted now`;
  const rows = points.map(
    (point) =>
      `<tr><th scope="row">${escapeHtml(clock.day(point.at))}</th><td>${formatNumber(point.keep)}</td>` +
      `<td>${formatNumber(point.expire)}</td><td>${formatDollars(point.monthlyCostCeiling)}</td></tr>`,
  );
  return `<figure class="chart" id="history"><figcaption><b>Over the last ${formatCount(points.length, 'report')}</b> \
Snapshots kept and snapshots that can be deleted</figcaption>
<svg viewBox="0 0 ${CHART_WIDTH} 214" role="img" aria-label="${label}"><line class="base" x1="0" x2="${RIGHT_EDGE + 8}" y1="${CHART_HEIGHT}.5" y2="${CHART_HEIGHT}.5"/>\
<path class="lk" d="${kept}"/><path class="lx" d="${expiring}"/>\
<circle class="mk" cx="${x(points.length - 1)}" cy="${y(now.keep).toFixed(1)}" r="3.6"/>\
<use href="#m-expire" x="${x(points.length - 1)}" y="${y(now.expire).toFixed(1)}"/>\
<text class="s" x="278" y="${labelY(now.keep, isUp).toFixed(1)}">${formatNumber(now.keep)} kept</text>\
<text class="s x" x="278" y="${labelY(now.expire, !isUp).toFixed(1)}">${formatNumber(now.expire)}</text>\
<text x="0" y="208">${escapeHtml(clock.day(first.at))}</text><text x="${RIGHT_EDGE + 8}" y="208" text-anchor="end">${escapeHtml(clock.day(now.at))}</text></svg>
<details class="small"><summary class="quiet">Show as a table</summary><table><thead><tr><th scope="col">Report</th><th scope="col">Kept</th>\
<th scope="col">Can be deleted</th><th scope="col">All, up to</th></tr></thead><tbody>${rows.join('')}</tbody></table></details></figure>
`;
}

/** The automatic snapshots, which no plan contains. */
function automaticText({ automatic }: Report): string {
  const total = automatic.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return '';
  const sources = formatCount(automatic.length, 'source');
  return (
    ` Not counted: ${formatCount(total, 'automatic snapshot')} of ${sources}. They cost too, and ` +
    `Lightsail rotates them.`
  );
}

/** The bill of the last month by region, beside the ceilings. */
function billHtml(report: Report, bill: MonthlyBill): string {
  const rows = regionBills(report, bill).map(
    ({ region, billed, ceiling }) =>
      `<tr><th scope="row"><bdi>${escapeHtml(billedPlace(region))}</bdi></th>` +
      `<td class="r">${formatDollars(billed)}</td><td class="r">${upToText(ceiling)}</td></tr>`,
  );
  if (rows.length === 0) return '';
  const title = `Bill of ${monthInWords(bill.month)}: ${formatDollars(amountInCents(bill.total))}`;
  return `<div class="chart" id="bill"><table><caption><b>${escapeHtml(title)}</b> Billed, beside full copies of what exists now</caption>\
<tbody>${rows.join('\n')}</tbody></table></div>\n`;
}

/** Cost and age of all snapshots, and how they changed from report to report. */
export function costSectionHtml(report: Report, { history = [] }: PageContext): string {
  if (report.items.length === 0) return '';
  const sizes = allSizes(report);
  const bill = spendLine(report);
  const { spend } = report;
  const written = charts(report)
    .filter(({ bars }) => bars.length > 0)
    .map(chartHtml);
  return `<section id="cost" aria-labelledby="h-cost"><div class="head"><div><h2 id="h-cost">Cost and age</h2>
<p>“Up to” is the price of full copies: ${escapeHtml(gbText(sizes))}, <b>${formatDollars(sizes.ceiling)}</b> a month\
${escapeHtml(unknownSizeText(sizes))}. Lightsail bills only what changed from one snapshot to the next, so the bill is lower.${automaticText(report)}</p>${bill === null ? '' : `<p id="spend">${escapeHtml(bill)}</p>`}</div></div>
<div class="charts">${spend?.state === 'read' ? billHtml(report, spend.bill) : ''}${written.slice(0, 2).join('')}${historyHtml(report, history)}${written.slice(2).join('')}</div></section>
`;
}
