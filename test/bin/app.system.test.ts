import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'app-'));
const config = join(folder, 'mine.yaml');
const containerRan = join(folder, 'container-ran');

beforeAll(() => {
  writeFileSync(
    config,
    'version: 1\ntimezone: Europe/Berlin # a comment\npolicies: { short: { expireAfter: 14d } }\ndefault: short\n',
  );
  mkdirSync(join(folder, 'bin'));
  for (const engine of ['docker', 'podman', 'finch']) {
    writeFileSync(join(folder, 'bin', engine), `#!/bin/sh\necho "$@" >> "${containerRan}"\nexit 1\n`, { mode: 0o755 });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * A machine without AWS credentials, network or a container engine that works. CDK's CloudFormation rules take three
 * seconds of each start.
 */
const environment = (rules = false): NodeJS.ProcessEnv => ({
  PATH: `${join(folder, 'bin')}:${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}`,
  HOME: folder,
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
  AWS_EC2_METADATA_DISABLED: 'true',
  CDK_DISABLE_CLI_TELEMETRY: 'true',
  NO_COLOR: '1',
  CDK_VALIDATION: String(rules),
});

interface Ran {
  readonly status: number | null;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Ran {
  const { status, stderr, error } = spawnSync(command, args, { cwd: ROOT, env, encoding: 'utf8', timeout: 120_000 });
  if (error) throw error;
  return { status, stderr };
}

/** `cdk synth` as a person types it; the output folder is `out`. */
const cdkSynth = (out: string, args: readonly string[], rules = false): Ran =>
  run(
    process.execPath,
    [join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk'), 'synth', '--quiet', '--no-notices', '--output', out, ...args],
    environment(rules),
  );

/** The app alone, as `cdk` starts it. */
const app = (context: Readonly<Record<string, unknown>>): Ran =>
  run('node', ['--import', 'tsx', 'bin/app.ts'], {
    ...environment(),
    CDK_CONTEXT_JSON: JSON.stringify(context),
    CDK_OUTDIR: join(folder, 'alone'),
  });

/** What a person is told, beside CDK's own line for each function that it bundles. */
const besidesBundling = (stderr: string): readonly string[] =>
  stderr
    .split('\n')
    .filter(
      (line) =>
        line !== '' && !/^Bundling asset LightsailRetention\/Retention\/(Report|Deletion|Organization)\//.test(line),
    );

test('synthesizes offline, without credentials or a container, the template and the function with its configuration', () => {
  const out = join(folder, 'out');
  const { status, stderr } = cdkSynth(out, ['-c', 'email=a@example.com', '-c', `config=${config}`]);
  expect({ status, stderr: besidesBundling(stderr) }).toEqual({ status: 0, stderr: [] });
  expect(existsSync(containerRan)).toBe(false);

  const template = JSON.parse(readFileSync(join(out, 'LightsailRetention.template.json'), 'utf8'));
  const resources = Object.values(template.Resources) as { Type: string; Properties: Record<string, unknown> }[];
  expect(resources.find(({ Type }) => Type === 'AWS::Scheduler::Schedule')?.Properties.ScheduleExpressionTimezone).toBe(
    'Europe/Berlin',
  );

  const [asset = ''] = readdirSync(out).filter((name) => name.startsWith('asset.'));
  expect(readdirSync(join(out, asset)).sort()).toEqual(['index.js', 'page-assets.js', 'retention.json']);
  expect(JSON.parse(readFileSync(join(out, asset, 'retention.json'), 'utf8'))).toMatchObject({
    origin: 'mine.yaml',
    config: { version: 1, timezone: 'Europe/Berlin', policies: { short: { expireAfter: '14d' } }, default: 'short' },
  });
}, 120_000);

test.each(['approve', 'automatic'])(
  'says nothing when all is well, with deletion %s as well',
  (deletion) => {
    const context = ['-c', 'email=a@example.com', '-c', `config=${config}`, '-c', `deletion=${deletion}`];
    const { status, stderr } = cdkSynth(join(folder, deletion), context, deletion === 'automatic');
    expect({ status, stderr: besidesBundling(stderr) }).toEqual({ status: 0, stderr: [] });
  },
  120_000,
);

test('with an organization asks for its root by a parameter, and writes the template of the management account', () => {
  const out = join(folder, 'organization');
  const context = ['-c', 'email=a@example.com', '-c', `config=${config}`, '-c', 'organization=on'];
  const { status, stderr } = cdkSynth(out, context, true);
  expect({ status, stderr: besidesBundling(stderr) }).toEqual({ status: 0, stderr: [] });
  const { Parameters } = JSON.parse(readFileSync(join(out, 'LightsailRetention.template.json'), 'utf8'));
  expect('arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12').toMatch(
    new RegExp(Parameters.OrganizationRoot.AllowedPattern),
  );
  expect(Parameters.OrganizationRoot.Default).toBeUndefined();
  const member = JSON.parse(readFileSync(join(out, 'member-role.template.json'), 'utf8'));
  expect(Object.keys(member.Resources)).toEqual(['ReadRole']);
}, 120_000);

test('refuses an organization together with deletion, in one sentence', () => {
  const { status, stderr } = app({ email: 'a@example.com', config, organization: 'on', deletion: 'approve' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: organization: cannot be deployed together with deletion "approve"[^\n]*\n$/);
}, 120_000);

test('refuses to synthesize without an address, in one sentence', () => {
  const { status, stderr } = cdkSynth(join(folder, 'none'), []);
  expect(status).not.toBe(0);
  expect(stderr.split('\n').filter((line) => line.startsWith('error: '))).toEqual([
    'error: context "email" is missing: say who gets the report, as in -c email=you@example.com',
  ]);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(existsSync(join(folder, 'none', 'LightsailRetention.template.json'))).toBe(false);
}, 120_000);

test('refuses context that is malformed, and writes no template', () => {
  expect(app({ email: 'a@example.com', schedule: 'daily' })).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^error: schedule "daily": expected cron.*\n$/),
  });
  expect(readdirSync(join(folder, 'alone'))).toEqual([]);
}, 120_000);

test('refuses a configuration with all of its errors', () => {
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, 'version: 1\ntimezone: Europe/Berlim\ndefault: nobody\n');
  const { status, stderr } = app({ email: 'a@example.com', config: wrong });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: /);
  expect(stderr).toContain('Europe/Berlim');
  expect(stderr).toContain('nobody');
  expect(stderr).not.toMatch(/\n\s+at /);
}, 120_000);

test('refuses a configuration file that is not there', () => {
  const { status, stderr } = app({ email: 'a@example.com', config: join(folder, 'absent.yaml') });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: cannot use the configuration\n.*absent\.yaml: got no such file.*\n$/);
}, 120_000);
