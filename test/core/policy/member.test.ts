import { parseConfig } from '../../../lambda/config/parse-config';
import type { Config } from '../../../lambda/core/policy/config';
import { decide } from '../../../lambda/core/policy/decide';
import { aSnapshot, NOW } from '../../support/report-builder';

const MEMBER = { id: '123456789012', name: 'client-shop', ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/' };

function policyIn(member: Config['member'], match: object): string | undefined {
  const parsed = parseConfig(
    {
      version: 1,
      policies: { client: { keep: 'all' }, rest: { keep: 'all' } },
      rules: [{ match, policy: 'client' }],
      default: 'rest',
    },
    'f',
  );
  if (!parsed.ok) throw new Error('the configuration is not valid');
  const config = member === undefined ? parsed.config : { ...parsed.config, member };
  const sources = () => ({ state: 'gone' }) as const;
  return decide({ snapshots: [aSnapshot()], sources, config, now: NOW }).items[0]?.policy?.name;
}

test.each<[string, Config['member'], object, string]>([
  ['a rule by account name matches in that account', MEMBER, { accountName: 'client-*' }, 'client'],
  ['a rule by OU matches in that OU', MEMBER, { ou: '*/ou-ab12-clients1/*' }, 'client'],
  [
    'a rule by account name does not match in another account',
    { ...MEMBER, name: 'x' },
    { accountName: 'client-*' },
    'rest',
  ],
  [
    'a rule by account name does not match an account without a name',
    { ...MEMBER, name: null },
    { accountName: '*' },
    'rest',
  ],
  ['a rule by OU does not match an account without a path', { ...MEMBER, ou: null }, { ou: '*' }, 'rest'],
  ['a rule by account name does not match outside of an organization', undefined, { accountName: '*' }, 'rest'],
  [
    "another account's name is not that of the snapshot",
    { ...MEMBER, id: '999999999999' },
    { accountName: '*' },
    'rest',
  ],
])('%s', (_, member, match, expected) => {
  expect(policyIn(member, match)).toBe(expected);
});
