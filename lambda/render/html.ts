import { readingCommand } from '../core/report/command-line';
import type { Report } from '../core/report/report-model';
import { localMinute } from '../core/time/period';
import { escapeHtml } from './escape';
import { formatNumber } from './numbers';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from './page/assets';
import { embedRows, selectShown } from './page/embed';
import { explore } from './page/explore';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { chartsHtml, sectionHtml, totalsHtml } from './page/parts';
import { verdictLine } from './report-header';
import { attention, background, regionsNotRead, unreadSection } from './report-sections';

/** How a report page refers to its surroundings. */
export interface PageContext {
  /** Whether the page is stored together with its data files. */
  readonly stored: boolean;
  /** Prefix of the retention tags. */
  readonly tagPrefix: string;
  /** The command that prints all data, for a page that is not stored. */
  readonly csvCommand?: string;
}

/** Where the rows are that a page leaves out. */
const dataPlace = ({ stored, csvCommand = readingCommand(['report', '--format', 'csv'], {}) }: PageContext): string =>
  stored ? 'report.csv and report.json, stored beside this page' : `the output of “${csvCommand}”`;

function headline(report: Report): string {
  const line = verdictLine(report);
  return report.complete ? line : `Incomplete: ${line.slice(0, 1).toLowerCase()}${line.slice(1)}`;
}

function pageHeader(report: Report): string {
  const { account, complete, evaluatedAt, zone } = report;
  const at = localMinute(evaluatedAt, zone);
  const title = `${complete ? '' : 'Incomplete: '}Lightsail snapshots, ${at}`;
  const about = `Lightsail snapshots of account ${htmlText(account ?? 'not known')}, ${at} ${htmlText(zone.name)}`;
  const notRead = regionsNotRead(report).map((line) => `<p>${escapeHtml(line)}</p>\n`);
  return `${pageStart({ title, scriptHash: PAGE_SCRIPT_HASH })}<a class="skip" href="#explore">To the snapshots</a>
<header><p class="dim">${about}</p>
<h1>${escapeHtml(headline(report))}</h1>
${notRead.join('')}</header>
<main>
`;
}

function pageFooter({ reportId, config }: Report, { tagPrefix }: PageContext): string {
  const tag = `<code>${escapeHtml(tagPrefix)}:hold</code>`;
  const paragraphs = [
    'Nothing is deleted by this report. To keep a snapshot, give it a tag in the Lightsail console: ' +
      `the key ${tag} and no value. On an instance, disk or database the tag keeps all of its snapshots.`,
    '“At most”, because a size is that of the disk: ' +
      'Lightsail bills only what changed from one snapshot to the next.',
    `Report ${htmlText(reportId)}. Dates and times are in the zone that the first line names; ` +
      `days start at midnight there. Configuration ${htmlText(config.origin)}, ${htmlText(config.digest)}.`,
  ];
  return `</main>
<footer class="dim">
${paragraphs.map((paragraph) => `<p>${paragraph}</p>\n`).join('')}</footer>
<div id="tip" role="tooltip" hidden></div>
`;
}

/** What precedes the table: how many rows are left out, what needs JavaScript, and that there is no snapshot. */
function* exploreNotes(report: Report, shown: number, place: string): Generator<string> {
  const all = report.items.length;
  if (shown < all)
    yield `<p class="warn">This page lists ${formatNumber(shown)} of ${formatNumber(all)} snapshots, expired ones first: \
a browser would be slow with all of them. The other ${formatNumber(all - shown)} are in ${place}; \
totals and charts count them.</p>\n`;
  yield `<noscript><p class="warn">The timeline and the table need JavaScript. \
The same data is in ${place}.</p></noscript>\n`;
  if (all === 0)
    yield `<p class="card">${report.complete ? 'There are no snapshots.' : 'No snapshot could be read.'}</p>\n`;
}

function* chartsSection(report: Report): Generator<string> {
  if (report.items.length === 0) return;
  yield '<section id="charts"><h2>Age and cost</h2><p class="dim">Filled bars are kept, outlined bars are expired by ';
  yield `policy. Follow a name to see its snapshots.</p><div class="charts">\n${chartsHtml(report)}</div></section>\n`;
}

/**
 * Renders a report as one self-contained page, in chunks: totals, lists that were not read, problems, a timeline, a
 * table and charts. The page makes no request, and text of other people stays text.
 */
export function* renderHtml(report: Report, context: PageContext): Generator<string> {
  const place = escapeHtml(dataPlace(context));
  const missing = unreadSection(report);
  const shown = selectShown(report.items);
  yield pageHeader(report);
  if (missing !== null) yield* sectionHtml(missing, 'warn');
  yield totalsHtml(report);
  yield '<div class="cards">';
  for (const [index, section] of attention(report).entries())
    yield* sectionHtml(section, 'card', index === 0 && report.problems.length > 0 ? 'problems' : '');
  yield '</div>\n<section id="explore"><h2>Every snapshot and why</h2>\n';
  yield* exploreNotes(report, shown.length, place);
  yield `${explore(place)}</section>\n`;
  yield* chartsSection(report);
  yield '<div class="cards">';
  for (const section of background(report)) yield* sectionHtml(section, 'card');
  yield '</div>\n';
  yield pageFooter(report, context);
  yield '<script type="application/json" id="data">';
  yield* embedRows(shown, report);
  yield `</script>\n<script>${PAGE_SCRIPT}</script>\n${PAGE_END}`;
}
