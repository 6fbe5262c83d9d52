import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { peerDependencies } from '../../package.json';
import { describeWith } from '../support/optional';
import { compile, offline, packedPackage } from '../support/packed-package';

const ROOT = join(__dirname, '..', '..');
const EXAMPLES = join(ROOT, 'examples', 'consumer');
const OLDEST = join(ROOT, 'tools', 'node_modules', 'aws-cdk-lib-oldest');

/** The apps, and the stacks that each of them makes. */
const APPS: Readonly<Record<string, readonly string[]>> = {
  bundled: ['Backups'],
  commonjs: ['Backups'],
  esm: ['Backups'],
  events: ['Backups'],
  'own-resources': ['Backups', 'Platform'],
  pipeline: ['ProductionSnapshots', 'TestSnapshots'],
};

/** A stack for each kind of deployment, each in an account of its own: what no app above sets. */
const KINDS = `
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { configure, SnapshotRetention, type SnapshotRetentionProps } from 'lightsail-retention';

const app = new App();
const targets = ['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'];
const kinds: Readonly<Record<string, (stack: Stack) => Partial<SnapshotRetentionProps>>> = {
  Automatic: (stack) => ({
    ...{ deletion: 'automatic', encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) },
    objectLock: { retention: Duration.days(400), mode: 'compliance' },
  }),
  Dashboard: () => ({ deletion: 'approve', approval: 'dashboard', okActions: true }),
  Locked: () => ({ lockReportsFor: Duration.days(30), monitoring: 'alarms' }),
  Organization: () => ({ organization: { targets }, events: true }),
  Silent: () => ({ monitoring: 'off' }),
};
for (const [i, [id, propsOf]] of Object.entries(kinds).entries()) {
  const stack = new Stack(app, id, { env: { account: '12345678901' + i, region: 'eu-central-1' } });
  const configuration = configure({ version: 1, policies: { standard: { keep: { daily: 14 } } }, default: 'standard' });
  new SnapshotRetention(stack, 'Retention', { configuration, emails: ['you@example.com'], ...propsOf(stack) });
}
app.synth();
`;

/** Versions of `aws-cdk-lib` and `constructs`, each by the folder that holds it. */
const NEWEST = { 'aws-cdk-lib': join(ROOT, 'node_modules', 'aws-cdk-lib'), constructs: constructsOf('.') };
const FLOOR = { 'aws-cdk-lib': OLDEST, constructs: constructsOf('tools') };
type Peers = typeof NEWEST;

function constructsOf(folder: string): string {
  return join(ROOT, folder, 'node_modules', 'constructs');
}

const versionIn = (folder: string): string => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;

/** Applies packs of cdk-nag to what is synthesized, and throws for what they find: generation 2 only annotates it. */
const NAG: Readonly<Record<string, string>> = {
  'cdk-nag-2': "cdk.Aspects.of(app).add(new (require('cdk-nag-2').AwsSolutionsChecks)());",
  'cdk-nag': "cdk.Validations.of(app).addPlugins(new (require('cdk-nag').AwsSolutionsChecks)(app));",
};
const hook = (nags: readonly string[]): string => `
const cdk = require('aws-cdk-lib');
const synth = cdk.App.prototype.synth;
const checked = new WeakSet();
cdk.App.prototype.synth = function (options) {
  const app = this;
  if (!checked.has(app)) { ${nags.map((nag) => NAG[nag]).join(' ')} }
  checked.add(app);
  const assembly = synth.call(app, options);
  for (const { node } of app.node.findAll())
    for (const { type, data } of node.metadata) if (type === 'aws:cdk:error') throw new Error(node.path + ': ' + data);
  return assembly;
};
`;

const work = mkdtempSync(join(tmpdir(), 'consumers-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The apps with what `npm install` gives them. cdk-nag is copied, so that it checks with their CDK. */
function install(name: string, peers: Peers, nags: readonly string[]): string {
  const folder = join(work, name);
  cpSync(EXAMPLES, folder, { recursive: true });
  cpSync(join(EXAMPLES, 'commonjs'), join(folder, 'kinds'), { recursive: true });
  writeFileSync(join(folder, 'kinds', 'app.ts'), KINDS);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const [peer, from] of Object.entries(peers)) symlinkSync(from, join(modules, peer));
  for (const each of ['tsx', '@types']) symlinkSync(join(ROOT, 'node_modules', each), join(modules, each));
  for (const nag of nags) cpSync(join(ROOT, 'node_modules', nag), join(modules, nag), { recursive: true });
  const installed = join(modules, 'lightsail-retention');
  mkdirSync(installed);
  execFileSync('tar', ['-xzf', packedPackage(), '-C', installed, '--strip-components=1']);
  writeFileSync(join(folder, 'nag.cjs'), hook(nags));
  return folder;
}

/** Runs an app as the CDK command line does, and returns its stacks' templates by their files' names. */
function synthesize(folder: string): Readonly<Record<string, { readonly Resources: object }>> {
  const { app } = JSON.parse(readFileSync(join(folder, 'cdk.json'), 'utf8'));
  const out = join(folder, 'cdk.out');
  execFileSync('sh', ['-c', app], {
    cwd: folder,
    env: {
      ...offline(folder),
      PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      CDK_OUTDIR: out,
      NODE_OPTIONS: `--require=${join(folder, '..', 'nag.cjs')}`,
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Object.fromEntries(
    filesBelow(out, '.template.json').map((file) => [
      file
        .split('/')
        .at(-1)
        ?.replace('.template.json', '')
        .replace(/[0-9A-F]{8}$/, ''),
      JSON.parse(readFileSync(file, 'utf8')),
    ]),
  );
}

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

const failureOf = (folder: string): string => {
  try {
    synthesize(folder);
    return 'nothing';
  } catch (error) {
    return `${(error as Error).message}${(error as { readonly stderr?: string }).stderr ?? ''}`;
  }
};

test('every app of examples/consumer is tried', () => {
  const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((each) => each.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(APPS));
});

const suite = (name: string, peers: Peers, nags: readonly string[]): void => {
  let folder: string;
  beforeAll(() => {
    folder = install(name, peers, nags);
  }, 240_000);

  test.each(Object.entries(APPS))(
    'the app %s, and AwsSolutionsChecks finds nothing in it',
    (app, stacks) => {
      expect(Object.keys(synthesize(join(folder, app))).sort()).toEqual(stacks);
    },
    120_000,
  );

  test('an app with each kind of deployment, and AwsSolutionsChecks finds nothing in it', () => {
    const stacks = Object.keys(synthesize(join(folder, 'kinds')));
    expect(stacks).toEqual(['Automatic', 'Dashboard', 'Locked', 'Organization', 'Silent']);
  }, 120_000);

  test.each(nags)(
    '%s would find a bucket without access logs',
    (nag) => {
      const app = join(folder, `open-${nag}`);
      cpSync(join(folder, 'own-resources'), app, { recursive: true });
      const file = join(app, 'app.ts');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace(/new Bucket\(.*\);/, "new Bucket(platform, 'Bucket');"));
      writeFileSync(join(folder, 'nag.cjs'), hook([nag]));
      expect(failureOf(app)).toContain('AwsSolutions-S1');
    },
    120_000,
  );

  test('their types are right', () => {
    const files = [...Object.keys(APPS), 'kinds'].map((app) =>
      join(app, existsSync(join(folder, app, 'app.mts')) ? 'app.mts' : 'app.ts'),
    );
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023'];
    expect(compile([...options, '--types', 'node', '--skipLibCheck', ...files], folder)).toBe('');
  }, 120_000);
};

describe(`with aws-cdk-lib ${versionIn(NEWEST['aws-cdk-lib'])}, each app synthesizes from the packed package`, () =>
  suite('newest', NEWEST, ['cdk-nag', 'cdk-nag-2']));

describeWith(
  existsSync(OLDEST),
  'what `npm run tools` installs',
  'with the oldest aws-cdk-lib that the package allows, each app synthesizes from the packed package',
  () => {
    test('it is the version that package.json names', () => {
      expect({
        'aws-cdk-lib': `^${versionIn(FLOOR['aws-cdk-lib'])}`,
        constructs: `^${versionIn(FLOOR.constructs)}`,
      }).toEqual(peerDependencies);
    });

    suite('oldest', FLOOR, ['cdk-nag-2']);
  },
);
