import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { DEFAULT_BUCKET, type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import { smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { runCli } from '../support/terminal';

export const POLICY =
  'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\ncaps: { maxShare: 0.9 }\n';

/** A command line that runs as a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  readonly end: Promise<ChildRun>;
}

/** For each test of a suite: a small account in an emulator, and a plan of five of its eleven snapshots in a folder. */
export function applyRig() {
  const program = commandLineProgram();
  const children: ChildProcess[] = [];
  let work = '';
  let emulator: Emulator;
  let putBack: () => void;

  const config = (): string => join(work, 'retention.yaml');
  const plan = (): string => join(work, 'plan.json');
  const startAccount = async (account: Parameters<typeof startEmulator>[0]): Promise<void> => {
    emulator = await startEmulator(account);
    putBack = pointSdkTo(emulator.url);
  };
  const endAccount = async (): Promise<void> => {
    putBack();
    await emulator.close();
  };

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'apply-'));
    await startAccount({ account: smallAccount() });
    writeFileSync(config(), POLICY);
    const { code } = await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    expect(code).toBe(0);
  });
  afterEach(async () => {
    // One that hangs when its test has failed would keep the whole run from ending.
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await endAccount();
    rmSync(work, { recursive: true, force: true });
  });

  /** The command line as a process of its own. */
  const startWith = (stdin: 'ignore' | 'pipe' | number, ...args: readonly string[]): Started => {
    const child = spawn(process.execPath, [program, ...args, '--config', config()], {
      stdio: [stdin, 'pipe', 'pipe'],
      cwd: work,
      env: { ...process.env },
    });
    children.push(child);
    return { child, end: endOf(child) };
  };
  const results = () => readdirSync(join(work, 'results')).filter((name) => name.endsWith('.json'));
  return {
    get work(): string {
      return work;
    },
    get emulator(): Emulator {
      return emulator;
    },
    config,
    plan,
    cli: (...args: readonly string[]) => runCli(['apply', ...args, '--config', config()], process.env),
    start: (...args: readonly string[]): Started => startWith('ignore', ...args),
    startWith,
    results,
    stored: () => JSON.parse(readFileSync(join(work, 'results', results()[0] ?? ''), 'utf8')),
    /** The snapshots of the account. */
    count: (): number =>
      (['instanceSnapshots', 'diskSnapshots'] as const).reduce(
        (sum, list) =>
          sum + emulator.world.regions.reduce((all, region) => all + emulator.world.rows(region, list).length, 0),
        0,
      ),
    putObject: (key: string, text: string): Promise<void> =>
      s3Store(
        new S3Client({
          endpoint: emulator.url,
          forcePathStyle: true,
          region: 'us-east-1',
          credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        }),
        DEFAULT_BUCKET,
      ).put({ key, contentType: 'application/json', body: [text] }),
    /** Another account instead of the small one. */
    replaceAccount: async (account: Parameters<typeof startEmulator>[0]): Promise<void> => {
      await endAccount();
      await startAccount(account);
    },
  };
}
