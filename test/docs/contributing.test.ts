import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../package.json';

const ROOT = join(__dirname, '..', '..');
const read = (...path: readonly string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const PAGES = ['CONTRIBUTING.md', 'docs/architecture.md', 'AGENTS.md'];

test.each(PAGES)('%s names files, tests and scripts that exist', (name) => {
  const page = read(name);
  const paths = [...page.matchAll(/`((?:lambda|lib|docs|scripts|test|cli|emulator|bin)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.length).toBeGreaterThan(0);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const called = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
  expect(called.filter((script) => !(script in scripts))).toEqual([]);
});

test('docs/architecture.md says where each folder and each common change is', () => {
  const page = read('docs/architecture.md');
  expect([...page.matchAll(/^\| \*\*/gm)].length).toBeGreaterThanOrEqual(15);
  const folders = readdirSync(join(ROOT, 'lambda')).map((folder) => `lambda/${folder}`);
  expect(folders.filter((folder) => !page.includes(`| \`${folder}\` |`))).toEqual([]);
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
