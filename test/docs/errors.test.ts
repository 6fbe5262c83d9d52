import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ACCESS_FAULTS } from '../../cli/access-faults';
import { ERROR_CODES, type ErrorCode } from '../../lambda/core/util/error-codes';
import { faultOfCode } from '../../lambda/core/util/faults';
import { REFUSALS } from '../../lambda/deletion/refusals';
import { errorsPage, PROBLEM_TEXTS } from '../../scripts/error-docs';

const ROOT = join(__dirname, '..', '..');
const TABLES = ['lambda/core/util/error-codes.ts', 'lambda/core/util/faults.ts', 'scripts/error-docs.ts'];

const sources = ['lambda', 'cli', 'lib', 'bin', 'scripts']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  .filter((file) => !TABLES.includes(file))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

const codes = Object.keys(ERROR_CODES) as readonly ErrorCode[];

/** Codes that a helper makes of a name: the template in its file, and the name in any file. */
const FAMILIES: Readonly<Record<string, string>> = {
  context: 'lib/context.ts',
  props: 'lib/refused-property.ts',
  connection: 'cli/connection.ts',
};

/** Codes that two files make on purpose. */
const TWICE: readonly string[] = [
  // The construct refuses at synth what the deletion function would refuse at run time.
  'config.built-in',
];

const filesWith = (pattern: RegExp): readonly string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('docs/errors.md is what "npm run docs" writes', () => {
  expect(readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8')).toBe(errorsPage());
});

test.each(codes)('an error with the code %s takes its fault from the table', (code) => {
  expect(faultOfCode(code)).toBe(ERROR_CODES[code].fault);
});

test.each(codes)('%s is thrown by one file', (code) => {
  const [family = '', name = ''] = code.split('.');
  const made = filesWith(new RegExp(`(?:RetentionError|super)\\(\\s*(?:\\w+ \\? )?'${escaped(code)}'`));
  const listed = [...REFUSALS, ...ACCESS_FAULTS.map((fault) => fault.code)].some((known) => known === code);
  const template = FAMILIES[family];
  const byTemplate = template === undefined ? [] : filesWith(new RegExp(`RetentionError\\(\`${family}\\.\\$\\{`));
  expect(byTemplate).toEqual(template === undefined ? [] : [template]);
  if (!TWICE.includes(code)) expect(made.length).toBeLessThanOrEqual(1);
  const isNamed = filesWith(new RegExp(`'${escaped(code)}'`)).length > 0;
  const isNamedShort = template !== undefined && filesWith(new RegExp(`'${escaped(name)}'`)).length > 0;
  expect(made.length > 0 || listed || isNamed || isNamedShort).toBe(true);
});

test.each(codes)('the texts of %s are sentences', (code) => {
  const { meaning, remedy } = ERROR_CODES[code];
  expect(`${meaning} ${remedy}`).toMatch(/^[`\p{Lu}-][\s\S]+\. [`\p{Lu}][\s\S]+\.$/u);
});

test('every problem of a report is documented', () => {
  const made = sources.flatMap(({ text }) =>
    [...text.matchAll(/code: '([a-z]+\.[a-z-]+)',\s+(?:arn(?:: null)?,)/g)].map(([, code = '']) => code),
  );
  expect(made.length).toBeGreaterThan(5);
  expect(made.filter((code) => !(code in PROBLEM_TEXTS))).toEqual([]);
  for (const code of Object.keys(PROBLEM_TEXTS))
    expect([code, filesWith(new RegExp(`'${escaped(code)}'`)).length > 0]).toEqual([code, true]);
});

test('no bundle holds the texts of the codes, because only types are imported from their table', () => {
  expect(filesWith(/^import \{[^}]*\} from '[^']*error-codes'/m)).toEqual([]);
});
