import { readFileSync } from 'node:fs';
import { readConfigText } from '../../lambda/config/parse-yaml';
import { COUNT_RULES, WITHIN_RULES } from '../../lambda/core/policy/policy';
import { EXAMPLE_NAMES, PAGES, withCalendars } from '../../scripts/policy-docs';

const texts = PAGES.map((page) => readFileSync(page, 'utf8'));
const shown = texts.flatMap((text) => [...text.matchAll(/<!-- calendar: ([\w-]+) -->/g)].map((match) => match[1]));

describe('the calendars of the documentation', () => {
  it.each(PAGES.map((page, index) => [page.split('/').at(-1), texts[index] ?? ''] as const))(
    '%s shows what simulate draws now (npm run docs draws it again)',
    (_, text) => {
      expect(withCalendars(text)).toBe(text);
    },
  );

  it('show every keep rule, age, floor and tag', () => {
    expect(shown).toEqual(expect.arrayContaining([...COUNT_RULES, ...WITHIN_RULES]));
    expect(shown).toEqual(expect.arrayContaining(['expireAfter', 'all', 'minKeep', 'minAge', 'hold', 'expire-on']));
  });

  it('show every example that there is', () => {
    expect([...new Set(shown)].sort()).toEqual([...EXAMPLE_NAMES].sort());
  });

  it('are no wider than 60 columns, sentences aside', () => {
    const drawn = texts.flatMap((text) =>
      [...text.matchAll(/<!-- calendar[\s\S]*?```text\n([\s\S]*?)```/g)].flatMap(
        (match) => match[1]?.split('\n') ?? [],
      ),
    );
    const rows = drawn.filter((line) => !/[.:]$/.test(line));
    expect(rows.length).toBeGreaterThan(drawn.length / 2);
    expect(Math.max(...rows.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('refuse a name that is no example', () => {
    expect(() => withCalendars('<!-- calendar: fortnightly -->\n<!-- end -->')).toThrow('"fortnightly"');
  });
});

test('docs/policy.md shows forms of prices that are accepted, and two that mean the same', () => {
  const lines = texts.flatMap((text) => text.match(/^pricing: .*$/gm) ?? []);
  const digests = lines.map((line) => {
    const result = readConfigText(`version: 1\n${line}\n`, 'retention.yaml');
    return result.ok ? result.config.digest : result.errors;
  });
  expect(digests).toEqual([expect.stringMatching(/^sha256:/), expect.stringMatching(/^sha256:/), digests[1]]);
  expect(digests[0]).not.toBe(digests[1]);
});
