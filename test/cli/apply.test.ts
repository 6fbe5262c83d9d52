import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { apply } from '../../cli/apply';
import { reportFailure } from '../../cli/terminal';
import { sampleAccount } from '../../emulator/sample-account';
import { DEFAULT_BUCKET, type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import { TAKE_OVER_WAIT_MS } from '../../lambda/deletion/delete-snapshot';
import { smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { skipTimers } from '../support/skip-timers';
import { runCli, unwrapped } from '../support/terminal';

const POLICY =
  'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\ncaps: { maxShare: 0.9 }\n';

describe('lightsail-retention apply', () => {
  const program = commandLineProgram();
  let work: string;
  let emulator: Emulator;
  let putBack: () => void;
  const children: ChildProcess[] = [];

  const config = (): string => join(work, 'retention.yaml');
  const plan = (): string => join(work, 'plan.json');
  const cli = (...args: readonly string[]) => runCli(['apply', ...args, '--config', config()], process.env);
  const count = (): number =>
    ['instanceSnapshots', 'diskSnapshots'].reduce(
      (sum, list) =>
        sum +
        emulator.world.regions.reduce(
          (all, region) => all + emulator.world.rows(region, list as 'diskSnapshots').length,
          0,
        ),
      0,
    );
  const putObject = (key: string, text: string): Promise<void> =>
    s3Store(
      new S3Client({
        endpoint: emulator.url,
        forcePathStyle: true,
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      }),
      DEFAULT_BUCKET,
    ).put({ key, contentType: 'application/json', body: [text] });
  const results = () => readdirSync(join(work, 'results')).filter((name) => name.endsWith('.json'));
  const stored = () => JSON.parse(readFileSync(join(work, 'results', results()[0] ?? ''), 'utf8'));

  interface Started {
    readonly child: ChildProcess;
    readonly end: Promise<ChildRun>;
  }

  const start = (...args: readonly string[]): Started => startWith('ignore', ...args);
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

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'apply-'));
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(config(), POLICY);
    const { code } = await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    expect(code).toBe(0);
  });
  afterEach(async () => {
    // One that hangs when its test has failed would keep the whole run from ending.
    for (const child of children.splice(0)) child.kill('SIGKILL');
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  it('shows what will go by source with its ceiling, deletes it, and says where the outcomes stand', async () => {
    const { code, out, err } = await cli(plan(), '--local', '--yes', '5');
    expect(code).toBe(0);
    const text = unwrapped(out);
    expect(text).toContain('5 snapshots will be deleted, at most $10.00/month. It cannot be undone.');
    expect(text).toContain('data (disk, eu-central-1): 2 snapshots, at most $4.00/month');
    expect(text).toContain(
      'web (instance, us-east-1): 3 snapshots, at most $6.00/month - web-04, 4 days old, at most $2.00/month; policy standard: last: 3 of 3 slots filled',
    );
    expect(text).toContain('Of 5 planned snapshots: 5 deleted. Freed: at most $10.00/month.');
    expect(err).toContain('deleted web-04 (us-east-1)\n');
    expect(err).toContain(`outcomes: ${join(work, 'results')}`);
    const [name = ''] = results().filter((each) => /^\d{8}T/.test(each));
    const page = readFileSync(join(work, 'results', name.replace('.json', '.html')), 'utf8');
    expect(page).toMatch(/5 snapshots were deleted on .*Evidence<\/dt><dd>\d+:[0-9a-f]{64}<\/dd>/s);
    expect(count()).toBe(6);
    expect(stored()).toMatchObject({ status: 'finished', totals: { requested: 5, deleted: 5 } });
  });

  it('ends with 1 and says so where the result cannot be recorded, though everything was deleted', async () => {
    const evidence = join(work, 'results', 'evidence');
    // Another program spoils the chain after the approval.
    const spoiling = setInterval(() => {
      if (existsSync(join(evidence, '00000002.json'))) writeFileSync(join(evidence, '00000003.json'), '{');
    }, 1);
    try {
      const { code, err } = await cli(plan(), '--local', '--yes', '5', '--quiet');
      expect(code).toBe(1);
      expect(err).toMatch(
        /error: the outcomes are stored, but the evidence chain does not have the result: .* \[evidence\.result\]/,
      );
      expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
    } finally {
      clearInterval(spoiling);
    }
  });

  it('tells no progress with --quiet, and everything in the end', async () => {
    const { out, err } = await cli(plan(), '--local', '--yes', '5', '--quiet');
    expect(err).toMatch(/^warning: calls to AWS go to another endpoint: .*\nevidence: 3:[0-9a-f]{64}\n$/);
    expect(out).toContain('5 deleted');
  });

  it('walks the same path with --dry-run, and deletes nothing', async () => {
    const { code, out } = await cli(plan(), '--local', '--dry-run');
    expect(code).toBe(0);
    expect(out.match(/^ {2}- (web|data)-0\d, /gm)).toHaveLength(5);
    expect(out).toMatch(/\nDry run: nothing was deleted\. 5 snapshots would be deleted\.\n$/);
    expect(out).not.toContain(' will ');
    expect(count()).toBe(11);
    expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
    expect(() => results()).toThrow();
    expect((await cli(plan(), '--local', '--dry-run', '--yes', '4')).code).toBe(4);
  });

  it('ends a --dry-run with exit code 5 when some deletions would fail, and names them', async () => {
    emulator.setFaults([{ fault: 'error', operations: 'GetInstance', code: 'AccessDeniedException' }]);
    const { code, out } = await cli(plan(), '--local', '--dry-run');
    expect(code).toBe(5);
    expect(out.match(/^ {2}- web-0[456] \(us-east-1\): .*\[AccessDeniedException\]$/gm)).toHaveLength(3);
    expect(out.match(/^ {2}- data-0[45], /gm)).toHaveLength(2);
    expect(out).toContain('2 snapshots would be deleted.');
    expect(count()).toBe(11);
  });

  it.each<[string, readonly string[], string]>([
    ['neither --local nor --function', [], 'usage.apply'],
    ['both --local and --function', ['--local', '--function', 'f'], 'usage.apply'],
    ['--dry-run with --function', ['--function', 'f', '--dry-run'], 'usage.apply'],
  ])('refuses %s as wrong usage', async (_, args, code) => {
    const given = await cli(plan(), ...args);
    expect(given.code).toBe(2);
    expect(given.err).toContain(`[${code}]`);
    expect(count()).toBe(11);
  });

  it.each([
    ['--yes', 'all'],
    ['--yes', '-1'],
    ['--yes', '5.0'],
    ['--yes', ''],
  ])('refuses %s "%s" as wrong usage', async (...args) => {
    expect((await cli(plan(), '--local', ...args)).code).toBe(2);
  });

  it('refuses an address that is none', async () => {
    expect((await cli('s3://bucket', '--local', '--yes', '5')).code).toBe(2);
    expect((await cli('https://example.com/plan.json', '--local', '--yes', '5')).code).toBe(2);
  });

  it.each<[string, () => void, readonly string[]]>([
    ['plan.not-found', () => rmSync(plan()), ['--yes', '5']],
    [
      'plan.altered',
      () => writeFileSync(plan(), readFileSync(plan(), 'utf8').replace('web-05', 'web-01')),
      ['--yes', '5'],
    ],
    ['plan.config-changed', () => writeFileSync(config(), POLICY.replace('last: 3', 'last: 2')), ['--yes', '5']],
    ['plan.count', () => undefined, ['--yes', '4']],
    [
      'inventory.incomplete',
      () => emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]),
      ['--yes', '5'],
    ],
    [
      'inventory.incomplete',
      () => emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]),
      [],
    ],
    [
      'clock.skew',
      () => {
        emulator.clockOffset = 400_000;
      },
      ['--yes', '5'],
    ],
  ])('refuses with exit code 4 and one sentence: %s', async (code, change, args) => {
    change();
    const given = await cli(plan(), '--local', ...args, '--quiet');
    expect(given).toMatchObject({ code: 4, out: '' });
    expect(given.err).toMatch(
      new RegExp(
        `^warning: calls to AWS go to another endpoint: .*\\nerror: cannot apply the plan: .* \\[${code.replace('.', '\\.')}\\]\\n$`,
      ),
    );
    expect(count()).toBe(11);
  });

  it('refuses with exit code 4 as incomplete the plan of a report that could not read one kind in one region', async () => {
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const report = await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    emulator.setFaults([]);
    const given = await cli(plan(), '--local', '--yes', '5', '--quiet');
    expect({ report: report.code, apply: given.code }).toEqual({ report: 3, apply: 4 });
    expect(given.err).toContain('[plan.incomplete]');
    expect(count()).toBe(11);
  });

  it('refuses a plan that was applied, with exit code 4', async () => {
    await cli(plan(), '--local', '--yes', '5');
    expect(await cli(plan(), '--local', '--yes', '5', '--quiet')).toMatchObject({
      code: 4,
      err: expect.stringContaining('[plan.applied]'),
    });
  });

  it('finds already gone what a plan lists that was applied from another place, and deletes nothing', async () => {
    await cli(plan(), '--local', '--yes', '5', '--quiet');
    const deletes = () => emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete')).length;
    expect(deletes()).toBe(5);
    mkdirSync(join(work, 'elsewhere'));
    const copy = join(work, 'elsewhere', 'plan.json');
    writeFileSync(copy, readFileSync(plan(), 'utf8'));
    const { code, out } = await cli(copy, '--local', '--yes', '5', '--quiet');
    expect({ code, out: unwrapped(out) }).toEqual({
      code: 0,
      out: expect.stringContaining('Of 5 planned snapshots: 0 deleted, 5 already gone.'),
    });
    expect({ deletes: deletes(), left: count() }).toEqual({ deletes: 5, left: 6 });
  });

  it('ends with exit code 5 when some deletions failed, and names them', async () => {
    emulator.setFaults([
      {
        fault: 'operation',
        operations: 'DeleteInstanceSnapshot',
        names: 'web-05',
        status: 'Failed',
        errorCode: 'InUse',
      },
    ]);
    const { code, out } = await cli(plan(), '--local', '--yes', '5', '--quiet');
    expect(code).toBe(5);
    expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 failed.');
    expect(unwrapped(out)).toMatch(/Failed: still there, or not known \(1\) - web-05 of web .*\[InUse\]/);
    expect(count()).toBe(7);
  });

  describe('asking on a terminal', () => {
    const typing = async (text: string | null, meanwhile: () => void = () => undefined) => {
      const input = Object.assign(new PassThrough(), { isTTY: true });
      const chunks: string[] = [];
      const stream = Object.assign(new PassThrough(), { isTTY: false });
      stream.on('data', (data) => {
        chunks.push(String(data));
        if (!/Type the number of snapshots to delete \(5\)/.test(String(data))) return;
        meanwhile();
        if (text === null) input.end();
        else input.write(text);
      });
      const terminal = { out: stream, err: stream, env: {} } as unknown as Parameters<typeof apply>[2];
      const code = await apply(
        plan(),
        { local: true, config: config() },
        terminal,
        input as unknown as NodeJS.ReadStream,
      ).catch((error: unknown) => reportFailure(error, terminal.err, {}));
      return { code, text: chunks.join('') };
    };

    it('deletes when the count is typed', async () => {
      const { code, text } = await typing('5\n');
      expect(code).toBe(0);
      expect(text.indexOf('will be deleted')).toBeLessThan(text.indexOf('Type the number of snapshots'));
      expect(count()).toBe(6);
    });

    it('decides again, and shows the new candidates, when the question was open for more than ten minutes', async () => {
      const now = jest.spyOn(Date, 'now');
      try {
        const { code, text } = await typing('5\n', () => {
          const late = Date.now() + 11 * 60_000;
          now.mockImplementation(() => late);
          emulator.clockOffset = 11 * 60_000;
          emulator.world.tag('us-east-1', 'web-05', [{ key: 'retention:hold' }]);
        });
        const [before, after] = text.split('Type the number of snapshots').map(unwrapped);
        expect(before).toContain('5 snapshots will be deleted');
        expect(after).toContain('4 snapshots will be deleted');
        expect({ code, left: count() }).toEqual({ code: 0, left: 7 });
      } finally {
        now.mockRestore();
      }
    });

    it('refuses a plan that expired while the question stood', async () => {
      const now = jest.spyOn(Date, 'now');
      try {
        const { code, text } = await typing('5\n', () => {
          const late = Date.now() + 8 * 86_400_000;
          now.mockImplementation(() => late);
        });
        expect({ code, text }).toMatchObject({ code: 4, text: expect.stringContaining('[plan.expired]') });
        expect(count()).toBe(11);
      } finally {
        now.mockRestore();
      }
    });

    it.each<[string, () => void, string, number]>([
      [
        'of which it now keeps all',
        () => writeFileSync(config(), POLICY.replace('last: 3', 'last: 30')),
        'plan.config-changed',
        4,
      ],
      ['that now has an error', () => writeFileSync(config(), 'version: 1\npolicies: 7\n'), 'config.invalid', 2],
      ['that is no longer there', () => rmSync(config()), 'config.invalid', 2],
    ])('deletes nothing after a change of the configuration, %s, while the question was open', async (...args) => {
      const [, change, refused, exitCode] = args;
      const { code, text } = await typing('5\n', change);
      expect({ code, text }).toMatchObject({ code: exitCode, text: expect.stringContaining(`[${refused}]`) });
      expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
      expect(count()).toBe(11);
    });

    it('warns of the configuration once, not again after the answer', async () => {
      writeFileSync(join(work, 'retention.yml'), POLICY);
      const { code, text } = await typing('5\n');
      expect({ code, warnings: text.match(/warning: retention\.yml is not read/g)?.length }).toEqual({
        code: 0,
        warnings: 1,
      });
    });

    it.each([
      ['another number', '4\n'],
      ['yes', 'yes\n'],
    ])('refuses %s', async (_, typed) => {
      const { code, text } = await typing(typed);
      expect(code).toBe(4);
      expect(text).toContain('[plan.count]');
      expect(count()).toBe(11);
    });

    it.each([
      ['the Enter key', '\n'],
      ['the end of input', null],
    ])('stops without an error at %s', async (_, typed) => {
      const { code, text } = await typing(typed);
      expect(code).toBe(4);
      expect(text).toMatch(/Stopped: no number was given, and nothing was deleted\.\n$/);
      expect(text).not.toContain('error:');
      expect(count()).toBe(11);
    });
  });

  describe('asking without a terminal', () => {
    const QUESTION = 'Type the number of snapshots to delete (5), anything else to stop: \n';
    /** With so much on standard input, which stays open unless it is `ended`. */
    const piped = (text: string, ended: boolean) => {
      const { child, end } = startWith('pipe', 'apply', plan(), '--local', '--quiet');
      child.stdin?.on('error', () => undefined);
      if (ended) child.stdin?.end(text);
      else child.stdin?.write(text);
      return end;
    };

    it.each([
      ['a line', '5\n', true],
      ['a line, and more that nobody reads', '5\n6\n', true],
      ['a line without its end', '5', true],
      ['a line of an input that goes on', '5\r\n', false],
    ])('deletes when the count is piped in as %s', async (_, text, ended) => {
      const { code, err } = await piped(text, ended);
      expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining(QUESTION) });
      expect(count()).toBe(6);
    });

    it.each([
      ['another number', '4\n', true],
      ['the count on the second line', '\n5\n', true],
      ['yes', 'yes\n', false],
      ['a line that is too long for any count', 'y'.repeat(2_000), false],
    ])('refuses %s that is piped in', async (_, text, ended) => {
      const { code, err } = await piped(text, ended);
      expect({ code, err }).toMatchObject({
        code: 4,
        err: expect.stringMatching(/\nerror: cannot apply the plan: .* \[plan\.count\]\n$/),
      });
      expect(count()).toBe(11);
    });

    it.each<[string, () => Started['end']]>([
      ['where nothing is piped in', () => piped('', true)],
      ['of /dev/null', () => startWith('ignore', 'apply', plan(), '--local', '--quiet').end],
      [
        'of what cannot be read',
        () => {
          const folder = openSync(work, 'r');
          const { end } = startWith(folder, 'apply', plan(), '--local', '--quiet');
          closeSync(folder);
          return end;
        },
      ],
    ])('refuses to ask %s as wrong usage, and names --yes', async (_, ask) => {
      const { code, err } = await ask();
      expect({ code, err }).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^error: .*--yes 5 .* \[usage\.no-terminal\]\n\(run .* apply --help.*\)\n$/m),
      });
      expect(count()).toBe(11);
    });
  });

  it('finishes the current snapshot at Ctrl-C, says what was done, and goes on the next time', async () => {
    emulator.setFaults([{ fault: 'latency', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'], ms: 300 }]);
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    const stop = emulator.before('*', ({ operation }) => {
      if (!operation.startsWith('Delete')) return;
      stop();
      child.kill('SIGINT');
    });
    const { code, out, err } = await end;
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('Finishing the current snapshot.') });
    const { status, totals, items } = stored();
    expect(status).toBe('unfinished');
    expect(totals.deleted).toBeGreaterThan(0);
    expect(totals.open).toBeGreaterThan(0);
    expect(count()).toBe(11 - totals.deleted);
    expect(unwrapped(out)).toContain(`${totals.deleted} deleted, ${totals.open} not processed`);
    expect(unwrapped(out)).toContain('apply it again to continue');
    const again = await cli(plan(), '--local', '--yes', '5');
    expect(again.code).toBe(0);
    expect(unwrapped(again.out)).toContain(`An earlier run processed ${items.length} of them.`);
    expect(count()).toBe(6);
    expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
  }, 60_000);

  it('finishes the current snapshot when its terminal goes away, and goes on the next time', async () => {
    emulator.setFaults([{ fault: 'latency', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'], ms: 300 }]);
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    const stop = emulator.before('*', ({ operation }) => {
      if (!operation.startsWith('Delete')) return;
      stop();
      // A shell and the system may both say so.
      child.kill('SIGHUP');
      child.kill('SIGHUP');
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    const { code } = await end;
    expect(code).toBe(1);
    const { status, totals, unsettled } = stored();
    expect({ status, unsettled, failed: totals.failed }).toEqual({
      status: 'unfinished',
      unsettled: undefined,
      failed: 0,
    });
    expect(totals.deleted).toBeGreaterThan(0);
    expect(count()).toBe(11 - totals.deleted);
    expect((await cli(plan(), '--local', '--yes', '5')).code).toBe(0);
    expect(count()).toBe(6);
  }, 60_000);

  it('stops at once at the second Ctrl-C, also during a delete, and goes on the next time', async () => {
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    const answered = emulator.before('*', async ({ operation }) => {
      if (!operation.startsWith('Delete')) return;
      child.kill('SIGINT');
      await new Promise(() => undefined);
    });
    child.stderr?.on('data', (data) => {
      if (String(data).includes('Press Ctrl-C again')) child.kill('SIGINT');
    });
    const { code, out } = await end;
    expect({ code, out: unwrapped(out) }).toEqual({ code: 1, out: expect.not.stringContaining('not processed') });
    answered();
    // The test of a run that was killed waits for real.
    const timers = skipTimers(TAKE_OVER_WAIT_MS);
    try {
      expect((await cli(plan(), '--local', '--yes', '5')).code).toBe(0);
      expect(timers.skippedMs()).toBeGreaterThanOrEqual(TAKE_OVER_WAIT_MS);
    } finally {
      timers.restore();
    }
    expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
  }, 150_000);

  it('does not wait at Ctrl-C for a region that does not answer, when nothing was sent to it', async () => {
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    let asked = 0;
    const hang = async (): Promise<void> => {
      asked += 1;
      if (asked === 2) child.kill('SIGINT');
      await new Promise(() => undefined);
    };
    const answered = ['GetInstance', 'GetDisk'].map((operation) => emulator.before(operation, hang));
    const { code, out } = await end;
    expect(code).toBe(1);
    expect(unwrapped(out)).toContain('Of 5 planned snapshots: 0 deleted, 5 not processed.');
    expect(asked).toBe(2);
    for (const answer of answered) answer();
    expect((await cli(plan(), '--local', '--yes', '5')).code).toBe(0);
  }, 60_000);

  it.each([
    ['is read by nobody', ['stdout']],
    ['and its progress are read by nobody', ['stdout', 'stderr']],
  ] as const)(
    'goes on and ends with the code of what it did when its output %s',
    async (_, closed) => {
      emulator.setFaults([
        {
          fault: 'operation',
          operations: 'DeleteInstanceSnapshot',
          names: 'web-05',
          status: 'Failed',
          errorCode: 'InUse',
        },
      ]);
      const { child, end } = start('apply', plan(), '--local', '--yes', '5');
      for (const stream of closed) child[stream]?.destroy();
      expect((await end).code).toBe(5);
      expect(count()).toBe(7);
      expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 4, failed: 1 } });
    },
    60_000,
  );

  it('lets one of two processes have a plan that apply it at once: nothing is deleted twice', async () => {
    emulator.setFaults([
      { fault: 'latency', operations: ['DeleteInstanceSnapshot', 'GetInstance', 'GetDisk'], ms: 200 },
    ]);
    const ends = await Promise.all([
      start('apply', plan(), '--local', '--yes', '5').end,
      start('apply', plan(), '--local', '--yes', '5').end,
    ]);
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 4]);
    expect(ends.find(({ code }) => code === 4)?.err).toMatch(/\[plan\.(in-progress|applied)\]/);
    expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 5, alreadyGone: 0, failed: 0 } });
    expect(emulator.requests.count('DeleteInstanceSnapshot') + emulator.requests.count('DeleteDiskSnapshot')).toBe(5);
    expect(count()).toBe(6);
  }, 60_000);

  it('refuses to cross a run that is alive, and takes over from one that was killed', async () => {
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    await new Promise<void>((resolve) => {
      const answered = emulator.before('DeleteInstanceSnapshot', async () => {
        answered();
        resolve();
        await new Promise(() => undefined);
      });
    });
    expect(await cli(plan(), '--local', '--yes', '5', '--quiet')).toMatchObject({
      code: 4,
      err: expect.stringContaining('[plan.in-progress]'),
    });
    child.kill('SIGKILL');
    await end;
    expect((await cli(plan(), '--local', '--yes', '5')).code).toBe(0);
    expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
  }, 150_000);

  it('applies a plan from a bucket, and writes its outcomes into that bucket', async () => {
    const { id } = JSON.parse(readFileSync(plan(), 'utf8'));
    const objects = emulator.objects.get(DEFAULT_BUCKET);
    await putObject(`plans/${id}.json`, readFileSync(plan(), 'utf8'));
    const address = `s3://${DEFAULT_BUCKET}/plans/${id}.json`;
    const { code, err } = await cli(address, '--local', '--yes', '5');
    expect(code).toBe(0);
    expect(err).toContain(`outcomes: s3://${DEFAULT_BUCKET}/results/${id}.json`);
    expect(JSON.parse(String(objects?.get(`results/${id}.json`)?.body))).toMatchObject({
      status: 'finished',
      totals: { deleted: 5 },
    });
    expect((await cli(address, '--local', '--yes', '5')).code).toBe(4);
    expect((await cli(`s3://${DEFAULT_BUCKET}/plans/none.json`, '--local', '--yes', '5')).err).toContain(
      '[plan.not-found]',
    );
  });

  it.each([
    ['--local', ['--local']],
    ['--function', ['--function', 'f']],
  ])('refuses with exit code 4 a plan of another digest than --digest names (%s)', async (_, by) => {
    const { digest } = JSON.parse(readFileSync(plan(), 'utf8'));
    const other = await cli(plan(), ...by, '--yes', '5', '--digest', `sha256:${'0'.repeat(64)}`);
    expect(other).toMatchObject({ code: 4, err: expect.stringContaining('[plan.altered]') });
    expect(count()).toBe(11);
    expect((await cli(plan(), ...by, '--yes', '5', '--digest', digest.slice(0, -1))).code).toBe(2);
    expect((await cli(plan(), '--local', '--yes', '5', '--digest', digest)).code).toBe(0);
  });

  describe('through the deployed function', () => {
    let servers: Server[] = [];
    afterEach(() => {
      delete process.env.AWS_ENDPOINT_URL_LAMBDA;
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      servers = [];
    });

    /** Lambda, as it answers an invocation and the question for the function's bucket (null: access is denied). */
    const lambda = async (
      status: number,
      answer: (path: string, body: string, headers: Readonly<Record<string, unknown>>) => string | Promise<string>,
      bucket: string | null = DEFAULT_BUCKET,
    ): Promise<void> => {
      const server = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        if (request.method === 'GET') {
          response.writeHead(bucket === null ? 403 : 200, {
            'content-type': 'application/json',
            ...(bucket === null && { 'x-amzn-errortype': 'AccessDeniedException' }),
          });
          response.end(JSON.stringify(bucket === null ? {} : { Environment: { Variables: { BUCKET: bucket } } }));
          return;
        }
        const text = await answer(request.url ?? '', body, request.headers);
        response.writeHead(status, {
          'content-type': 'application/json',
          ...(status >= 400 ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {}),
        });
        response.end(text);
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      process.env.AWS_ENDPOINT_URL_LAMBDA = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const planned = (): { readonly id: string; readonly digest: string } => JSON.parse(readFileSync(plan(), 'utf8'));
    const nameOf = (headers: Readonly<Record<string, unknown>>): string =>
      String(headers['x-amz-durable-execution-name']);
    /** The plan in the bucket: its address. */
    const inBucket = async (): Promise<string> => {
      await putObject(`plans/${planned().id}.json`, readFileSync(plan(), 'utf8'));
      return `s3://${DEFAULT_BUCKET}/plans/${planned().id}.json`;
    };
    /** What the deployed function notes when one of its executions ends. */
    const note = (execution: string, end: unknown, digest = planned().digest): Promise<void> =>
      putObject(`results/${planned().id}/ended-${execution}.json`, JSON.stringify({ digest, end }));
    const REFUSED = {
      state: 'refused',
      code: 'inventory.incomplete',
      text: 'cannot apply the plan: not everything can be read now',
    };
    const aResult = (status: 'finished' | 'unfinished', updatedAt: string) => ({
      schemaVersion: 1,
      plan: { ...planned(), count: 5 },
      account: '123456789012',
      status,
      startedAt: 'a',
      updatedAt,
      totals: {
        requested: 5,
        deleted: 4,
        alreadyGone: 0,
        spared: 0,
        changed: 0,
        failed: status === 'finished' ? 1 : 0,
        open: status === 'finished' ? 0 : 1,
        freedGb: 160,
        freedMonthlyCostCeiling: 8,
        currency: 'USD',
      },
      items: [],
    });

    it('hands over id and digest, named after the plan, and deletes nothing itself', async () => {
      const calls: { path: string; body: unknown; name: unknown; type: unknown }[] = [];
      await lambda(
        202,
        (path, body, headers) => {
          calls.push({
            path,
            body: JSON.parse(body),
            name: headers['x-amz-durable-execution-name'],
            type: headers['x-amz-invocation-type'],
          });
          return '';
        },
        null,
      );
      const { code, out, err } = await cli(plan(), '--function', 'retention-delete:live', '--yes', '5');
      const { id, digest } = JSON.parse(readFileSync(plan(), 'utf8'));
      // Its bucket cannot be read.
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringContaining('retention-delete:live has the plan'),
      });
      expect(out).toContain('us-east-1, instance snapshots\n  - web-04');
      expect(calls).toEqual([
        {
          path: '/2015-03-31/functions/retention-delete%3Alive/invocations',
          body: {
            plan: id,
            digest,
            approvedBy: { kind: 'caller', arn: 'arn:aws:iam::123456789012:user/emulator' },
          },
          name: id,
          type: 'Event',
        },
      ]);
      expect(count()).toBe(11);
    });

    it('goes on with a plan that was left unfinished under another name: the same name starts nothing', async () => {
      const { id } = JSON.parse(readFileSync(plan(), 'utf8'));
      emulator.setFaults([{ fault: 'latency', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'], ms: 300 }]);
      const { child, end } = start('apply', plan(), '--local', '--yes', '5');
      const stop = emulator.before('*', ({ operation }) => {
        if (!operation.startsWith('Delete')) return;
        stop();
        child.kill('SIGINT');
      });
      await end;
      const names: unknown[] = [];
      await lambda(202, (_, __, headers) => String(names.push(nameOf(headers))), null);
      await cli(plan(), '--function', 'retention-delete:live', '--yes', '5');
      expect(names).toEqual([expect.stringMatching(new RegExp(`^${id}-\\d{8}T\\d{6}Z$`))]);
    });

    it('waits for the outcome in the bucket that the plan lies in', async () => {
      const address = await inBucket();
      await lambda(202, async () => {
        await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('finished', 'b')));
        return '';
      });
      const { code, out } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect(code).toBe(5);
      expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 failed.');
    });

    it('shows what the function refused, at once and with exit code 4, and starts the plan again the next time', async () => {
      const address = await inBucket();
      const names: string[] = [];
      await lambda(202, async (_, __, headers) => {
        names.push(nameOf(headers));
        await note(nameOf(headers), REFUSED);
        return '';
      });
      for (const _ of [1, 2]) {
        const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
        expect(code).toBe(4);
        expect(err).toMatch(
          /^error: cannot apply the plan: not everything can be read now \[inventory\.incomplete\]$/m,
        );
      }
      expect(names).toEqual([planned().id, expect.stringMatching(new RegExp(`^${planned().id}-\\d{8}T\\d{6}Z$`))]);
      expect(count()).toBe(11);
    });

    it('takes neither the end of another execution for its own, nor that of another plan of the id', async () => {
      const address = await inBucket();
      await note('another', REFUSED);
      await note(planned().id, REFUSED);
      let looks = 0;
      await lambda(202, async (_, __, headers) => {
        await note(nameOf(headers), REFUSED, `sha256:${'0'.repeat(64)}`);
        // It looks for the end and for the result, and finds the result the next time.
        emulator.before('GetObject', async () => {
          looks += 1;
          if (looks === 3) await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('finished', 'b')));
        });
        return '';
      });
      const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect({ code, err }).toMatchObject({ code: 5, err: expect.not.stringContaining('inventory.incomplete') });
      expect(looks).toBeGreaterThan(2);
    }, 60_000);

    it.each([
      ['stopped', { state: 'stopped', code: 'run.deadline', text: 'it did not end within 23 hours' }],
      ['was refused after it had begun', REFUSED],
    ])('shows what was done, why it ended, and exit code 1 when the run %s', async (_, end) => {
      const address = await inBucket();
      await lambda(202, async (__, ___, headers) => {
        await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('unfinished', 'b')));
        await note(nameOf(headers), end);
        return '';
      });
      const { code, out, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect(code).toBe(1);
      expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 not processed.');
      expect(err).toContain(`${end.text} (${end.code}); apply the plan again to go on [apply.stopped]`);
    });

    it('says refused, with exit code 4, when an earlier run had begun and this one was refused at its door', async () => {
      const address = await inBucket();
      await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('unfinished', 'b')));
      await lambda(202, async (_, __, headers) => {
        await note(nameOf(headers), REFUSED);
        return '';
      });
      const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining('[inventory.incomplete]') });
    });

    it('says refused, with exit code 4, when another run has the plan and goes on with it', async () => {
      const address = await inBucket();
      await lambda(202, async (_, __, headers) => {
        await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('unfinished', 'b')));
        await note(nameOf(headers), { state: 'refused', code: 'plan.in-progress', text: 'another is applying it' });
        return '';
      });
      const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect({ code, err }).toMatchObject({
        code: 4,
        err: expect.stringContaining('another is applying it [plan.in-progress]'),
      });
    });

    it.each([
      ['retention-delete', 'eu-central-1', 'retention-delete:live'],
      [
        'arn:aws:lambda:eu-west-3:123456789012:function:f:mine',
        'eu-west-3',
        'arn:aws:lambda:eu-west-3:123456789012:function:f:mine',
      ],
    ])(
      'names the command that starts the plan again when no result of it arrived from %s for a quarter of an hour',
      async (name, region, called) => {
        const address = await inBucket();
        const names: string[] = [];
        await lambda(202, (_, __, headers) => String(names.push(nameOf(headers))));
        const timers = skipTimers(5_000);
        try {
          const { code, err } = await cli(address, '--function', name, '--yes', '5');
          const { id, digest } = planned();
          expect([code, timers.skippedMs(), names]).toEqual([1, 900_000, [id]]);
          expect(err).toContain(
            `the plan has had no new outcome for 15 minutes: read the e-mail, s3://${DEFAULT_BUCKET}/results/${id}.json`,
          );
          expect(err).toContain(
            `an earlier execution may have had the name ${id}, and this starts another: aws lambda invoke `,
          );
          const [command = ''] = /aws lambda invoke .*\/dev\/stdout(?= \[apply\.no-result\])/.exec(err) ?? [];
          expect(command.replace(/\d{8}T\d{6}Z --cli/, 'NOW --cli')).toBe(
            `aws lambda invoke --region ${region} --function-name ${called} --invocation-type Event --durable-execution-name ${id}-NOW --cli-binary-format raw-in-base64-out --payload '{"plan":"${id}","digest":"${digest}"}' /dev/stdout`,
          );
        } finally {
          timers.restore();
        }
      },
      60_000,
    );

    it('lets no control character of a note reach the terminal', async () => {
      const address = await inBucket();
      await lambda(202, async (_, __, headers) => {
        await note(nameOf(headers), { state: 'refused', code: 'x\u001b[2J', text: 'y\u001b[2J\u202e' });
        return '';
      });
      const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect(code).toBe(4);
      for (const character of ['\u001b', '\u202e']) expect(err).not.toContain(character);
    });

    it('fails where the bucket cannot be read, and names the address by which the plan starts again', async () => {
      const names: string[] = [];
      await lambda(202, (_, __, headers) => String(names.push(nameOf(headers))), null);
      for (const _ of [1, 2]) {
        const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
        expect(code).toBe(1);
        expect(err).toMatch(/the bucket of f could not be read \(lambda:GetFunctionConfiguration\)/);
        expect(err).toContain(`s3://BUCKET/plans/${planned().id}.json`);
      }
      expect(names).toEqual([planned().id, planned().id]);
    });

    it('stores a plan from a file before it invokes the function, and waits for the outcome', async () => {
      const key = `plans/${planned().id}.json`;
      const stored = () => emulator.objects.get(DEFAULT_BUCKET)?.get(key)?.body;
      const seen: unknown[] = [];
      await lambda(202, async (_, __, headers) => {
        seen.push(String(stored()));
        await note(nameOf(headers), REFUSED);
        return '';
      });
      const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
      expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('[inventory.incomplete]') });
      expect(err).toContain(`stored s3://${DEFAULT_BUCKET}/${key}`);
      expect(seen).toEqual([readFileSync(plan(), 'utf8')]);
    });

    it('leaves a plan that the bucket has as it is, and refuses one whose id has other content there', async () => {
      const calls: string[] = [];
      await lambda(202, async (path, _, headers) => {
        await note(nameOf(headers), REFUSED);
        return String(calls.push(path));
      });
      const key = `plans/${planned().id}.json`;
      const compact = JSON.stringify(JSON.parse(readFileSync(plan(), 'utf8')));
      await putObject(key, compact);
      expect((await cli(plan(), '--function', 'f', '--yes', '5')).code).toBe(4);
      expect(String(emulator.objects.get(DEFAULT_BUCKET)?.get(key)?.body)).toBe(compact);
      expect(calls).toHaveLength(1);
      await putObject(key, compact.replace('web-05', 'web-99'));
      const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('[plan.id-taken]') });
      expect(calls).toHaveLength(1);
    });

    it.each([
      ['retention-delete', '/retention-delete%3Alive/invocations', 'eu-central-1'],
      ['retention-delete:mine', '/retention-delete%3Amine/invocations', 'eu-central-1'],
      ['123456789012:function:f', '/123456789012%3Afunction%3Af%3Alive/invocations', 'eu-central-1'],
      ['123456789012:function:f:7', '/123456789012%3Afunction%3Af%3A7/invocations', 'eu-central-1'],
      [
        'arn:aws:lambda:eu-west-3:123456789012:function:f',
        '/arn%3Aaws%3Alambda%3Aeu-west-3%3A123456789012%3Afunction%3Af%3Alive/invocations',
        'eu-west-3',
      ],
      [
        'arn:aws:lambda:eu-west-3:123456789012:function:f:live',
        '/arn%3Aaws%3Alambda%3Aeu-west-3%3A123456789012%3Afunction%3Af%3Alive/invocations',
        'eu-west-3',
      ],
    ])(
      'asks for %s in its own region, by the alias that it was deployed with unless another is named',
      async (name, path, region) => {
        const calls: unknown[] = [];
        await lambda(
          202,
          (at, _, { authorization }) => {
            calls.push([at, /\/([a-z0-9-]+)\/lambda\//.exec(String(authorization))?.[1]]);
            return '';
          },
          null,
        );
        // Its bucket cannot be read.
        expect((await cli(plan(), '--function', name, '--yes', '5')).code).toBe(1);
        expect(calls).toEqual([[`/2015-03-31/functions${path}`, region]]);
      },
    );

    it('says what to check when there is no such function', async () => {
      await lambda(404, () => '{"Message":"Function not found"}');
      const { code, err } = await cli(plan(), '--function', 'nobody', '--yes', '5');
      expect(code).toBe(1);
      expect(err).toMatch(/cannot hand the plan to nobody: .*check the function's name.*\[apply\.invoke\]/);
    });

    it('refuses a wrong count and an altered plan before anything is handed over', async () => {
      const calls: string[] = [];
      await lambda(202, (path) => String(calls.push(path)));
      expect((await cli(plan(), '--function', 'f', '--yes', '4')).code).toBe(4);
      writeFileSync(plan(), readFileSync(plan(), 'utf8').replace('web-05', 'web-01'));
      expect((await cli(plan(), '--function', 'f', '--yes', '5')).code).toBe(4);
      expect(calls).toEqual([]);
    });
  });

  it("applies the sample account's plan end to end", async () => {
    await emulator.close();
    putBack();
    emulator = await startEmulator({ account: sampleAccount(Date.now()) });
    putBack = pointSdkTo(emulator.url);
    await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    const { items } = JSON.parse(readFileSync(plan(), 'utf8'));
    expect(new Set(items.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(['instance', 'disk', 'database']));
    const { code, out } = await cli(plan(), '--local', '--yes', String(items.length), '--quiet');
    expect(code).toBe(0);
    expect(unwrapped(out)).toContain(`Of ${items.length} planned snapshots: ${items.length} deleted.`);
    await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    expect(JSON.parse(readFileSync(plan(), 'utf8')).items).toEqual([]);
  });

  it('leaves nothing half-written behind', async () => {
    mkdirSync(join(work, 'results'), { recursive: true });
    await cli(plan(), '--local', '--yes', '5');
    const all = readdirSync(join(work, 'results'), { recursive: true }).map(String);
    expect(all.filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});
