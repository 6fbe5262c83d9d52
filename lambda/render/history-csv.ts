import type { HistoryEntry } from '../core/plan/history';
import { type CsvCell, csvLine } from './csv';

/** The columns: heading and cell. */
const HISTORY_COLUMNS: Readonly<Record<string, (entry: HistoryEntry) => CsvCell>> = {
  at: ({ at }) => at,
  outcome: ({ outcome }) => outcome,
  name: ({ name }) => name,
  kind: ({ kind }) => kind,
  account: ({ account }) => account,
  region: ({ region }) => region,
  createdAt: ({ createdAt }) => createdAt,
  source: ({ source }) => source,
  policy: ({ policy }) => policy,
  reasons: ({ reasons }) => reasons.map(({ text }) => text).join('; '),
  plan: ({ plan }) => plan.id,
  planDigest: ({ plan }) => plan.digest,
  report: ({ report }) => report,
  approvedByKind: ({ approvedBy }) => approvedBy?.kind ?? null,
  approvedByArn: ({ approvedBy }) => approvedBy?.arn ?? null,
  approvedByClaimed: ({ approvedBy }) => (approvedBy === null ? null : String(approvedBy.claimed)),
  announcedBy: ({ approvedBy }) => approvedBy?.announcedBy?.join('; ') ?? null,
  requestId: ({ requestId }) => requestId,
  arn: ({ arn }) => arn,
  code: ({ code }) => code,
  text: ({ text }) => text,
  mayStillBeDeleted: ({ mayStillBeDeleted }) => String(mayStillBeDeleted),
};

/** Renders entries of the history as CSV, in chunks. */
export function* renderHistoryCsv(entries: Iterable<HistoryEntry>): Generator<string> {
  const cells = Object.values(HISTORY_COLUMNS);
  yield csvLine(Object.keys(HISTORY_COLUMNS));
  for (const entry of entries) yield csvLine(cells.map((cell) => cell(entry)));
}
