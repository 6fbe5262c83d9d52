import { roundMoney } from '../core/policy/cost';
import type { MemberAccount } from '../core/policy/policy';
import { accountFailure } from '../core/report/account-failure';
import type { Report, Totals } from '../core/report/report-model';
import type { AccountError, RollUp, RollUpAccount, RollUpBill } from '../core/report/roll-up';
import { compareText } from '../core/util/compare-text';
import { unreadScopes } from '../render/report-sections';

const NO_TOTALS: Totals = {
  snapshots: 0,
  keep: 0,
  expire: 0,
  held: 0,
  unmanaged: 0,
  problems: 0,
  sizeGb: 0,
  expireSizeGb: 0,
  monthlyCostCeiling: 0,
  expireMonthlyCostCeiling: 0,
  currency: 'USD',
};

const COUNTED = ['snapshots', 'keep', 'expire', 'held', 'unmanaged', 'problems', 'sizeGb', 'expireSizeGb'] as const;
const MONEY = ['monthlyCostCeiling', 'expireMonthlyCostCeiling'] as const;

/** Sums the totals of several reports. Money stays in whole cents. */
export function sumTotals(all: readonly Totals[]): Totals {
  const sum = { ...NO_TOTALS };
  for (const totals of all) {
    for (const member of COUNTED) sum[member] += totals[member];
    for (const member of MONEY) sum[member] = roundMoney(sum[member] + totals[member]);
  }
  return sum;
}

/** Makes the roll-up of accounts, in order of their ids. */
export function makeRollUp(
  reportId: string,
  accounts: readonly RollUpAccount[],
  { costTag, ...bill }: RollUpBill & { readonly costTag?: string | undefined } = { spend: null },
): RollUp {
  return {
    schemaVersion: 1,
    reportId,
    complete: accounts.every(({ status }) => status === 'read'),
    accounts: [...accounts].sort((a, b) => compareText(a.id, b.id)),
    totals: sumTotals(accounts.flatMap(({ totals }) => totals ?? [])),
    ...bill,
    ...(costTag !== undefined && { costTag }),
  };
}

/** An account without a report. */
export const unreadAccount = (
  { id, name, ou }: MemberAccount,
  status: 'no-role' | 'not-active' | 'failed',
  error: AccountError,
): RollUpAccount => ({ id, name, ou, status, error, reportId: null, totals: null });

/** The first resource of another account in a report; null: there is none. */
function foreignArn({ items, sources }: Pick<Report, 'items' | 'sources'>, id: string): string | null {
  const isForeign = ({ account }: { readonly account: string | null }): boolean => account !== null && account !== id;
  const item = items.find(({ snapshot }) => isForeign(snapshot));
  if (item !== undefined) return item.snapshot.arn ?? item.snapshot.name ?? '';
  return sources.find(isForeign)?.arn ?? null;
}

/** What of an account was not read, though it has a report. */
function unreadParts({ scopes }: Pick<Report, 'scopes'>): Pick<RollUpAccount, 'notRead' | 'deniedRegions'> {
  const notRead = unreadScopes({ scopes }).map(
    ({ region, kind, error }) => `${region} ${kind}${error === undefined ? '' : ` (${error.code})`}`,
  );
  const denied = scopes.filter(({ status }) => status === 'denied').map(({ region }) => region);
  return {
    ...(notRead.length > 0 && { notRead }),
    ...(denied.length > 0 && { deniedRegions: [...new Set(denied)] }),
  };
}

/**
 * An account with its report. A report that names resources of another account counts as none: its credentials are not
 * those of the account.
 */
export function reportedAccount(
  { id, name, ou }: MemberAccount,
  report: Pick<Report, 'items' | 'sources' | 'reportId' | 'totals' | 'scopes' | 'complete' | 'problems'>,
): RollUpAccount {
  const foreign = foreignArn(report, id);
  if (foreign !== null)
    return unreadAccount({ id, name, ou }, 'failed', {
      code: 'organization.foreign-resource',
      message: `the answers for account ${id} name a resource of another account: ${foreign}`,
    });
  const { reportId, totals } = report;
  const failure = accountFailure(report);
  if (failure?.status === 'failed') return unreadAccount({ id, name, ou }, 'failed', failure.error);
  const parts = unreadParts(report);
  if (failure === null) return { id, name, ou, status: 'read', error: null, reportId, totals, ...parts };
  return { id, name, ou, ...failure, reportId, totals, ...parts };
}
