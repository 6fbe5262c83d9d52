import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readConfigFile } from '../../cli/config-file';
import { formatConfigProblems, parseConfig } from '../../lambda/config';
import { COUNT_RULES, WITHIN_RULES } from '../../lambda/core/policy';
import { jsonSchemaText } from '../../scripts/json-schema';

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
  const input = { version: 1, policies: { a: { expireAfter } } };
  expect(conforms(input)).toBe(false);
  expect(parseConfig(input, 'test').ok).toBe(false);
});

test.each<[string, object]>([
  ['an unknown key', { version: 1, polices: {} }],
  ['another version', { version: 2 }],
  ['no version', {}],
  ['a negative count', { version: 1, policies: { a: { keep: { daily: -1 } } } }],
  ['a bare m', { version: 1, policies: { a: { expireAfter: '3m' } } }],
  ['an unknown kind', { version: 1, kinds: ['vm'] }],
  ['a floor of 0', { version: 1, floors: { minKeep: 0 } }],
  ['a share above 1', { version: 1, caps: { maxShare: 2 } }],
  ['a tag value that is not text', { version: 1, rules: [{ match: { tags: { a: true } }, policy: 'p' }] }],
  ['a rule without match', { version: 1, rules: [{ policy: 'p' }] }],
])('the JSON Schema refuses %s, as the validator does', (_, input) => {
  expect(conforms(input)).toBe(false);
  expect(parseConfig(input, 'test').ok).toBe(false);
});

test('whatever the validator accepts, the JSON Schema accepts too', () => {
  const duration = fc.constantFrom('36h', '30d', '1y6mo', 'P30D', 'PT12H');
  const count = fc.oneof(fc.nat(1_000_000), fc.constant('unlimited'));
  const keep = fc.record(
    Object.fromEntries([...COUNT_RULES.map((rule) => [rule, count]), ...WITHIN_RULES.map((rule) => [rule, duration])]),
    { requiredKeys: [] },
  );
  const policy = fc.record({ keep: fc.oneof(fc.constant('all'), keep), expireAfter: duration }, { requiredKeys: ['expireAfter'] });
  const names = fc.oneof(fc.constantFrom('prod-*', 'web', '?x'), fc.constant(['a', 'b*']));
  const match = fc.record(
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
      policies: fc.dictionary(fc.constantFrom('a b', 'a:b', 'ö'), policy).map((more) => ({ ...more, p: { keep: 'all' } })),
      rules: fc.array(fc.record({ match, policy: fc.constant('p') }), { maxLength: 3 }),
      default: fc.constant('p'),
      holdTags: fc.constantFrom([], ['no_delete', 'aws:x']),
      floors: fc.record({ minKeep: fc.integer({ min: 1, max: 9 }), minAge: duration }, { requiredKeys: [] }),
      caps: fc.record({ maxDeletions: fc.nat(9), maxShare: fc.constantFrom(0, 0.5, 1) }, { requiredKeys: [] }),
      pricing: fc.constantFrom({}, { gbMonth: 0 }, { gbMonth: { default: 0.05, 'eu-west-1': 1 } }, { 'eu-west-1': 1 }, { default: 1 }),
      report: fc.record(
        { send: fc.constantFrom('always', 'expiring', 'changed'), staleAfter: duration, automaticSnapshots: fc.boolean() },
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
