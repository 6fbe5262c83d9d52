import { localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { escaped } from './escape';
import { PAGE_STYLE, PAGE_STYLE_HASH } from './page/assets';
import { count, zoneText } from './phrases';

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

function itemHtml({ reportId, at, outcome, files }: IndexedReport, zone: Zone): string {
  const when = localMinute(Date.parse(at), zone);
  const said = escaped(oneLine(outcome?.replace(/^\[Lightsail\] /, '') ?? `Report ${reportId}`));
  const data = (['csv', 'json'] as const)
    .map((type) => `<a href="${escaped(files[type])}">${type.toUpperCase()}</a>`)
    .join(', ');
  return `<li><p><a href="${escaped(files.html)}">${escaped(when)}</a>: ${said}</p><p class="dim">${data}</p></li>\n`;
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
<p class="dim">${count(reports.length, 'report')}, the newest first. ${escaped(zoneText(zone))}.</p>
<ul class="card">
`;
  for (const report of reports) yield itemHtml(report, zone);
  yield '</ul>\n</main>\n</body>\n</html>\n';
}
