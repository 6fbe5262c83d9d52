import { readingCommand } from '../core/report/command-line';
import type { Report } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { escapeHtml } from './escape';
import { formatCount } from './numbers';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from './page/assets';
import { attentionHtml } from './page/attention';
import { candidatesHtml } from './page/candidates';
import { externalLink, lightsailPage } from './page/commands';
import { costSectionHtml } from './page/cost-section';
import { embedRows, RowWriter, selectShown } from './page/embed';
import { firstScreen, headlineText } from './page/first-screen';
import { listsHtml } from './page/lists';
import { clockOf } from './page/local-clock';
import { MARK_SHAPES, spanOf } from './page/marks';
import type { PageContext } from './page/page-context';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { type Situation, situationOf } from './page/situation';
import { tableHtml } from './page/table-section';
import { timelineHtml } from './page/timeline-section';
import { regionLabel } from './region-names';
import { unreadSection } from './report-sections';

export type { PageContext } from './page/page-context';

/** Where the rows are that a page leaves out. */
const dataPlace = ({ stored, csvCommand = readingCommand(['report', '--format', 'csv'], {}) }: PageContext): string =>
  stored ? 'report.csv and report.json, stored beside this page' : `the output of “${csvCommand}”`;

/** Above so many snapshots the page is laid out section by section, which saves a third of the time that it loads. */
const MANY = 2_000;

function pageHeader(report: Report, situation: Situation, context: PageContext): string {
  const { account, evaluatedAt, zone, items, totals } = report;
  const title = `${headlineText(report, situation, context)} · Lightsail snapshots`;
  const links = [
    ...(totals.expire > 0 ? ['<a href="#delete">Can be deleted</a>'] : []),
    ...(items.length > 0
      ? [
          '<a href="#timeline" class="scripted" hidden>Timeline and rules</a>',
          '<a href="#all">All snapshots</a>',
          '<a href="#cost">Cost and age</a>',
        ]
      : []),
  ];
  return `${pageStart({ title, scriptHash: PAGE_SCRIPT_HASH })}<a class="skip" href="#main">Skip to the report</a>
${MARK_SHAPES}<header class="top"><div class="wrap"><b>Lightsail snapshots</b><span class="quiet nb">${htmlText(account ?? 'account not known')}</span>\
<span class="quiet when">${escapeHtml(clockOf(zone).minute(evaluatedAt))}</span>\
${links.length === 0 ? '' : `<nav aria-label="Sections">${links.join('')}</nav>`}</div></header>
<main id="main" class="wrap${items.length > MANY ? ' many' : ''}">
`;
}

/** The lists that were not read, in full. */
function* unreadHtml(report: Report): Generator<string> {
  const section = unreadSection(report);
  if (section === null) return;
  const leads = section.lead.map((line) => `<p>${escapeHtml(line)}</p>`).join('');
  yield `<section class="unread" id="unread"><h2>${escapeHtml(section.title)}</h2>${leads}`;
  if (section.count > 0) yield* listsHtml(section);
  yield '</section>\n';
}

const MAX_NAMED_REGIONS = 24;

/** `3 regions, complete: Frankfurt (eu-central-1), …` */
function regionsReadText({ scopes, complete }: Report): string {
  const regions = [...new Set(scopes.filter(({ status }) => status === 'read').map(({ region }) => oneLine(region)))];
  const named = regions.slice(0, MAX_NAMED_REGIONS).map(regionLabel).join(', ');
  return `${formatCount(regions.length, 'region')}${complete ? ', complete' : ', incomplete'}${named === '' ? '' : `: ${named}`}`;
}

function footerLinks({ links, run }: PageContext): string {
  const parts =
    links === undefined
      ? []
      : [
          externalLink(links.index, 'All reports and deletions', ''),
          ...(links.previous === null ? [] : [externalLink(links.previous, 'The report before', '')]),
          externalLink(links.json, 'This report as JSON', ''),
          externalLink(links.csv, 'CSV', ''),
        ];
  const console = run?.kind === 'deployed' ? [lightsailPage().replace('>Lightsail<', '>Snapshots in Lightsail<')] : [];
  const all = [...parts, ...console];
  return all.length === 0 ? '' : `<p class="links">${all.join('')}</p>\n`;
}

function pageFooter(report: Report, context: PageContext): string {
  const { reportId, config, zone, evaluatedAt } = report;
  const facts = [
    ['Report', oneLine(reportId)],
    ['Evaluated', clockOf(zone).minute(evaluatedAt)],
    ['Read', regionsReadText(report)],
    ['Configuration', `${oneLine(config.origin)}, ${oneLine(config.digest)}`],
  ] as const;
  const list = facts.map(([term, text]) => `<dt>${term}</dt><dd>${escapeHtml(text)}</dd>`).join('');
  const tag = `<code>${escapeHtml(context.tagPrefix)}:hold</code>`;
  return `<footer>${footerLinks(context)}<p>This report deleted nothing. The tag ${tag} without a value keeps a snapshot; \
on an instance, disk or database it keeps all of its snapshots.</p><dl>${list}</dl></footer>
</main>
<div class="toast" role="status" id="toast"></div>
<div id="tip" role="tooltip" hidden></div>
`;
}

/**
 * Renders a report as one self-contained page, in chunks: what will happen and what a person can do, what needs
 * attention, what can be deleted, a timeline, a table and charts. The page makes no request, and text of other people
 * stays text.
 */
export function* renderHtml(report: Report, context: PageContext): Generator<string> {
  const place = escapeHtml(dataPlace(context));
  const situation = situationOf(report, context);
  const shown = selectShown(report.items);
  const writer = new RowWriter(report, context.due ?? new Map());
  const created = shown.map(({ snapshot }) => snapshot.createdAt);
  yield pageHeader(report, situation, context);
  yield firstScreen(report, situation, context);
  yield* unreadHtml(report);
  yield* attentionHtml(report, situation);
  yield* candidatesHtml(report, situation, context, spanOf(created, report.evaluatedAt), writer);
  yield timelineHtml(report, context, place);
  yield* tableHtml(report, shown, place, writer);
  yield costSectionHtml(report, context);
  yield pageFooter(report, context);
  yield '<script type="application/json" id="data">';
  yield* embedRows(shown, report, context);
  yield `</script>\n<script>${PAGE_SCRIPT}</script>\n${PAGE_END}`;
}
