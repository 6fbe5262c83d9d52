import { TAKE_OVER_WAIT_MS } from '../../lambda/deletion/delete-snapshot';
import { skipTimers } from '../support/skip-timers';
import { unwrapped } from '../support/terminal';
import { applyRig } from './apply-rig';

describe('apply, interrupted or twice at once', () => {
  const rig = applyRig();
  const { plan, cli, start, stored, count } = rig;

  it('finishes the current snapshot at Ctrl-C, says what was done, and goes on the next time', async () => {
    rig.emulator.setFaults([
      { fault: 'latency', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'], ms: 300 },
    ]);
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    const stop = rig.emulator.before('*', ({ operation }) => {
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
    rig.emulator.setFaults([
      { fault: 'latency', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'], ms: 300 },
    ]);
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    const stop = rig.emulator.before('*', ({ operation }) => {
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
    const answered = rig.emulator.before('*', async ({ operation }) => {
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
    const answered = ['GetInstance', 'GetDisk'].map((operation) => rig.emulator.before(operation, hang));
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
      rig.emulator.setFaults([
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
    rig.emulator.setFaults([
      { fault: 'latency', operations: ['DeleteInstanceSnapshot', 'GetInstance', 'GetDisk'], ms: 200 },
    ]);
    const ends = await Promise.all([
      start('apply', plan(), '--local', '--yes', '5').end,
      start('apply', plan(), '--local', '--yes', '5').end,
    ]);
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 4]);
    expect(ends.find(({ code }) => code === 4)?.err).toMatch(/\[plan\.(in-progress|applied)\]/);
    expect(stored()).toMatchObject({ status: 'finished', totals: { deleted: 5, alreadyGone: 0, failed: 0 } });
    expect(
      rig.emulator.requests.count('DeleteInstanceSnapshot') + rig.emulator.requests.count('DeleteDiskSnapshot'),
    ).toBe(5);
    expect(count()).toBe(6);
  }, 60_000);

  it('refuses to cross a run that is alive, and takes over from one that was killed', async () => {
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    await new Promise<void>((resolve) => {
      const answered = rig.emulator.before('DeleteInstanceSnapshot', async () => {
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
});
