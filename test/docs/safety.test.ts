import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const text = readFileSync(join(ROOT, 'docs', 'safety.md'), 'utf8');
const sections = text.split(/^## /m).slice(1);
const named = [...text.matchAll(/^- `(test\/[^`]+)`: (.+)$/gm)].map(([, file = '', title = '']) => ({ file, title }));

/** The titles of a test file as they are written, whichever quotes they stand in. */
const titlesOf = (file: string): readonly string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\(\s*(['"`])((?:\\.|(?!\1).)*)\1,/g)].map(([, , title = '']) =>
    title.replace(/\\(.)/g, '$1'),
  );

describe('docs/safety.md', () => {
  it('names a test for every guarantee', () => {
    const unproven = sections.filter((section) => !section.startsWith('What remains') && !/^- `test\//m.test(section));
    expect(unproven.map((section) => section.split('\n')[0])).toEqual([]);
    expect(sections.length).toBeGreaterThan(10);
  });

  it.each(named)('names a test that exists: $file: $title', ({ file, title }) => {
    expect(titlesOf(file)).toContain(title);
  });

  it('names the tests of each line of what README promises', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const lines = [...(/^## What it will never do\n([^#]*)/m.exec(readme)?.[1] ?? '').matchAll(/^- ([^.(]+)/gm)].map(
      ([, line]) => line,
    );
    const promised = sections.find((section) => section.startsWith('What README promises')) ?? '';
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines)
      expect(promised).toMatch(new RegExp(`^\\*\\*${line?.split(':')[0]}[^\\n]*\\n\\n- \`test/`, 'm'));
  });

  it('names every refusal', async () => {
    const { REFUSALS } = await import('../../lambda/deletion/refusals');
    for (const code of REFUSALS) expect(text).toContain(`\`${code}\``);
  });
});
