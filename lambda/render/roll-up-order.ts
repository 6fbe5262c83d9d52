import type { NamedAccount } from '../core/report/account-changes';
import type { RollUp, RollUpAccount } from '../core/report/roll-up';
import { compareText } from '../core/util/compare-text';

/** The accounts that were not read in full, in order of their ids. */
export const unreadAccounts = <T extends RollUpAccount>({
  accounts,
}: {
  readonly accounts: readonly T[];
}): readonly T[] => accounts.filter(({ status }) => status !== 'read');

/** What could be freed in an account, at most, in US dollars a month. */
const freed = ({ totals }: RollUpAccount): number => totals?.expireMonthlyCostCeiling ?? 0;

/** The accounts as people read them: those that were not read in full first, then those with the most to free. */
export const orderedAccounts = <T extends RollUpAccount>({
  accounts,
}: {
  readonly accounts: readonly T[];
}): readonly T[] =>
  [...accounts].sort(
    (a, b) =>
      Number(a.status === 'read') - Number(b.status === 'read') || freed(b) - freed(a) || compareText(a.id, b.id),
  );

/** `shop (111111111111)`, or the id alone. */
export const accountText = ({ id, name }: NamedAccount): string => (name === null ? id : `${name} (${id})`);

const STATUS_TEXT: Readonly<Record<RollUpAccount['status'], string>> = {
  read: 'read',
  incomplete: 'read in part',
  'no-role': 'its role cannot be assumed',
  'not-active': 'not active',
  failed: 'not read',
};

/** A status in words. */
export const statusText = ({ status }: Pick<RollUpAccount, 'status'>): string => STATUS_TEXT[status];

/** Whether anything could be freed in any account. */
export const hasExpired = ({ totals }: Pick<RollUp, 'totals'>): boolean => totals.expire > 0;
