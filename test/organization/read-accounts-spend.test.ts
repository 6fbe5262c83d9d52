import type { RollUpAccount } from '../../lambda/core/report/roll-up';
import { type AccountBills, parseAmount } from '../../lambda/core/report/spend';
import { makeReadAccountsSpend } from '../../lambda/organization/read-accounts-spend';
import { unreadAccount } from '../../lambda/organization/roll-up';
import { accountBillsFile } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { someTotals } from './totals';

const NOW = Date.UTC(2026, 10, 23, 8);
const HUB = '111111111111';

const anAccount = (id: string, snapshots = 2): RollUpAccount => ({
  id,
  name: null,
  ou: null,
  status: 'read',
  error: null,
  reportId: 'r',
  totals: someTotals({ snapshots }),
});
const unread = (id: string): RollUpAccount =>
  unreadAccount({ id, name: null, ou: null }, 'no-role', { code: 'c', message: 'm' });

const bills = (amounts: Readonly<Record<string, string>>, final = true): AccountBills => ({
  month: '2026-10',
  final,
  byAccount: new Map(Object.entries(amounts).map(([id, text]) => [id, parseAmount(text) ?? 0n])),
});

const AMOUNTS = { [HUB]: '0.004', '222222222222': '0.004', '333333333333': '12.5', '444444444444': '7' };

/** Cost Explorer: how often it was asked, and its answer. */
function costExplorer(answer: AccountBills) {
  const asked: string[] = [];
  return {
    asked,
    readBills: async (month: string) => {
      asked.push(month);
      return { state: 'read' as const, bills: answer };
    },
  };
}

describe('the bill of the accounts of a roll-up', () => {
  const accounts = [anAccount(HUB), anAccount('222222222222'), unread('333333333333')];

  test('has each account, also one that was not read, their sum from exact amounts, and the rest of the bill', async () => {
    const { readBills } = costExplorer(bills(AMOUNTS));
    expect(await makeReadAccountsSpend({ readBills, store: null, own: HUB })(accounts, NOW)).toEqual({
      spend: {
        month: '2026-10',
        final: true,
        currency: 'USD',
        total: 12.51,
        byAccount: { [HUB]: 0, '222222222222': 0, '333333333333': 12.5 },
        otherAccounts: 7,
      },
    });
  });

  test('is requested once a month, and then read from the store', async () => {
    const objects = new Map<string, string>();
    const { asked, readBills } = costExplorer(bills(AMOUNTS));
    const read = makeReadAccountsSpend({ readBills, store: memoryStore(objects), own: HUB });
    const first = await read(accounts, NOW);
    expect(await read(accounts, NOW + 1)).toEqual(first);
    expect(asked).toEqual(['2026-10']);
    expect(JSON.parse(objects.get(accountBillsFile('2026-10')) ?? '')).toMatchObject({
      month: '2026-10',
      byAccount: AMOUNTS,
    });
    objects.set(
      accountBillsFile('2026-10'),
      '{"schemaVersion":1,"month":"2026-10","currency":"USD","byAccount":{"a":"x"}}',
    );
    expect(await read(accounts, NOW)).toEqual(first);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['Cost Explorer calls it estimated', NOW, false],
    ['its month ended a few days ago', Date.UTC(2026, 10, 7), true],
  ])('is not stored while it can change: %s', async (_, now, final) => {
    const objects = new Map<string, string>();
    const { readBills } = costExplorer(bills(AMOUNTS, final));
    const { spend } = await makeReadAccountsSpend({ readBills, store: memoryStore(objects), own: HUB })(accounts, now);
    expect(spend?.final).toBe(final);
    expect([...objects.keys()]).toEqual([]);
  });

  test.each([
    ['that of the asking account', { [HUB]: '3' }, HUB],
    ['that of nobody', {}, HUB],
    ['that of nobody, for an account that is not known', {}, null],
  ])('is unread, and not stored, where Cost Explorer shows %s alone', async (_, amounts, own) => {
    const objects = new Map<string, string>();
    const { readBills } = costExplorer(bills(amounts));
    const read = makeReadAccountsSpend({ readBills, store: memoryStore(objects), own });
    expect(await read(accounts, NOW)).toEqual({
      spend: null,
      spendUnread: {
        cause: `Cost Explorer shows ${own ?? 'this account'} the bill of no other account`,
        remedy: 'ask from the management account, which sees the bill of every account',
      },
    });
    expect([...objects.keys()]).toEqual([]);
  });

  test('is that of the asking account alone where no other account has snapshots', async () => {
    const { readBills } = costExplorer(bills({ [HUB]: '3' }));
    const read = makeReadAccountsSpend({ readBills, store: null, own: HUB });
    expect(await read([anAccount(HUB), anAccount('222222222222', 0), unread('333333333333')], NOW)).toMatchObject({
      spend: { total: 3, otherAccounts: 0 },
    });
  });

  test('is in the report also where it cannot be stored', async () => {
    const store = { ...memoryStore(), put: () => Promise.reject(new Error('no access')) };
    const { readBills } = costExplorer(bills(AMOUNTS));
    expect(await makeReadAccountsSpend({ readBills, store, own: HUB })(accounts, NOW)).toMatchObject({
      spend: { total: 12.51 },
    });
  });

  test('is unread with the cause where it cannot be read, or where the store fails', async () => {
    const refused = async () => ({ state: 'unread' as const, cause: 'denied', remedy: 'allow it' });
    expect(await makeReadAccountsSpend({ readBills: refused, store: null, own: HUB })(accounts, NOW)).toEqual({
      spend: null,
      spendUnread: { cause: 'denied', remedy: 'allow it' },
    });
    const { readBills } = costExplorer(bills(AMOUNTS));
    const failing = { ...memoryStore(), get: () => Promise.reject(new Error('no access')) };
    expect(await makeReadAccountsSpend({ readBills, store: failing, own: HUB })(accounts, NOW)).toEqual({
      spend: null,
      spendUnread: { cause: 'no access', remedy: 'the next report asks again' },
    });
  });
});
