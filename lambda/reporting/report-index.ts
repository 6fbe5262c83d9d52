import { s3ObjectLink } from '../core/report/console-links';
import type { Report } from '../core/report/report-model';
import { instantOfId } from '../core/time/instant';
import type { Zone } from '../core/time/zone';
import { compareText } from '../core/util/compare-text';
import { jsonText } from '../core/util/safe-text';
import type { Store } from '../ports/ports';
import { reportSubject, type SubjectContext } from '../render/email-subject';
import type { HistoryPoint } from '../render/page/page-context';
import { type IndexedDeletion, type IndexedReport, renderIndex } from '../render/report-index';
import { INDEX_JSON, INDEX_PAGE, REPORT_JSON, REPORTS, resultFile, resultPage } from '../storage/keys';
import { indexedPlans, readIndexHeads } from '../storage/result-index';
import { parseStored, REPORT_INDEX } from '../storage/schemas';

/** Writers at once that outrun each other more often than this leave the rest to the next report. */
const MAX_INDEX_TRIES = 5;

interface ReportEntry extends Pick<IndexedReport, 'outcome' | 'totals'> {
  /** The name of its JSON file, where that is not the one of a report. */
  readonly json?: string;
}

/** A report that is to be listed, with the zone of the page. */
interface IndexRequest {
  readonly reportId: string;
  readonly zone: Zone;
  readonly entry: ReportEntry;
}

/** What an index of before has that a listing of reports does not tell; nothing where it cannot be read. */
interface EarlierIndex {
  /** The outcomes and totals of reports, by report id. */
  readonly entries: ReadonlyMap<string, ReportEntry>;
  readonly deletions: readonly IndexedDeletion[];
}

function parseIndex(text: string | null): EarlierIndex {
  const { reports, deletions } = parseStored(REPORT_INDEX, text) ?? { reports: [], deletions: [] };
  const entries = reports.map(({ reportId, outcome, totals, files }) => {
    const json = files?.json.replace(`${reportId}/`, '');
    return [reportId, { outcome, totals, ...(json !== undefined && { json }) }] as const;
  });
  return { entries: new Map(entries), deletions: deletions.map(toDeletion) };
}

const toDeletion = ({ planId, at, outcome }: Pick<IndexedDeletion, 'planId' | 'at' | 'outcome'>): IndexedDeletion => ({
  planId,
  at,
  outcome,
  files: { html: `../${resultPage(planId)}`, json: `../${resultFile(planId)}` },
});

/** Returns the deletions in the index of results, newest first; null where it cannot be read. */
async function readDeletions(store: Store): Promise<readonly IndexedDeletion[] | null> {
  try {
    const heads = await readIndexHeads(store);
    const plans = [...indexedPlans(heads.flatMap((head) => head.plans ?? [])).values()];
    return plans
      .map(({ id, updatedAt, summary }) => toDeletion({ planId: id, at: updatedAt, outcome: summary }))
      .sort((a, b) => compareText(b.at, a.at) || compareText(b.planId, a.planId));
  } catch {
    return null;
  }
}

/** Returns the totals of the stored reports for the chart of a page, oldest first. */
export async function reportTotals(store: Store): Promise<readonly HistoryPoint[]> {
  const { entries } = parseIndex(await store.get(INDEX_JSON));
  return [...entries]
    .flatMap(([reportId, { totals }]) => {
      const at = instantOfId(reportId);
      return at === null || totals === null ? [] : [{ at, ...totals }];
    })
    .sort((a, b) => a.at - b.at);
}

const totalsOfReport = ({ totals: { keep, expire, monthlyCostCeiling }, complete }: Report): IndexedReport['totals'] =>
  complete ? { keep, expire, monthlyCostCeiling } : null;

/** The key of a file that is named relative to the index. */
const keyOf = (file: string): string => (file.startsWith('../') ? file.slice(3) : `${REPORTS}${file}`);

/**
 * Writes the index of all stored reports and of deletions, newest first: `reports/index.json`, and a page beside it.
 * Which reports there are comes from the listing alone, and it is listed once more after the writing: of two runs at
 * once, the one that writes last has seen both. Outcomes and totals are carried over from the index before, and so are
 * the deletions where no deletion is deployed now (`deletes` false), or where their index cannot be read. With a
 * `region`, the page links to the console, which opens a file of a bucket.
 */
export async function indexReports(
  store: Store,
  report: Report,
  deletes: boolean,
  announced: SubjectContext = {},
  region: string | null = null,
): Promise<void> {
  const entry: ReportEntry = { outcome: reportSubject(report, announced), totals: totalsOfReport(report) };
  await indexReport(store, { reportId: report.reportId, zone: report.zone, entry }, { deletes, region });
}

/** Writes the same index with an entry for any kind of report. */
export async function indexReport(
  store: Store,
  { reportId: newest, zone, entry }: IndexRequest,
  { deletes, region }: { readonly deletes: boolean; readonly region: string | null },
): Promise<void> {
  const addressOf = (file: string): string =>
    (region === null ? null : s3ObjectLink(store.locate(keyOf(file)), region)) ?? file;
  const list = async (): Promise<readonly string[]> =>
    (await store.list(REPORTS)).filter((name) => instantOfId(name) !== null);
  const read = deletes ? await readDeletions(store) : null;
  let ids = await list();
  for (let attempt = 1; attempt <= MAX_INDEX_TRIES; attempt += 1) {
    const earlier = parseIndex(await store.get(INDEX_JSON));
    const entries = new Map([...earlier.entries, [newest, entry]]);
    const deletions = read ?? earlier.deletions;
    const reports = [...ids].reverse().map(
      (reportId): IndexedReport => ({
        reportId,
        at: new Date(instantOfId(reportId) ?? 0).toISOString(),
        outcome: entries.get(reportId)?.outcome ?? null,
        totals: entries.get(reportId)?.totals ?? null,
        files: {
          html: `${reportId}/report.html`,
          json: `${reportId}/${entries.get(reportId)?.json ?? REPORT_JSON}`,
          csv: `${reportId}/report.csv`,
        },
      }),
    );
    await store.put({
      key: INDEX_JSON,
      contentType: 'application/json',
      body: [`${jsonText({ schemaVersion: 1, reports, deletions }, 1)}\n`],
    });
    await store.put({
      key: INDEX_PAGE,
      contentType: 'text/html; charset=utf-8',
      body: renderIndex(reports, deletions, zone, addressOf),
    });
    const after = await list();
    if (after.join() === ids.join()) return;
    ids = after;
  }
}
