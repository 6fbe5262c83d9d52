import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import { thisProcess } from '../../cli/owner';
import { type Emulator, startEmulator } from '../../emulator/server';
import { NO_ITEM_DETAILS } from '../../lambda/core/plan/outcome';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { recordApproval } from '../../lambda/deletion/record-deletion';
import { sha256Of } from '../../lambda/runtime/digest';
import { LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { smallAccount, takeOver } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { ORIGIN } from '../support/run-origin';
import { runCli, unwrapped } from '../support/terminal';

jest.mock('node:fs/promises', () => ({
  ...jest.requireActual<typeof files>('node:fs/promises'),
  // So that a test replaces what the store calls.
  __esModule: true,
}));

const POLICY =
  'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\ncaps: { maxShare: 0.9 }\n';

describe('lightsail-retention apply that is stopped in the middle', () => {
  let work: string;
  let emulator: Emulator;
  let putBack: () => void;
  const config = (): string => join(work, 'retention.yaml');
  const plan = (): string => join(work, 'plan.json');
  const results = (): string => join(work, 'results');
  const apply = () => runCli(['apply', plan(), '--local', '--yes', '5', '--config', config()], process.env);

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'apply-'));
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(config(), POLICY);
    await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  it('says what was done and ends with exit code 1 when the place of its outcomes goes', async () => {
    emulator.after('DeleteInstanceSnapshot', () => {
      rmSync(results(), { recursive: true, force: true });
      writeFileSync(results(), '');
    });
    const { code, out, err } = await apply();
    expect(code).toBe(1);
    expect(err).toContain('[apply.stopped]');
    expect(err).not.toContain('outcomes:');
    expect(unwrapped(out)).toMatch(/Of 5 planned snapshots: [1-3] deleted, .*not processed\./);
    expect(unwrapped(out)).toContain('web-04 of web');
    expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(1);
  });

  it('says what is in the way, and not that another process is at it, when a file lies where its outcomes go', async () => {
    plan();
    writeFileSync(results(), '');
    const { err } = await apply();
    expect(err).toContain(`cannot write ${join(results(), 'lock.json')}: EEXIST`);
    expect(err).toContain('[store.folder]');
    expect(emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'))).toEqual([]);
  });

  it('leaves the rest open when the configuration has changed at a later decision of the run', async () => {
    const now = jest.spyOn(Date, 'now');
    try {
      emulator.after('DeleteInstanceSnapshot', () => {
        if (emulator.clockOffset > 0) return;
        writeFileSync(config(), POLICY.replace('last: 3', 'last: 30'));
        const late = Date.now() + 11 * 60_000;
        now.mockImplementation(() => late);
        emulator.clockOffset = 11 * 60_000;
      });
      const { code, out, err } = await apply();
      expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('[apply.stopped]') });
      expect(err).toContain('the deletion stopped in the middle: cannot apply the plan: it was made with');
      expect(err).not.toContain('applying the plan again');
      expect(unwrapped(out)).not.toContain('apply it again');
      expect(unwrapped(out)).toMatch(/Of 5 planned snapshots: [12] deleted, [34] not processed\./);
    } finally {
      now.mockRestore();
    }
  });

  it('names only the remedy that works when the plan expires in the middle', async () => {
    const now = jest.spyOn(Date, 'now');
    try {
      emulator.after('DeleteInstanceSnapshot', () => {
        if (emulator.clockOffset > 0) return;
        const late = Date.now() + 8 * 86_400_000;
        now.mockImplementation(() => late);
        emulator.clockOffset = 8 * 86_400_000;
      });
      const { code, out, err } = await apply();
      expect(code).toBe(1);
      expect(err).toMatch(/: make a new plan with a new report; its outcomes are listed above \[apply\.stopped\]/);
      expect(unwrapped(out)).toContain('The plan is not finished. Of 5 planned snapshots:');
      expect(await apply()).toMatchObject({ code: 4, err: expect.stringContaining('[plan.expired]') });
    } finally {
      now.mockRestore();
    }
  });

  it('says that the connection is too slow where no delete follows its check in time', async () => {
    const now = jest.spyOn(Date, 'now');
    const real = performance.timeOrigin;
    let late = 0;
    now.mockImplementation(() => Math.round(real + performance.now()) + late);
    // An answer that takes so long: each reading of a snapshot that is to be deleted.
    emulator.after('GetInstanceSnapshot', () => {
      late += 5_500;
      emulator.clockOffset = late;
    });
    try {
      const { code, out, err } = await apply();
      expect(err).toMatch(/error: not every snapshot was processed: .* too slow .*--function \[apply\.too-slow\]/);
      expect(code).toBe(1);
      expect(unwrapped(out)).toMatch(/Of 5 planned snapshots: [0-2] deleted, [345] not processed\./);
      expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
    } finally {
      now.mockRestore();
    }
  });

  it('says that it has finished, and ends so, when only its lock cannot be released', async () => {
    const { link } = jest.requireActual<typeof files>('node:fs/promises');
    const fail = async (): Promise<never> => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    jest.spyOn(files, 'link').mockImplementation(async (from, to) => {
      const isRelease = String(to).includes('lock.json') && readFileSync(from, 'utf8').includes('"released":true');
      return isRelease ? fail() : link(from, to);
    });
    try {
      const { code, out, err } = await apply();
      expect({ code, err }).toMatchObject({ code: 0, err: expect.not.stringContaining('[apply.stopped]') });
      expect(err).toMatch(
        /error: the deletion has finished, and its lock .*lock\.json stays: .*; the next deletion on this machine replaces it, .*\[apply\.lock-stays\]/,
      );
      expect(unwrapped(out)).toContain('Of 5 planned snapshots: 5 deleted.');
      expect(unwrapped(out)).not.toContain('not finished');
    } finally {
      jest.mocked(files.link).mockRestore();
    }
    expect(await apply()).toMatchObject({ code: 4, err: expect.stringContaining('[plan.applied]') });
  });

  it('says what was done and ends with exit code 1, not 4, when another run has taken over', async () => {
    const planned = JSON.parse(readFileSync(plan(), 'utf8'));
    emulator.setFaults([{ fault: 'throttle', operations: 'DeleteInstanceSnapshot', names: 'web-04' }]);
    let isTaken = false;
    emulator.before('GetInstance', async () => {
      if (isTaken || emulator.requests.count('DeleteInstanceSnapshot') === 0) return;
      await takeOver(folderStore(work), planned, 'web-04');
      isTaken = true;
    });
    const { code, out, err } = await apply();
    expect(code).toBe(1);
    expect(err).toMatch(/another run has taken over the snapshot web-04.*\[apply\.stopped\]/);
    expect(unwrapped(out)).toMatch(/Of 5 planned snapshots: .*not processed/);
    expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(1);
  });

  describe('that died between its finished result and the record of it', () => {
    const evidence = (): string => join(results(), 'evidence');
    const verify = async (head: string) => {
      const { code, out } = await runCli(
        ['history', '--verify', '--store', results(), '--head', head, '--format', 'json'],
        process.env,
      );
      return { code, ...JSON.parse(out) };
    };
    const filesOfPlan = (): readonly string[] =>
      readdirSync(results(), { recursive: true })
        .map((name) => join(results(), String(name)))
        .filter((path) => /\.(?:outcome\.json|sha256)$/.test(path));
    /** Writes a lock that its run did not release. */
    const lock = (owner: object): void => {
      for (const name of readdirSync(results())) if (name.includes('lock.json')) rmSync(join(results(), name));
      const { id } = JSON.parse(readFileSync(plan(), 'utf8'));
      const content = {
        plan: id,
        owner: { ...thisProcess(), ...owner },
        at: new Date().toISOString(),
        released: false,
      };
      writeFileSync(join(results(), 'lock.json'), JSON.stringify(content));
    };
    /** Takes back what such a run would have stored last. */
    const undo = (): void => {
      rmSync(join(evidence(), '00000003.json'));
      rmSync(join(results(), 'index'), { recursive: true });
      for (const path of filesOfPlan()) if (path.endsWith('.sha256')) rmSync(path);
      // No process has this number.
      lock({ pid: 2 ** 30, run: 'died' });
    };

    it('has it recorded by the next one, and then a changed outcome is found', async () => {
      await apply();
      undo();
      const again = await apply();
      expect([again.code, again.err]).toEqual([4, expect.stringContaining('[plan.applied]')]);
      const head = /^evidence: (3:[0-9a-f]{64})$/m.exec(again.err)?.[1] ?? 'none';
      expect(await verify(head)).toMatchObject({ code: 0, whole: true, records: 3, withoutResult: [], unrecorded: [] });
      expect(readdirSync(join(results(), 'index'))).toEqual(['00001.json']);
      const third = await apply();
      expect([third.code, third.err]).toEqual([4, expect.not.stringContaining('evidence:')]);
      expect(readdirSync(evidence())).toHaveLength(3);

      const [outcome = ''] = filesOfPlan().filter((path) => path.endsWith('.outcome.json'));
      writeFileSync(outcome, readFileSync(outcome, 'utf8').replace('"deleted"', '"spared"'));
      const { code, broken } = await verify(head);
      expect([code, broken]).toEqual([6, [expect.objectContaining({ fault: 'object.altered', place: outcome })]]);
    });

    it('has nothing recorded by a dry run, or while it may still work', async () => {
      await apply();
      undo();
      await runCli(['apply', plan(), '--local', '--dry-run', '--config', config()], process.env);
      lock({ run: 'works' });
      await apply();
      expect(readdirSync(evidence())).toHaveLength(2);
    });
  });

  it('records what a killed run left though it refuses its plan, and then a changed attempt is found', async () => {
    const store = folderStore(work);
    const planned = JSON.parse(readFileSync(plan(), 'utf8'));
    const owner = { ...thisProcess(), pid: 2 ** 30, run: 'killed' };
    const ports = { store, clock: Date.now };
    const evidence = { ...ports, hashText: sha256Of, folder: LOCAL_EVIDENCE, keptForDays: null };
    const outcomes = await openOutcomes({ ...ports, owner, isAlive: () => null }, planned, ORIGIN, () =>
      recordApproval(evidence, { plan: planned, run: owner.run, origin: ORIGIN }),
    );
    await outcomes.startAttempt(planned.items[0], NO_ITEM_DETAILS);

    const verify = async () => {
      const { code, out } = await runCli(
        ['history', '--verify', '--store', results(), '--format', 'json'],
        process.env,
      );
      return { code, ...JSON.parse(out) };
    };
    const left = (await verify()).unrecorded as readonly string[];
    expect(left).toHaveLength(2);
    writeFileSync(config(), POLICY.replace('last: 3', 'last: 30'));
    await runCli(['apply', plan(), '--local', '--dry-run', '--config', config()], process.env);
    expect((await verify()).unrecorded).toEqual(left);
    const { code, err } = await apply();
    expect([code, err]).toEqual([4, expect.stringContaining('[plan.config-changed]')]);
    expect(err).toMatch(/^evidence: 2:[0-9a-f]{64}$/m);
    expect(await verify()).toMatchObject({ code: 0, unrecorded: [], withoutResult: [], replaced: [] });
    for (const path of left) {
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace('"schemaVersion": 1', '"schemaVersion":  1').replace('"open"', '"cancelled"'));
      expect((await verify()).broken).toContainEqual(expect.objectContaining({ fault: 'object.altered', place: path }));
      writeFileSync(path, text);
    }
    expect((await apply()).err).not.toContain('evidence:');
  });
});
