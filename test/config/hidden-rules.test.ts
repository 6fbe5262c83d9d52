import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { covers } from '../../lambda/config/glob-sets';
import { globMatches } from '../../lambda/config/globs';
import { keepsMore } from '../../lambda/config/hidden-rules';
import { parseConfig } from '../../lambda/config/parse-config';
import type { Config } from '../../lambda/core/policy/config';
import type { MatchSubject } from '../../lambda/core/policy/policy';
import { CHECKS } from '../support/arbitraries';
import { aConfig } from '../support/config-builder';

type Match = Readonly<Record<string, unknown>>;
type NamedRule = readonly [name: string, match: Match];

const CASES = JSON.parse(readFileSync(join(__dirname, '..', 'cases', 'rules.json'), 'utf8')) as {
  readonly cases: readonly { readonly rules: readonly NamedRule[]; readonly hidden: readonly string[] }[];
};
const POLICIES = { standard: { keep: { last: 3 } } };
const READ = { kinds: ['instance', 'disk'], regions: ['us-east-1', 'eu-west-1'] };

const configOf = (rules: readonly NamedRule[], more: Match = READ): Config =>
  aConfig({ policies: POLICIES, ...more, rules: rules.map(([name, match]) => ({ name, match, policy: 'standard' })) });
const hidden = (rules: readonly NamedRule[], more?: Match): readonly string[] =>
  configOf(rules, more).hiddenRules.map(({ rule }) => rule);
/** Whether the second of two rules can match nothing, because of the first. */
const isHidden = (earlier: Match, later: Match, more?: Match): boolean =>
  hidden(
    [
      ['a', earlier],
      ['b', later],
    ],
    more,
  ).includes('b');

it.each(CASES.cases.map(({ rules, hidden: names }) => [JSON.stringify(rules), rules, names] as const))(
  'of the rules %s exactly the named ones can match nothing',
  (_, rules, names) => {
    expect(hidden(rules)).toEqual(names);
  },
);

describe('a rule can match nothing', () => {
  it.each<[Match, Match]>([
    [{ source: 'prod-*' }, { source: 'prod-*' }],
    [{ source: ['a*', 'b*'] }, { source: ['b1', 'a?c'] }],
    [{ source: ['?', '??*'] }, { source: '*?' }],
    [{ source: '**' }, {}],
    [{ source: '*', name: '*', account: '*' }, { kind: 'disk' }],
    [{ account: '????????????' }, { orphaned: true }],
    [{ account: ['1*', '2*'] }, { account: '21?*' }],
    [{ account: '*1' }, { account: '00000000000?'.replace('?', '1') }],
    [{ source: '*a*' }, { source: '*ba' }],
    [{ source: '*?*' }, { source: 'x*' }],
    [{ kind: '*' }, { kind: 'disk' }],
    [{ kind: ['instance', 'disk'] }, {}],
    [{ kind: 'd*' }, { kind: 'disk' }],
    [{ kind: '*s*' }, { name: 'x' }],
    [{ region: 'eu-*' }, { region: 'eu-west-1' }],
    [{ region: '*-1' }, {}],
    [{ region: ['us-east-1', 'eu-west-1'] }, { region: '*' }],
    [{ region: ['us-*', 'ap-*'] }, { region: 'us-*' }],
    [{ tags: {} }, { tags: { env: 'x' } }],
    [{ tags: { env: '*' } }, { tags: { env: '*' } }],
    [{ tags: { constructor: '*' } }, { tags: { constructor: 'x' } }],
    [{ sourceTags: {} }, { sourceTags: { a: 'b' } }],
    [{ sourceTags: {} }, { orphaned: false }],
    [{ orphaned: false }, { sourceTags: { a: 'b' } }],
    [{ orphaned: true }, { orphaned: true, source: 'x' }],
    [{ fromAutoSnapshot: 'any' }, {}],
    [{ fromAutoSnapshot: true }, { fromAutoSnapshot: true, kind: 'disk' }],
    [{}, { fromAutoSnapshot: false }],
  ])('when %j is before it and it is %j', (earlier, later) => {
    expect(isHidden(earlier, later)).toBe(true);
  });

  it.each<[Match, Match]>([
    [{ source: 'prod-*' }, { source: 'prod*' }],
    [{ source: 'prod-?*' }, { source: 'prod-*' }],
    [{ source: ['x', 'y'] }, { source: ['x', 'z'] }],
    [{ source: 'a*' }, {}],
    [{ source: '?' }, { source: '*' }],
    [{ source: 'Prod-*' }, { source: 'prod-web' }],
    [{ account: '1*' }, { account: '*' }],
    [{ kind: 'instance' }, { kind: '*' }],
    [{ region: 'eu-*' }, {}],
    [{ tags: { env: 'prod' } }, { tags: { env: '*' } }],
    [{ tags: { env: 'prod' } }, { sourceTags: { env: 'prod' } }],
    [{ tags: { constructor: '*' } }, { tags: { env: 'x' } }],
    [{ sourceTags: {} }, {}],
    [{ sourceTags: {} }, { tags: {} }],
    [{ orphaned: false }, {}],
    [{ orphaned: true }, { orphaned: false }],
    [{}, { fromAutoSnapshot: true }],
    [{}, { fromAutoSnapshot: 'any' }],
    [{ fromAutoSnapshot: true }, {}],
  ])('not when %j is before it and it is %j', (earlier, later) => {
    expect(isHidden(earlier, later)).toBe(false);
  });

  it('when it is outside of kinds or of a list of regions, whatever is before it', () => {
    const [database, far, both] = configOf([
      ['database', { kind: 'data*' }],
      ['far', { region: ['ap-*', 'sa-east-1'] }],
      ['both', { kind: 'database', region: 'eu-west-1' }],
    ]).hiddenRules;
    expect(database).toEqual({
      code: 'rule.out-of-range',
      rule: 'database',
      by: null,
      message:
        'rule "database" can match nothing: its kind (data*) is none of kinds (instance, disk). Correct it, or delete it.',
    });
    expect(far?.message).toBe(
      'rule "far" can match nothing: its region (ap-*, sa-east-1) is none of regions (us-east-1, eu-west-1). Correct it, or delete it.',
    );
    expect(both?.code).toBe('rule.out-of-range');
  });

  it('never because of regions where all are read, except for the patterns themselves', () => {
    const everywhere = { regions: 'all' };
    expect(
      hidden(
        [
          ['a', { region: 'ap-*' }],
          ['b', { region: 'eu-*' }],
          ['c', { region: 'eu-west-1' }],
          ['d', {}],
        ],
        everywhere,
      ),
    ).toEqual(['c']);
    expect(isHidden({ region: '*-*' }, { region: 'eu-*' }, everywhere)).toBe(true);
    expect(isHidden({ region: ['us-east-1', 'eu-west-1'] }, {}, everywhere)).toBe(false);
  });

  it('when it contradicts itself', () => {
    expect(configOf([['a', { orphaned: true, sourceTags: { a: '*' } }]]).hiddenRules).toEqual([
      {
        code: 'rule.contradiction',
        rule: 'a',
        by: null,
        message:
          'rule "a" can match nothing: an orphaned snapshot has no living source, and so no sourceTags. Remove one of the two.',
      },
    ]);
  });
});

describe('the warning', () => {
  const policies = {
    short: { expireAfter: '14d' },
    forever: { keep: 'all' },
    monthly: { keep: { monthly: 12 } },
    longer: { expireAfter: '1mo' },
  };
  const message = (earlier: string, later: string, match: Match = {}) =>
    aConfig({
      policies,
      rules: [
        { name: 'everything', match, policy: earlier },
        { name: 'contract', match: { source: 'contract-*' }, policy: later },
      ],
    }).hiddenRules[0]?.message;

  it('names both rules', () => {
    expect(message('short', 'short')).toBe(
      'rule "contract" can match nothing, because rule "everything" before it covers it. Move it up, or delete it.',
    );
  });

  it.each(['forever', 'monthly', 'longer'])(
    'says louder that less is kept where the policy of the hidden rule is %s',
    (later) => {
      expect(message('short', later)).toBe(
        `rule "contract" can match nothing, because rule "everything" before it covers it. LESS IS KEPT: policy ${later} of rule "contract" keeps more than policy short, which applies instead. Move rule "contract" before rule "everything".`,
      );
    },
  );

  it.each([
    ['forever', 'short'],
    ['longer', 'short'],
    ['forever', 'monthly'],
  ])('does not where %s applies instead of %s', (earlier, later) => {
    expect(message(earlier, later)).not.toContain('LESS IS KEPT');
  });

  it('names the exception where a pattern for any name does not match a snapshot without that name', () => {
    const [found] = configOf([
      ['everything', { source: '*' }],
      ['disks', { kind: 'disk' }],
    ]).hiddenRules;
    expect(found?.message).toBe(
      'rule "disks" can match nothing, because rule "everything" before it covers it (except for a snapshot without source). Move it up, or delete it.',
    );
  });

  it('has the place of the rule, and a policy that only such rules name counts as unused', () => {
    const result = parseConfig(
      {
        version: 1,
        policies: { short: policies.short, forever: policies.forever },
        rules: [
          { match: {}, policy: 'short' },
          { match: { source: 'x' }, policy: 'forever' },
        ],
      },
      'f',
    );
    expect(result.ok && result.warnings.map(({ code, rule, by, path }) => ({ code, rule, by, path }))).toEqual([
      { code: 'policy.unused', rule: null, by: null, path: 'policies.forever' },
      { code: 'rule.covered', rule: 'rule 2', by: 'rule 1', path: 'rules[1]' },
    ]);
    expect(result.ok && result.warnings[0]?.message).toBe(
      'only rules that can match nothing use this policy; only the tag retention:policy = forever reaches it',
    );
  });
});

it.each<[object, object, boolean]>([
  [{ keep: 'all' }, { keep: { last: 1 } }, true],
  [{ keep: { last: 1 } }, { keep: 'all' }, false],
  [{ keep: { last: 2 } }, { keep: { last: 1, daily: 7 } }, true],
  [{ keep: { last: 1 } }, { keep: { last: 1, daily: 7 } }, false],
  [{ keep: { daily: 'unlimited' } }, { keep: { daily: 7 } }, true],
  [{ keep: { within: '2w' } }, { keep: { within: '13d' } }, true],
  [{ expireAfter: '30d' }, { expireAfter: '30d' }, false],
  [{ expireAfter: '1y' }, { expireAfter: '11mo' }, true],
  [{ keep: { last: 1 } }, { expireAfter: '1y' }, true],
])('a policy %j can keep what %j lets expire: %s', (one, other, expected) => {
  const { policies } = aConfig({ policies: { one, other } });
  const [first, second] = [policies.get('one'), policies.get('other')];
  expect(first && second && keepsMore(first, second)).toBe(expected);
});

describe('patterns cover patterns', () => {
  const patterns = fc.array(fc.stringMatching(/^[ab*?]{0,5}$/), { minLength: 1, maxLength: 3 });
  /** Every text of up to seven letters over two named letters and one that no pattern names. */
  const TEXTS = [...Array(8).keys()].flatMap((length) =>
    Array.from({ length: 3 ** length }, (_, number) =>
      number
        .toString(3)
        .padStart(length, '0')
        .slice(0, length)
        .replace(/[012]/g, (digit) => 'abc'[Number(digit)] ?? ''),
    ),
  );
  const languageOf = (globs: readonly string[]) =>
    TEXTS.filter((text) => globs.some((glob) => globMatches(glob, text)));

  it('exactly when every text of the later ones is a text of the earlier ones', () => {
    fc.assert(
      fc.property(patterns, patterns, (earlier, later) => {
        const known = new Set(languageOf(earlier));
        expect([earlier, later, covers(earlier, later)]).toEqual([
          earlier,
          later,
          languageOf(later).every((text) => known.has(text)),
        ]);
      }),
      { ...CHECKS, numRuns: Math.min(CHECKS.numRuns, 400) },
    );
  });

  it('and gives up, rather than take long, on patterns made to be slow', () => {
    const slow = Array.from({ length: 20 }, (_, i) => `*a${'?'.repeat(i + 10)}b*`);
    expect(covers(slow, ['*a*b*a*b*'])).toBe(false);
  });
});

describe('whatever the rules', () => {
  const values = (some: readonly string[]) =>
    fc.oneof(fc.constantFrom(...some), fc.uniqueArray(fc.constantFrom(...some), { minLength: 1, maxLength: 3 }));
  const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
  const tagMap = fc.dictionary(fc.constantFrom('e', 't'), fc.constantFrom('*', 'p', 'q'), { maxKeys: 2 });
  const match = fc
    .record({
      kind: sometimes(values(['instance', 'disk', '*', '*s*', 'd*'])),
      region: sometimes(values(['us-east-1', 'eu-west-1', 'eu-*', '*-1', '*'])),
      account: sometimes(values(['111111111111', '1*', '????????????', '*2'])),
      source: sometimes(values(['a', 'b', 'a*', '*b', '?', '??*', '*'])),
      name: sometimes(values(['a', 'a*', '*'])),
      tags: sometimes(tagMap),
      sourceTags: sometimes(tagMap),
      orphaned: sometimes(fc.boolean()),
      fromAutoSnapshot: sometimes(fc.constantFrom<boolean | 'any'>(true, false, 'any')),
    })
    .map((members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)));
  const read = fc.record({
    kinds: fc.constantFrom(['instance', 'disk'], ['disk'], ['instance', 'disk', 'database']),
    regions: fc.constantFrom<'all' | readonly string[]>('all', ['us-east-1', 'eu-west-1'], ['eu-west-1']),
  });
  const tags = fc
    .array(fc.tuple(fc.constantFrom('e', 't'), fc.constantFrom('p', 'q', null)))
    .map((entries) => new Map(entries));
  const subjectOf = ({
    kinds,
    regions,
  }: {
    readonly kinds: readonly string[];
    readonly regions: 'all' | readonly string[];
  }): fc.Arbitrary<MatchSubject> =>
    fc
      .record({
        kind: fc.constantFrom(...(kinds as MatchSubject['kind'][])),
        region: fc.constantFrom(...(regions === 'all' ? ['us-east-1', 'eu-west-1', 'ap-south-2'] : regions)),
        account: fc.constantFrom('111111111111', '222222222222', '123456789012'),
        accountName: fc.constantFrom('a', 'ab', null),
        ou: fc.constant(null),
        source: fc.constantFrom('a', 'b', 'ab', 'c', 'bab', 'abcd'),
        name: fc.constantFrom('a', 'ab', 'b'),
        tags,
        life: fc.oneof(tags, fc.constantFrom('gone' as const, 'unknown' as const)),
        fromAutoSnapshot: fc.boolean(),
      })
      .map(({ life, ...subject }) => ({
        ...subject,
        sourceTags: typeof life === 'string' ? null : life,
        orphaned: life === 'unknown' ? null : life === 'gone',
      }));
  const setting = fc.tuple(fc.array(match, { minLength: 2, maxLength: 6 }), read);
  const configWith = (matches: readonly Match[], more: object) =>
    configOf(
      matches.map((each, i): NamedRule => [`r${i}`, each]),
      { ...more },
    );

  it('a rule that is reported to match nothing is never the first that matches a snapshot with its names', () => {
    fc.assert(
      fc.property(
        setting.chain(([matches, more]) =>
          fc.tuple(
            fc.constant(matches),
            fc.constant(more),
            fc.array(subjectOf(more), { minLength: 20, maxLength: 60 }),
          ),
        ),
        ([matches, more, subjects]) => {
          const config = configWith(matches, more);
          const names = new Set(config.hiddenRules.map(({ rule }) => rule));
          for (const subject of subjects) {
            const first = config.rules.find((rule) => rule.matches(subject));
            expect(first !== undefined && names.has(first.name) ? [first.name, subject] : null).toBeNull();
          }
        },
      ),
      CHECKS,
    );
  });

  it('a rule that one earlier rule covers among all snapshots of a small account is reported to match nothing, with few exceptions', () => {
    const bits = <T>(...all: T[]) => all;
    const worlds = bits<MatchSubject['kind']>('instance', 'disk').flatMap((kind) =>
      bits('us-east-1', 'eu-west-1').flatMap((region) =>
        bits('111111111111', '222222222222', '123456789012').flatMap((account) =>
          bits('a', 'b', 'c', 'ab', 'ac', 'cb', 'cc').flatMap((source) =>
            bits('a', 'ac', 'b').flatMap((name) =>
              bits(false, true).map((fromAutoSnapshot) => ({ kind, region, account, source, name, fromAutoSnapshot })),
            ),
          ),
        ),
      ),
    );
    const tagSets = bits(undefined, 'p', 'q').flatMap((e) =>
      bits(undefined, 'p', 'q').map(
        (t) => new Map(Object.entries({ e, t }).flatMap(([key, value]) => (value ? [[key, value]] : []))),
      ),
    );
    const lives = [
      ...tagSets.map((sourceTags) => ({ sourceTags, orphaned: false })),
      { sourceTags: null, orphaned: true },
      { sourceTags: null, orphaned: null },
    ];
    let [found, missed] = [0, 0];
    fc.assert(
      fc.property(match, match, (earlier, later) => {
        const config = configWith([earlier, later], READ);
        const [one, two] = config.rules;
        const reaches = (rule: typeof one, part: MatchSubject) => rule?.matches(part) === true;
        const uncovered = worlds.some((world) =>
          tagSets.some((own) =>
            lives.some((life) => {
              const subject: MatchSubject = { ...world, accountName: null, ou: null, tags: own, ...life };
              return reaches(two, subject) && !reaches(one, subject);
            }),
          ),
        );
        if (uncovered) return;
        if (config.hiddenRules.some(({ rule }) => rule === 'r1')) found += 1;
        else missed += 1;
      }),
      { ...CHECKS, numRuns: Math.min(CHECKS.numRuns, 300) },
    );
    expect(found).toBeGreaterThan(0);
    expect(missed).toBeLessThanOrEqual(found / 10);
  });
});
