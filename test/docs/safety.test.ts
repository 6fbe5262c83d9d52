import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGuarantees, safetyTests } from '../../scripts/safety-docs';

const ROOT = join(__dirname, '..', '..');
const read = (...path: readonly string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const page = read('docs', 'safety.md');
const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
const guarantees = readGuarantees();
const tests = guarantees.flatMap((each) => each.tests);

/** Sections that state no guarantee of their own. */
const WITHOUT_TESTS: readonly string[] = ['What README promises', 'How it was tried', 'What remains'];

/** The titles of a test file as they are written, in any quotes; `itWith` has a program before its title. */
const titlesOf = (file: string): readonly string[] =>
  [...read(file).matchAll(/\(\s*(?:'[a-z-]+',\s*)?(['"`])((?:\\.|(?!\1).)*)\1,/g)].map(([, , title = '']) =>
    title.replace(/\\(.)/g, '$1'),
  );

describe('docs/safety.md', () => {
  it('states guarantees that all have tests', () => {
    const proven = new Set(guarantees.filter((each) => each.tests.length > 0).map(({ guarantee }) => guarantee));
    expect(sections.filter((heading) => !proven.has(heading) && !WITHOUT_TESTS.includes(heading))).toEqual([]);
    expect(sections.length).toBeGreaterThan(25);
  });

  it('has a section for each guarantee of the list of tests', () => {
    const stated = guarantees.map(({ guarantee }) => guarantee).filter((name) => !name.startsWith('What README'));
    expect(stated.filter((name) => !sections.includes(name))).toEqual([]);
  });

  it.each(tests)('is proven by a test that exists: $file: $title', ({ file, title }) => {
    expect(titlesOf(file)).toContain(title);
  });

  it('has tests for each line of what README promises', () => {
    const promises = /^## What it will never do\n([^#]*)/m.exec(read('README.md'))?.[1] ?? '';
    const lines = [...promises.matchAll(/^- ([^.(:]+)/gm)].map(([, line = '']) => line.trim());
    expect(lines.length).toBeGreaterThan(5);
    const proven = guarantees.map(({ guarantee }) => guarantee);
    const missing = lines.filter((line) => !proven.some((name) => name.startsWith(`What README promises: ${line}`)));
    expect(missing).toEqual([]);
  });

  it('names every refusal', async () => {
    const { REFUSALS } = await import('../../lambda/deletion/refusals');
    expect(REFUSALS.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});

it('docs/safety-tests.md is what "npm run docs" writes', () => {
  expect(read('docs', 'safety-tests.md')).toBe(safetyTests(guarantees));
});
