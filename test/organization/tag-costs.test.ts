import type { RollUpAccount } from '../../lambda/core/report/roll-up';
import { reportedAccount, unreadAccount } from '../../lambda/organization/roll-up';
import { withTagCosts } from '../../lambda/organization/tag-costs';
import { aReport, aSource, expired, kept } from '../support/report-builder';

const MEMBER = { id: '123456789012', name: 'client-shop', ou: null };
const tagged = (value: string | null) => new Map([['team', value]]);

const REPORT = {
  ...aReport([
    kept({ name: 'a', tags: tagged('web') }),
    expired({ name: 'b', tags: tagged('web'), sizeGb: null }),
    expired({ name: 'c', source: aSource('shop') }),
    kept({ name: 'd', tags: tagged('web'), source: aSource('shop') }),
    kept({ name: 'e', tags: tagged(null), source: aSource('shop') }),
    kept({ name: 'f', source: aSource('gone') }),
    kept({ name: 'g', source: null }),
  ]),
  sources: [
    {
      ...aSource('shop'),
      kind: 'instance' as const,
      region: 'us-east-1',
      account: MEMBER.id,
      exists: true,
      tags: tagged('sales'),
      newestAt: null,
      stale: false,
    },
  ],
};
const costsOf = (key: string | undefined): RollUpAccount => withTagCosts(reportedAccount(MEMBER, REPORT), REPORT, key);

it('snapshots are summed by their own tag, else by that of their source; the rest has no value', () => {
  expect(costsOf('team').byTag).toEqual([
    { value: null, snapshots: 3, expire: 0, monthlyCostCeiling: 6, expireMonthlyCostCeiling: 0, unknownSizes: 0 },
    { value: 'sales', snapshots: 1, expire: 1, monthlyCostCeiling: 2, expireMonthlyCostCeiling: 2, unknownSizes: 0 },
    { value: 'web', snapshots: 3, expire: 1, monthlyCostCeiling: 4, expireMonthlyCostCeiling: 0, unknownSizes: 1 },
  ]);
});

it('the sums of all values are those of the account', () => {
  const { byTag = [], totals } = costsOf('team');
  const sumOf = (name: 'snapshots' | 'expire' | 'monthlyCostCeiling' | 'expireMonthlyCostCeiling'): number =>
    byTag.reduce((sum, costs) => sum + costs[name], 0);
  for (const name of ['snapshots', 'expire', 'monthlyCostCeiling', 'expireMonthlyCostCeiling'] as const)
    expect(sumOf(name)).toBe(totals?.[name]);
});

it('an account without a report, and one where costs are told by no tag, has none', () => {
  const unread = unreadAccount(MEMBER, 'no-role', { code: 'c', message: 'm' });
  expect(withTagCosts(unread, REPORT, 'team')).toBe(unread);
  expect(costsOf(undefined)).not.toHaveProperty('byTag');
});
