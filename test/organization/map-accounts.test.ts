import * as fc from 'fast-check';
import type { MemberAccount } from '../../lambda/core/policy/policy';
import { mapAccounts } from '../../lambda/organization/map-accounts';
import { makeRollUp, unreadAccount } from '../../lambda/organization/roll-up';

const member = (index: number): MemberAccount => ({ id: String(100_000_000_000 + index), name: `a${index}`, ou: null });
const describeError = (error: unknown) => ({ code: 'E', message: String((error as Error).message) });

it('an account that fails changes no other account, in whatever order they are read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 30 }),
      fc.func(fc.boolean()),
      fc.integer({ min: 1, max: 9 }),
      async (numbers, fails, atOnce) => {
        const read = (failing: boolean) => async (account: MemberAccount) => {
          await new Promise((resolve) => setImmediate(resolve));
          if (failing && fails(account.id)) throw new Error(`no ${account.id}`);
          return { ...unreadAccount(account, 'no-role', { code: 'c', message: account.id }), status: 'read' as const };
        };
        const accounts = numbers.map(member);
        const some = await mapAccounts(accounts, atOnce, read(true), describeError);
        const all = await mapAccounts([...accounts].reverse(), atOnce, read(false), describeError);
        const whole = new Map(all.map((account) => [account.id, account]));
        for (const account of some) {
          if (fails(account.id)) expect(account).toMatchObject({ status: 'failed', error: { code: 'E' } });
          else expect(account).toEqual(whole.get(account.id));
        }
        expect(some.map(({ id }) => id)).toEqual(accounts.map(({ id }) => id));
        expect(makeRollUp('r', some).complete).toBe(!accounts.some(({ id }) => fails(id)));
      },
    ),
    { numRuns: 50 },
  );
});

it('never reads more accounts at the same time than it may', async () => {
  let [current, most] = [0, 0];
  await mapAccounts(
    Array.from({ length: 20 }, (_, index) => member(index)),
    3,
    async (account) => {
      current += 1;
      most = Math.max(most, current);
      await new Promise((resolve) => setImmediate(resolve));
      current -= 1;
      return unreadAccount(account, 'no-role', { code: 'c', message: 'm' });
    },
    describeError,
  );
  expect(most).toBe(3);
});
