import { parseConfig } from '../../lambda/config/parse-config';
import { formatConfigProblems } from '../../lambda/config/problems';

const BASE = { version: 1, policies: { p: { keep: 'all' }, q: { expireAfter: '30d' } } };

function parsed(more: object) {
  const result = parseConfig({ ...BASE, ...more }, 'f');
  if (!result.ok) throw new Error(formatConfigProblems(result.errors, 'f'));
  return result;
}

function refusal(more: object): string {
  const result = parseConfig({ ...BASE, ...more }, 'f');
  if (result.ok) throw new Error('it was accepted');
  return formatConfigProblems(result.errors, 'f');
}

const withAccounts = (accounts: object) => ({ organization: { accounts } });

it('every account is read where the configuration says nothing', () => {
  const { config, written } = parsed({});
  expect(config.organization).toEqual({ accounts: { include: ['*'], exclude: [] }, accountMessages: false });
  expect(written.organization).toBeUndefined();
});

it('the digest is that of a configuration without the setting while it has its default', () => {
  const { digest } = parsed({}).config;
  expect(parsed({ organization: {} }).config.digest).toBe(digest);
  expect(parsed(withAccounts({ include: ['*'] })).config.digest).toBe(digest);
  expect(parsed(withAccounts({ exclude: ['sandbox-*'] })).config.digest).not.toBe(digest);
});

test.each([
  ['an empty include', { include: [] }, /at least one pattern/],
  ['a path that ends without /', { exclude: ['ou:o-a1b2c3d4e5/r-ab12'] }, /did you mean "ou:o-a1b2c3d4e5\/r-ab12\/"/],
  ['the id of an OU alone', { exclude: ['ou:ou-ab12-sandbox1'] }, /did you mean "ou:\*\/ou-ab12-sandbox1\/\*"/],
  ['a line break', { exclude: ['a\nb'] }, /an account number, an account name/],
  ['a pattern twice', { exclude: ['a', 'a'] }, /each pattern once/],
])('refuses %s', (_, accounts, message) => {
  expect(refusal(withAccounts(accounts))).toMatch(message);
});

it('refuses an OU in a rule that no path can match', () => {
  const rules = [{ match: { ou: 'ou-ab12-clients1' }, policy: 'p' }];
  expect(refusal({ rules })).toMatch(/did you mean "\*\/ou-ab12-clients1\/\*"/);
});

const warningsOf = (match: object, exclude: readonly string[], before: readonly object[] = []) =>
  parsed({
    ...withAccounts({ exclude }),
    rules: [...before.map((each) => ({ match: each, policy: 'q' })), { name: 'tested', match, policy: 'p' }],
  }).warnings.flatMap(({ code, rule }) => (rule === 'tested' ? [code] : []));

test.each<[object, readonly string[], readonly string[]]>([
  [{ accountName: 'sandbox-a*' }, ['sandbox-*'], ['rule.out-of-range']],
  [{ account: '123456789012' }, ['1234*'], ['rule.out-of-range']],
  [{ ou: '*/ou-ab12-sandbox1/*' }, ['ou:*/ou-ab12-sandbox1/*'], ['rule.out-of-range']],
  [{ accountName: 'client-*' }, ['sandbox-*'], []],
  [{ accountName: ['client-*', 'sandbox-*'] }, ['sandbox-*'], []],
  [{ ou: '*/ou-ab12-sandbox1/*' }, ['*/ou-ab12-sandbox1/*'], []],
  [{ source: 'sandbox-a' }, ['sandbox-*'], []],
])('a rule for %j where %j are excluded has the warnings %j', (match, exclude, codes) => {
  expect(warningsOf(match, exclude)).toEqual(codes);
});

test.each<[object, object, readonly string[]]>([
  [{ accountName: 'client-*' }, { accountName: 'client-shop' }, ['rule.covered']],
  [{ accountName: 'client-*' }, { source: 'web' }, []],
  [{ ou: '*/ou-ab12-clients1/*' }, { ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/' }, ['rule.covered']],
  [{ ou: '*/ou-ab12-clients1/*' }, { accountName: 'client-shop' }, []],
])('after a rule for %j, a rule for %j has the warnings %j', (earlier, match, codes) => {
  expect(warningsOf(match, [], [earlier])).toEqual(codes);
});

it('a rule by account name matches only in the account that has it', () => {
  const [rule] = parsed({ rules: [{ match: { accountName: 'client-*' }, policy: 'p' }] }).config.rules;
  expect(rule?.needsMember).toBe(true);
});

test('a tag for costs is a tag key, and is part of the digest only where it is set', () => {
  const { digest } = parsed({}).config;
  const tagged = parsed({ organization: { costTag: 'cost-centre' } }).config;
  expect(tagged.organization.costTag).toBe('cost-centre');
  expect(tagged.digest).not.toBe(digest);
  expect(refusal({ organization: { costTag: '' } })).toMatch(/a tag key: 1 to 128/);
});
