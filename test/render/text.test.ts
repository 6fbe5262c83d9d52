import * as fc from 'fast-check';
import { escapeMarkdown, renderMarkdown } from '../../lambda/render/markdown';
import { renderTerminal } from '../../lambda/render/terminal';
import { expectGolden } from '../support/golden';
import { aReport, aSource, expired } from '../support/report-builder';
import { HOSTILE_NAMES } from './hostile';
import { CONTEXT, SITUATIONS } from './sample-reports';

const ESCAPE = '\u001b';
const SOME = SITUATIONS['some-expiring'];
const RUN = {
  kind: 'command-line',
  options: { config: 'my policy.yaml', profile: 'prod' },
  plan: null,
  at: null,
} as const;
const context = { ...CONTEXT, ...SOME?.context, fullReport: null, files: [], applyCommand: null, run: RUN };
const report = SOME?.report ?? aReport([]);
const terminal = (of: typeof report, columns: number, colour = false): string =>
  [...renderTerminal(of, context, { columns, colour })].join('');
const uncoloured = (text: string): string => text.replace(new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g'), '');

describe('the text for a terminal', () => {
  test.each([60, 100])('reads as reviewed at %d columns', (columns) => {
    expectGolden(`terminal-${columns}.txt`, terminal(report, columns));
  });

  test('says the same with colours as without', () => {
    const coloured = terminal(report, 80, true);
    expect(coloured).not.toBe(terminal(report, 80));
    expect(uncoloured(coloured)).toBe(terminal(report, 80));
  });

  test('is never wider than the terminal, what is to be copied aside', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 255 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 60, max: 200 }),
        (names, columns) => {
          const text = terminal(aReport(names.map((name) => expired({ name, source: aSource(name) }))), columns);
          const prose = text.split('\n').filter((line) => !/^ {4}(aws |npx |s3:)/.test(line));
          // A word that is longer than the terminal is wide stays in one piece, alone on its line.
          const wide = prose.filter((line) => line.length > columns);
          for (const line of wide) expect(line).toMatch(/^(?: {2}- | {4})?\S+$/);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('counts wide characters as two cells', () => {
    const lines = terminal(aReport([expired({ name: Array(25).fill('雪雪雪雪').join(' ') })]), 60).split('\n');
    const wide = lines.filter((line) => line.includes('雪'));
    expect(wide.length).toBeGreaterThanOrEqual(4);
    for (const line of wide) expect(line.length + (line.match(/雪/g) ?? []).length).toBeLessThanOrEqual(60);
  });

  test('lets no escape sequence of a name reach the terminal', () => {
    const text = terminal(aReport([expired({ name: `${ESCAPE}[2J\u009b31mweb` })]), 80);
    expect([...text].filter((character) => character === ESCAPE || character === '\u009b')).toEqual([]);
  });
});

describe('the Markdown report', () => {
  const markdown = (of: typeof report): string => [...renderMarkdown(of, context)].join('');

  test('reads as reviewed', () => {
    expectGolden('report.md', markdown(report));
  });

  test('keeps hostile names as text', () => {
    const text = markdown(aReport(HOSTILE_NAMES.map((name) => expired({ name, source: aSource(name) }))));
    expect(text).not.toMatch(/(?<!\\)(<img|<script|<svg|<!--|\]\(|`rm)/);
    expect(text).not.toContain('\nbreak');
    expect(text).toContain('- \\# heading: ');
    expect(text).toContain('a\\|b');
    expect(text.split('\n').filter((line) => /^Why: /.test(line))).toHaveLength(HOSTILE_NAMES.length);
  });

  test('lets no name become a link, a mention or the number of an issue', () => {
    const names = ['@octocat', 'https://example.com/x', 'www.example.com', 'a@example.com', '#12', 'GH-12', 'x`@y``z'];
    const inCells = ['`|`@x ![pwn](http://e.example/x.png#1) @octocat `', 'a@b|$0.00|', '|@x', '`http://e.example|`'];
    const text = markdown(aReport(names.map((name) => expired({ name, source: aSource('web') }))));
    const shown = text.replace(/(?<!\\)(`+)[^`][\s\S]*?(?<!`)\1(?!`)/g, '');
    expect(shown).not.toMatch(/@|:\/\/|www\.|#\d|GH-/);
    expect(text).toContain('- x&grave;`@y`&grave;&grave;z: ');
    // A pipe ends the cell of a table inside of code too, and an odd backtick turns code and text around.
    for (const name of inCells) {
      const code = escapeMarkdown(name).match(/`[^`]*`/g) ?? [];
      expect(code.join('')).not.toContain('|');
      expect(escapeMarkdown(name).replace(/`[^`]*`/g, '')).not.toMatch(/@|:\/\/|(?<!\\)[`|![]/);
    }
  });
});
