import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { escapeHtml } from './escape';
import { formatCount } from './numbers';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { zoneText } from './phrases';

/** A stored report in the index. */
export interface IndexedReport {
  readonly reportId: string;
  /** ISO 8601. */
  readonly at: string;
  /** The subject of its e-mail; null where it is not known. */
  readonly outcome: string | null;
  /** Of a complete report; null where they are not known. Costs are US dollars per month, at most. */
  readonly totals: { readonly keep: number; readonly expire: number; readonly monthlyCostCeiling: number } | null;
  /** Relative to the index. */
  readonly files: { readonly html: string; readonly json: string; readonly csv: string };
}

/** The result of a plan in the index. */
export interface IndexedDeletion {
  readonly planId: string;
  /** When it was last changed, ISO 8601. */
  readonly at: string;
  /** The result in one sentence. */
  readonly outcome: string;
  /** Relative to the index. */
  readonly files: { readonly html: string; readonly json: string };
}

const INDEX_TITLE = 'Reports on Lightsail snapshots';
const INDEX_TITLE_WITH_DELETIONS = 'Reports and deletions of Lightsail snapshots';

/** A line of the page: a link with its time, a text, and links to files of data. */
interface IndexLine {
  readonly at: string;
  readonly html: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

const lineOfReport = ({ reportId, at, outcome, files: { html, csv, json } }: IndexedReport): IndexLine => ({
  at,
  html,
  text: outcome?.replace(/^\[Lightsail\] /, '') ?? `Report ${reportId}`,
  data: { CSV: csv, JSON: json },
});

const lineOfDeletion = ({ planId, at, outcome, files: { html, json } }: IndexedDeletion): IndexLine => ({
  at,
  html,
  text: `Deletion of the plan ${planId}. ${outcome}`,
  data: { JSON: json },
});

function lineHtml({ at, html, text, data }: IndexLine, zone: Zone): string {
  const link = `<a href="${escapeHtml(html)}">${localMinute(Date.parse(at), zone)}</a>`;
  const files = Object.entries(data).map(([type, file]) => `<a href="${escapeHtml(file)}">${type}</a>`);
  return `<li><p>${link}: ${htmlText(text)}</p><p class="dim">${files.join(', ')}</p></li>\n`;
}

/** Merges two lists that are ordered newest first. A deletion comes before a report of the same time. */
function mergeNewest(reports: readonly IndexLine[], deletions: readonly IndexLine[]): readonly IndexLine[] {
  const byNewest = (a: IndexLine, b: IndexLine): number => Date.parse(b.at) - Date.parse(a.at);
  return [...deletions, ...reports].sort(byNewest);
}

/** Renders the index as a page, in chunks: a link to each report and deletion, the newest first. */
export function* renderIndex(
  reports: readonly IndexedReport[],
  deletions: readonly IndexedDeletion[],
  zone: Zone,
): Generator<string> {
  const title = deletions.length === 0 ? INDEX_TITLE : INDEX_TITLE_WITH_DELETIONS;
  const more = deletions.length === 0 ? '' : ` and ${formatCount(deletions.length, 'deletion')}`;
  yield `${pageStart({ title })}<main>
<h1>${title}</h1>
<p class="dim">${formatCount(reports.length, 'report')}${more}, the newest first. ${escapeHtml(zoneText(zone))}.</p>
<ul class="card">
`;
  for (const line of mergeNewest(reports.map(lineOfReport), deletions.map(lineOfDeletion))) yield lineHtml(line, zone);
  yield `</ul>\n</main>\n${PAGE_END}`;
}
