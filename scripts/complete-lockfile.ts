import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { folderOf } from './third-party';

/** A package as package-lock.json describes it. */
interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly integrity?: string;
  readonly inBundle?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
}

/**
 * Optional packages (binaries for other platforms) that a lockfile asks for and does not list, each with its exact
 * version.
 */
export function missingOptional(
  packages: Readonly<Record<string, Locked>>,
): readonly { readonly name: string; readonly version: string }[] {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => packages[folderOf(packages, path, name)] === undefined)
      .map(([name, version]) => ({ name, version })),
  );
  return [...new Map(missing.map((each) => [each.name, each])).values()];
}

/** The packages of a lockfile whose archives nothing compares: without a hash, and in no archive of another package. */
export function withoutHash(packages: Readonly<Record<string, Locked>>): readonly string[] {
  return Object.entries(packages)
    .filter(([path, { integrity, inBundle = false }]) => path !== '' && integrity === undefined && !inBundle)
    .map(([path]) => path);
}

/**
 * Packages that only run in the functions and their tests, on the Node.js 24 of the lockfile, whichever Node.js runs
 * npm.
 */
const RUN_ON_NODE_24: ReadonlySet<string> = new Set([
  'node_modules/@aws/durable-execution-sdk-js',
  'node_modules/@aws/durable-execution-sdk-js-testing',
]);

/**
 * The packages of a lockfile without the engines that `npm ci` would warn of although the Node.js of npm never runs
 * them.
 */
export function withoutIdleEngines(packages: Readonly<Record<string, Locked>>): Readonly<Record<string, Locked>> {
  return Object.fromEntries(
    Object.entries(packages).map(([path, locked]) => {
      const { engines: _, ...rest } = locked;
      return [path, RUN_ON_NODE_24.has(path) ? rest : locked];
    }),
  );
}

/**
 * Asks npm again for what it left out of a lockfile, which it does where packages are installed: the optional packages
 * of other platforms, without which `npm ci` elsewhere refuses it, and their hashes. Removes the engines that warn of
 * nothing.
 */
function complete(file: string): void {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  for (const path of withoutHash(lock.packages)) delete lock.packages[path];
  const work = mkdtempSync(join(tmpdir(), 'lockfile-'));
  try {
    for (const name of ['package.json', '.npmrc']) copyFileSync(join(dirname(file), name), join(work, name));
    const made = join(work, 'package-lock.json');
    writeFileSync(made, JSON.stringify(lock));
    execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error'], { cwd: work });
    const { packages, ...rest } = JSON.parse(readFileSync(made, 'utf8'));
    const sorted = Object.entries(withoutIdleEngines(packages)).sort(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(file, `${JSON.stringify({ ...rest, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The lockfiles of the project. Run `npm run lock` after each change of the dependencies. */
export const LOCKFILES = ['package-lock.json', 'tools/package-lock.json'] as const;

if (require.main === module) for (const name of LOCKFILES) complete(join(__dirname, '..', name));
