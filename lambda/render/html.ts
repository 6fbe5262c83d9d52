import { monthlyCostCeiling, snapshotGb } from '../core/cost';
import type { Judged, Report } from '../core/report-model';
import { type Chart, charts } from './charts';
import { verdictLine } from './frame';
import { type Section, surroundings, unread } from './outline';
import { PAGE_SCRIPT_HASH, PAGE_STYLE_HASH } from './page/hashes';
import { PAGE_SCRIPT } from './page/script';
import { PAGE_STYLE } from './page/style';
import { clean, dollars, minute, nameOf, policyText, reasonsText, sourceNameOf, wholeDays } from './phrases';

const POLICY = `default-src 'none'; img-src data:; style-src '${PAGE_STYLE_HASH}'; script-src '${PAGE_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;
/** A section beyond this is read in the JSON report. */
const MOST_ITEMS = 500;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that stays text in HTML, between tags and within a quoted attribute. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** JSON that cannot end the element around it. */
const embedded = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

const WORDS: Readonly<Record<Judged['status'], string>> = {
  managed: 'kept',
  held: 'held',
  problem: 'kept: problem',
  unfinished: 'kept: not finished',
  future: 'kept: dated in the future',
  'automatic-copy': 'kept: copy of an automatic snapshot',
  unmanaged: 'kept: no policy',
};

function markOf({ verdict, status }: Judged): string {
  if (verdict === 'expire') return 'expire';
  return status === 'managed' ? 'keep' : status === 'held' ? 'held' : 'aside';
}

/** A row as the script reads it, by position: 20,000 of them name no key twice. */
function rowOf(item: Judged, report: Report): readonly unknown[] {
  const { snapshot, verdict, status, policy, reasons } = item;
  const { account, kind, region, source } = snapshot;
  const gone = item.sourceExists === false ? ', no longer exists' : '';
  return [
    nameOf(snapshot),
    `${sourceNameOf(snapshot)}${gone}`,
    clean([account, region, kind, source?.arn ?? `name ${source?.name}`].join(' ')),
    kind,
    clean(region),
    snapshot.createdAt,
    wholeDays(snapshot.createdAt, report.evaluatedAt),
    snapshotGb(snapshot),
    monthlyCostCeiling(snapshot, report.pricing),
    markOf(item),
    verdict === 'expire' ? 'past policy' : WORDS[status],
    policyText(policy),
    reasonsText(reasons),
    [...snapshot.tags].map(([key, value]) => clean(value === null ? key : `${key}=${value}`)).join(', '),
    snapshot.arn === null ? null : clean(snapshot.arn),
  ];
}

function sectionHtml({ title, lead, count, items }: Section, warn: boolean): string {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const item of items()) {
    if (lines.length === MOST_ITEMS) break;
    const group =
      item.heading === undefined || item.heading === heading
        ? ''
        : `${heading === undefined ? '' : '</ul>'}<h3>${escaped(item.heading)}</h3><ul>`;
    heading = item.heading;
    const details = (item.details ?? []).map((detail) => `<br><span class="dim">${escaped(detail)}</span>`).join('');
    lines.push(`${group}<li>${escaped(item.line)}${details}</li>`);
  }
  const more = count > MOST_ITEMS ? `<p>… and ${count - MOST_ITEMS} more, in the JSON report beside this page</p>` : '';
  const list = lines.length === 0 ? '' : `${heading === undefined ? '<ul>' : ''}${lines.join('\n')}</ul>`;
  const leads = lead.map((line) => `<p>${escaped(line)}</p>`).join('');
  return `<section${warn ? ' class="warn"' : ''}><h2>${escaped(title)}</h2>${leads}${list}${more}</section>\n`;
}

function chartHtml({ title, bars }: Chart): string {
  const longest = Math.max(...bars.map(({ keep, expire }) => keep + expire), 1e-9);
  const part = (amount: number): string => ((100 * amount) / longest).toFixed(2);
  const rows = bars.map(
    ({ label, keep, expire, value }) =>
      `<tr><th scope="row"><bdi>${escaped(label)}</bdi></th><td aria-hidden="true"><svg viewBox="-1 -1 102 12" preserveAspectRatio="none"><rect class="k" width="${part(keep)}" height="10"/>${
        expire > 0 ? `<rect class="x" x="${part(keep)}" width="${part(expire)}" height="10"/>` : ''
      }</svg></td><td>${escaped(value)}</td></tr>`,
  );
  return `<div class="chart"><table><caption>${escaped(title)}</caption><tbody>${rows.join('\n')}</tbody></table></div>\n`;
}

function totalsHtml({ totals, problems }: Report): string {
  const figures: readonly (readonly [string, string | number])[] = [
    ['Snapshots', totals.snapshots],
    ['Past policy', totals.expire],
    ['Kept', totals.keep],
    ['Held', totals.held],
    ['Covered by no policy', totals.unmanaged],
    ['Problems', problems.length],
    ['Size', `${totals.sizeGb} GB`],
    ['Cost per month, at most', dollars(totals.monthlyCostCeiling)],
    ['Past policy per month, at most', dollars(totals.expireMonthlyCostCeiling)],
  ];
  return `<dl class="totals">${figures.map(([term, figure]) => `<div><dt>${term}</dt><dd>${figure}</dd></div>`).join('')}</dl>\n`;
}

const COLUMNS = [
  ['name', 'Snapshot'],
  ['source', 'Source'],
  ['kind', 'Kind'],
  ['region', 'Region'],
  ['age', 'Age in days'],
  ['size', 'GB'],
  ['cost', 'At most per month'],
  ['verdict', 'Verdict'],
  ['reasons', 'Why'],
] as const;

const LEGEND = `<p class="legend"><span><span class="mark keep"></span>kept</span><span><span class="mark expire"></span>past policy</span><span><span class="mark held"></span>held</span><span><span class="mark aside"></span>set aside, kept</span></p>`;

const option = (id: string, label: string): string => `<label>${label}<select id="f-${id}"><option value="">all</option></select></label>`;

const TABLE = `<section id="snapshots"><h2>All snapshots</h2>
<form id="filters"><label>Search<input id="search" type="search" autocomplete="off" spellcheck="false"></label>${option('word', 'Verdict')}${option('kind', 'Kind')}${option('region', 'Region')}<button type="reset">Clear</button></form>
<div class="pager"><span id="count" role="status"></span><button id="previous" type="button">Previous</button><button id="next" type="button">Next</button></div>
<table id="rows" role="table" aria-label="All snapshots"><thead role="rowgroup"><tr role="row">${COLUMNS.map(([key, label]) => `<th role="columnheader" scope="col" data-sort="${key}" aria-sort="none"><button type="button">${label}</button></th>`).join('')}</tr></thead><tbody id="body" role="rowgroup"></tbody></table></section>
`;

/**
 * One self-contained page, in chunks: totals, what was not read, a timeline of every source, charts, and a table of every snapshot with its reasons.
 * It asks for nothing outside of itself, and other people's text stays text.
 */
export function* renderHtml(report: Report): Generator<string> {
  const missing = unread(report);
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Lightsail snapshots, ${minute(report.evaluatedAt)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<a class="skip" href="#snapshots">To the table of snapshots</a>
<header><h1>Lightsail snapshots</h1>
<p><strong>${escaped(verdictLine(report))}</strong></p>
<p class="dim">As of ${minute(report.evaluatedAt)}, days are cut in ${escaped(clean(report.timezone))}. Account ${escaped(clean(report.account ?? 'not known'))}. Configuration ${escaped(clean(report.config.origin))}. Nothing is deleted by this report.</p>
</header>
<main>
`;
  if (missing !== null) yield sectionHtml(missing, true);
  yield totalsHtml(report);
  yield `<section><h2>Timeline</h2>${LEGEND}<div class="axis" id="axis" aria-hidden="true"></div><div id="lanes"></div><button id="more" type="button" hidden>Show more sources</button></section>\n`;
  yield `<section><h2>Age and cost</h2><p class="dim">Filled: kept. Outlined: past policy. Sizes are disk sizes and snapshots are incremental, so every cost is at most that.</p><div class="charts">\n`;
  for (const chart of charts(report)) if (chart.bars.length > 0) yield chartHtml(chart);
  yield '</div></section>\n';
  for (const each of surroundings(report)) yield sectionHtml(each, false);
  yield TABLE;
  yield '<noscript><p class="warn">The timeline and the table need JavaScript. The JSON and CSV reports beside this page say the same.</p></noscript>\n</main>\n';
  yield `<footer class="dim"><p>Report ${escaped(clean(report.reportId))}, configuration ${escaped(clean(report.config.digest))}.</p></footer>\n<div id="tip" role="tooltip" hidden></div>\n`;
  yield `<script type="application/json" id="data">{"now":${report.evaluatedAt},"rows":[`;
  for (const [index, item] of report.items.entries()) yield `${index === 0 ? '\n' : ',\n'}${embedded(rowOf(item, report))}`;
  yield `\n]}</script>\n<script>${PAGE_SCRIPT}</script>\n</body>\n</html>\n`;
}
