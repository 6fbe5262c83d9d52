import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../../scripts/build';

const ROOT = join(__dirname, '..', '..');
/** What is packed beside `dist`, as far as a test reads it. */
const PACKED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'docs',
  'examples',
  'schemas',
  'retention.schema.json',
];

/** An environment without network: what has to be fetched is not found. */
export const offline = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  npm_config_offline: 'true',
  npm_config_cache: join(home, 'cache'),
  npm_config_update_notifier: 'false',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_COLOR: '1',
  CDK_VALIDATION: 'false',
});

/** Runs the compiler of this tree, and returns what it prints. */
export const compile = (args: readonly string[], cwd: string): string =>
  execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), ...args], {
    cwd,
    env: offline(cwd),
    encoding: 'utf8',
  });

/**
 * The package as npm would publish it from this tree, packed once per test run. It is packed from a copy, so that
 * nothing of this tree is rebuilt under other tests.
 */
export function packedPackage(): string {
  const run = process.env.TEST_RUN_FOLDER;
  if (run === undefined) throw new Error('TEST_RUN_FOLDER is not set, expected the folder that global-setup.cjs makes');
  const folder = join(run, 'packed');
  const tarball = (): string | undefined =>
    existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.tgz')) : undefined;
  const known = tarball();
  if (known !== undefined) return join(folder, known);

  const work = mkdtempSync(join(run, 'pack-'));
  const tree = join(work, 'tree');
  mkdirSync(tree);
  for (const name of PACKED) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  build(join(tree, 'dist'));
  compile(['-p', join(ROOT, 'tsconfig.declarations.json'), '--outDir', join(tree, 'dist', 'types')], ROOT);
  const out = join(work, 'out');
  mkdirSync(out);
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', out], {
    cwd: tree,
    env: offline(work),
  });
  // Two workers may pack at the same time; the first one's is used.
  try {
    renameSync(out, folder);
  } catch {
    if (tarball() === undefined) throw new Error(`cannot move the packed package to ${folder}`);
  }
  return join(folder, tarball() ?? '');
}
