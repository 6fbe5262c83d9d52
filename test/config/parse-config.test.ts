import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import {
  builtInConfig,
  type ConfigProblem,
  formatConfigProblems,
  parseConfig,
  STARTER,
  type WrittenConfig,
} from '../../lambda/config/parse-config';
import type { Config } from '../../lambda/core/policy/config';

const POLICY = { keep: { last: 3 } };
const valid = (extra: object = {}) => ({ version: 1, policies: { standard: POLICY }, default: 'standard', ...extra });

function parsed(input: unknown): { config: Config; written: WrittenConfig; warnings: readonly string[] } {
  const result = parseConfig(input, 'retention.yaml');
  if (!result.ok) throw new Error(formatConfigProblems(result.errors, 'retention.yaml'));
  return { ...result, warnings: result.warnings.map(({ path, message }) => `${path}: ${message}`) };
}

function problems(input: unknown): readonly ConfigProblem[] {
  const result = parseConfig(input, 'retention.yaml');
  return result.ok ? [] : result.errors;
}

/** Each problem as one sentence, without the file. */
const errors = (input: unknown): readonly string[] =>
  problems(input).map((problem) => formatConfigProblems([problem], '').replace(/^:? /, ''));

const policy = (standard: unknown) => valid({ policies: { standard } });
const rule = (match: unknown) => valid({ rules: [{ match, policy: 'standard' }] });

const COUNT = 'a whole number from 0 to 1000000, or unlimited';
const DURATION = 'a duration such as 36h, 30d, 2w, 6mo, 1y6mo or P30D';
const SIGNS = 'letters, digits, spaces and + - = . _ : / @';

describe('what is left out', () => {
  test('takes the values of the contract', () => {
    const { config, written, warnings } = parsed({ version: 1 });
    expect(written).toEqual({
      version: 1,
      timezone: 'UTC',
      regions: 'all',
      kinds: ['instance', 'disk', 'database'],
      tagPrefix: 'retention',
      policies: {},
      rules: [],
      holdTags: ['no_delete'],
      ignoreTags: [],
      floors: { minKeep: 1, minAge: '24h' },
      caps: { maxDeletions: 100, maxShare: 0.5, raisable: false },
      pricing: { gbMonth: 0.05 },
      report: { send: 'always', staleAfter: '14d', automaticSnapshots: true, spend: false },
      deletion: { planValidFor: '7d', grace: '7d' },
    });
    expect(config).toMatchObject({
      origin: 'retention.yaml',
      regions: 'all',
      tagPrefix: 'retention',
      defaultPolicy: null,
      rules: [],
    });
    expect(config.zone.name).toBe('UTC');
    expect(config.policies.size).toBe(0);
    expect([...config.holdTags]).toEqual(['no_delete']);
    expect([...config.ignoreTags]).toEqual([]);
    expect(config.floors).toMatchObject({ minKeep: 1, minAge: { hours: 24 } });
    expect(config.deletion).toMatchObject({ planValidFor: { days: 7 }, grace: { days: 7 } });
    expect(warnings).toEqual([]);
  });

  test('is filled in within a section that is partly written', () => {
    expect(parsed({ version: 1, floors: { minKeep: 5 }, report: { send: 'changed' } }).written).toMatchObject({
      floors: { minKeep: 5, minAge: '24h' },
      report: { send: 'changed', staleAfter: '14d', automaticSnapshots: true },
    });
  });
});

test('a policy is compiled: counts of 0 are absent, unlimited has no end, durations are parsed', () => {
  const { config } = parsed(
    policy({ keep: { last: 0, daily: 7, yearly: 'unlimited', within: '1y6mo' }, expireAfter: '2w' }),
  );
  expect(config.policies.get('standard')).toEqual({
    keep: {
      counts: { daily: 7, yearly: Number.POSITIVE_INFINITY },
      within: { within: { years: 1, months: 6, days: 0, hours: 0, text: '1y6mo' } },
    },
    expireAfter: { years: 0, months: 0, days: 14, hours: 0, text: '2w' },
    expireOn: null,
  });
});

test.each([
  [{ keep: 'all' }, { keep: 'all', expireAfter: null, expireOn: null }],
  [{ expireAfter: '1d' }, { keep: null, expireOn: null }],
  [{ keep: {}, expireAfter: '1d' }, { keep: null }],
  [{ keep: { daily: 0 }, expireAfter: '1d' }, { keep: null }],
  [{ keep: { last: 1_000_000 } }, { keep: { counts: { last: 1_000_000 }, within: {} } }],
])('the policy %j is one', (written, compiled) => {
  expect(parsed(policy(written)).config.policies.get('standard')).toMatchObject(compiled);
});

describe('the price of a GB-month', () => {
  const PRICES = { default: 0.04, 'eu-central-1': 0.06 };
  const { default: _, ...regions } = PRICES;

  test.each<[string, object, object, object]>([
    ['differs by region', { gbMonth: PRICES }, PRICES, { default: 0.04, regions: new Map([['eu-central-1', 0.06]]) }],
    ['is 0.05 where regions stand alone', regions, { ...PRICES, default: 0.05 }, { default: 0.05 }],
    ['is one for all regions', { gbMonth: 0.04 }, { default: 0.04 }, { default: 0.04, regions: new Map() }],
    ['may be that of the contract', {}, { default: 0.05 }, { default: 0.05, regions: new Map() }],
  ])('%s, under gbMonth or in its place, with the same digest', (__, one, other, pricing) => {
    const forms = [one, other, { gbMonth: other }].map((written) => parsed(valid({ pricing: written })));
    for (const { config, written } of forms) {
      expect(config.pricing).toMatchObject(pricing);
      expect(written).toEqual(forms[0]?.written);
      expect(config.digest).toBe(forms[0]?.config.digest);
    }
  });
});

test('a time zone is written in its own letter case', () => {
  expect(parsed(valid({ timezone: 'europe/berlin' })).config.zone.name).toBe('Europe/Berlin');
});

describe('one thing that is wrong', () => {
  test.each<[unknown, string]>([
    [null, 'got nothing (null), expected a map with version: 1'],
    [undefined, 'got nothing, expected a map with version: 1'],
    [[], 'got an empty list, expected a map with version: 1'],
    ['version: 1', 'got "version: 1", expected a map with version: 1'],
    [{}, 'version: got nothing, expected 1 (this release reads version 1)'],
    [{ version: 2 }, 'version: got 2, expected 1 (this release reads version 1)'],
    [{ version: '1' }, 'version: got "1", expected 1 (this release reads version 1); did you mean 1?'],
    [
      valid({ polices: {} }),
      'polices: got an unknown key, expected one of version, timezone, regions, kinds, tagPrefix, policies, rules, default, holdTags, ignoreTags, floors, caps, pricing, report, deletion, organization; did you mean policies?',
    ],
    [
      valid({ caps: { maxDeletion: 3 } }),
      'caps.maxDeletion: got an unknown key, expected one of maxDeletions, maxShare, raisable; did you mean maxDeletions?',
    ],
    [
      valid({ timezone: 'Europe/Belin' }),
      'timezone: got "Europe/Belin", expected an IANA time zone such as Europe/Berlin or UTC; did you mean Europe/Berlin?',
    ],
    [
      valid({ timezone: '+01:00' }),
      'timezone: got "+01:00", expected an IANA time zone such as Europe/Berlin or UTC; did you mean Etc/GMT-1?',
    ],
    [
      valid({ timezone: null }),
      'timezone: got nothing (null), expected an IANA time zone such as Europe/Berlin or UTC',
    ],
    [valid({ regions: [] }), 'regions: got an empty list, expected all, or at least one region'],
    [
      valid({ regions: 'eu-central-1' }),
      'regions: got "eu-central-1", expected all, or a list of regions such as [eu-central-1]; did you mean [eu-central-1]?',
    ],
    [
      valid({ regions: ['eu-central-1a'] }),
      'regions[0]: got "eu-central-1a", expected a region such as eu-central-1; did you mean eu-central-1?',
    ],
    [
      valid({ regions: ['eu-west-1', 'eu-west-1'] }),
      'regions: got a list of 2, expected each region once (eu-west-1 is listed twice)',
    ],
    [valid({ kinds: [] }), 'kinds: got an empty list, expected at least one of instance, disk, database'],
    [
      valid({ kinds: ['instances'] }),
      'kinds[0]: got "instances", expected one of instance, disk, database; did you mean instance?',
    ],
    [valid({ kinds: ['disk', 'disk'] }), 'kinds: got a list of 2, expected each kind once (disk is listed twice)'],
    [
      policy({ keep: { daily: -1 } }),
      `policies.standard.keep.daily: got -1, expected ${COUNT}; did you mean unlimited?`,
    ],
    [policy({ keep: { daily: 1.5 } }), `policies.standard.keep.daily: got 1.5, expected ${COUNT}`],
    [policy({ keep: { daily: 1e9 } }), `policies.standard.keep.daily: got 1000000000, expected ${COUNT}`],
    [policy({ keep: { daily: Number.NaN } }), `policies.standard.keep.daily: got NaN, expected ${COUNT}`],
    [
      policy({ keep: { daily: Number.POSITIVE_INFINITY } }),
      `policies.standard.keep.daily: got Infinity, expected ${COUNT}; did you mean unlimited?`,
    ],
    [policy({ keep: { daily: '3' } }), `policies.standard.keep.daily: got "3", expected ${COUNT}; did you mean 3?`],
    [policy({ keep: { daily: 'unlimted' } }), `policies.standard.keep.daily: got "unlimted", expected ${COUNT}`],
    [policy({ keep: { daily: null } }), `policies.standard.keep.daily: got nothing (null), expected ${COUNT}`],
    [policy({ keep: { daily: [7] } }), `policies.standard.keep.daily: got a list of 1, expected ${COUNT}`],
    [
      policy({ keep: { last: 1, dayly: 3 } }),
      'policies.standard.keep.dayly: got an unknown key, expected one of last, hourly, daily, weekly, monthly, yearly, within, withinHourly, withinDaily, withinWeekly, withinMonthly, withinYearly; did you mean daily?',
    ],
    [
      policy({ keep: 'everything' }),
      'policies.standard.keep: got "everything", expected all, or a map of keep rules such as { last: 3, daily: 7 }; did you mean all?',
    ],
    [
      policy({ keep: { all: true } }),
      'policies.standard.keep.all: got an unknown key, expected one of last, hourly, daily, weekly, monthly, yearly, within, withinHourly, withinDaily, withinWeekly, withinMonthly, withinYearly',
    ],
    [
      policy({ keep: { within: '3m' } }),
      `policies.standard.keep.within: got "3m", expected ${DURATION}: is "m" a month (write mo) or a minute (there are no minutes here)?`,
    ],
    [policy({ expireAfter: 30 }), `policies.standard.expireAfter: got 30, expected ${DURATION}; did you mean 30d?`],
    [
      policy({ expireAfter: '30' }),
      `policies.standard.expireAfter: got "30", expected ${DURATION}: a number alone has no unit`,
    ],
    [
      policy({ expireAfter: '0d' }),
      `policies.standard.expireAfter: got "0d", expected ${DURATION}: longer than nothing`,
    ],
    [
      policy({}),
      'policies.standard: got an empty map, expected a policy with a positive keep rule or expireAfter (an empty one would say nothing)',
    ],
    [
      policy({ keep: { daily: 0 } }),
      'policies.standard: got a map, expected a policy with a positive keep rule or expireAfter (an empty one would say nothing)',
    ],
    [
      policy(null),
      'policies.standard: got nothing (null), expected a policy such as { keep: { last: 3 }, expireAfter: 30d }',
    ],
    [
      { version: 1, policies: { 'a#b': POLICY } },
      `policies["a#b"]: got "a#b", expected a policy name: 1 to 256 ${SIGNS}, no space at its ends`,
    ],
    [
      { version: 1, policies: { '': POLICY } },
      `policies[""]: got "", expected a policy name: 1 to 256 ${SIGNS}, no space at its ends`,
    ],
    [
      valid({ default: 'standrad' }),
      'default: got "standrad", expected one of the policies standard; did you mean standard?',
    ],
    [
      { version: 1, default: 'standard' },
      'default: got "standard", expected the name of a policy under policies (there is none)',
    ],
    [valid({ default: null }), 'default: got nothing (null), expected the name of a policy'],
    [valid({ default: 'toString' }), 'default: got "toString", expected one of the policies standard'],
    [valid({ rules: null }), 'rules: got nothing (null), expected a list of rules'],
    [
      valid({ rules: [{ match: {}, policy: 'standrad' }] }),
      'rules[0].policy: got "standrad", expected one of the policies standard; did you mean standard?',
    ],
    [valid({ rules: [{ match: {} }] }), 'rules[0].policy: got nothing, expected the name of a policy'],
    [
      valid({ rules: [{ policy: 'standard' }] }),
      'rules[0].match: got nothing, expected a map of what to match, such as { source: "prod-*" }',
    ],
    [
      valid({ rules: [1, 2].map(() => ({ name: 'web', match: {}, policy: 'standard' })) }),
      'rules[1].name: got "web", expected a name that no earlier rule has',
    ],
    [
      valid({
        rules: [
          { name: 'rule 2', match: {}, policy: 'standard' },
          { match: {}, policy: 'standard' },
        ],
      }),
      'rules[1].name: got "rule 2", expected a name that no earlier rule has',
    ],
    [
      valid({ rules: [{ name: 'a\nb', match: {}, policy: 'standard' }] }),
      'rules[0].name: got "a\\nb", expected a name of 1 to 128 printable characters',
    ],
    [
      rule({ kind: 'instnce' }),
      'rules[0].match.kind: got "instnce", expected instance, disk, database or a pattern that matches one of them; did you mean instance?',
    ],
    [
      rule({ kind: ['disk', 7] }),
      'rules[0].match.kind[1]: got 7, expected instance, disk, database or a pattern that matches one of them',
    ],
    [
      rule({ kind: [] }),
      'rules[0].match.kind: got an empty list, expected instance, disk, database or a pattern that matches one of them; at least one',
    ],
    [
      rule({ region: 'EU-*' }),
      'rules[0].match.region: got "EU-*", expected a region such as eu-central-1, or a pattern such as "eu-*"',
    ],
    [
      rule({ region: 'frankfurt' }),
      'rules[0].match.region: got "frankfurt", expected a region such as eu-central-1, or a pattern such as "eu-*"',
    ],
    [
      rule({ account: 123456789012 }),
      'rules[0].match.account: got 123456789012, expected an account number of 12 digits in quotes, or a pattern for one, or a list of such; did you mean "123456789012"?',
    ],
    [
      rule({ account: '12345' }),
      'rules[0].match.account: got "12345", expected an account number of 12 digits in quotes, or a pattern for one',
    ],
    [
      rule({ source: 'a/b' }),
      'rules[0].match.source: got "a/b", expected a name or a pattern of letters, digits, _ - . and the wildcards * and ?',
    ],
    [
      rule({ source: '{a,b}' }),
      'rules[0].match.source: got "{a,b}", expected a name or a pattern of letters, digits, _ - . and the wildcards * and ?',
    ],
    [
      rule({ name: '' }),
      'rules[0].match.name: got "", expected a name or a pattern of letters, digits, _ - . and the wildcards * and ?',
    ],
    [
      rule({ name: ['ok', '!no'] }),
      'rules[0].match.name[1]: got "!no", expected a name or a pattern of letters, digits, _ - . and the wildcards * and ?',
    ],
    [
      rule({ tags: { env: true } }),
      `rules[0].match.tags.env: got true, expected a tag value in quotes (1 to 256 ${SIGNS}), or "*" for any value and for none; did you mean "true"?`,
    ],
    [
      rule({ tags: { tier: 1 } }),
      `rules[0].match.tags.tier: got 1, expected a tag value in quotes (1 to 256 ${SIGNS}), or "*" for any value and for none; did you mean "1"?`,
    ],
    [
      rule({ tags: { env: null } }),
      `rules[0].match.tags.env: got nothing (null), expected a tag value in quotes (1 to 256 ${SIGNS}), or "*" for any value and for none`,
    ],
    [
      rule({ tags: { env: 'prod*' } }),
      `rules[0].match.tags.env: got "prod*", expected a tag value in quotes (1 to 256 ${SIGNS}), or "*" for any value and for none`,
    ],
    [
      rule({ sourceTags: { 'a#': '*' } }),
      `rules[0].match.sourceTags["a#"]: got "a#", expected a tag key: 1 to 128 ${SIGNS}`,
    ],
    [
      rule({ orphaned: 'yes' }),
      'rules[0].match.orphaned: got "yes", expected true or false, without quotes; did you mean true?',
    ],
    [rule({ fromAutoSnapshot: 'all' }), 'rules[0].match.fromAutoSnapshot: got "all", expected true, false or any'],
    [
      rule({ sorce: 'web' }),
      'rules[0].match.sorce: got an unknown key, expected one of kind, region, account, accountName, ou, source, name, tags, sourceTags, orphaned, fromAutoSnapshot; did you mean source?',
    ],
    [
      valid({ holdTags: 'no_delete' }),
      'holdTags: got "no_delete", expected a list of tag keys such as [no_delete]; did you mean [no_delete]?',
    ],
    [
      valid({ holdTags: Array.from({ length: 21 }, (_, i) => `tag${i}`) }),
      'holdTags: got a list of 21, expected at most 20 tag keys',
    ],
    [valid({ holdTags: ['a', 'a'] }), 'holdTags: got a list of 2, expected each tag key once (a is listed twice)'],
    [
      valid({ ignoreTags: 'RetentionDays' }),
      'ignoreTags: got "RetentionDays", expected a list of tag keys such as [retention-days]; did you mean [RetentionDays]?',
    ],
    [valid({ ignoreTags: ['a', 'a'] }), 'ignoreTags: got a list of 2, expected each tag key once (a is listed twice)'],
    [valid({ ignoreTags: ['a#'] }), `ignoreTags[0]: got "a#", expected a tag key: 1 to 128 ${SIGNS}`],
    ...['retention:hold', 'retention:expire-on', 'retention:owner', 'retention:'].map((key): [unknown, string] => [
      valid({ ignoreTags: ['fine', key] }),
      `ignoreTags[1]: got "${key}", expected a key of another tool (keys that begin with retention: are always read)`,
    ]),
    [
      valid({ tagPrefix: 'acme', ignoreTags: ['acme:keep'] }),
      'ignoreTags[0]: got "acme:keep", expected a key of another tool (keys that begin with acme: are always read)',
    ],
    [
      valid({ tagPrefix: 'acme', ignoreTags: ['retention:hold'] }),
      'ignoreTags[0]: got "retention:hold", expected a key of another tool (retention:hold always holds, with any tagPrefix)',
    ],
    [
      valid({ ignoreTags: ['no_delete'] }),
      'ignoreTags[0]: got "no_delete", expected a key of another tool (one of holdTags, which always holds)',
    ],
    [
      valid({ holdTags: ['keep me'], ignoreTags: ['no_delete', 'keep me'] }),
      'ignoreTags[1]: got "keep me", expected a key of another tool (one of holdTags, which always holds)',
    ],
    [
      valid({ ignoreTags: ['aws:cloudformation:stack-name'] }),
      'ignoreTags[0]: got "aws:cloudformation:stack-name", expected a key of another tool (keys that begin with aws:cloudformation: are always read)',
    ],
    [
      valid({ floors: { minKeep: 0 } }),
      'floors.minKeep: got 0, expected a whole number from 1 to 1000000 (a group is never emptied)',
    ],
    [valid({ floors: { minAge: '0h' } }), `floors.minAge: got "0h", expected ${DURATION}: longer than nothing`],
    [valid({ caps: { maxDeletions: -1 } }), 'caps.maxDeletions: got -1, expected a whole number from 0 to 1000000'],
    [
      valid({ caps: { maxShare: 50 } }),
      'caps.maxShare: got 50, expected a share from 0 to 1, such as 0.5; did you mean 0.5?',
    ],
    [
      valid({ caps: { maxShare: '50%' } }),
      'caps.maxShare: got "50%", expected a share from 0 to 1, such as 0.5; did you mean 0.5?',
    ],
    [valid({ pricing: { gbMonth: -0.05 } }), 'pricing.gbMonth: got -0.05, expected US dollars per GB-month, 0 or more'],
    [
      valid({ pricing: { gbMonth: '0.05' } }),
      'pricing.gbMonth: got "0.05", expected a price, or a map such as { default: 0.05, eu-central-1: 0.05 }; did you mean 0.05?',
    ],
    [
      valid({ pricing: { gbMonth: 0.05, 'eu-central-1': 0.05 } }),
      'pricing: got a map, expected one of two forms: { gbMonth: { default: 0.05, eu-central-1: 0.05 } }, or the same without gbMonth, { default: 0.05, eu-central-1: 0.05 }',
    ],
    [
      valid({ pricing: { gbMont: 0.05 } }),
      'pricing: got a map, expected gbMonth, or default and regions such as eu-central-1 (gbMont is none of them); did you mean gbMonth?',
    ],
    [
      valid({ pricing: { default: '0.05' } }),
      'pricing.default: got "0.05", expected US dollars per GB-month, 0 or more; did you mean 0.05?',
    ],
    [
      valid({ pricing: { 'eu-central-1': -1 } }),
      'pricing.eu-central-1: got -1, expected US dollars per GB-month, 0 or more',
    ],
    [
      valid({ pricing: 0.05 }),
      'pricing: got 0.05, expected a map such as { gbMonth: 0.05 } or { default: 0.05, eu-central-1: 0.05 }',
    ],
    [
      valid({ pricing: { gbMonth: { default: 1, eu: 1 } } }),
      'pricing.gbMonth: got a map, expected default and regions such as eu-central-1 (eu is neither)',
    ],
    [
      valid({ report: { send: 'alway' } }),
      'report.send: got "alway", expected one of always, expiring, changed; did you mean always?',
    ],
    [
      valid({ report: { automaticSnapshots: 'no' } }),
      'report.automaticSnapshots: got "no", expected true or false, without quotes; did you mean false?',
    ],
    [valid({ deletion: { grace: 7 } }), `deletion.grace: got 7, expected ${DURATION}; did you mean 7d?`],
    [valid({ floors: [] }), 'floors: got an empty list, expected a map such as { minKeep: 1, minAge: 24h }'],
  ])('refuses %j', (input, message) => {
    expect(errors(input)).toEqual([message]);
  });

  test.each(['aws', 'AWS', 'aws:x', 'retention:', '', ' retention', 'a#', 'x'.repeat(116)])(
    'refuses %j as the prefix of tags',
    (tagPrefix) => {
      expect(problems(valid({ tagPrefix }))).toMatchObject([
        { path: 'tagPrefix', expected: expect.stringContaining('the start of tag keys') },
      ]);
    },
  );

  test.each(['awesome', 'acme:retention', 'r', 'ärger', 'x'.repeat(115)])(
    'accepts %j as the prefix of tags',
    (tagPrefix) => {
      expect(errors(valid({ tagPrefix }))).toEqual([]);
    },
  );
});

test('refuses everything that is wrong at once', () => {
  const input = {
    version: 2,
    polices: {},
    policies: { a: { keep: { daily: -1, weekly: 'x' } }, b: {} },
    rules: [{ match: { kind: 'vm' }, policy: 'c' }],
    default: 'd',
    caps: { maxShare: 2 },
  };
  expect(
    problems(input)
      .map((problem) => problem.path)
      .sort(),
  ).toEqual([
    'caps.maxShare',
    'default',
    'polices',
    'policies.a.keep.daily',
    'policies.a.keep.weekly',
    'policies.b',
    'rules[0].match.kind',
    'rules[0].policy',
    'version',
  ]);
});

test('refuses keys that JavaScript would obey, wherever they stand', () => {
  const input: unknown = JSON.parse(
    '{"version":1,"__proto__":1,"policies":{"__proto__":{"keep":"all"}},"rules":[{"match":{"tags":{"__proto__":"x"}},"policy":"__proto__"}]}',
  );
  expect(problems(input).map((problem) => problem.path)).toEqual([
    '__proto__',
    'policies.__proto__',
    'rules[0].match.tags.__proto__',
  ]);
});

test('names that every object has are names like any other', () => {
  const { config } = parsed({
    version: 1,
    policies: { constructor: POLICY, toString: POLICY },
    default: 'constructor',
    rules: [{ match: { tags: { constructor: 'x' } }, policy: 'toString' }],
  });
  expect([...config.policies.keys()]).toEqual(['constructor', 'toString']);
});

test('shows what it got shortened, and without signs that a terminal obeys', () => {
  const [long] = errors(valid({ timezone: 'x'.repeat(5_000) }));
  expect(long?.length).toBeLessThan(200);
  expect(errors(valid({ timezone: '\u001b[31mred\u202e\u009b' }))).toEqual([
    'timezone: got "\\u001b[31mred\\u202e\\u009b", expected an IANA time zone such as Europe/Berlin or UTC',
  ]);
});

describe('warnings', () => {
  test('name a policy that nothing uses, and how it can still be reached', () => {
    expect(parsed(valid({ policies: { standard: POLICY, spare: POLICY }, tagPrefix: 'acme' })).warnings).toEqual([
      'policies.spare: no rule and no default uses this policy; only the tag acme:policy = spare reaches it',
    ]);
  });

  test('name an expireAfter beside keep: all', () => {
    expect(parsed(policy({ keep: 'all', expireAfter: '1d' })).warnings).toEqual([
      'policies.standard.expireAfter: has no effect beside keep: all, which keeps everything',
    ]);
  });

  test('name each rule that can match nothing, at its place', () => {
    const rules = [
      { match: { fromAutoSnapshot: 'any' }, policy: 'standard' },
      { match: { kind: 'disk' }, policy: 'standard' },
    ];
    expect(parsed(valid({ rules })).warnings).toEqual([
      'rules[1]: rule "rule 2" can match nothing, because rule "rule 1" before it covers it. Move it up, or delete it.',
    ]);
    expect(parsed(valid({ rules: [...rules].reverse() })).warnings).toEqual([]);
  });
});

describe('the digest', () => {
  const digest = (input: unknown) => parsed(input).config.digest;
  const base = { ...valid(), rules: [{ match: { kind: 'disk' }, policy: 'standard' }] };

  test.each<[string, unknown]>([
    [
      'defaults are spelt out',
      {
        ...base,
        timezone: 'UTC',
        kinds: ['instance', 'disk', 'database'],
        floors: { minKeep: 1 },
        pricing: { gbMonth: 0.05 },
      },
    ],
    ['keys stand in another order', Object.fromEntries(Object.entries(base).reverse())],
    [
      'the default name of a rule is spelt out',
      valid({ rules: [{ name: 'rule 1', match: { kind: 'disk', fromAutoSnapshot: false }, policy: 'standard' }] }),
    ],
    ['the price of the contract is spelt out', { ...base, pricing: { gbMonth: 0.05 } }],
    ['a zone is written in another letter case', { ...base, timezone: 'utc' }],
  ])('stays the same when %s', (_, input) => {
    expect(digest(input)).toBe(digest(base));
  });

  test.each<[string, unknown]>([
    ['a count', { ...base, policies: { standard: { keep: { last: 4 } } } }],
    ['a floor', { ...base, floors: { minKeep: 2 } }],
    ['the zone', { ...base, timezone: 'Europe/Berlin' }],
    ['a rule', { ...base, rules: [] }],
    ['the default', { version: base.version, policies: base.policies, rules: base.rules }],
  ])('changes with %s', (_, input) => {
    expect(digest(input)).not.toBe(digest(base));
  });

  test.each<[string, unknown, string]>([
    ['nothing but the version', { version: 1 }, '730b19ab7a6715b26c7501d1756bec8d36b42e0204f6db7222de46efeb698cfb'],
    ['the starter policy', STARTER, 'b4f35a3f9bd913910e9ae1c6bd75db4fa5651ec916c79edc5aff56741df28260'],
    [
      'every setting of the first edition',
      {
        version: 1,
        timezone: 'europe/berlin',
        regions: ['eu-central-1'],
        kinds: ['disk'],
        tagPrefix: 'acme',
        policies: { a: { keep: { last: 3, within: '14d' }, expireAfter: '30d' } },
        rules: [{ match: { source: 'prod-*', tags: { env: '*' } }, policy: 'a' }],
        default: 'a',
        holdTags: ['keep-me'],
        floors: { minKeep: 2, minAge: '48h' },
        caps: { maxDeletions: 10, maxShare: 0.25 },
        pricing: { gbMonth: { default: 0.05, 'eu-central-1': 0.06 } },
        report: { send: 'changed', staleAfter: '7d', automaticSnapshots: false },
        deletion: { planValidFor: '3d', grace: '14d' },
      },
      '475cda659d8d438241af670b2bba6ea55034f2e32041bbe6e0baaae354bb882d',
    ],
  ])('of %s is the one of the first edition, so that an upgrade refuses no open plan', (_, input, hex) => {
    expect(digest(input)).toBe(`sha256:${hex}`);
  });

  test.each([
    ['blog', '07fcfb34c5af1becc898cac097c44d17e13754ae572e0808c3dbdd8f457a22fc'],
    ['agency', '836669d32d1aa3210f0faa096767d14823382504d01305b3dabd1c0517a30410'],
    ['compliance', '71e6a0aab9a76edcf90c48bb28e25783bec19d590e59c23f0261fa4ec8b99bc6'],
  ])('of examples/%s.yaml is the one of the first edition', (name, hex) => {
    const file = readFileSync(join(__dirname, '..', '..', 'examples', `${name}.yaml`), 'utf8');
    expect(digest(parse(file))).toBe(`sha256:${hex}`);
  });

  test('covers a setting of a later edition as soon as it is used', () => {
    expect(digest({ ...base, ignoreTags: [] })).toBe(digest(base));
    expect(digest({ ...base, ignoreTags: ['legal-hold'] })).not.toBe(digest(base));
    expect(digest({ ...base, report: { spend: false } })).toBe(digest(base));
    expect(digest({ ...base, report: { spend: true } })).not.toBe(digest(base));
    expect(digest({ ...base, caps: { raisable: false } })).toBe(digest(base));
    expect(digest({ ...base, caps: { raisable: true } })).not.toBe(digest(base));
  });

  test('does not know the file', () => {
    const elsewhere = parseConfig(base, 'other.yaml');
    expect(elsewhere.ok && elsewhere.config.digest).toBe(digest(base));
    expect(digest(base)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

test('the written form, bundled as JSON and read again, is the same configuration', () => {
  const first = parsed(
    valid({
      timezone: 'Europe/Berlin',
      rules: [{ match: { kind: 'disk', source: ['a', 'b*'] }, policy: 'standard' }],
      regions: ['eu-west-1'],
    }),
  );
  const again = parsed(JSON.parse(JSON.stringify(first.written)));
  expect(again.written).toEqual(first.written);
  expect(again.config.digest).toBe(first.config.digest);
});

test('the starter policy keeps the last 3, twelve months and 90 days, and says that it is built in', () => {
  const config = builtInConfig();
  expect(config.origin).toBe('built-in');
  expect(config.defaultPolicy).toBe('starter');
  expect(config.policies.get('starter')).toMatchObject({
    keep: { counts: { last: 3, monthly: 12 }, within: {} },
    expireAfter: { days: 90 },
  });
});

describe('whatever is written', () => {
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('all', 'unlimited', '30d', 'standard', '*', 1, 0, -1, true, null),
  );
  const keys = [
    'version',
    'policies',
    'rules',
    'default',
    'regions',
    'kinds',
    'keep',
    'last',
    'within',
    'match',
    'policy',
    'tags',
    'source',
    'pricing',
    'gbMonth',
    '__proto__',
    'constructor',
    'floors',
    'timezone',
    'standard',
  ];
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 6 }),
    ),
  }));

  test('parsing never throws, and a refusal says path, got and expected', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), tree, fc.dictionary(fc.constantFrom(...keys), tree)), (input) => {
        for (const problem of problems(input)) {
          expect(problem.got).not.toBe('');
          expect(problem.expected).not.toBe('');
          expect(problem.path === '').toBe(problem.keys.length === 0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('refuses to be parsed, rather than overflow, when it is nested very deeply', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(errors({ version: 1, policies: deep })).toEqual([
      'policies: got a list of 1, expected a map of policy names to policies',
    ]);
  });
});
