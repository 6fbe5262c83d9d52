import { monthlyCostCeiling } from '../core/policy/cost';
import { describeReason } from '../core/policy/reason';
import type { EvaluatedSnapshot, Report } from '../core/report/report-model';
import { visible } from '../core/util/safe-text';
import { wholeDays } from './phrases';

/** A cell; null: empty. */
export type CsvCell = string | number | null;

/** The start of a cell that a spreadsheet treats as a formula. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",\n\r]/;

/** Writes a cell by RFC 4180. */
function cellText(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = visible(cell);
  const plain = FORMULA.test(cell) || FORMULA.test(safe) ? `'${safe}` : safe;
  return NEEDS_QUOTES.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Writes a line of cells. */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(cellText).join(',')}\n`;

const yesNo = (answer: boolean | null): CsvCell => (answer === null ? null : String(answer));

/** The columns: heading and cell. */
const CSV_COLUMNS: Readonly<Record<string, (item: EvaluatedSnapshot, report: Report) => CsvCell>> = {
  account: ({ snapshot }) => snapshot.account,
  region: ({ snapshot }) => snapshot.region,
  kind: ({ snapshot }) => snapshot.kind,
  source: ({ snapshot }) => snapshot.source?.name ?? null,
  sourceExists: ({ sourceExists }) => yesNo(sourceExists),
  name: ({ snapshot }) => snapshot.name,
  createdAt: ({ snapshot }) => (snapshot.createdAt === null ? null : new Date(snapshot.createdAt).toISOString()),
  ageDays: ({ snapshot }, { evaluatedAt }) => wholeDays(snapshot.createdAt, evaluatedAt),
  sizeGb: ({ snapshot }) => snapshot.sizeGb,
  monthlyCostCeiling: ({ snapshot }, { pricing }) => monthlyCostCeiling(snapshot, pricing),
  verdict: ({ verdict }) => verdict,
  status: ({ status }) => status,
  reasons: ({ reasons }) => reasons.map(describeReason).join('; '),
  policy: ({ policy }) => policy?.name ?? null,
  policyOrigin: ({ policy }) => policy?.origin ?? null,
  rule: ({ policy }) => policy?.rule ?? null,
  state: ({ snapshot }) => snapshot.state,
  fromAutoSnapshot: ({ snapshot }) => yesNo(snapshot.fromAutoSnapshot),
  tags: ({ snapshot }) =>
    [...snapshot.tags].map(([key, value]) => (value === null ? key : `${key}=${value}`)).join('; '),
  arn: ({ snapshot }) => snapshot.arn,
  sourceArn: ({ snapshot }) => snapshot.source?.arn ?? null,
};

/** Renders the snapshots as CSV, in chunks. A cell that resembles a formula begins with an apostrophe. */
export function* renderCsv(report: Report): Generator<string> {
  const cells = Object.values(CSV_COLUMNS);
  yield csvLine(Object.keys(CSV_COLUMNS));
  for (const item of report.items) yield csvLine(cells.map((cell) => cell(item, report)));
}
