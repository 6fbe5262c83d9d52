import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { smallAccount } from '../deletion/rig';
import { commandLineProgram } from '../support/built-programs';
import { endOf } from '../support/child-process';

const POLICY =
  'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\ncaps: { maxShare: 0.9 }\n';
const STRICT = POLICY.replace('last: 3', 'last: 2');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Every command that calls AWS and only reads. */
const READING: readonly (readonly [string, readonly string[]])[] = [
  ['report', ['report', '--output', 'report.json', '--format', 'json', '--plan-out', 'plan.json']],
  ['init', ['init']],
  ['check --live', ['check', '--live', '--config', 'policy.yaml']],
  ['compare', ['compare', 'policy.yaml', 'strict.yaml', '--output', 'changes.txt']],
  ['explain', ['explain', 'web-04', '--config', 'policy.yaml']],
  ['doctor', ['doctor', '--config', 'policy.yaml']],
];

const FULL =
  'error: cannot write to standard output: ENOSPC: no space left on device, write; make room, or write elsewhere [output.unwritable]\n';

describe('a command', () => {
  const program = commandLineProgram();
  let work: string;
  let emulator: Emulator;

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'signals-'));
    emulator = await startEmulator({ account: smallAccount() });
    writeFileSync(join(work, 'policy.yaml'), POLICY);
    writeFileSync(join(work, 'strict.yaml'), STRICT);
  });
  afterEach(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  const start = (
    args: readonly string[],
    stdio: readonly ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', 'pipe'],
  ) =>
    spawn(process.execPath, [program, ...args], {
      cwd: work,
      stdio: [...stdio],
      timeout: 60_000,
      env: {
        PATH: process.env.PATH,
        HOME: work,
        AWS_ENDPOINT_URL: emulator.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        ...(process.env.NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
      },
    });

  const CASES = READING.flatMap(([name, args]) => SIGNALS.map((signal) => [name, signal, args] as const));

  it.each(CASES)('%s ends at %s while it reads, without a stack trace, and writes no file', async (_, signal, args) => {
    const child = start(args);
    // The answer never comes, so that the signal arrives in the middle of the reading.
    emulator.before('*', () => {
      child.kill(signal);
      return new Promise<void>(() => undefined);
    });
    const ended = endOf(child);
    const { err } = await ended;
    expect({ signal: child.signalCode, code: child.exitCode }).toEqual({ signal, code: null });
    expect(err).not.toMatch(/^\s+at |unexpected failure/m);
    expect(readdirSync(work).sort()).toEqual(['policy.yaml', 'strict.yaml']);
  });

  it.each(SIGNALS)('report says at %s in the middle of a list that nothing was written', async (signal) => {
    const child = start(['report', '--output', 'report.json', '--format', 'json', '--plan-out', 'plan.json']);
    emulator.before('GetInstanceSnapshots', () => {
      child.kill(signal);
      return new Promise<void>(() => undefined);
    });
    const { err } = await endOf(child);
    expect(err).toMatch(/\ninterrupted while reading; nothing was written\n$/);
    expect(readdirSync(work).sort()).toEqual(['policy.yaml', 'strict.yaml']);
  });

  it.each(READING)('%s ends without a stack trace when the readers of its output are gone', async (_, args) => {
    const child = start(args);
    child.stdout?.destroy();
    const { err } = await endOf(child);
    expect(err).not.toMatch(/^\s+at |unexpected failure|EPIPE/m);
    expect([0, 3, 6]).toContain(child.exitCode);
  });

  describe('whose standard output is a full disk', () => {
    let full: number;
    beforeEach(async () => {
      full = openSync('/dev/full', 'w');
      const { code } = await endOf(start(['report', '--config', 'policy.yaml', '--quiet', '--plan-out', 'plan.json']));
      expect(code).toBe(0);
    });
    afterEach(() => closeSync(full));
    const run = (...args: readonly string[]) => endOf(start(args, ['ignore', full, 'pipe']));
    const APPLY = ['apply', 'plan.json', '--config', 'policy.yaml', '--local', '--quiet'] as const;
    const deletes = () =>
      emulator.requests.count('DeleteInstanceSnapshot') + emulator.requests.count('DeleteDiskSnapshot');

    it.each([
      ['version', ['version']],
      ['--help', ['--help']],
      ['simulate', ['simulate', '--config', 'policy.yaml']],
      ['report', ['report', '--config', 'policy.yaml', '--quiet']],
      ['apply --dry-run', [...APPLY, '--dry-run']],
    ])('%s says so in one sentence, and ends with exit code 1', async (_, args) => {
      const { code, err } = await run(...args);
      expect({ code, err: err.replace(/^warning: .*\n/gm, '') }).toEqual({ code: 1, err: FULL });
      expect(deletes()).toBe(0);
    });

    it('apply deletes nothing when it cannot show the snapshots', async () => {
      const { code, err } = await run(...APPLY, '--yes', '5');
      expect({ code, err: err.replace(/^warning: .*\n/gm, '') }).toEqual({ code: 2, err: FULL });
      expect(deletes()).toBe(0);
    });
  });

  it.each(SIGNALS)('apply says at %s, while its question waits, that nothing was deleted', async (signal) => {
    await endOf(start(['report', '--config', 'policy.yaml', '--quiet', '--plan-out', 'plan.json']));
    const child = start(['apply', 'plan.json', '--config', 'policy.yaml', '--local'], ['pipe', 'pipe', 'pipe']);
    child.stderr?.on('data', (chunk) => {
      if (String(chunk).includes('anything else to stop:')) child.kill(signal);
    });
    const { err } = await endOf(child);
    expect({ signal: child.signalCode, code: child.exitCode }).toEqual({ signal, code: null });
    expect(err).toMatch(/anything else to stop: \nStopped: nothing was deleted\.\n$/);
    expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
  });

  it('refuses a count that is given twice, and a scenario that is no file', async () => {
    const twice = await endOf(start(['apply', 'plan.json', '--local', '--yes', '5', '--yes', '6']));
    expect(twice.code).toBe(2);
    expect(twice.err).toContain('It is given twice.');
    const absent = await endOf(start(['emulator', '--scenario', 'absent.json']));
    expect(absent.code).toBe(2);
    expect(absent.err).toContain('cannot use the scenario absent.json: got no such file, expected a JSON file');
  });

  it('keeps the file of an earlier report when a signal ends the next one', async () => {
    writeFileSync(join(work, 'report.json'), 'before');
    const child = start(['report', '--config', 'policy.yaml', '--format', 'json', '--output', 'report.json']);
    emulator.before('GetInstanceSnapshots', () => void child.kill('SIGTERM'));
    await endOf(child);
    expect(child.signalCode).toBe('SIGTERM');
    expect(readFileSync(join(work, 'report.json'), 'utf8')).toBe('before');
  });
});
