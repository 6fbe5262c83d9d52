import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { escapeHtml } from './escape';
import { formatCount } from './numbers';
import { PAGE_STYLE, PAGE_STYLE_HASH } from './page/assets';
import { zoneText } from './phrases';

/** A stored report in the index. */
export interface IndexedReport {
  readonly reportId: string;
  /** ISO 8601. */
  readonly at: string;
  /** The subject of its e-mail; null where that is not known any more. */
  readonly outcome: string | null;
  /** Relative to the index. */
  readonly files: { readonly html: string; readonly json: string; readonly csv: string };
}

const POLICY = `default-src 'none'; img-src data:; style-src '${PAGE_STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

function indexItemHtml({ reportId, at, outcome, files }: IndexedReport, zone: Zone): string {
  const when = localMinute(Date.parse(at), zone);
  const said = escapeHtml(oneLine(outcome?.replace(/^\[Lightsail\] /, '') ?? `Report ${reportId}`));
  const data = (['csv', 'json'] as const)
    .map((type) => `<a href="${escapeHtml(files[type])}">${type.toUpperCase()}</a>`)
    .join(', ');
  return `<li><p><a href="${escapeHtml(files.html)}">${escapeHtml(when)}</a>: ${said}</p><p class="dim">${data}</p></li>\n`;
}

/** The index of reports as a page, in chunks: a link to each, in the order given. */
export function* renderIndex(reports: readonly IndexedReport[], zone: Zone): Generator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Reports on Lightsail snapshots</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>Reports on Lightsail snapshots</h1>
<p class="dim">${formatCount(reports.length, 'report')}, the newest first. ${escapeHtml(zoneText(zone))}.</p>
<ul class="card">
`;
  for (const report of reports) yield indexItemHtml(report, zone);
  yield '</ul>\n</main>\n</body>\n</html>\n';
}
