import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RetentionError } from '../lambda/core/util/errors';
import type { FunctionName } from '../lambda/runtime/stage-function';
import { name as PACKAGE, version as VERSION } from '../package.json';

/** The folder of this file, or of the bundle that an app's bundler made of it; null where neither can be told. */
const OWN_FOLDER: string | null = typeof __dirname === 'string' ? __dirname : null;

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
}

const manifestIn = (folder: string): Manifest | null => {
  const file = join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null;
};

/** The package that this file is in: it is `lib/…` in a source tree, and `dist/lib/…` where it is published. */
function ownPackage(folder: string): string | null {
  return [join(folder, '..'), join(folder, '..', '..')].find((each) => manifestIn(each)?.name === PACKAGE) ?? null;
}

/** The package as Node.js finds it from a folder; null where it does not. */
function installedPackage(from: string): string | null {
  try {
    return dirname(createRequire(join(from, 'app.js')).resolve(`${PACKAGE}/package.json`));
  } catch {
    return null;
  }
}

const publishFailure = (message: string): RetentionError => new RetentionError('package.functions', message);

/**
 * Returns the folder of a function's bundle: that of the package which this code is in or, where an app's bundler took
 * it out of there, of the package as installed for the app. Throws `package.functions` where there is none, or one of
 * another version.
 */
export function functionFolder(name: FunctionName): string {
  const own = OWN_FOLDER === null ? null : ownPackage(OWN_FOLDER);
  const places = [...(OWN_FOLDER === null ? [] : [OWN_FOLDER]), dirname(process.argv[1] ?? ''), process.cwd()];
  const root = own ?? places.map(installedPackage).find((found) => found !== null) ?? null;
  if (root === null)
    throw publishFailure(
      `cannot find the code of the functions: ${PACKAGE} is not installed for ${places[0]} or ${process.cwd()}; install it there, or leave it out of the app's bundle (--external:${PACKAGE})`,
    );
  const installed = manifestIn(root)?.version;
  if (installed !== VERSION)
    throw publishFailure(
      `cannot take the code of the functions from ${root}: it is of version ${String(installed)}, expected ${VERSION}; bundle the app again`,
    );
  const folder = join(root, 'dist', 'lambda', name);
  if (existsSync(join(folder, 'index.js'))) return folder;
  throw publishFailure(
    `cannot find the code of the functions: ${join(folder, 'index.js')} is not there; run npm run build in ${root}`,
  );
}
