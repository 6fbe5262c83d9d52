import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { densityOf } from './support/density';

const ROOT = join(__dirname, '..');
const MAX_COLUMNS = 120;
/** Share of lines over MAX_COLUMNS: texts for people that no formatter can break. */
const MAX_LONG_SHARE = 0.005;
const MAX_FUNCTION_LINES = 60;
const MAX_COMPLEXITY = 15;

/** Generated from other sources. */
const GENERATED: ReadonlySet<string> = new Set(['lambda/render/page/assets.ts']);

const tracked = execFileSync('git', ['ls-files', '-z', '*.ts'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && !GENERATED.has(file) && existsSync(join(ROOT, file)));
const program = tracked.filter((file) => /^(?:lambda|cli|lib|bin)\//.test(file));
const others = tracked.filter((file) => /^(?:emulator|scripts|bench)\//.test(file));

const measured = program.flatMap((file) => densityOf(ROOT, file));

test('the check of the density reads the functions of the program', () => {
  expect(measured.length).toBeGreaterThan(1_500);
});

test(`no function is longer than ${MAX_FUNCTION_LINES} lines`, () => {
  const long = measured.filter(({ lines }) => lines > MAX_FUNCTION_LINES);
  expect(long.map(({ place, lines }) => `${place}: ${lines}`)).toEqual([]);
});

test(`no function has a cyclomatic complexity over ${MAX_COMPLEXITY}`, () => {
  const complex = measured.filter(({ complexity }) => complexity > MAX_COMPLEXITY);
  expect(complex.map(({ place, complexity }) => `${place}: ${complexity}`)).toEqual([]);
});

test('no conditional expression is inside of another one', () => {
  const nested = [...measured, ...others.flatMap((file) => densityOf(ROOT, file))].filter(
    ({ nestedTernaries }) => nestedTernaries > 0,
  );
  expect(nested.map(({ place }) => place)).toEqual([]);
});

test(`at most ${MAX_LONG_SHARE * 100} % of the lines are longer than ${MAX_COLUMNS} columns`, () => {
  const lines = tracked.flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .map((line, i) => ({ place: `${file}:${i + 1}`, columns: line.length })),
  );
  const long = lines.filter(({ columns }) => columns > MAX_COLUMNS);
  const share = long.length / lines.length;
  expect({ share, isFine: share <= MAX_LONG_SHARE }).toEqual({ share, isFine: true });
});
