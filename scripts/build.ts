import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLAYGROUND_FILE } from '../cli/playground/page';
import { name, version } from '../package.json';
import { buildPlayground } from './build-playground';
import { bundleCommandLine, bundleHandlers, bundleLibrary, commandLineEntry } from './bundle';
import { billOfMaterials, noticesOf, thirdParties } from './third-party';

/**
 * Builds what runs into a folder: functions, command line and library, with the notices and the bill of materials of
 * others' code in them. Throws where a package may not be shipped.
 */
export function build(dist: string): void {
  const entry = commandLineEntry();
  const playground = buildPlayground();
  const packages = thirdParties([
    ...playground.inputs,
    ...bundleHandlers(join(dist, 'lambda')),
    ...bundleLibrary(join(dist, 'lib')),
    ...(entry === null ? [] : bundleCommandLine(entry, join(dist, 'lightsail-retention.cjs'))),
  ]);
  writeFileSync(join(dist, PLAYGROUND_FILE), playground.html);
  writeFileSync(join(dist, 'third-party-licences.txt'), noticesOf(packages));
  writeFileSync(join(dist, 'sbom.cdx.json'), billOfMaterials({ name, version }, packages));
}

/** Builds what `demo` runs, the report function and the command line, in half the time of a whole build. */
function buildDemo(dist: string): void {
  const entry = commandLineEntry();
  bundleHandlers(join(dist, 'lambda'), ['report']);
  if (entry !== null) bundleCommandLine(entry, join(dist, 'lightsail-retention.cjs'));
}

/** What can be built, by the argument of this program: `cdk` (cdk.json) builds the functions before it runs the app. */
const BUILDS: Readonly<Record<string, (dist: string) => void>> = {
  all: build,
  demo: buildDemo,
  functions: (dist) => {
    bundleHandlers(join(dist, 'lambda'));
  },
};

if (require.main === module) {
  const part = process.argv[2] ?? 'all';
  const run = BUILDS[part];
  if (run === undefined) throw new Error(`cannot build "${part}", expected one of ${Object.keys(BUILDS).join(', ')}`);
  run(join(__dirname, '..', 'dist'));
}
