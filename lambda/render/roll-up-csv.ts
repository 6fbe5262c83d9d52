import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { type CsvCell, csvLine } from './csv';

const ROLL_UP_COLUMNS: Readonly<Record<string, (account: RollUpAccount) => CsvCell>> = {
  account: ({ id }) => id,
  name: ({ name }) => name,
  ou: ({ ou }) => ou,
  status: ({ status }) => status,
  error: ({ error }) => error && `${error.code}: ${error.message}`,
  snapshots: ({ totals }) => totals && totals.snapshots,
  keep: ({ totals }) => totals && totals.keep,
  expire: ({ totals }) => totals && totals.expire,
  held: ({ totals }) => totals && totals.held,
  unmanaged: ({ totals }) => totals && totals.unmanaged,
  problems: ({ totals }) => totals && totals.problems,
  sizeGb: ({ totals }) => totals && totals.sizeGb,
  expireSizeGb: ({ totals }) => totals && totals.expireSizeGb,
  monthlyCostCeiling: ({ totals }) => totals && totals.monthlyCostCeiling,
  expireMonthlyCostCeiling: ({ totals }) => totals && totals.expireMonthlyCostCeiling,
  reportId: ({ reportId }) => reportId,
};

/** Renders the accounts of a roll-up as CSV, one a line. An account without a report has empty cells, not zeros. */
export function* renderRollUpCsv({ accounts }: RollUp): Generator<string> {
  yield csvLine(Object.keys(ROLL_UP_COLUMNS));
  const cells = Object.values(ROLL_UP_COLUMNS);
  for (const account of accounts) yield csvLine(cells.map((cell) => cell(account)));
}
