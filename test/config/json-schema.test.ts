import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatConfigProblems, parseConfig } from '../../lambda/config/parse-config';
import { readConfigFile } from '../../lambda/config/read-config-file';
import { COUNT_RULES, WITHIN_RULES } from '../../lambda/core/policy/policy';
import { jsonSchemaText } from '../../scripts/json-schema';
import { itWith } from '../support/optional';

const ROOT = join(__dirname, '..', '..');
const EXAMPLES = ['blog.yaml', 'agency.yaml', 'compliance.yaml'];

const stored = readFileSync(join(ROOT, 'retention.schema.json'), 'utf8');
const conforms = new Ajv2020({ allErrors: true }).compile(JSON.parse(stored));

test('retention.schema.json is the one that the validator gives (npm run schema makes it again)', () => {
  expect(stored).toBe(jsonSchemaText());
});

test('the schema describes every setting to editors', () => {
  const { properties } = JSON.parse(stored) as { properties: Record<string, { description?: string }> };
  expect(Object.entries(properties).filter(([, { description }]) => !description)).toEqual([]);
});

describe.each(EXAMPLES)('examples/%s', (name) => {
  const path = join(ROOT, 'examples', name);

  test('is a configuration without warnings', () => {
    const result = readConfigFile(path);
    expect(result.ok ? result.warnings : formatConfigProblems(result.errors, name)).toEqual([]);
  });

  test('conforms to the JSON Schema', () => {
    expect(conforms(parse(readFileSync(path, 'utf8'))) ? [] : conforms.errors).toEqual([]);
  });
});

const policy = (written: object) => ({ version: 1, policies: { a: written } });
const rule = (written: object) => ({ ...policy({ keep: 'all' }), rules: [{ match: {}, policy: 'a', ...written }] });
const match = (written: object) => rule({ match: written });

const accepted = (input: object) => ({ schema: conforms(input), validator: parseConfig(input, 'test').ok });

test.each<[string, object]>([
  ['an unknown key', { version: 1, polices: {} }],
  ['another version', { version: 2 }],
  ['no version', {}],
  ['an empty time zone', { version: 1, timezone: '' }],
  ['no region', { version: 1, regions: [] }],
  ['a region twice', { version: 1, regions: ['eu-west-1', 'eu-west-1'] }],
  ['a region of no known shape', { version: 1, regions: ['nowhere'] }],
  ['no kind', { version: 1, kinds: [] }],
  ['a kind twice', { version: 1, kinds: ['disk', 'disk'] }],
  ['an unknown kind', { version: 1, kinds: ['vm'] }],
  ['a prefix of AWS', { version: 1, tagPrefix: 'AWS:x' }],
  ['a prefix with a colon at its end', { version: 1, tagPrefix: 'retention:' }],
  ['a prefix with a space before it', { version: 1, tagPrefix: '\u3000retention' }],
  ['a prefix that is too long', { version: 1, tagPrefix: 'x'.repeat(116) }],
  ['a policy that says nothing', policy({})],
  ['a policy with an empty keep alone', policy({ keep: {} })],
  ['a policy with counts of 0 alone', policy({ keep: { daily: 0, last: 0 } })],
  ['a policy with a name that no tag can hold', { version: 1, policies: { 'a#': { keep: 'all' } } }],
  ['a policy with a name that ends with a space', { version: 1, policies: { 'a ': { keep: 'all' } } }],
  ['a negative count', policy({ keep: { daily: -1 } })],
  ['a count with a fraction', policy({ keep: { daily: 1.5 } })],
  ['a count beyond a million', policy({ keep: { daily: 1_000_001 } })],
  ['a bare m', policy({ expireAfter: '3m' })],
  ['a number as a duration', policy({ expireAfter: 30 })],
  ['a rule without match', { version: 1, rules: [{ policy: 'p' }] }],
  ['a rule without policy', { version: 1, rules: [{ match: {} }] }],
  ['a rule with an empty name', rule({ name: '' })],
  ['a rule with a name that is too long', rule({ name: 'x'.repeat(129) })],
  ['a kind to match that there is not', match({ kind: 'vm' })],
  ['no kind to match', match({ kind: [] })],
  ['no region to match', match({ region: [] })],
  ['a region to match without its number', match({ region: 'eu-central' })],
  ['an account to match that is too short', match({ account: '12345678901' })],
  ['an account to match that is too long', match({ account: '1*345678901234' })],
  ['a source to match with a slash', match({ source: 'a/b' })],
  ['a source to match that is empty', match({ source: '' })],
  ['a name to match that is too long', match({ name: `${'?'.repeat(256)}*` })],
  ['no name to match', match({ name: [] })],
  ['a tag value that is not text', match({ tags: { a: true } })],
  ['a tag value that is too long', match({ tags: { a: 'x'.repeat(257) } })],
  ['a tag key with a sign that no tag has', match({ sourceTags: { 'a#': 'x' } })],
  ['a tag value with a control character', match({ tags: { a: 'x\u0085' } })],
  ['copies that are neither true, false nor any', match({ fromAutoSnapshot: 'all' })],
  ['a hold tag twice', { version: 1, holdTags: ['a', 'a'] }],
  ['a hold tag that is empty', { version: 1, holdTags: [''] }],
  ['a floor of 0', { version: 1, floors: { minKeep: 0 } }],
  ['a share above 1', { version: 1, caps: { maxShare: 2 } }],
  ['a negative price', { version: 1, pricing: { gbMonth: -1 } }],
  ['a price that is text', { version: 1, pricing: { default: '0.05' } }],
  ['a price of no region under gbMonth', { version: 1, pricing: { gbMonth: { nowhere: 1 } } }],
  ['a price of no region', { version: 1, pricing: { nowhere: 1 } }],
  ['both forms of a price', { version: 1, pricing: { gbMonth: 0.05, 'eu-west-1': 0.05 } }],
  ['a report that is never sent', { version: 1, report: { send: 'never' } }],
])('the JSON Schema refuses %s, as the validator does', (_, input) => {
  expect(accepted(input)).toEqual({ schema: false, validator: false });
});

test.each<[string, string]>([
  ['nothing', ''],
  ['a duration of 0', '0d'],
  ['a duration of 0 in ISO 8601', 'P0D'],
  ['a unit of 0', '1y0mo'],
  ['a unit of 0 in ISO 8601', 'P1Y0M'],
  ['a fraction', 'P1.5D'],
  ['minutes', 'PT1M'],
  ['seconds', 'PT1S'],
  ['a time without hours', 'PT'],
  ['a T with nothing behind it', 'P1DT'],
  ['a P with nothing behind it', 'P'],
  ['a negative amount', 'P-1D'],
  ['weeks after days', 'P1D1W'],
  ['years after days', 'P1D1Y'],
  ['months twice', 'P1M2M'],
])('the JSON Schema refuses %s as a duration, as the validator does', (_, expireAfter) => {
  expect(accepted(policy({ expireAfter }))).toEqual({ schema: false, validator: false });
});

test.each<[string, object]>([
  ['a policy with an age beside an empty keep', policy({ keep: {}, expireAfter: '1d' })],
  ['a policy with one count that is not 0', policy({ keep: { last: 0, daily: 'unlimited' } })],
  ['a policy with a window alone', policy({ keep: { within: 'P1Y2M3W4DT5H' } })],
  ['leading zeros', policy({ expireAfter: '007d' })],
  ['a rule with the longest name', rule({ name: '\u{1f5c4}'.repeat(128) })],
  [
    'patterns of every kind',
    match({ kind: ['d*', '????ance'], region: ['*', 'eu-*'], account: ['1*', '?'.repeat(12)], name: '*' }),
  ],
  ['the longest name to match', match({ name: `*${'a'.repeat(255)}**` })],
  ['tags in other scripts', match({ tags: { 'schlüssel:\u{20000}': 'värde\u3000٣' } })],
  ['a region of tomorrow', { version: 1, regions: ['mars-east-1'] }],
  ['no hold tag', { version: 1, holdTags: [] }],
  ['prices by region', { version: 1, pricing: { gbMonth: { 'us-gov-west-1': 1 } } }],
  ['prices by region without gbMonth', { version: 1, pricing: { default: 0, 'us-gov-west-1': 1 } }],
])('the JSON Schema accepts %s, as the validator does', (_, input) => {
  expect(accepted(input)).toEqual({ schema: true, validator: true });
});

test.each<[string, object]>([
  ['a time zone that there is not', { version: 1, timezone: 'Mars/Phobos' }],
  ['a policy that is not defined', { version: 1, default: 'nobody' }],
  [
    'a rule with the name of another',
    { ...rule({}), rules: [1, 2].map(() => ({ name: 'x', match: {}, policy: 'a' })) },
  ],
  ['a pattern that matches no kind', match({ kind: 'vm*' })],
  ['a duration that is longer than any snapshot is old', policy({ expireAfter: '1001y' })],
  ['a letter that is a sign, outside ASCII', match({ tags: { '\u{1f5c4}': 'x' } })],
  ['a name that cannot be printed', rule({ name: 'a\u202eb' })],
])('JSON Schema has no words for %s: the validator alone refuses it', (_, input) => {
  expect(accepted(input)).toEqual({ schema: true, validator: false });
});

/** Every pattern of a JSON Schema. */
const patternsIn = (schema: unknown): readonly string[] =>
  typeof schema !== 'object' || schema === null
    ? []
    : Object.entries(schema).flatMap(([key, value]) =>
        key === 'pattern' && typeof value === 'string' ? [value] : patternsIn(value),
      );

test('the patterns hold nothing that readers of JSON Schema understand differently', () => {
  const patterns = patternsIn(JSON.parse(stored));
  expect(patterns.length).toBeGreaterThan(10);
  // Classes that are not everywhere (\p), or are wider elsewhere (\d, \w).
  expect(patterns.filter((pattern) => /\\[pPdDwWbBu]|\(\?<[^!=]/.test(pattern))).toEqual([]);
});

itWith('python3', 'the patterns are understood by Python', async () => {
  const read =
    'import json, re, sys, warnings; warnings.simplefilter("error"); [re.compile(each) for each in json.load(sys.stdin)]';
  const { status, stderr } = spawnSync('python3', ['-c', read], {
    input: JSON.stringify(patternsIn(JSON.parse(stored))),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('whatever the validator accepts, the JSON Schema accepts too', () => {
  const duration = fc.constantFrom('36h', '30d', '1y6mo', 'P30D', 'PT12H');
  const count = fc.oneof(fc.nat(1_000_000), fc.constant('unlimited'));
  const keep = fc.record(
    Object.fromEntries([...COUNT_RULES.map((rule) => [rule, count]), ...WITHIN_RULES.map((rule) => [rule, duration])]),
    { requiredKeys: [] },
  );
  const aPolicy = fc.record(
    { keep: fc.oneof(fc.constant('all'), keep), expireAfter: duration },
    { requiredKeys: ['expireAfter'] },
  );
  const names = fc.oneof(fc.constantFrom('prod-*', 'web', '?x'), fc.constant(['a', 'b*']));
  const aMatch = fc.record(
    {
      kind: fc.constantFrom('disk', '*', ['disk', 'data*']),
      region: fc.constantFrom('eu-*', 'eu-central-1'),
      account: fc.constantFrom('123456789012', '1*'),
      source: names,
      name: names,
      tags: fc.dictionary(fc.constantFrom('env', 'team:a', 'ä b'), fc.constantFrom('*', 'x y', 'ü')),
      orphaned: fc.boolean(),
      fromAutoSnapshot: fc.constantFrom(true, false, 'any'),
    },
    { requiredKeys: [] },
  );
  const config = fc.record(
    {
      version: fc.constant(1),
      timezone: fc.constantFrom('UTC', 'Europe/Berlin'),
      regions: fc.constantFrom('all', ['eu-west-1', 'us-gov-west-1']),
      kinds: fc.constantFrom(['disk'], ['database', 'instance']),
      tagPrefix: fc.constantFrom('retention', 'acme:r', 'ärger'),
      policies: fc
        .dictionary(fc.constantFrom('a b', 'a:b', 'ö'), aPolicy)
        .map((more) => ({ ...more, p: { keep: 'all' } })),
      rules: fc.array(fc.record({ match: aMatch, policy: fc.constant('p') }), { maxLength: 3 }),
      default: fc.constant('p'),
      holdTags: fc.constantFrom([], ['no_delete', 'aws:x']),
      floors: fc.record({ minKeep: fc.integer({ min: 1, max: 9 }), minAge: duration }, { requiredKeys: [] }),
      caps: fc.record({ maxDeletions: fc.nat(9), maxShare: fc.constantFrom(0, 0.5, 1) }, { requiredKeys: [] }),
      pricing: fc.constantFrom(
        {},
        { gbMonth: 0 },
        { gbMonth: { default: 0.05, 'eu-west-1': 1 } },
        { 'eu-west-1': 1 },
        { default: 1 },
      ),
      report: fc.record(
        {
          send: fc.constantFrom('always', 'expiring', 'changed'),
          staleAfter: duration,
          automaticSnapshots: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      deletion: fc.record({ planValidFor: duration, grace: duration }, { requiredKeys: [] }),
    },
    { requiredKeys: ['version', 'policies'] },
  );
  fc.assert(
    fc.property(config, (input) => {
      const result = parseConfig(input, 'test');
      if (!result.ok) throw new Error(formatConfigProblems(result.errors, 'test'));
      expect(conforms(input) ? [] : conforms.errors).toEqual([]);
      expect(conforms(result.written) ? [] : conforms.errors).toEqual([]);
      const again = parseConfig(result.written, 'test');
      expect(again.ok && again.config.digest).toBe(result.config.digest);
    }),
    { numRuns: 1_000 },
  );
});
