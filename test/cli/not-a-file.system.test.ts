import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { pointSdkTo } from '../support/aws-env';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { runCli } from '../support/terminal';

const POLICY =
  'version: 1\npolicies: { short: { expireAfter: 14d, keep: { last: 1 } } }\ndefault: short\ncaps: { maxShare: 1, maxDeletions: 10000 }\n';

describe('a path that leads to no regular file', () => {
  const work = mkdtempSync(join(tmpdir(), 'not-a-file-'));
  const program = commandLineProgram();
  let emulator: Emulator;
  let socket: Server;
  let restore: () => void;

  beforeAll(async () => {
    emulator = await startEmulator({ account: sampleAccount(Date.now()) });
    restore = pointSdkTo(emulator.url);
    execFileSync('mkfifo', [join(work, 'pipe')]);
    mkdirSync(join(work, 'folder'));
    symlinkSync('pipe', join(work, 'link'));
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(work, 'socket'), resolve));
  });
  afterAll(async () => {
    restore();
    await emulator.close();
    await new Promise((resolve) => socket.close(resolve));
    rmSync(work, { recursive: true, force: true });
  });

  /** Runs the command line; its standard input is a pipe that nobody writes to and nobody closes. */
  const cli = (...args: readonly string[]): Promise<ChildRun> =>
    endOf(
      spawn(process.execPath, [program, ...args], {
        cwd: work,
        timeout: 60_000,
        env: {
          PATH: process.env.PATH,
          HOME: work,
          AWS_ENDPOINT_URL: emulator.url,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
        },
      }),
    );

  /** Runs it in this process, which is enough where nothing could hang. */
  const fast = (...args: readonly string[]): Promise<ChildRun> => runCli(args);

  const PATHS = [
    ['pipe', 'a named pipe (FIFO)'],
    ['link', 'a named pipe (FIFO)'],
    ['socket', 'a socket'],
    ['folder', 'a directory'],
    ['/dev/zero', 'a device'],
  ] as const;
  const KINDS = PATHS.map(
    ([path, kind]) =>
      [path, path.startsWith('/') ? path : join(work, path), kind, path === 'pipe' ? cli : fast] as const,
  );

  it.each(KINDS)('%s is refused as a configuration, before AWS is asked', async (_, path, kind, run) => {
    emulator.requests.clear();
    const { code, out, err } = await run('report', '--config', path);
    expect({ code, out, calls: emulator.requests.total() }).toEqual({ code: 2, out: '', calls: 0 });
    expect(err).toContain(`${path}: got ${kind}, expected a configuration file`);
  });

  it.each(KINDS)('%s is refused as a plan, in one sentence', async (_, path, kind, run) => {
    const { code, out, err } = await run('apply', path, '--local', '--yes', '1');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(
      `error: cannot read the plan ${path}: got ${kind}, expected a file, or an address such as s3://bucket/plans/ID.json [usage.plan]\n`,
    );
  });

  it.each(KINDS)('%s is refused as an output, before AWS is asked', async (_, path, kind, run) => {
    emulator.requests.clear();
    for (const args of [
      ['report', '--output', path],
      ['report', '--plan-out', path],
      ['simulate', '--output', path],
      ['playground', '--output', path],
    ]) {
      const { code, out, err } = await run(...args);
      expect({ code, out, calls: emulator.requests.total() }).toEqual({ code: 2, out: '', calls: 0 });
      expect(err).toContain(
        `error: cannot write ${path}: got ${kind}, expected a file or a new name; to pipe the output`,
      );
      expect(err).toContain('[output.unwritable]\n');
    }
  });

  it.each(KINDS)('%s is refused as a scenario of the emulator', async (_, path, kind, run) => {
    const { code, err } = await run('emulator', '--port', '0', '--scenario', path);
    expect({ code, err }).toEqual({
      code: 2,
      err: `error: cannot use the scenario ${path}: got ${kind}, expected a JSON file [scenario.invalid]\n`,
    });
  });

  it('is fine as an output where it drops everything', async () => {
    expect(await cli('report', '--quiet', '--output', '/dev/null')).toMatchObject({ code: 0, out: '' });
  });

  it('is refused where it is a standard input that is piped: a plan has its results beside it', async () => {
    const { code, err } = await cli('apply', '/dev/stdin', '--local', '--yes', '1');
    expect(code).toBe(2);
    expect(err).toMatch(/cannot read the plan \/dev\/stdin: got a (socket|named pipe \(FIFO\))/);
  });

  it('is resolved where it is a link to a plan, whose results lie beside the plan itself', async () => {
    mkdirSync(join(work, 'plans'));
    expect((await cli('report', '--quiet', '--plan-out', 'plans/plan.json', '--output', '/dev/null')).code).toBe(0);
    symlinkSync(join('plans', 'plan.json'), join(work, 'linked.json'));
    const { id, items } = JSON.parse(readFileSync(join(work, 'plans', 'plan.json'), 'utf8'));
    expect((await cli('apply', 'linked.json', '--local', '--quiet', '--yes', String(items.length))).code).toBe(0);
    expect(JSON.parse(readFileSync(join(work, 'plans', 'results', `${id}.json`), 'utf8')).totals.deleted).toBe(
      items.length,
    );
  });
});
