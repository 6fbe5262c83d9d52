import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../package.json';

const ROOT = join(__dirname, '..', '..');
const read = (...path: readonly string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const page = read('CONTRIBUTING.md');

test('CONTRIBUTING names places, tests and scripts that exist', () => {
  const named = [...page.matchAll(/`((?:lambda|lib|docs|scripts|test|cli)\/[\w./-]+)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const called = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
  expect(called.filter((script) => !(script in scripts))).toEqual([]);
});

describe('every channel', () => {
  const channels = readdirSync(join(ROOT, 'lambda', 'channels')).flatMap((name) => {
    const [, first, second] =
      /export function (\w+Channel)\b|export const (\w+Channel)\b/.exec(read('lambda', 'channels', name)) ?? [];
    const made = first ?? second;
    return made === undefined ? [] : [[name.replace('.ts', ''), made] as const];
  });
  const tests = readdirSync(join(ROOT, 'test', 'channels')).map((name) => read('test', 'channels', name));

  test.each(channels)('%s is wired, and has a test', (name, made) => {
    expect(read('lambda', 'handlers', 'wire-report.ts')).toContain(`import { ${made} } from '../channels/${name}'`);
    expect(tests.filter((text) => text.includes(`lambda/channels/${name}'`))).not.toEqual([]);
  });

  test('is found here', () => {
    expect(channels.map(([name]) => name)).toEqual(expect.arrayContaining(['chat', 'sns']));
  });
});
