import type { Totals } from '../core/report/report-model';
import type { RollUp, RollUpAccount, TagCosts } from '../core/report/roll-up';
import { type CsvCell, csvLine } from './csv';
import { asksSpend, billedTo } from './roll-up-spend';

/** What a line is about: an account, and where costs are told by a tag one of its values. */
interface CsvSubject {
  readonly account: RollUpAccount;
  readonly tagged: TagCosts | null;
}

type RollUpColumn = readonly [head: string, cell: (subject: CsvSubject, rollUp: RollUp) => CsvCell];

const totalColumn = (name: Exclude<keyof Totals, 'currency'>): RollUpColumn => [
  name,
  ({ account }) => account.totals?.[name] ?? null,
];
const tagColumn = (name: Exclude<keyof TagCosts, 'value'>): RollUpColumn => [
  name,
  ({ tagged }) => tagged?.[name] ?? null,
];

const notReadText = ({ notRead = [], deniedRegions = [] }: RollUpAccount): string =>
  [...notRead, ...deniedRegions.map((region) => `${region} (denied by a service control policy)`)].join('; ');

const IDENTITY: readonly RollUpColumn[] = [
  ['account', ({ account }) => account.id],
  ['name', ({ account }) => account.name],
  ['ou', ({ account }) => account.ou],
  ['status', ({ account }) => account.status],
  ['error', ({ account: { error } }) => error && `${error.code}: ${error.message}`],
  ['notRead', ({ account }) => notReadText(account)],
];
const REPORT_ID: RollUpColumn = ['reportId', ({ account }) => account.reportId];

const BY_ACCOUNT: readonly RollUpColumn[] = [
  ...IDENTITY,
  totalColumn('snapshots'),
  totalColumn('keep'),
  totalColumn('expire'),
  totalColumn('held'),
  totalColumn('unmanaged'),
  totalColumn('problems'),
  totalColumn('sizeGb'),
  totalColumn('expireSizeGb'),
  totalColumn('monthlyCostCeiling'),
  totalColumn('expireMonthlyCostCeiling'),
  REPORT_ID,
];

const BY_TAG: readonly RollUpColumn[] = [
  ...IDENTITY,
  ['tag', (_, { costTag }) => costTag ?? null],
  ['value', ({ tagged }) => tagged?.value ?? null],
  tagColumn('snapshots'),
  tagColumn('expire'),
  tagColumn('monthlyCostCeiling'),
  tagColumn('expireMonthlyCostCeiling'),
  tagColumn('unknownSizes'),
  REPORT_ID,
];

const BILLED_MONTH: RollUpColumn = ['billedMonth', (_, { spend }) => spend?.month ?? null];

/** The most of the account's bill that the snapshots of a value can be: AWS tells no cost of a snapshot. */
function billedAtMost({ account, tagged }: CsvSubject, rollUp: RollUp): CsvCell {
  const billed = billedTo(rollUp, account);
  if (billed === null || tagged === null) return null;
  const most = Math.max(0, billed);
  return tagged.unknownSizes > 0 ? most : Math.min(most, tagged.monthlyCostCeiling);
}

const BILL_BY_ACCOUNT: readonly RollUpColumn[] = [
  BILLED_MONTH,
  ['billed', ({ account }, rollUp) => billedTo(rollUp, account)],
];
const BILL_BY_TAG: readonly RollUpColumn[] = [
  BILLED_MONTH,
  ['accountBilled', ({ account }, rollUp) => billedTo(rollUp, account)],
  ['billedAtMost', billedAtMost],
];

/** A line for each value; one without a value for an account that has no snapshots, or no report. */
const linesOf = (account: RollUpAccount): readonly CsvSubject[] =>
  (account.byTag ?? []).length === 0
    ? [{ account, tagged: null }]
    : (account.byTag ?? []).map((tagged) => ({ account, tagged }));

/**
 * Renders a roll-up as CSV: a line for each account, or where costs are told by a tag for each of its values there. An
 * account without a report has empty cells, not zeros. The bill is in the last columns, where it was to be read.
 */
export function* renderRollUpCsv(rollUp: RollUp): Generator<string> {
  const isByTag = rollUp.costTag !== undefined;
  const bill = isByTag ? BILL_BY_TAG : BILL_BY_ACCOUNT;
  const columns = [...(isByTag ? BY_TAG : BY_ACCOUNT), ...(asksSpend(rollUp) ? bill : [])];
  yield csvLine(columns.map(([head]) => head));
  for (const account of rollUp.accounts)
    for (const subject of isByTag ? linesOf(account) : [{ account, tagged: null }])
      yield csvLine(columns.map(([, cell]) => cell(subject, rollUp)));
}
