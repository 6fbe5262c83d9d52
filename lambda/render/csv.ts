import { monthlyCostCeiling } from '../core/policy/cost';
import { describeReason } from '../core/policy/reason';
import type { EvaluatedSnapshot, Report } from '../core/report/report-model';
import { visible } from '../core/util/safe-text';
import { wholeDays } from './phrases';

type Cell = string | number | null;

/** How a cell begins that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",\n\r]/;

/** A cell as RFC 4180 writes it. */
function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = visible(cell);
  const plain = FORMULA.test(cell) || FORMULA.test(safe) ? `'${safe}` : safe;
  return NEEDS_QUOTES.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const yesNo = (answer: boolean | null): Cell => (answer === null ? null : String(answer));

/** Each column: its heading and its cell. One line adds one. */
const CSV_COLUMNS: Readonly<Record<string, (item: EvaluatedSnapshot, report: Report) => Cell>> = {
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

/** The snapshots as CSV, a heading first, in chunks. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function* renderCsv(report: Report): Generator<string> {
  const cells = Object.values(CSV_COLUMNS);
  yield `${Object.keys(CSV_COLUMNS).join(',')}\n`;
  for (const item of report.items) yield `${cells.map((cell) => cellText(cell(item, report))).join(',')}\n`;
}
