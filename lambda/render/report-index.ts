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

const INDEX_TITLE = 'Reports on Lightsail snapshots';

function indexItemHtml({ reportId, at, outcome, files }: IndexedReport, zone: Zone): string {
  const link = `<a href="${escapeHtml(files.html)}">${localMinute(Date.parse(at), zone)}</a>`;
  const text = htmlText(outcome?.replace(/^\[Lightsail\] /, '') ?? `Report ${reportId}`);
  const data = (['csv', 'json'] as const)
    .map((type) => `<a href="${escapeHtml(files[type])}">${type.toUpperCase()}</a>`)
    .join(', ');
  return `<li><p>${link}: ${text}</p><p class="dim">${data}</p></li>\n`;
}

/** Renders the index of reports as a page, in chunks: a link to each, in the given order. */
export function* renderIndex(reports: readonly IndexedReport[], zone: Zone): Generator<string> {
  yield `${pageStart({ title: INDEX_TITLE })}<main>
<h1>${INDEX_TITLE}</h1>
<p class="dim">${formatCount(reports.length, 'report')}, the newest first. ${escapeHtml(zoneText(zone))}.</p>
<ul class="card">
`;
  for (const report of reports) yield indexItemHtml(report, zone);
  yield `</ul>\n</main>\n${PAGE_END}`;
}
