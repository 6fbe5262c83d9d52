import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package as package-lock.json describes it. */
interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
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
      .filter(
        ([name]) =>
          packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
      )
      .map(([name, version]) => ({ name, version })),
  );
  return [...new Map(missing.map((each) => [each.name, each])).values()];
}

/** The prefix of a word in a package's name, and the C library that it stands for. */
const LIBRARIES = [
  ['musl', 'musl'],
  ['gnu', 'glibc'],
] as const;

function entryOf({
  name,
  version,
}: {
  readonly name: string;
  readonly version: string;
}): Locked & Readonly<Record<string, unknown>> {
  const words = (name.split('/').at(-1) ?? '').split('-');
  const [os, cpu] = [SYSTEMS, PROCESSORS].map((known) => words.filter((word) => known.includes(word)));
  const libc = LIBRARIES.filter(([prefix]) => words.some((word) => word.startsWith(prefix)))
    .map(([, library]) => library)
    .slice(0, 1);
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
 * Adds to one lockfile the optional packages that `npm install` left out: `npm ci` elsewhere refuses a lockfile without
 * them.
 */
function complete(file: string): void {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  for (const each of missingOptional(lock.packages)) lock.packages[`node_modules/${each.name}`] = entryOf(each);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

/** The lockfiles of the project. Run `npm run lock` after each change of the dependencies. */
export const LOCKFILES = ['package-lock.json', 'tools/package-lock.json'] as const;

if (require.main === module) for (const name of LOCKFILES) complete(join(__dirname, '..', name));
