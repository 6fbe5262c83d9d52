import fc from 'fast-check';
import picomatch from 'picomatch';
import { anyGlob, globMatches } from '../../lambda/config/globs';

/** The definition, read aloud; exponential, for short texts only. */
function matchesByDefinition(pattern: string, text: string): boolean {
  const [sign, ...more] = pattern;
  const rest = more.join('');
  if (sign === undefined) return text === '';
  if (sign === '*')
    return matchesByDefinition(rest, text) || (text !== '' && matchesByDefinition(pattern, text.slice(1)));
  return text !== '' && (sign === '?' || sign === text[0]) && matchesByDefinition(rest, text.slice(1));
}

test.each([
  ['prod-*', 'prod-web', true],
  ['prod-*', 'prod-', true],
  ['prod-*', 'my-prod-web', false],
  ['web', 'web-2', false],
  ['web', 'Web', false],
  ['*', '', true],
  ['*', 'a.b/c', true],
  ['*web*', 'web', true],
  ['web-?', 'web-1', true],
  ['web-?', 'web-12', false],
  ['web-?', 'web-', false],
  ['w.b', 'web', false],
  ['?*?', 'a', false],
  ['**', 'anything', true],
  ['a*b*c', 'aXbXbXc', true],
])('%s and %s: %s', (pattern, text, matches) => {
  expect(globMatches(pattern, text)).toBe(matches);
});

const pattern = fc.stringMatching(/^[ab.*?-]{0,8}$/);
const name = fc.stringMatching(/^[ab.-]{0,10}$/);

test('a pattern matches what its definition says', () => {
  fc.assert(
    fc.property(pattern, name, (glob, text) => {
      expect(globMatches(glob, text)).toBe(matchesByDefinition(glob, text));
    }),
    { numRuns: 5_000 },
  );
});

test('a pattern matches what a well-known library says, its other magic switched off', () => {
  const plain = {
    dot: true,
    nobrace: true,
    nobracket: true,
    noextglob: true,
    noglobstar: true,
    nonegate: true,
  } as const;
  fc.assert(
    fc.property(fc.stringMatching(/^[ab-][ab*?-]{0,7}$/), fc.stringMatching(/^[ab-]{1,10}$/), (glob, text) => {
      expect(globMatches(glob, text)).toBe(picomatch(glob, plain)(text));
    }),
    { numRuns: 1_000 },
  );
});

test('a pattern of many stars costs no more than the product of the lengths', () => {
  expect(globMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(255))).toBe(false);
});

test('several patterns match any of their names', () => {
  const matches = anyGlob(['web', 'db-*']);
  expect(['web', 'db-1', 'web-1', 'db'].filter(matches)).toEqual(['web', 'db-1']);
});
