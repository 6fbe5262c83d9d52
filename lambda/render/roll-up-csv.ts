import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { type CsvCell, csvLine } from './csv';
import { asksSpend, billedTo } from './roll-up-spend';

type RollUpColumn = readonly [head: string, cell: (account: RollUpAccount, rollUp: RollUp) => CsvCell];

const ROLL_UP_COLUMNS: Readonly<Record<string, (account: RollUpAccount) => CsvCell>> = {
  account: ({ id }) => id,
  name: ({ name }) => name,
  ou: ({ ou }) => ou,
  status: ({ status }) => status,
  error: ({ error }) => error && `${error.code}: ${error.message}`,
  snapshots: ({ totals }) => totals?.snapshots ?? null,
  keep: ({ totals }) => totals?.keep ?? null,
  expire: ({ totals }) => totals?.expire ?? null,
  held: ({ totals }) => totals?.held ?? null,
  unmanaged: ({ totals }) => totals?.unmanaged ?? null,
  problems: ({ totals }) => totals?.problems ?? null,
  sizeGb: ({ totals }) => totals?.sizeGb ?? null,
  expireSizeGb: ({ totals }) => totals?.expireSizeGb ?? null,
  monthlyCostCeiling: ({ totals }) => totals?.monthlyCostCeiling ?? null,
  expireMonthlyCostCeiling: ({ totals }) => totals?.expireMonthlyCostCeiling ?? null,
  reportId: ({ reportId }) => reportId,
};

const BILL_COLUMNS: readonly RollUpColumn[] = [
  ['billedMonth', (_, { spend }) => spend?.month ?? null],
  ['billed', (account, rollUp) => billedTo(rollUp, account)],
];

/**
 * Renders the accounts of a roll-up as CSV, one a line. An account without a report has empty cells, not zeros. The
 * bill is in the last columns, where it was to be read.
 */
export function* renderRollUpCsv(rollUp: RollUp): Generator<string> {
  const columns = [...Object.entries(ROLL_UP_COLUMNS), ...(asksSpend(rollUp) ? BILL_COLUMNS : [])];
  yield csvLine(columns.map(([head]) => head));
  for (const account of rollUp.accounts) yield csvLine(columns.map(([, cell]) => cell(account, rollUp)));
}
