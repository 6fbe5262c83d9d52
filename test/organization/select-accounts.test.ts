import { globMatches } from '../../lambda/config/globs';
import { type ListedAccount, selectAccounts } from '../../lambda/organization/select-accounts';

const account = (id: string, name: string | null, more: Partial<ListedAccount> = {}): ListedAccount => ({
  id: id.repeat(12),
  name,
  ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/',
  state: 'ACTIVE',
  ...more,
});

const ALL = [
  account('3', 'client-shop'),
  account('1', 'management', { ou: 'o-a1b2c3d4e5/r-ab12/' }),
  account('2', 'sandbox-anna', { ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-sandbox1/' }),
  account('4', 'client-old', { state: 'SUSPENDED' }),
  account('5', null, { ou: null }),
];

const idsOf = (accounts: readonly { readonly id: string }[]): string => accounts.map(({ id }) => id.charAt(0)).join('');

function select(include: readonly string[], exclude: readonly string[] = [], listed = ALL) {
  const { selected, notActive, excluded, warnings } = selectAccounts(listed, { include, exclude }, globMatches);
  return { selected: idsOf(selected), notActive: idsOf(notActive), excluded: idsOf(excluded), warnings };
}

test.each([
  [['*'], [], '1235', '4', ''],
  [['client-*'], [], '3', '4', '125'],
  [['333333333333', '5*'], [], '35', '', '124'],
  [['*'], ['sandbox-*'], '135', '4', '2'],
  [['*'], ['ou:*/ou-ab12-sandbox1/*'], '135', '4', '2'],
  [['ou:o-a1b2c3d4e5/r-ab12/'], [], '1', '', '2345'],
  [['*'], ['client-old'], '1235', '', '4'],
  [['*'], ['ou:*'], '5', '', '1234'],
])('include %j and exclude %j select %s; %s are not active, %s are excluded', (include, exclude, ...expected) => {
  const { selected, notActive, excluded, warnings } = select(include, exclude);
  expect([selected, notActive, excluded]).toEqual(expected);
  expect(warnings).toEqual([]);
});

it('names each pattern that matches no account', () => {
  expect(select(['*', 'customer-*'], ['ou:*/ou-ab12-none1/*']).warnings).toEqual([
    'organization.accounts.include: "customer-*" matches none of 5 accounts',
    'organization.accounts.exclude: "ou:*/ou-ab12-none1/*" matches none of 5 accounts',
  ]);
});

it('selects the same accounts in whatever order they are listed, and each once', () => {
  const turned = [...ALL].reverse();
  expect(select(['*'], ['sandbox-*'], [...turned, ...ALL])).toEqual(select(['*'], ['sandbox-*']));
});

it('reads an account whose state is not known', () => {
  expect(select(['*'], [], [account('7', 'new', { state: null })]).selected).toBe('7');
});
