import type { Report } from '../core/report/report-model';
import { instantOfId } from '../core/time/instant';
import { jsonText } from '../core/util/safe-text';
import type { Store } from '../ports/ports';
import { reportSubject } from '../render/email-subject';
import { type IndexedReport, renderIndex } from '../render/report-index';
import { INDEX_JSON, INDEX_PAGE, REPORTS } from '../storage/keys';
import { parseStored, REPORT_INDEX } from '../storage/schemas';

/** Writers at once that outrun each other more often than this leave the rest to the next report. */
const MAX_TRIES = 5;

/** Returns the outcomes of the reports in an index by report id; none where it cannot be read. */
function outcomesIn(text: string | null): ReadonlyMap<string, string> {
  const reports = parseStored(REPORT_INDEX, text)?.reports ?? [];
  return new Map(reports.flatMap(({ reportId, outcome }) => (outcome === null ? [] : [[reportId, outcome] as const])));
}

/**
 * Writes the index of all stored reports, newest first: `reports/index.json`, and a page beside it. Which reports there
 * are comes from the listing alone, and it is listed once more after the writing: of two runs at once, the one that
 * writes last has seen both. Only the outcomes are carried over from the index before.
 */
export async function indexReports(
  store: Store,
  report: Report,
  due: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const list = async (): Promise<readonly string[]> =>
    (await store.list(REPORTS)).filter((name) => instantOfId(name) !== null);
  let ids = await list();
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const outcomes = new Map([
      ...outcomesIn(await store.get(INDEX_JSON)),
      [report.reportId, reportSubject(report, { due })],
    ]);
    const reports = [...ids].reverse().map(
      (reportId): IndexedReport => ({
        reportId,
        at: new Date(instantOfId(reportId) ?? 0).toISOString(),
        outcome: outcomes.get(reportId) ?? null,
        files: { html: `${reportId}/report.html`, json: `${reportId}/report.json`, csv: `${reportId}/report.csv` },
      }),
    );
    await store.put({
      key: INDEX_JSON,
      contentType: 'application/json',
      body: [`${jsonText({ schemaVersion: 1, reports }, 1)}\n`],
    });
    await store.put({
      key: INDEX_PAGE,
      contentType: 'text/html; charset=utf-8',
      body: renderIndex(reports, report.zone),
    });
    const after = await list();
    if (after.join() === ids.join()) return;
    ids = after;
  }
}
