import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DoctorJson, ExplainJson } from '../../cli/json-shapes';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { files } from '../../package.json';
import { SCHEMA_FOLDER, SCHEMA_NAMES, schemaText } from '../../scripts/json-schemas';
import { pointSdkTo } from '../support/aws-env';
import { validateJson } from '../support/json-schemas';
import { runCli } from '../support/terminal';

const POLICY = `version: 1
policies: { standard: { keep: { last: 3, daily: 7, monthly: 12 }, expireAfter: 30d } }
default: standard
`;

describe('the JSON of commands', () => {
  const now = Date.now();
  const work = mkdtempSync(join(tmpdir(), 'json-'));
  const config = join(work, 'retention.yaml');
  let emulator: Emulator;
  let putBack: () => void;
  const cli = (...args: readonly string[]) => runCli([...args, '--config', config], process.env);

  beforeAll(async () => {
    writeFileSync(config, POLICY);
    emulator = await startEmulator({ account: sampleAccount(now) });
    putBack = pointSdkTo(emulator.url);
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });
  afterEach(() => emulator.setFaults([]));

  it('has a published schema for each command, up to date and part of the package', () => {
    expect(files).toContain('schemas');
    // The schema of events is no command's.
    const names = [...SCHEMA_NAMES, 'event'];
    expect(readdirSync(SCHEMA_FOLDER).sort()).toEqual(names.map((name) => `${name}.schema.json`).sort());
    for (const name of SCHEMA_NAMES)
      expect(readFileSync(join(SCHEMA_FOLDER, `${name}.schema.json`), 'utf8')).toBe(schemaText(name));
  });

  it('explains a snapshot with the members of the report and each step', async () => {
    const report = JSON.parse((await cli('report', '--format', 'json', '--quiet')).out);
    const wanted = report.snapshots.find(({ verdict }: { verdict: string }) => verdict === 'expire');
    const { code, out } = await cli('explain', wanted.arn, '--format', 'json', '--quiet');
    const json: ExplainJson = JSON.parse(out);
    expect({ code, wrong: validateJson('explain', json) }).toEqual({ code: 0, wrong: [] });
    if (json.type !== 'snapshot') throw new Error('expected a snapshot');
    const { reasons: _, ageDays: __, ...facts } = wanted;
    expect(json.snapshot).toMatchObject(facts);
    expect(json.steps.map(({ title }) => title)).toContain('How to change it');
  });

  it('explains a source by its name and by its ARN, with each of its snapshots as the report has them', async () => {
    const report = JSON.parse((await cli('report', '--format', 'json', '--quiet')).out);
    const own = report.snapshots.filter(
      ({ source }: { source: { name: string } | null }) => source?.name === 'landing',
    );
    for (const word of ['landing', own[0].source.arn]) {
      const { code, out } = await cli('explain', word, '--format', 'json', '--quiet');
      const json: ExplainJson = JSON.parse(out);
      expect({ code, wrong: validateJson('explain', json) }).toEqual({ code: 0, wrong: [] });
      if (json.type !== 'source') throw new Error('expected a source');
      expect(json.source).toMatchObject({ name: 'landing', kind: 'instance', exists: true });
      expect(json.snapshots.map(({ arn, verdict, reasons }) => ({ arn, verdict, reasons }))).toEqual(
        own.map(({ arn, verdict, reasons }: { arn: string; verdict: string; reasons: object }) => ({
          ...{ arn, verdict, reasons },
        })),
      );
    }
  });

  it('lists the snapshots of a source as a table, one row each, with the rules that keep it', async () => {
    const { code, out } = await cli('explain', 'landing', '--quiet');
    const [title = '', empty, heads, ...lines] = out.trimEnd().split('\n');
    expect(heads).toMatch(/^SNAPSHOT +MADE +RESULT +REASONS$/);
    const amount = Number(/: (\d+) snapshots, /.exec(title)?.[1]);
    expect({ code, empty, lines: lines.length }).toEqual({ code: 0, empty: '', lines: amount });
    for (const line of lines) expect(line).toMatch(/^landing-\S+ +\d{4}-\d\d-\d\d {2}(keep|delete) +\S/);
    expect(lines[0]).toContain('last 1 of 3');
  });

  it('asks for the ARN where several sources have a name, and names what is near', async () => {
    const { code, err } = await cli('explain', 'blog', '--quiet');
    expect({ code, arns: err.match(/^ {2}arn:aws:lightsail:/gm)?.length }).toEqual({ code: 2, arns: 2 });
    expect((await cli('explain', 'nothing-like-it', '--quiet')).err).toContain('[explain.unknown]');
  });

  it('checks a configuration, valid and invalid, and the account with --live', async () => {
    const valid = await cli('check', '--format', 'json');
    const live = await cli('check', '--format', 'json', '--live', '--quiet');
    const wrong = join(work, 'wrong.yaml');
    writeFileSync(wrong, 'version: 1\npolices: {}\n');
    const invalid = await runCli(['check', '--format', 'json', '--config', wrong], process.env);
    for (const { out } of [valid, live, invalid]) expect(validateJson('check', JSON.parse(out))).toEqual([]);
    expect([valid.code, invalid.code]).toEqual([0, 2]);
  });

  it('simulates a policy', async () => {
    const { code, out } = await cli('simulate', '--format', 'json', '--for', '60d');
    expect({ code, wrong: validateJson('simulate', JSON.parse(out)) }).toEqual({ code: 0, wrong: [] });
  });

  it('tells by doctor who only uses the command line, and that this is the emulator', async () => {
    const { code, out } = await cli('doctor', '--format', 'json');
    const json: DoctorJson = JSON.parse(out);
    expect({ code, wrong: validateJson('doctor', json) }).toEqual({ code: 0, wrong: [] });
    expect(json).toMatchObject({ usage: 'command-line', healthy: true, deployments: [] });
    expect(json.conclusion).toMatch(/^command line only: a report can be made here/);
    expect(json.checks.find(({ check }) => check === 'endpoint')?.message).toContain('this is the embedded emulator');
    const text = await cli('doctor');
    expect(text.out).toMatch(/^ok {7}endpoint: this is the embedded emulator, not AWS: .*127\.0\.0\.1/m);
    expect(text.out).toMatch(/\ncommand line only: .*\n$/);
  });

  it('ends doctor with 1 and healthy: false where no report can be made', async () => {
    emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots' }]);
    const { code, out } = await cli('doctor', '--format', 'json');
    const json: DoctorJson = JSON.parse(out);
    expect({ code, healthy: json.healthy, wrong: validateJson('doctor', json) }).toEqual({
      code: 1,
      healthy: false,
      wrong: [],
    });
    expect(json.checks.filter(({ state }) => state === 'failed').map(({ check }) => check)).toContain('permissions');
  });
});

describe('the manners of the command line', () => {
  const now = Date.now();
  const work = mkdtempSync(join(tmpdir(), 'manners-'));
  const config = join(work, 'retention.yaml');
  let emulator: Emulator;
  let putBack: () => void;
  const report = (...args: readonly string[]) =>
    runCli(['report', '--config', config, '--quiet', ...args], process.env);

  beforeAll(async () => {
    writeFileSync(config, POLICY);
    emulator = await startEmulator({ account: sampleAccount(now) });
    putBack = pointSdkTo(emulator.url);
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  it('prints the version with --version and with version', async () => {
    expect(await runCli(['version'])).toEqual({ code: 0, out: '0.0.0\n', err: '' });
    expect(await runCli(['--version'])).toEqual({ code: 0, out: '0.0.0\n', err: '' });
  });

  it.each([
    ['reprot', '\n(Did you mean report?)'],
    ['nope', ''],
  ])('refuses help for the unknown command %s as it refuses the command', async (name, hint) => {
    const err = `error: unknown command '${name}'${hint}\n(run "npx lightsail-retention --help" for the commands and their options)\n`;
    expect(await runCli(['help', name])).toEqual({ code: 2, out: '', err });
    expect(await runCli([name])).toEqual({ code: 2, out: '', err });
    expect((await runCli(['help', 'report'])).code).toBe(0);
  });

  it.each([['bash'], ['zsh'], ['fish']])(
    'prints a completion script for %s that names every command',
    async (shell) => {
      const { code, out } = await runCli(['completion', shell]);
      expect(code).toBe(0);
      for (const name of ['report', 'explain', 'check', 'simulate', 'apply', 'doctor', 'emulator', 'completion'])
        expect(out).toContain(name);
      expect(out).toContain('raise-caps');
      expect(out).toContain('markdown');
    },
  );

  it('refuses completion for another shell, and names the help of the command', async () => {
    const { code, err } = await runCli(['completion', 'powershell']);
    expect(code).toBe(2);
    expect(err).toContain('bash, zsh, fish');
    expect(err).toContain('(run "npx lightsail-retention completion --help" for its options)');
  });

  it('summarizes a report: totals, a row per source, and the outcome as the last line', async () => {
    const json = JSON.parse((await report('--format', 'json')).out);
    const { code, out } = await report('--summary');
    const sources = new Set(
      json.snapshots.map(({ source, kind, region }: { source: { arn: string }; kind: string; region: string }) =>
        JSON.stringify([source?.arn ?? null, kind, region]),
      ),
    );
    const lines = out.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(
      lines.filter((line) => / (instance|disk|database) /.test(line) && /^\S+( \(gone\))? {2,}/.test(line)),
    ).toHaveLength(sources.size);
    expect(lines.at(-1)).toContain(`${json.totals.expire} of ${json.totals.snapshots} snapshots`);
    expect((await report('--summary', '--format', 'json')).code).toBe(2);
  });

  it('prints the e-mail with its subject, an empty line and the body, without a command of this package', async () => {
    const { code, out } = await report('--format', 'email');
    expect(code).toBe(0);
    expect(out).toMatch(/^Subject: \[Lightsail\] [\x20-\x7e]{1,87}\n\n\S/);
    expect(out).not.toContain('npx');
    const small = join(work, 'small.yaml');
    writeFileSync(small, `${POLICY}caps: { maxDeletions: 2, maxShare: 0.01 }\n`);
    const blocked = await runCli(['report', '--format', 'email', '--config', small], process.env);
    expect(blocked.out.replace(/\s+/g, ' ')).toContain('Your limits are 2 snapshots and 1 %.');
  });

  it.each([
    ['in capitals', 'EU-CENTRAL-1', 'did you mean eu-central-1?'],
    ['as a list', 'eu-west-1, us-east-1', '--region eu-west-1 --region us-east-1'],
    ['that no region can have', 'frankfurt', 'Expected a region such as eu-central-1'],
  ])('refuses a region %s in one sentence', async (_, region, hint) => {
    const { code, out, err } = await report('--region', region);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(hint);
    expect(err).toContain('npx lightsail-retention report --help');
  });

  it('refuses a region that does not exist with the name that was meant, and prints no empty report', async () => {
    const { code, out, err } = await report('--region', 'eu-centrl-1');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/Lightsail has no region eu-centrl-1; .*did you mean eu-central-1\?\) \[region\.unknown\]\n$/);
    expect((await report('--region', 'eu-centrl-1', '--region', 'us-east-1')).code).toBe(3);
  });

  it('wraps nothing that is piped', async () => {
    const { out } = await report();
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeGreaterThan(150);
  });
});
