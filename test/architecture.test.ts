import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '..');

/** What each room may import: other rooms (or single files) of this project, and packages. The first entry that a file lies in counts. */
const ROOMS: readonly { readonly room: string; readonly may: readonly string[]; readonly packages: readonly RegExp[] }[] = [
  { room: 'lambda/core', may: ['lambda/core'], packages: [] },
  { room: 'lambda/render', may: ['lambda/core', 'lambda/render'], packages: [/^fast-wrap-ansi$/] },
  { room: 'lambda/app', may: ['lambda/core', 'lambda/render', 'lambda/app'], packages: [] },
  {
    room: 'lambda/kinds',
    may: ['lambda/core', 'lambda/app/ports', 'lambda/app/kind-port', 'lambda/kinds'],
    packages: [/^@aws-sdk\/client-lightsail$/],
  },
  { room: 'lambda/channels', may: ['lambda/core', 'lambda/app/ports', 'lambda/channels'], packages: [/^@aws-sdk\/client-sns$/] },
  {
    room: 'lambda/aws',
    may: [
      'lambda/core',
      'lambda/app/ports',
      'lambda/app/kind-port',
      'lambda/app/deletion-port',
      'lambda/app/durable-steps',
      'lambda/kinds',
      'lambda/aws',
    ],
    packages: [/^@aws-sdk\//, /^@smithy\//, /^@aws\/durable-execution-sdk-js$/, /^node:/],
  },
  {
    room: 'lambda/handlers',
    may: ['lambda/wire', 'lambda/wire-delete', 'lambda/metrics', 'lambda/lean-heap', 'lambda/core/safe-text', 'lambda/handlers/measure'],
    packages: [/^@aws-lambda-powertools\//, /^aws-lambda$/, /^@aws\/durable-execution-sdk-js$/],
  },
  {
    room: 'lib',
    may: [
      'lib',
      'lambda/env',
      'lambda/config',
      'lambda/kinds/facts',
      'lambda/core',
      'lambda/stage-function',
      'lambda/metrics',
      'cli/config-file',
      'scripts/bundle',
    ],
    packages: [/^aws-cdk-lib/, /^constructs$/, /^cdk-nag$/, /^fastest-levenshtein$/, /^node:/],
  },
  { room: 'emulator', may: ['emulator'], packages: [/^node:/, /^zod$/] },
];

const sources = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const importsOf = (file: string): readonly string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:from|import\(|import)\s+'([^']+)'|import\('([^']+)'\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );

const lies = (target: string, room: string): boolean => target === room || target.startsWith(`${room}/`);

describe.each(ROOMS)('$room', ({ room, may, packages }) => {
  const files = sources(room);

  it('has files', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it('imports only what its place in the house allows', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).flatMap((name) => {
        if (!name.startsWith('.')) return packages.some((allowed) => allowed.test(name)) ? [] : [`${file} imports ${name}`];
        const target = relative(ROOT, resolve(ROOT, dirname(file), name));
        return may.some((allowed) => lies(target, allowed)) ? [] : [`${file} imports ${target}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('core and render', () => {
  it.each([...sources('lambda/core'), ...sources('lambda/render')])('%s asks no clock, no chance, no environment', (file) => {
    expect(readFileSync(join(ROOT, file), 'utf8')).not.toMatch(/Date\.now|new Date\(\)|Math\.random|process\.|console\.\w+\(/);
  });
});
