import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RetentionError } from '../lambda/core/util/errors';

const PROJECT_FOLDER = join(__dirname, '..');

/** Licences under which others' code may be shipped here: they ask for their text, and for no more. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
]);

/** A package of which code stands in what is published. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  /** SPDX. */
  readonly licence: string;
  /** The licence's text as the package carries it; null where it carries none. */
  readonly text: string | null;
  /** SHA-512 of its archive in hex, by the lockfile; null for what the lockfile does not list. */
  readonly sha512: string | null;
  /** The folders of what it depends on, installed or not. */
  readonly needs: readonly string[];
  readonly folder: string;
}

interface LockedPackage {
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const locked = (): Readonly<Record<string, LockedPackage>> =>
  JSON.parse(readFileSync(join(PROJECT_FOLDER, 'package-lock.json'), 'utf8')).packages;

/** The folder from which a package takes another one: that of the nearest `node_modules` that has it. */
export function folderOf(packages: Readonly<Record<string, unknown>>, from: string, name: string): string {
  const own = `${from}/node_modules/${name}`;
  if (own in packages) return own;
  const end = from.lastIndexOf('/node_modules/');
  return end < 0 ? `node_modules/${name}` : folderOf(packages, from.slice(0, end), name);
}

/** SHA-512 in hex of an integrity text such as `sha512-<base64>`. */
function sha512Of(integrity: string | undefined): string | null {
  const [, digest] = /^sha512-(\S+)$/.exec(integrity ?? '') ?? [];
  return digest === undefined ? null : Buffer.from(digest, 'base64').toString('hex');
}

const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

function readPackage(folder: string, packages: Readonly<Record<string, LockedPackage>>): ThirdParty {
  const path = join(PROJECT_FOLDER, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Readonly<
    Record<string, unknown>
  >;
  const { integrity, dependencies = {} } = packages[folder] ?? {};
  const file = readdirSync(path).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  return {
    name: String(name),
    version: String(version),
    licence: String(license),
    text: file === undefined ? null : readFileSync(join(path, file), 'utf8').trim(),
    sha512: sha512Of(integrity),
    needs: Object.keys(dependencies).map((each) => folderOf(packages, folder, each)),
    folder,
  };
}

/**
 * The packages that files were taken from, by name and version, each once. Throws `build.licence` for one that may not
 * be shipped.
 */
export function thirdParties(inputs: readonly string[]): readonly ThirdParty[] {
  const folders = new Set(inputs.flatMap((input) => PACKAGE_FOLDER.exec(input)?.[1] ?? []));
  const packages = locked();
  const all = [...folders]
    .filter((folder) => existsSync(join(PROJECT_FOLDER, folder, 'package.json')))
    .map((folder) => readPackage(folder, packages));
  const byKey = new Map(all.map((found) => [`${found.name}@${found.version}`, found]));
  const found = [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? []);
  const refused = found.filter(({ licence }) => !ALLOWED.has(licence));
  if (refused.length > 0)
    throw new RetentionError(
      'build.licence',
      `cannot ship ${refused.map(({ name, licence }) => `${name} (${licence})`).join(', ')}: expected one of ${[...ALLOWED].join(', ')}`,
    );
  return found;
}

/** The notices that these licences ask for; `what` contains the code. */
export function noticesOf(packages: readonly ThirdParty[], what = 'This package'): string {
  const sections = packages.map(
    ({ name, version, licence, text }) =>
      `${name} ${version} (${licence})\n\n${text ?? `Its text: https://spdx.org/licenses/${licence}.html`}\n`,
  );
  return `${what} contains code of others, under their licences.\n\n${sections.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

const purlOf = ({ name, version }: ThirdParty): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** The bill of materials of what is published, as CycloneDX 1.6. The same packages give the same bytes. */
export function billOfMaterials(
  self: { readonly name: string; readonly version: string },
  packages: readonly ThirdParty[],
): string {
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: self.name, version: self.version } },
    components: packages.map((found) => ({
      type: 'library',
      'bom-ref': purlOf(found),
      name: found.name,
      version: found.version,
      purl: purlOf(found),
      ...(found.sha512 !== null && { hashes: [{ alg: 'SHA-512', content: found.sha512 }] }),
      licenses: [{ license: { id: found.licence } }],
    })),
    dependencies: packages.map((found) => ({
      ref: purlOf(found),
      dependsOn: [...new Set(packages.filter(({ folder }) => found.needs.includes(folder)).map(purlOf))].sort(),
    })),
  };
  return `${JSON.stringify(bill, null, 1)}\n`;
}
