import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildSync } from 'esbuild';
import { version } from '../../package.json';
import { compile, offline, packedPackage } from '../support/packed-package';

const ROOT = join(__dirname, '..', '..');
const PEERS = ['aws-cdk-lib', 'constructs'];
const work = mkdtempSync(join(tmpdir(), 'package-'));
const app = join(work, 'app');
const installed = join(app, 'node_modules', 'lightsail-retention');

const env = offline(work);
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8' });

/** Compiles a file of the app to what Node.js runs. */
function compiled(name: string, js: string): void {
  compile(
    [
      '--noCheck',
      '--module',
      'commonjs',
      '--target',
      'es2023',
      '--ignoreDeprecations',
      '6.0',
      '--outDir',
      'out',
      `${name}.ts`,
    ],
    app,
  );
  cpSync(join(app, 'out', `${name}.js`), js);
}

let packedSize: number;

const APP = `
import { App, Stack, Duration } from 'aws-cdk-lib';
import { readConfiguration, SnapshotRetention, type SnapshotRetentionProps, METRICS } from 'lightsail-retention';

const app = new App();
const stack = new Stack(app, 'Backups');
const props: SnapshotRetentionProps = {
  configuration: readConfiguration('retention.yaml', (line) => process.stderr.write(line)),
  emails: ['you@example.com'],
  keepReportsFor: Duration.days(90),
};
const retention = new SnapshotRetention(stack, 'Retention', props);
process.stdout.write(String(retention.metric('expiring').metricName === METRICS.expiring.name));
app.synth();
`;

/** What README tells to write. */
const [, README_APP = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];

beforeAll(() => {
  const packed = packedPackage();
  packedSize = statSync(packed).size;

  mkdirSync(join(app, 'node_modules'), { recursive: true });
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', packed], app);
  // After the installation, or npm would remove them: what the reader of README has installed before.
  for (const peer of PEERS) symlinkSync(join(ROOT, 'node_modules', peer), join(app, 'node_modules', peer));
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(app, 'node_modules', '@types'));
  cpSync(join(ROOT, 'examples', 'agency.yaml'), join(app, 'retention.yaml'));
  writeFileSync(join(app, 'app.ts'), APP);
  writeFileSync(join(app, 'readme.ts'), README_APP);
}, 180_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('the package, installed into an empty CDK app', () => {
  test('brings no dependency with it', () => {
    expect(
      readdirSync(join(app, 'node_modules'))
        .filter((name) => !name.startsWith('.') && name !== '@types')
        .sort(),
    ).toEqual([...PEERS, 'lightsail-retention'].sort());
  });

  test('contains what runs, what explains it and what it owes to others, and no source or test', () => {
    expect(readdirSync(installed).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'examples',
      'package.json',
      'retention.schema.json',
      'schemas',
    ]);
    expect(readdirSync(join(installed, 'dist')).sort()).toEqual([
      'lambda',
      'lib',
      'lightsail-retention.cjs',
      'playground.html',
      'sbom.cdx.json',
      'third-party-licences.txt',
      'types',
    ]);
    expect(existsSync(join(installed, 'dist', 'lib', 'index.js'))).toBe(true);
  });

  test('has the bytes of a build in another folder, with packages that are linked there', () => {
    const other = join(work, 'other');
    mkdirSync(other);
    for (const name of [
      'bin',
      'cli',
      'emulator',
      'examples',
      'lambda',
      'lib',
      'scripts',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.declarations.json',
    ])
      cpSync(join(ROOT, name), join(other, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(other, 'node_modules'));
    run(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], other);
    compile(['-p', 'tsconfig.declarations.json'], other);
    const built = readdirSync(join(other, 'dist'), { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );
    expect(built.length).toBe(
      readdirSync(join(installed, 'dist'), { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
        .length,
    );
    for (const { parentPath, name } of built) {
      const file = relative(other, join(parentPath, name));
      expect([file, readFileSync(join(installed, file)).equals(readFileSync(join(other, file)))]).toEqual([file, true]);
    }
  }, 120_000);

  test('names no path of the machine that built it', () => {
    for (const name of [
      'lib/index.js',
      'lib/index.mjs',
      'lightsail-retention.cjs',
      'lambda/report/index.js',
      'playground.html',
    ])
      expect(readFileSync(join(installed, 'dist', name), 'utf8')).not.toContain(ROOT);
  });

  test("is typed: an app compiles against it, and so does README's", () => {
    expect(
      compile(
        [
          '--strict',
          '--noEmit',
          '--module',
          'nodenext',
          '--target',
          'es2023',
          '--lib',
          'es2023',
          '--types',
          'node',
          '--skipLibCheck',
          'app.ts',
          'readme.ts',
        ],
        app,
      ),
    ).toBe('');
  }, 120_000);

  test('synthesizes the app without a bundler, with the bundle and the configuration in the asset', () => {
    const js = join(app, 'app.cjs');
    compiled('app', js);
    const out = join(app, 'cdk.out');
    const output = execFileSync(process.execPath, [js], {
      cwd: app,
      env: { ...env, CDK_OUTDIR: out },
      encoding: 'utf8',
    });
    expect(output).toBe('true');
    const template = JSON.parse(readFileSync(join(out, 'Backups.template.json'), 'utf8'));
    const types = Object.values<{ Type: string }>(template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(1);
    const [asset = ''] = readdirSync(out).filter((name) => name.startsWith('asset.'));
    const code = readFileSync(join(out, asset, 'index.js'));
    expect(code.equals(readFileSync(join(installed, 'dist', 'lambda', 'report', 'index.js')))).toBe(true);
    expect(JSON.parse(readFileSync(join(out, asset, 'retention.json'), 'utf8')).origin).toBe('retention.yaml');
  }, 120_000);

  test("synthesizes README's app", () => {
    expect(README_APP).toContain('new SnapshotRetention(');
    const js = join(app, 'readme.cjs');
    compiled('readme', js);
    const out = join(app, 'readme.out');
    execFileSync(process.execPath, [js], { cwd: app, env: { ...env, CDK_OUTDIR: out }, encoding: 'utf8' });
    expect(readFileSync(join(out, 'Backups.template.json'), 'utf8')).toContain('"Endpoint": "you@example.com"');
  }, 120_000);

  describe('and into an app that a bundler makes one file of', () => {
    const template = (out: string): unknown => JSON.parse(readFileSync(join(out, 'Backups.template.json'), 'utf8'));
    const assets = (out: string): readonly string[] => readdirSync(out).filter((name) => name.startsWith('asset.'));
    const synthesize = (file: string, out: string, cwd = app): string =>
      execFileSync(process.execPath, [file], {
        cwd,
        env: { ...env, CDK_OUTDIR: out },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    /** The app as `out/<name>`, which may not import what is named as external. */
    const bundled = (name: string, format: 'cjs' | 'esm', ...external: readonly string[]): string => {
      const outfile = join(app, 'out', name);
      const { warnings } = buildSync({
        absWorkingDir: app,
        entryPoints: ['app.ts'],
        bundle: true,
        platform: 'node',
        format,
        external: [...PEERS, ...external],
        outfile,
        logLevel: 'silent',
      });
      expect(warnings).toEqual([]);
      return outfile;
    };
    const plain = join(app, 'plain.out');

    beforeAll(() => {
      compiled('app', join(app, 'plain.cjs'));
      synthesize(join(app, 'plain.cjs'), plain);
    }, 120_000);

    test.each<[string, 'cjs' | 'esm', readonly string[]]>([
      ['bundled.cjs', 'cjs', []],
      ['bundled.mjs', 'esm', []],
      ['external.cjs', 'cjs', ['lightsail-retention']],
      ['external.mjs', 'esm', ['lightsail-retention']],
    ])(
      'it synthesizes the same template with the same assets: %s (%s, external: %j)',
      (name, format, external) => {
        const out = join(app, `${name}.out`);
        expect(synthesize(bundled(name, format, ...external), out)).toBe('true');
        expect(template(out)).toEqual(template(plain));
        expect(assets(out)).toEqual(assets(plain));
      },
      120_000,
    );

    test('it finds the functions from wherever it is started', () => {
      const out = join(app, 'elsewhere.out');
      cpSync(join(app, 'retention.yaml'), join(work, 'retention.yaml'));
      synthesize(bundled('elsewhere.cjs', 'cjs'), out, work);
      expect(assets(out)).toEqual(assets(plain));
    }, 120_000);

    test('it never takes a function of the app for one of ours', () => {
      const own = join(app, 'lambda', 'report');
      mkdirSync(own, { recursive: true });
      writeFileSync(join(own, 'index.js'), 'exports.handler = () => {};');
      const out = join(app, 'own.out');
      synthesize(bundled('own.cjs', 'cjs'), out);
      expect(assets(out)).toEqual(assets(plain));
    }, 120_000);

    const refusal = (file: string, cwd: string): string => {
      try {
        return synthesize(file, join(cwd, 'refused.out'), cwd);
      } catch (error) {
        return String((error as { readonly stderr?: unknown }).stderr);
      }
    };
    /** A folder of its own with a bundled app in it, and the CDK. */
    const lonely = (id: string): string => {
      const folder = join(work, id);
      mkdirSync(join(folder, 'node_modules'), { recursive: true });
      for (const peer of PEERS) symlinkSync(join(ROOT, 'node_modules', peer), join(folder, 'node_modules', peer));
      for (const [from, to] of [
        [bundled(`${id}.cjs`, 'cjs'), 'app.cjs'],
        [join(app, 'retention.yaml'), 'retention.yaml'],
      ] as const)
        cpSync(from, join(folder, to));
      return folder;
    };

    test('it refuses to go on where the package is not installed, in one sentence', () => {
      const folder = lonely('alone');
      const output = refusal(join(folder, 'app.cjs'), folder);
      expect(output).toMatch(
        /cannot find the code of the functions: lightsail-retention is not installed for .*--external:lightsail-retention/,
      );
    }, 120_000);

    test('it refuses the functions of another version', () => {
      const folder = lonely('older');
      const older = join(folder, 'node_modules', 'lightsail-retention');
      cpSync(installed, older, { recursive: true });
      const manifest = JSON.parse(readFileSync(join(older, 'package.json'), 'utf8'));
      writeFileSync(join(older, 'package.json'), JSON.stringify({ ...manifest, version: '0.0.1' }));
      expect(refusal(join(folder, 'app.cjs'), folder)).toContain(
        `it is of version 0.0.1, expected ${version}; bundle the app again`,
      );
    }, 120_000);
  });

  test('names nothing that is left behind in the source tree', () => {
    for (const name of ['index.js', 'index.mjs']) {
      const text = readFileSync(join(installed, 'dist', 'lib', name), 'utf8');
      expect(text).not.toMatch(/require\("\.\.|scripts\/bundle/);
    }
  });

  test('is small', () => {
    // Six functions, the command line and the playground.
    expect(packedSize).toBeLessThan(3_000_000);
  });

  test('runs its command line', () => {
    const bin = join(app, 'node_modules', '.bin', 'lightsail-retention');
    expect(run(bin, ['--version'], app).trim()).toBe(version);
    expect(run(bin, ['--help'], app)).toContain('Usage: lightsail-retention');
  });
});

test('the bill of materials and the notices name the same packages', () => {
  const dist = join(installed, 'dist');
  const bill = JSON.parse(readFileSync(join(dist, 'sbom.cdx.json'), 'utf8'));
  const notices = readFileSync(join(dist, 'third-party-licences.txt'), 'utf8');
  const names = bill.components.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['@aws-sdk/client-lightsail', 'yaml', 'zod', 'commander']));
  for (const { name, version: installedVersion } of bill.components)
    expect(notices).toContain(`${name} ${installedVersion} (`);
});
