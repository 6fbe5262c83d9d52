import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { billOfMaterials, thirdParties } from '../../scripts/third-party';

const ROOT = join(__dirname, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'licences-'));
afterAll(() => rmSync(work, { recursive: true }));

/** A file of a package of this licence, as a bundle names it. */
function fileOf(name: string, license: unknown): string {
  const folder = join(work, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3', license }));
  return `${relative(ROOT, folder)}/lib/index.js`;
}

test('a package is named once, however many of its files are shipped, and the project itself is none', () => {
  const found = thirdParties([
    'lambda/handlers/wire-report.ts',
    'node_modules/yaml/dist/index.js',
    'node_modules/yaml/dist/doc.js',
  ]);
  expect(found.map(({ name, licence }) => `${name} ${licence}`)).toEqual(['yaml ISC']);
  expect(found[0]?.text).toContain('Permission to use, copy, modify');
});

test.each([
  ['GPL-3.0-only', 'GPL-3.0-only'],
  [undefined, 'undefined'],
  ['SEE LICENSE IN LICENSE.md', 'SEE LICENSE'],
])('refuses to ship a package under %s', (license, message) => {
  expect(() => thirdParties([fileOf('@some/package', license)])).toThrow(message);
});

test('a scoped package has its address in the bill of materials', () => {
  const bill = JSON.parse(
    billOfMaterials({ name: 'self', version: '1.0.0' }, thirdParties([fileOf('@some/package', 'MIT')])),
  );
  expect(bill.components).toEqual([
    {
      type: 'library',
      'bom-ref': 'pkg:npm/%40some/package@1.2.3',
      name: '@some/package',
      version: '1.2.3',
      purl: 'pkg:npm/%40some/package@1.2.3',
      licenses: [{ license: { id: 'MIT' } }],
    },
  ]);
});

test('each package of the bill has the hash of its archive, and what it depends on of the others', () => {
  const bill = JSON.parse(
    billOfMaterials(
      { name: 'self', version: '1.0.0' },
      thirdParties([
        'node_modules/yaml/dist/index.js',
        'node_modules/proxy-agent-negotiate/dist/index.js',
        'node_modules/agent-base/dist/index.js',
        'node_modules/https-proxy-agent/dist/index.js',
      ]),
    ),
  );
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const [{ hashes }] = bill.components.filter(({ name }: { name: string }) => name === 'yaml');
  expect(`sha512-${Buffer.from(hashes[0].content, 'hex').toString('base64')}`).toBe(
    packages['node_modules/yaml'].integrity,
  );
  const needs = Object.fromEntries(
    bill.dependencies.map(({ ref, dependsOn }: { ref: string; dependsOn: readonly string[] }) => [
      ref.replace(/@[\d.]+$/, ''),
      dependsOn.map((each) => each.replace(/@[\d.]+$/, '')),
    ]),
  );
  expect(needs).toMatchObject({
    'pkg:npm/yaml': [],
    'pkg:npm/https-proxy-agent': expect.arrayContaining(['pkg:npm/agent-base']),
  });
});
