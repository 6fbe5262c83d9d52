import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { digestOf } from '../../lambda/runtime/digest';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { itWith } from '../support/optional';

const POLICY = 'version: 1\npolicies: { short: { expireAfter: 60d, keep: { last: 3 } } }\ndefault: short\n';

describe('lightsail-retention report', () => {
  const work = mkdtempSync(join(tmpdir(), 'report-cli-'));
  const program = commandLineProgram();
  let emulator: Emulator;

  beforeAll(async () => {
    writeFileSync(join(work, 'policy.yaml'), POLICY);
    emulator = await startEmulator({ account: sampleAccount(Date.now()) });
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });
  afterEach(() => emulator.setFaults([]));

  /** Runs a program in an empty folder, with the emulator as its AWS and no other settings of this machine. */
  function execute(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<ChildRun> {
    return endOf(
      spawn(command, args, {
        cwd: work,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env.PATH ?? '',
          HOME: work,
          AWS_ENDPOINT_URL: emulator.url,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_EC2_METADATA_DISABLED: 'true',
          ...env,
        },
      }),
    );
  }

  /** What a run says of the emulator, `--quiet` or not. */
  const endpointLine = (): string =>
    `warning: calls to AWS go to another endpoint: ${emulator.url} (AWS_ENDPOINT_URL); AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true ignores that\n`;

  const report = (args: readonly string[], env?: Record<string, string>): Promise<ChildRun> =>
    execute(process.execPath, [program, 'report', ...args], env);

  it('prints the report of the contract as JSON, and nothing else, on standard output', async () => {
    const { code, out } = await report(['--format', 'json', '--config', 'policy.yaml']);
    expect(code).toBe(0);
    const json = JSON.parse(out);
    expect(Object.keys(json)).toEqual([
      'schemaVersion',
      'reportId',
      'generatedAt',
      'evaluatedAt',
      'timezone',
      'config',
      'complete',
      'allRegions',
      'scopes',
      'totals',
      'snapshots',
      'sources',
      'changes',
      'automaticSnapshots',
      'spend',
      'problems',
      'plan',
    ]);
    expect(json).toMatchObject({
      schemaVersion: 1,
      timezone: 'UTC',
      complete: true,
      config: { origin: 'policy.yaml' },
    });
    expect(json.totals.snapshots).toBe(json.snapshots.length);
    expect(json.totals.keep + json.totals.expire).toBe(json.snapshots.length);
    expect(json.plan.count).toBe(json.totals.expire);
  });

  itWith(
    'aws',
    'counts as many instance snapshots as the AWS CLI does, in every region',
    async () => {
      emulator.pageSize = 9;
      const { out } = await report(['--format', 'json', '--kind', 'instance']);
      const counted: Record<string, number> = {};
      const listed: Record<string, number> = {};
      for (const { region } of JSON.parse(out).scopes) {
        counted[region] = JSON.parse(out).snapshots.filter(
          (snapshot: { region: string }) => snapshot.region === region,
        ).length;
        const cli = await execute(
          'aws',
          [
            'lightsail',
            'get-instance-snapshots',
            '--endpoint-url',
            emulator.url,
            '--region',
            region,
            '--output',
            'json',
          ],
          {
            HOME: process.env.HOME ?? work,
            AWS_CONFIG_FILE: join(work, 'none'),
            AWS_SHARED_CREDENTIALS_FILE: join(work, 'none'),
          },
        );
        listed[region] = JSON.parse(cli.out).instanceSnapshots.length;
      }
      expect(counted).toEqual(listed);
      expect(Object.values(counted).some((count) => count > 9)).toBe(true);
    },
    120_000,
  );

  it('uses the built-in starter policy where there is no file, and names it', async () => {
    const { code, out, err } = await report(['--format', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      config: { origin: 'built-in' },
      plan: { blocked: { code: 'config.built-in' } },
    });
    expect(err).toContain('built-in starter policy');
  });

  it('reads retention.yaml of the current folder', async () => {
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    try {
      expect(JSON.parse((await report(['--format', 'json'])).out).config.origin).toBe('retention.yaml');
    } finally {
      rmSync(join(work, 'retention.yaml'));
    }
  });

  it('prints text by default, outcome first', async () => {
    const { out } = await report(['--config', 'policy.yaml', '--quiet']);
    expect(out.split('\n').slice(0, 2).join(' ')).toMatch(/\d+ of \d+ snapshots are expired by policy/);
  });

  it('tells its progress on standard error, one line a scope, and none with --quiet', async () => {
    const told = await report(['--config', 'policy.yaml', '--format', 'json']);
    expect(told.err).toMatch(/^us-east-1 instance: \d+ snapshots on \d+ pages?$/m);
    expect((await report(['--config', 'policy.yaml', '--quiet'])).err).toBe(endpointLine());
  });

  it('refuses a region that Lightsail does not have, and prints no report', async () => {
    const { code, out, err } = await report(['--format', 'json', '--region', 'mars-east-1', '--kind', 'disk']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/Lightsail has no region mars-east-1; correct --region, .*\[region\.unknown\]\n$/);
  });

  it('restricts to the regions and kinds that are asked for', async () => {
    const { out } = await report(['--format', 'json', '--region', 'us-east-1', '--kind', 'disk']);
    expect(JSON.parse(out).scopes).toEqual([
      expect.objectContaining({ region: 'us-east-1', kind: 'disk', status: 'read' }),
    ]);
  });

  it('evaluates as of another instant', async () => {
    const { out } = await report(['--format', 'json', '--at', '2020-01-01T00:00:00Z']);
    const json = JSON.parse(out);
    expect(json.evaluatedAt).toBe('2020-01-01T00:00:00.000Z');
    expect(json.totals.expire).toBe(0);
  });

  it('writes the plan file, whose digest covers all of it', async () => {
    const { code } = await report([
      '--config',
      'policy.yaml',
      '--plan-out',
      'plan.json',
      '--quiet',
      '--output',
      'report.txt',
    ]);
    expect(code).toBe(0);
    const { digest, ...content } = JSON.parse(readFileSync(join(work, 'plan.json'), 'utf8'));
    expect(digest).toBe(digestOf(content));
    expect(content.items.length).toBeGreaterThan(0);
  });

  it('prints commands that a shell takes as they are, and that mean the snapshots of this report', async () => {
    const bin = join(work, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${program}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(work, "my shop's.yaml"), `${POLICY}caps: { maxShare: 1 }\n`);
    const { out } = await report(['--config', "my shop's.yaml", '--quiet']);
    const [, expiring = ''] = /^(\d+) of \d+ snapshots are expired by policy/.exec(out) ?? [];
    const [, name = ''] = /\n {2}- (\S+): /.exec(out) ?? [];
    const shell = (command: string): Promise<ChildRun> =>
      execute('sh', ['-c', command], { PATH: `${bin}:${process.env.PATH}` });
    const commands = [...out.matchAll(/^ {4}(npx .*)$/gm)].map(([, command = '']) => command);
    expect(commands).toHaveLength(3);
    const [make = '', apply = '', explain = ''] = commands;
    expect(await shell(`${make} --quiet --output r.txt`)).toMatchObject({ code: 0, err: endpointLine() });
    const applied = await shell(`${apply} --dry-run --yes ${expiring}`);
    expect({ code: applied.code, deletes: applied.out.includes(`${expiring} snapshots`) }).toEqual({
      code: 0,
      deletes: true,
    });
    const explained = await shell(explain.replace('NAME', name));
    expect(explained.code).toBe(0);
    expect(explained.out).toContain(name);
  }, 60_000);

  it('still prints the report when something could not be read, and ends with 3', async () => {
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const { code, out, err } = await report(['--format', 'json']);
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ complete: false, plan: { blocked: { code: 'inventory.incomplete' } } });
    expect(err).toContain('[inventory.incomplete]');
  });

  it('reports all scopes of the first region as failed when the regions cannot be listed', async () => {
    emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetRegions' }]);
    const { code, out } = await report(['--format', 'json']);
    expect(code).toBe(3);
    expect(
      JSON.parse(out).scopes.map(({ region, kind, status }: Record<string, string>) => [region, kind, status]),
    ).toEqual([
      ['us-east-1', 'database', 'failed'],
      ['us-east-1', 'disk', 'failed'],
      ['us-east-1', 'instance', 'failed'],
    ]);
  });

  it.each([
    ['an unknown command', ['reprot'], /unknown command/],
    ['an unknown option', ['report', '--regions', 'x'], /unknown option/],
    ['an unknown format', ['report', '--format', 'xml'], /text, json, csv, html, markdown/],
    ['a date without time and zone', ['report', '--at', '2026-11-23'], /ISO 8601 instant/],
    ['a day that no calendar has', ['report', '--at', '2026-02-30T00:00:00Z'], /ISO 8601 instant/],
    ['an unknown kind', ['report', '--kind', 'bucket'], /instance, disk, database/],
    ['a region that is none', ['report', '--region', 'frankfurt'], /region such as/],
    [
      '--at together with --plan-out',
      ['report', '--at', '2026-11-23T00:00:00Z', '--plan-out', 'p.json'],
      /usage.at-with-plan-out/,
    ],
    [
      'one file for --output and --plan-out',
      ['report', '--output', 'one.json', '--plan-out', './one.json'],
      /usage.same-file/,
    ],
    [
      'the configuration of --config as the file of --plan-out',
      ['report', '--config', 'policy.yaml', '--plan-out', './policy.yaml'],
      /--plan-out names the configuration in force.*usage\.same-file/,
    ],
    [
      'the configuration of --config as the file of --output',
      ['report', '--config', 'policy.yaml', '--output', 'policy.yaml'],
      /--output names the configuration in force.*usage\.same-file/,
    ],
    ['an empty name of a plan', ['apply', '', '--local'], /cannot read the plan '': got an empty name.*usage\.plan/],
    ['a configuration file that is not there', ['report', '--config', 'missing.yaml'], /missing\.yaml/],
    ['a superfluous argument', ['report', 'web'], /too many arguments/],
    ['no command at all', [], /Usage/],
  ])('refuses %s with exit code 2, before it asks AWS for anything', async (_, args, given) => {
    emulator.requests.clear();
    const { code, out, err } = await execute(process.execPath, [program, ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(given);
    expect(err).not.toMatch(/\n\s+at /);
    expect(emulator.requests.total()).toBe(0);
  });

  it.each(['report --plan-out', 'report --output', 'simulate --output', 'playground --output'])(
    'refuses to replace the retention.yaml of its folder by %s',
    async (words) => {
      const file = join(work, 'retention.yaml');
      writeFileSync(file, POLICY);
      try {
        const { code, err } = await execute(process.execPath, [program, ...words.split(' '), './retention.yaml']);
        expect([code, err]).toEqual([2, expect.stringContaining('names the configuration in force, ./retention.yaml')]);
        expect(readFileSync(file, 'utf8')).toBe(POLICY);
      } finally {
        rmSync(file);
      }
    },
  );

  it('refuses a configuration with all its errors at once, by line and column', async () => {
    writeFileSync(join(work, 'wrong.yaml'), 'version: 1\npolices: {}\nfloors: { minKeep: 0 }\n');
    const { code, err } = await report(['--config', 'wrong.yaml']);
    expect(code).toBe(2);
    expect(err).toContain('wrong.yaml:2:1');
    expect(err).toContain('policies');
    expect(err).toContain('wrong.yaml:3:');
  });

  it('says in one sentence that a file cannot be written', async () => {
    const { code, err } = await report(['--output', 'no/such/folder/report.txt']);
    expect(code).toBe(2);
    expect(err).toMatch(/cannot write no\/such\/folder\/report\.txt/);
  });

  it('says in one sentence that there are no credentials', async () => {
    const { code, out, err } = await report(['--format', 'json'], { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/\[credentials\.missing\]\n$/);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('has a help for itself and for every command', async () => {
    const { code, out } = await execute(process.execPath, [program, '--help']);
    expect(code).toBe(0);
    const commands = [...out.matchAll(/^ {2}([a-z]+) /gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== 'help');
    expect(commands).toEqual(expect.arrayContaining(['report', 'emulator', 'demo']));
    for (const command of commands)
      expect((await execute(process.execPath, [program, command, '--help'])).code).toBe(0);
  });

  describe('with --spend', () => {
    it('shows the bill of the last month in each format, with one request', async () => {
      const before = emulator.requests.count('GetCostAndUsage');
      const { code, out } = await report(['--spend', '--quiet', '--config', 'policy.yaml']);
      expect(code).toBe(0);
      expect(out).toMatch(/Lightsail snapshots were billed \$79\.52 in \w{3} \d{4}/);
      expect(out).toContain('Frankfurt (eu-central-1): billed $52.17, up to $');
      expect(emulator.requests.count('GetCostAndUsage') - before).toBe(1);
      const json = await report(['--spend', '--quiet', '--config', 'policy.yaml', '--format', 'json']);
      expect(JSON.parse(json.out).spend).toMatchObject({
        currency: 'USD',
        total: 79.52,
        byRegion: { 'ap-southeast-2': 17.91, 'eu-central-1': 52.17, 'us-east-1': 9.44 },
      });
    });

    it('reads it without the flag where the configuration says so, and else not', async () => {
      writeFileSync(join(work, 'spend.yaml'), `${POLICY}report: { spend: true }\n`);
      const { out } = await report(['--quiet', '--config', 'spend.yaml', '--summary']);
      expect(out).toContain('Lightsail snapshots were billed $79.52');
      expect((await report(['--quiet', '--config', 'policy.yaml'])).out).not.toMatch(/billed|bill of/i);
    });

    it('says in one line why it could not be read, and ends as without it', async () => {
      emulator.setFaults([{ service: 'ce', fault: 'error', code: 'DataUnavailableException' }]);
      const { code, out } = await report(['--spend', '--quiet', '--config', 'policy.yaml']);
      expect(code).toBe(0);
      expect(out.split('\n').filter((line) => /\bbill\b/.test(line))).toEqual([
        'The bill of last month was not read: Cost Explorer has no data of this account yet. ' +
          'Remedy: open Cost Explorer once in the Billing console of this account, and wait a day.',
      ]);
    });

    it('says that the account is not known where STS does not answer', async () => {
      emulator.setFaults([{ service: 'sts', fault: 'error', code: 'AccessDenied' }]);
      const { code, out } = await report(['--spend', '--quiet', '--config', 'policy.yaml', '--summary']);
      expect(code).toBe(0);
      expect(out).toContain('was not read: the number of this account is not known');
    });
  });
});
