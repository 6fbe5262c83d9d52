import { localDay } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { monthName } from './day-text';
import { escapeHtml } from './escape';
import { formatNumber } from './numbers';
import { clockOf } from './page/local-clock';
import { glyph, MARK_SHAPES } from './page/marks';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { viewHtml } from './page/view';
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

const INDEX_TITLE = 'Reports';
const INDEX_TITLE_WITH_DELETIONS = 'Reports and deletions';

/** A line of the page: a mark, a time, a text that links to the page, and links to files of data. */
interface IndexLine {
  readonly mark: 'keep' | 'gone';
  readonly at: string;
  readonly html: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

const lineOfReport = ({ reportId, at, outcome, files: { html, csv, json } }: IndexedReport): IndexLine => ({
  mark: 'keep',
  at,
  html,
  text: outcome?.replace(/^\[Lightsail\] /, '') ?? `Report ${reportId}`,
  data: { CSV: csv, JSON: json },
});

const lineOfDeletion = ({ at, outcome, files: { html, json } }: IndexedDeletion): IndexLine => ({
  mark: 'gone',
  at,
  html,
  text: `Deletion. ${outcome}`,
  data: { JSON: json },
});

/** Writes the address of a file that is given relative to the index. */
export type IndexAddress = (file: string) => string;

function lineHtml({ mark, at, html, text, data }: IndexLine, zone: Zone, addressOf: IndexAddress): string {
  const time = clockOf(zone).minute(Date.parse(at));
  const files = Object.entries(data).map(
    ([type, file]) => `<a href="${escapeHtml(addressOf(file))}" aria-label="${type} of ${time}">${type}</a>`,
  );
  return `<li>${viewHtml(glyph(mark))}<span class="at">${time}</span>\
<a href="${escapeHtml(addressOf(html))}">${htmlText(text)}</a><span class="files">${files.join(' ')}</span></li>\n`;
}

/** Merges two lists that are ordered newest first. A deletion comes before a report of the same time. */
function mergeNewest(reports: readonly IndexLine[], deletions: readonly IndexLine[]): readonly IndexLine[] {
  const byNewest = (a: IndexLine, b: IndexLine): number => Date.parse(b.at) - Date.parse(a.at);
  return [...deletions, ...reports].sort(byNewest);
}

/** `November 2026` of an instant in a zone. */
function monthOf(at: string, zone: Zone): string {
  const day = localDay(Date.parse(at), zone);
  return `${monthName(Number(day.slice(-5, -3)))} ${day.slice(0, -6)}`;
}

/** Renders the index as a page, in chunks: a link to each report and deletion, the newest first. */
export function* renderIndex(
  reports: readonly IndexedReport[],
  deletions: readonly IndexedDeletion[],
  zone: Zone,
  addressOf: IndexAddress = (file) => file,
): Generator<string> {
  const title = deletions.length === 0 ? INDEX_TITLE : INDEX_TITLE_WITH_DELETIONS;
  const key = (mark: IndexLine['mark'], count: number, text: string): string =>
    `<span>${viewHtml(glyph(mark))} <b>${formatNumber(count)}</b> ${count === 1 ? text : `${text}s`}</span>`;
  yield `${pageStart({ title: `${title} · Lightsail snapshots` })}${MARK_SHAPES}<header class="top"><div class="wrap">\
<b>Lightsail snapshots</b></div></header>
<main class="wrap log">
<h1>${title}</h1>
<p class="key">${key('keep', reports.length, 'report')}${deletions.length === 0 ? '' : key('gone', deletions.length, 'deletion')}</p>
<p class="small quiet">The newest is first. ${escapeHtml(zoneText(zone))}.</p>
`;
  let month = '';
  for (const line of mergeNewest(reports.map(lineOfReport), deletions.map(lineOfDeletion))) {
    const of = monthOf(line.at, zone);
    if (of !== month) yield `${month === '' ? '' : '</ul>\n'}<h2>${of}</h2>\n<ul>\n`;
    month = of;
    yield lineHtml(line, zone, addressOf);
  }
  yield `${month === '' ? '' : '</ul>\n'}</main>\n${PAGE_END}`;
}
