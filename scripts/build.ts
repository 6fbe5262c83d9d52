import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { name, version } from '../package.json';
import { bundleCommandLine, bundleHandlers, bundleLibrary, commandLineEntry } from './bundle';
import { billOfMaterials, noticesOf, thirdParties } from './third-party';

/**
 * Builds what runs into a folder: functions, command line and library, with the notices and the bill of materials of
 * others' code in them. Throws where a package may not be shipped.
 */
export function build(dist: string): void {
  const entry = commandLineEntry();
  const packages = thirdParties([
    ...bundleHandlers(join(dist, 'lambda')),
    ...bundleLibrary(join(dist, 'lib')),
    ...(entry === null ? [] : bundleCommandLine(entry, join(dist, 'lightsail-retention.cjs'))),
  ]);
  writeFileSync(join(dist, 'third-party-licences.txt'), noticesOf(packages));
  writeFileSync(join(dist, 'sbom.cdx.json'), billOfMaterials({ name, version }, packages));
}

if (require.main === module) build(join(__dirname, '..', 'dist'));
