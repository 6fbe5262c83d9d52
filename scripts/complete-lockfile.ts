import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './third-party';

/** A package as package-lock.json describes it. */
interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

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

/** Returns the C library that the words of a package's name require; empty: any. */
function libcOf(words: readonly string[]): readonly string[] {
  if (words.some((word) => word.startsWith('musl'))) return ['musl'];
  return words.some((word) => word.startsWith('gnu')) ? ['glibc'] : [];
}

function entryOf({
  name,
  version,
}: {
  readonly name: string;
  readonly version: string;
}): Locked & Readonly<Record<string, unknown>> {
  const words = (name.split('/').at(-1) ?? '').split('-');
  const [os, cpu] = [SYSTEMS, PROCESSORS].map((known) => words.filter((word) => known.includes(word)));
  const libc = libcOf(words);
  return {
    version,
    ...(cpu?.length && { cpu }),
    dev: true,
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os?.length && { os }),
  };
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
 * Adds to one lockfile the optional packages that `npm install` left out, without which `npm ci` elsewhere refuses it,
 * and removes the engines that warn of nothing.
 */
function complete(file: string): void {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  for (const each of missingOptional(lock.packages)) lock.packages[`node_modules/${each.name}`] = entryOf(each);
  lock.packages = withoutIdleEngines(lock.packages);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

/** The lockfiles of the project. Run `npm run lock` after each change of the dependencies. */
export const LOCKFILES = ['package-lock.json', 'tools/package-lock.json'] as const;

if (require.main === module) for (const name of LOCKFILES) complete(join(__dirname, '..', name));
