import { readingCommand } from '../core/report/command-line';
import type { Report } from '../core/report/report-model';
import { localMinute } from '../core/time/period';
import { oneLine } from '../core/util/safe-text';
import { escapeHtml } from './escape';
import { formatNumber } from './numbers';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH, PAGE_STYLE, PAGE_STYLE_HASH } from './page/assets';
import { embedRows, selectShown } from './page/embed';
import { explore } from './page/explore';
import { chartsHtml, sectionHtml, totalsHtml } from './page/parts';
import { verdictLine } from './report-header';
import { attention, background, regionsNotRead, unreadSection } from './report-sections';

const POLICY = `default-src 'none'; img-src data:; style-src '${PAGE_STYLE_HASH}'; script-src '${PAGE_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;

/** What a page says of what lies around it. */
export interface PageContext {
  /** Whether it is stored with its data beside it, and not written alone. */
  readonly stored: boolean;
  /** Prefix of the retention tags. */
  readonly tagPrefix: string;
  /** Prints all data again, where they are not stored; absent: for a run that was told nothing. */
  readonly csvCommand?: string;
}

/** Where everything is that a page leaves out. */
const dataPlace = ({ stored, csvCommand = readingCommand(['report', '--format', 'csv'], {}) }: PageContext): string =>
  stored ? 'report.csv and report.json, stored beside this page' : `the output of “${csvCommand}”`;

function headline(report: Report): string {
  const line = verdictLine(report);
  return report.complete ? line : `Incomplete: ${line.slice(0, 1).toLowerCase()}${line.slice(1)}`;
}

const pageHeader = (report: Report): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${report.complete ? '' : 'Incomplete: '}Lightsail snapshots, ${localMinute(report.evaluatedAt, report.zone)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<a class="skip" href="#explore">To the snapshots</a>
<header><p class="dim">Lightsail snapshots of account ${escapeHtml(oneLine(report.account ?? 'not known'))}, ${localMinute(report.evaluatedAt, report.zone)} ${escapeHtml(oneLine(report.zone.name))}</p>
<h1>${escapeHtml(headline(report))}</h1>
${regionsNotRead(report)
  .map((line) => `<p>${escapeHtml(line)}</p>\n`)
  .join('')}</header>
<main>
`;

const pageFooter = (report: Report, { tagPrefix }: PageContext): string => `</main>
<footer class="dim">
<p>Nothing is deleted by this report. To keep a snapshot: in the Lightsail console, give it (or its source, for all of its snapshots) a tag with the key <code>${escapeHtml(tagPrefix)}:hold</code> and no value.</p>
<p>“At most”, because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.</p>
<p>Report ${escapeHtml(oneLine(report.reportId))}. Dates and times are in the zone that the first line names; days start at midnight there. Configuration ${escapeHtml(oneLine(report.config.origin))}, ${escapeHtml(oneLine(report.config.digest))}.</p>
</footer>
<div id="tip" role="tooltip" hidden></div>
`;

/**
 * One self-contained page, in chunks: totals, what was not read, what needs a look, every source on a timeline, a table of the snapshots with their
 * reasons (of very many the first that matter; it says how many are left out), and charts. It asks for nothing outside of itself, and other people's
 * text stays text.
 */
export function* renderHtml(report: Report, context: PageContext): Generator<string> {
  const place = escapeHtml(dataPlace(context));
  const missing = unreadSection(report);
  const shown = selectShown(report.items);
  const left = report.items.length - shown.length;
  yield pageHeader(report);
  if (missing !== null) yield* sectionHtml(missing, 'warn');
  yield totalsHtml(report);
  yield '<div class="cards">';
  for (const [index, section] of attention(report).entries())
    yield* sectionHtml(section, 'card', index === 0 && report.problems.length > 0 ? 'problems' : '');
  yield '</div>\n<section id="explore"><h2>Every snapshot and why</h2>\n';
  if (left > 0)
    yield `<p class="warn">This page lists ${formatNumber(shown.length)} of ${formatNumber(report.items.length)} snapshots, those past policy first: a browser would be slow with all. The other ${formatNumber(left)} are in ${place}; totals and charts count them.</p>\n`;
  yield `<noscript><p class="warn">The timeline and the table need JavaScript. The same is in ${place}.</p></noscript>\n`;
  if (report.items.length === 0)
    yield `<p class="card">${report.complete ? 'There are no snapshots.' : 'No snapshot could be read.'}</p>\n`;
  yield `${explore(place)}</section>\n`;
  if (report.items.length > 0)
    yield `<section id="charts"><h2>Age and cost</h2><p class="dim">Filled is kept, outlined is past policy. A name leads to its snapshots.</p><div class="charts">\n${chartsHtml(report)}</div></section>\n`;
  yield '<div class="cards">';
  for (const section of background(report)) yield* sectionHtml(section, 'card');
  yield '</div>\n';
  yield pageFooter(report, context);
  yield '<script type="application/json" id="data">';
  yield* embedRows(shown, report);
  yield `</script>\n<script>${PAGE_SCRIPT}</script>\n</body>\n</html>\n`;
}
