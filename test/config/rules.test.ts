import { parseConfig } from '../../lambda/config/parse-config';
import { formatConfigProblems } from '../../lambda/config/problems';
import type { MatchSubject } from '../../lambda/core/policy/policy';

const SUBJECT: MatchSubject = {
  kind: 'instance',
  region: 'eu-central-1',
  account: '123456789012',
  accountName: 'client-shop',
  ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/',
  source: 'prod-web',
  name: 'web-1108',
  tags: new Map([
    ['env', 'prod'],
    ['no-value', null],
  ]),
  sourceTags: new Map([['contract', 'premium']]),
  orphaned: false,
  fromAutoSnapshot: false,
};

function matches(match: object, subject: Partial<MatchSubject> = {}): boolean {
  const result = parseConfig({ version: 1, policies: { p: { keep: 'all' } }, rules: [{ match, policy: 'p' }] }, 'test');
  if (!result.ok) throw new Error(formatConfigProblems(result.errors, 'test'));
  const [rule] = result.config.rules;
  return rule?.matches({ ...SUBJECT, ...subject }) ?? false;
}

test.each<[object, boolean]>([
  [{}, true],
  [{ kind: 'instance' }, true],
  [{ kind: 'disk' }, false],
  [{ kind: ['disk', 'instance'] }, true],
  [{ kind: 'd*' }, false],
  [{ kind: '*' }, true],
  [{ region: 'eu-*' }, true],
  [{ region: 'us-*' }, false],
  [{ region: 'eu-central-1' }, true],
  [{ account: '123456789012' }, true],
  [{ account: '1234*' }, true],
  [{ account: '999*' }, false],
  [{ source: 'prod-*' }, true],
  [{ source: 'prod' }, false],
  [{ source: 'Prod-*' }, false],
  [{ source: 'web' }, false],
  [{ source: ['db-*', '*-web'] }, true],
  [{ name: 'web-????' }, true],
  [{ name: 'web-???' }, false],
  [{ tags: { env: 'prod' } }, true],
  [{ tags: { env: 'Prod' } }, false],
  [{ tags: { env: '*' } }, true],
  [{ tags: { Env: '*' } }, false],
  [{ tags: { env: 'prod', other: '*' } }, false],
  [{ tags: { env: 'prod', 'no-value': '*' } }, true],
  [{ tags: { 'no-value': '*' } }, true],
  [{ tags: { 'no-value': 'x' } }, false],
  [{ tags: {} }, true],
  [{ sourceTags: { contract: 'premium' } }, true],
  [{ sourceTags: { env: 'prod' } }, false],
  [{ orphaned: false }, true],
  [{ orphaned: true }, false],
  [{ fromAutoSnapshot: true }, false],
  [{ fromAutoSnapshot: 'any' }, true],
  [{ accountName: 'client-*' }, true],
  [{ accountName: 'Client-*' }, false],
  [{ accountName: ['team-*', 'client-shop'] }, true],
  [{ ou: '*/ou-ab12-clients1/*' }, true],
  [{ ou: '*/ou-ab12-sandbox1/*' }, false],
  [{ ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/' }, true],
  [{ kind: 'instance', region: 'eu-*', source: 'prod-*', tags: { env: 'prod' } }, true],
  [{ kind: 'instance', region: 'eu-*', source: 'prod-*', tags: { env: 'test' } }, false],
])('%j matches the snapshot prod-web: %s', (match, expected) => {
  expect(matches(match)).toBe(expected);
});

test.each<[object, Partial<MatchSubject>]>([
  [{ source: '*' }, { source: null }],
  [{ name: '*' }, { name: null }],
  [{ account: '*' }, { account: null }],
  [{ accountName: '*' }, { accountName: null }],
  [{ ou: '*' }, { ou: null }],
  [{ sourceTags: { contract: '*' } }, { sourceTags: null }],
  [{ sourceTags: {} }, { sourceTags: null }],
  [{ orphaned: true }, { orphaned: null }],
  [{ orphaned: false }, { orphaned: null }],
])('refuses to match %j where that is not known', (match, unknown) => {
  expect(matches(match, unknown)).toBe(false);
});

test.each<[unknown, boolean, boolean]>([
  [undefined, true, false],
  [false, true, false],
  [true, false, true],
  ['any', true, true],
])(
  'fromAutoSnapshot: %s matches an ordinary snapshot: %s, a copy of an automatic one: %s',
  (fromAutoSnapshot, ordinary, copy) => {
    const match = fromAutoSnapshot === undefined ? {} : { fromAutoSnapshot };
    expect(matches(match, { fromAutoSnapshot: false })).toBe(ordinary);
    expect(matches(match, { fromAutoSnapshot: true })).toBe(copy);
  },
);

test('rules keep their order, and are named by it where they have no name', () => {
  const result = parseConfig(
    {
      version: 1,
      policies: { p: { keep: 'all' } },
      rules: [
        { match: {}, policy: 'p' },
        { name: 'web', match: {}, policy: 'p' },
        { match: {}, policy: 'p' },
      ],
    },
    'test',
  );
  expect(result.ok && result.config.rules.map(({ name, policy }) => [name, policy])).toEqual([
    ['rule 1', 'p'],
    ['web', 'p'],
    ['rule 3', 'p'],
  ]);
});
