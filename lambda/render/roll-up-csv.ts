import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { type CsvCell, csvLine } from './csv';

const ROLL_UP_COLUMNS: Readonly<Record<string, (account: RollUpAccount) => CsvCell>> = {
  account: ({ id }) => id,
  name: ({ name }) => name,
  ou: ({ ou }) => ou,
  status: ({ status }) => status,
  error: ({ error }) => error && `${error.code}: ${error.message}`,
  notRead: ({ notRead = [], deniedRegions = [] }) =>
    [...notRead, ...deniedRegions.map((region) => `${region} (denied by a service control policy)`)].join('; '),
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

/** Renders the accounts of a roll-up as CSV, one a line. An account without a report has empty cells, not zeros. */
export function* renderRollUpCsv({ accounts }: RollUp): Generator<string> {
  yield csvLine(Object.keys(ROLL_UP_COLUMNS));
  const cells = Object.values(ROLL_UP_COLUMNS);
  for (const account of accounts) yield csvLine(cells.map((cell) => cell(account)));
}
