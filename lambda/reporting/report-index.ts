import type { Report } from '../core/report/report-model';
import { instantOfId } from '../core/time/instant';
import { jsonText } from '../core/util/safe-text';
import type { Store } from '../ports/ports';
import type { HistoryPoint } from '../render/page/page-context';
import { reportSubject } from '../render/report-header';
import { type IndexedReport, renderIndex } from '../render/report-index';
import { INDEX_JSON, INDEX_PAGE, REPORTS } from '../storage/keys';
import { parseStored, REPORT_INDEX } from '../storage/schemas';

/** Writers at once that outrun each other more often than this leave the rest to the next report. */
const MAX_TRIES = 5;

type IndexEntry = Pick<IndexedReport, 'outcome' | 'totals'>;

/** Returns what an index has of each report, by report id; nothing where it cannot be read. */
function entriesIn(text: string | null): ReadonlyMap<string, IndexEntry> {
  const reports = parseStored(REPORT_INDEX, text)?.reports ?? [];
  return new Map(reports.map(({ reportId, outcome, totals }) => [reportId, { outcome, totals }] as const));
}

/** Returns the totals of the stored reports for the chart of a page, oldest first. */
export async function reportTotals(store: Store): Promise<readonly HistoryPoint[]> {
  const entries = entriesIn(await store.get(INDEX_JSON));
  return [...entries]
    .flatMap(([reportId, { totals }]) => {
      const at = instantOfId(reportId);
      return at === null || totals === null ? [] : [{ at, ...totals }];
    })
    .sort((a, b) => a.at - b.at);
}

const totalsOfReport = ({ totals: { keep, expire, monthlyCostCeiling }, complete }: Report): IndexedReport['totals'] =>
  complete ? { keep, expire, monthlyCostCeiling } : null;

/**
 * Writes the index of all stored reports, newest first: `reports/index.json`, and a page beside it. Which reports there
 * are comes from the listing alone, and it is listed once more after the writing: of two runs at once, the one that
 * writes last has seen both. Only outcomes and totals are carried over from the index before.
 */
export async function indexReports(store: Store, report: Report): Promise<void> {
  const list = async (): Promise<readonly string[]> =>
    (await store.list(REPORTS)).filter((name) => instantOfId(name) !== null);
  let ids = await list();
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const entry: IndexEntry = { outcome: reportSubject(report), totals: totalsOfReport(report) };
    const entries = new Map([...entriesIn(await store.get(INDEX_JSON)), [report.reportId, entry]]);
    const reports = [...ids].reverse().map(
      (reportId): IndexedReport => ({
        reportId,
        at: new Date(instantOfId(reportId) ?? 0).toISOString(),
        outcome: entries.get(reportId)?.outcome ?? null,
        totals: entries.get(reportId)?.totals ?? null,
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
