import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatConfigProblems } from '../../lambda/config/parse-config';
import { readConfigText } from '../../lambda/config/parse-yaml';

interface Outcome {
  readonly read?: unknown;
  readonly refused?: readonly string[];
}
interface Case {
  readonly name: string;
  readonly yaml: string;
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(__dirname, '..', 'cases', file), 'utf8'));
const { cases } = read('configurations.json') as { readonly cases: readonly Case[] };
const { given, further } = read('configurations-read.json') as {
  readonly given: Readonly<Record<string, Outcome>>;
  readonly further: readonly (Case & Outcome)[];
};

/** What is made of a text: the parts of it that people vary, or every line with which it is refused. */
function outcomeOf(yaml: string): Outcome {
  const result = readConfigText(yaml, 'f');
  if (!result.ok) return { refused: formatConfigProblems(result.errors, 'f').split('\n') };
  const { timezone, regions, policies, rules } = result.written;
  const parts = {
    default: result.written.default,
    timezone,
    regions,
    policies,
    rules: rules.map(({ match, policy }) => ({ match, policy })),
  };
  return { read: JSON.parse(JSON.stringify(parts)) as unknown };
}

test.each(cases)(
  'the configuration $name is read as it is typed, or refused with its place and what to do',
  ({ name, yaml }) => {
    expect(outcomeOf(yaml)).toEqual(given[name]);
  },
);

test.each(further)('of the further ones, $name is too', ({ name: _, yaml, ...outcome }) => {
  expect(outcomeOf(yaml)).toEqual(outcome);
});

test.each(further.filter(({ refused }) => refused !== undefined))(
  'a refusal says place, what was got and what was expected: $name',
  ({ refused }) => {
    for (const line of refused ?? []) expect(line).toMatch(/^f(:\d+:\d+)?( \S.*)?: got .+, expected .+/);
  },
);

test.each(['source: *-prod', 'source: *', 'source: [web, *-db]', 'source: *web*', 'region: *', 'tags: {env: *}'])(
  'an unquoted star gets the advice to quote it: %s',
  (match) => {
    const [line] =
      outcomeOf(`version: 1\npolicies: {s: {expireAfter: 30d}}\nrules:\n - match: {${match}}\n   policy: s\n`)
        .refused ?? [];
    expect(line).toMatch(/^f:4:\d+: got (the|an) alias .*; if it is a pattern, quote it: "\*/);
  },
);

describe('merge keys', () => {
  const policiesOf = (lines: readonly string[]): unknown => {
    const result = readConfigText(['version: 1', 'policies:', ...lines, ''].join('\n'), 'f');
    return result.ok ? result.written.policies : formatConfigProblems(result.errors, 'f');
  };

  test('bring the entries of a map, explicit ones and earlier ones first', () => {
    expect(
      policiesOf([
        '  base: &b { expireAfter: 30d, keep: { last: 3 } }',
        '  other: &o { expireAfter: 1d, keep: { daily: 7 } }',
        '  one: { <<: *b, expireAfter: 90d }',
        '  two: { <<: [*o, *b] }',
        '  three: &t { <<: *b, keep: { last: 1 } }',
        '  four: { <<: *t, expireAfter: 2d }',
      ]),
    ).toMatchObject({
      one: { expireAfter: '90d', keep: { last: 3 } },
      two: { expireAfter: '1d', keep: { daily: 7 } },
      three: { expireAfter: '30d', keep: { last: 1 } },
      four: { expireAfter: '2d', keep: { last: 1 } },
    });
  });

  test('may be used some hundreds of times', () => {
    const many = Array.from({ length: 300 }, (_, i) => `  p${i}: { <<: *b, keep: { last: ${i + 1} } }`);
    expect(Object.keys(policiesOf(['  b: &b { expireAfter: 30d }', ...many]) as object)).toHaveLength(301);
  });

  test('that multiply without end are refused', () => {
    const bomb = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} { <<: [*a${i}, *a${i}, *a${i}] }`);
    expect(outcomeOf(['a0: &a0 { x: 1 }', ...bomb, ''].join('\n')).refused).toEqual([
      'f: got aliases that repeat what they stand for too often, expected a configuration that is written out',
    ]);
  });
});
