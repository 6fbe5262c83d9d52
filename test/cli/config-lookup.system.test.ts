import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readConfiguration } from '../../lib/read-configuration';
import { commandLineProgram } from '../support/built-programs';

const ROOT = join(__dirname, '..', '..');
const POLICY = 'version: 1\npolicies: { short: { expireAfter: 14d } }\ndefault: short\n';
const work = mkdtempSync(join(tmpdir(), 'lookup-'));
const program = commandLineProgram();

afterAll(() => rmSync(work, { recursive: true }));

const aFolder = (): string => mkdtempSync(join(work, 'folder-'));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in a folder, with nothing behind the addresses of AWS. */
const execute = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ended =>
  spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      PATH: process.env.PATH,
      HOME: work,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...env,
    },
  });

const cli = (args: readonly string[], cwd: string): Ended => execute([program, ...args], cwd);

/** The app alone, as `cdk` starts it in a folder. */
const synth = (cwd: string): Ended =>
  execute(
    [
      '--import',
      pathToFileURL(join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href,
      join(ROOT, 'bin', 'app.ts'),
    ],
    cwd,
    {
      CDK_CONTEXT_JSON: JSON.stringify({ email: 'a@example.com' }),
      CDK_OUTDIR: join(cwd, 'cdk.out'),
    },
  );

const WHERE: readonly (readonly [name: string, run: (cwd: string) => Ended, code: number])[] = [
  ['report', (cwd) => cli(['report'], cwd), 2],
  ['explain', (cwd) => cli(['explain', 'web'], cwd), 2],
  ['check', (cwd) => cli(['check'], cwd), 2],
  ['simulate', (cwd) => cli(['simulate'], cwd), 2],
  ['playground', (cwd) => cli(['playground'], cwd), 2],
  ['apply', (cwd) => cli(['apply', 'plan.json', '--local'], cwd), 2],
  ['cdk synth', synth, 1],
];

describe.each(WHERE)('retention.yaml at %s', (_, run, code) => {
  it('is missed where only a near file is there, which is named', () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'retention.yml'), POLICY);
    const { status, stdout, stderr } = run(folder);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(
      'there is no retention.yaml here, and retention.yml is not read: rename it to retention.yaml, or name it: ',
    );
    expect(stderr).not.toMatch(/\n\s+at /);
  }, 60_000);

  it('is refused as a dangling link', () => {
    const folder = aFolder();
    symlinkSync('gone.yaml', join(folder, 'retention.yaml'));
    const { status, stderr } = run(folder);
    expect(status).toBe(code);
    expect(stderr).toContain(
      'retention.yaml: got a symbolic link to gone.yaml, where there is nothing, expected a configuration file',
    );
  }, 60_000);
});

describe('retention.yaml', () => {
  it('that is a directory is refused', () => {
    const folder = aFolder();
    mkdirSync(join(folder, 'retention.yaml'));
    const { status, stderr } = cli(['check'], folder);
    expect(status).toBe(2);
    expect(stderr).toContain('retention.yaml: got a directory, expected a configuration file');
  });

  it('that is there makes a near file a warning, and the schema beside it none', () => {
    const folder = aFolder();
    for (const name of ['retention.yaml', 'Retention.yml', 'retention.schema.json'])
      writeFileSync(join(folder, name), POLICY);
    const { status, stdout, stderr } = cli(['check'], folder);
    expect(status).toBe(0);
    expect(stdout).toContain('retention.yaml is valid.');
    expect(stderr).toBe(
      'warning: Retention.yml is not read, because retention.yaml is the configuration: remove it, or rename it\n',
    );
  });

  it('may be absent: then the starter policy is used, with a note', () => {
    const { status, stderr } = cli(['simulate', '--policy', 'starter'], aFolder());
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^note: no retention\.yaml here: using the built-in starter policy.*: npx lightsail-retention init$/m,
    );
  });

  it('is not looked for where another file is named', () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'retention.yml'), POLICY);
    expect(cli(['check', '--config', 'retention.yml'], folder)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('readConfiguration of the library', () => {
  it('names the near file where the one that is named is absent', () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'retention.yml'), POLICY);
    expect(() => readConfiguration(join(folder, 'retention.yaml'), () => undefined)).toThrow(
      /got no such file, expected a configuration file; did you mean retention\.yml\?/,
    );
  });

  it('warns of a near file beside the one that is named', () => {
    const folder = aFolder();
    for (const name of ['retention.yaml', 'retention.json']) writeFileSync(join(folder, name), POLICY);
    const lines: string[] = [];
    expect(readConfiguration(join(folder, 'retention.yaml'), (line) => lines.push(line)).origin).toBe('retention.yaml');
    expect(lines).toEqual([
      'warning: retention.json is not read, because retention.yaml is the configuration: remove it, or rename it',
    ]);
  });
});
