import type { FollowedAccount, FollowedRollUp } from '../core/report/account-changes';
import { type CsvCell, csvLine } from './csv';
import { orderedAccounts } from './roll-up-order';

const ACCOUNT_COLUMNS: Readonly<Record<string, (account: FollowedAccount) => CsvCell>> = {
  account: ({ id }) => id,
  accountName: ({ name }) => name,
  ou: ({ ou }) => ou,
  status: ({ status }) => status,
  errorCode: ({ error }) => error?.code ?? null,
  error: ({ error }) => error?.message ?? null,
  unreadReports: ({ unreadReports }) => unreadReports,
  snapshots: ({ totals }) => totals?.snapshots ?? null,
  expire: ({ totals }) => totals?.expire ?? null,
  held: ({ totals }) => totals?.held ?? null,
  sizeGb: ({ totals }) => totals?.sizeGb ?? null,
  expireSizeGb: ({ totals }) => totals?.expireSizeGb ?? null,
  monthlyCostCeiling: ({ totals }) => totals?.monthlyCostCeiling ?? null,
  expireMonthlyCostCeiling: ({ totals }) => totals?.expireMonthlyCostCeiling ?? null,
};

/** Renders the accounts of a roll-up as CSV, in chunks. */
export function* renderRollUpCsv(rollUp: FollowedRollUp): Generator<string> {
  const cells = Object.values(ACCOUNT_COLUMNS);
  yield csvLine(Object.keys(ACCOUNT_COLUMNS));
  for (const account of orderedAccounts(rollUp)) yield csvLine(cells.map((cell) => cell(account)));
}
