import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '..');

/** The folders, files and packages that each folder may import. */
const FOLDERS: readonly {
  readonly folder: string;
  readonly may: readonly string[];
  readonly packages: readonly RegExp[];
}[] = [
  { folder: 'lambda/core', may: ['lambda/core'], packages: [] },
  { folder: 'lambda/render', may: ['lambda/core', 'lambda/render'], packages: [/^fast-wrap-ansi$/] },
  { folder: 'lambda/ports', may: ['lambda/core', 'lambda/ports'], packages: [] },
  { folder: 'lambda/storage', may: ['lambda/core', 'lambda/ports', 'lambda/storage'], packages: [/^zod\/mini$/] },
  { folder: 'lambda/inventory', may: ['lambda/core', 'lambda/ports', 'lambda/inventory'], packages: [] },
  ...['lambda/reporting', 'lambda/deletion', 'lambda/explain', 'lambda/organization'].map((folder) => ({
    folder,
    may: ['lambda/core', 'lambda/render', 'lambda/ports', 'lambda/storage', 'lambda/inventory', folder],
    packages: [],
  })),
  {
    folder: 'lambda/approval',
    may: ['lambda/core', 'lambda/render', 'lambda/ports', 'lambda/storage', 'lambda/deletion', 'lambda/approval'],
    packages: [],
  },
  {
    folder: 'lambda/kinds',
    may: ['lambda/core', 'lambda/ports', 'lambda/kinds'],
    packages: [/^@aws-sdk\/client-lightsail$/],
  },
  {
    folder: 'lambda/channels',
    may: ['lambda/core', 'lambda/ports', 'lambda/channels'],
    packages: [/^@aws-sdk\/client-sns$/],
  },
  {
    folder: 'lambda/aws',
    may: ['lambda/core', 'lambda/ports', 'lambda/kinds', 'lambda/aws'],
    packages: [/^@aws-sdk\//, /^@smithy\//, /^@aws\/durable-execution-sdk-js$/, /^node:/],
  },
  {
    folder: 'lambda/config',
    may: ['lambda/core', 'lambda/runtime', 'lambda/config'],
    packages: [/^zod\/mini$/, /^yaml$/, /^picomatch$/, /^fastest-levenshtein$/, /^node:/],
  },
  { folder: 'lambda/runtime', may: ['lambda/core', 'lambda/runtime'], packages: [/^node:/, /^canonicalize$/] },
  {
    folder: 'lib',
    may: [
      'lib',
      'lambda/core',
      'lambda/storage/keys',
      'lambda/config',
      'lambda/kinds/kind-metadata',
      'lambda/runtime',
      'package.json',
    ],
    packages: [/^aws-cdk-lib/, /^constructs$/, /^cdk-nag$/, /^fastest-levenshtein$/, /^node:/],
  },
  {
    folder: 'cli/playground',
    may: ['cli/playground', 'lambda/core', 'lambda/config', 'lambda/render'],
    packages: [],
  },
  { folder: 'emulator', may: ['emulator'], packages: [/^node:/, /^zod$/] },
];

const sources = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const importsOf = (file: string): readonly string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:from|import\(|import)\s+'([^']+)'|import\('([^']+)'\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );

const isIn = (target: string, folder: string): boolean => target === folder || target.startsWith(`${folder}/`);

describe.each(FOLDERS)('$folder', ({ folder, may, packages }) => {
  const files = sources(folder);

  it('has files', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it('imports only what docs/architecture.md allows', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).flatMap((name) => {
        if (!name.startsWith('.'))
          return packages.some((allowed) => allowed.test(name)) ? [] : [`${file} imports ${name}`];
        const target = relative(ROOT, resolve(ROOT, dirname(file), name));
        return may.some((allowed) => isIn(target, allowed)) ? [] : [`${file} imports ${target}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('core and render', () => {
  it.each([...sources('lambda/core'), ...sources('lambda/render')])(
    '%s asks no clock, no chance, no environment',
    (file) => {
      expect(readFileSync(join(ROOT, file), 'utf8')).not.toMatch(
        /Date\.now|new Date\(\)|Math\.random|process\.|console\.\w+\(/,
      );
    },
  );
});
