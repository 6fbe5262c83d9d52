import type { MemberAccount } from '../core/policy/policy';
import type { RollUpAccount } from '../core/report/roll-up';
import { unreadAccount } from './roll-up';

/**
 * Reads accounts, a bounded number of them at the same time. An account whose reading rejects has failed; the others
 * go on. Returns them in the order in which they were given.
 */
export async function mapAccounts(
  accounts: readonly MemberAccount[],
  atOnce: number,
  read: (account: MemberAccount) => Promise<RollUpAccount>,
  describe: (error: unknown) => { readonly code: string; readonly message: string },
): Promise<readonly RollUpAccount[]> {
  const results: RollUpAccount[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < accounts.length; index = next++) {
      const account = accounts[index] as MemberAccount;
      results[index] = await read(account).catch((error: unknown) => unreadAccount(account, 'failed', describe(error)));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, accounts.length)) }, lane));
  return results;
}
