import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { runCli } from '../support/terminal';

const POLICY =
  'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\ncaps: { maxShare: 0.9 }\n';

describe('lightsail-retention apply --local', () => {
  let work: string;
  let emulator: Emulator;
  let putBack: () => void;
  const config = (): string => join(work, 'retention.yaml');
  const plan = (): string => join(work, 'plan.json');
  const apply = (file = plan()) => runCli(['apply', file, '--local', '--yes', '5', '--config', config()], process.env);
  const resultsOf = (folder: string) => {
    const names = readdirSync(join(folder, 'results')).filter(
      (name) => name.endsWith('.json') && !name.endsWith('lock.json') && !name.startsWith('.'),
    );
    return names.map((name) => JSON.parse(readFileSync(join(folder, 'results', name), 'utf8')));
  };

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'apply-'));
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(config(), POLICY);
    await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    emulator.requests.clear();
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  it.each([22, 26, 30])(
    'stops with exit code 5 when its credentials expire after %i calls, and the same command finishes the plan',
    async (after) => {
      emulator.setFaults([{ fault: 'error', code: 'ExpiredTokenException', status: 400, after }]);
      const first = await apply();
      expect([first.code, first.err]).toEqual([5, expect.stringContaining('sign in and run the same command')]);
      expect(first.err).toContain('[caller.failed]');
      expect(first.err).not.toMatch(/\n\s+at /);
      const [stopped] = resultsOf(work);
      expect(stopped).toMatchObject({ status: 'unfinished', totals: { failed: 0 } });
      expect(stopped.totals.open).toBeGreaterThan(0);
      emulator.setFaults([]);
      const second = await apply();
      expect([second.code, second.err]).toEqual([0, expect.stringContaining('outcomes: ')]);
      expect(resultsOf(work)).toMatchObject([{ status: 'finished', totals: { deleted: 5, failed: 0, open: 0 } }]);
    },
  );

  describe('with the number of a plan of which one snapshot was held since', () => {
    const applyWith = (count: string) =>
      runCli(['apply', plan(), '--local', '--yes', count, '--config', config()], process.env);
    /** A run of four of the five that stops after two deletes. */
    const stopAfterTwo = async (): Promise<void> => {
      emulator.world.tag('us-east-1', 'web-04', [{ key: 'retention:hold' }]);
      let sent = 0;
      for (const operation of ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'])
        emulator.after(operation, () => {
          sent += 1;
          if (sent === 2) emulator.setFaults([{ fault: 'error', code: 'ExpiredTokenException', status: 400 }]);
        });
      const { code, err } = await applyWith('4');
      expect([code, err]).toEqual([5, expect.stringContaining('sign in and run the same command')]);
      emulator.setFaults([]);
    };

    it('goes on with the same command, and with no other number', async () => {
      await stopAfterTwo();
      expect(await applyWith('3')).toMatchObject({ code: 4, err: expect.stringContaining('[plan.count]') });
      expect((await applyWith('4')).code).toBe(0);
      expect(resultsOf(work)).toMatchObject([{ status: 'finished', totals: { deleted: 4, spared: 1, open: 0 } }]);
    });

    it('refuses the number where more would be deleted than was confirmed with it', async () => {
      await stopAfterTwo();
      // The record of the held snapshot is lost, and it is no longer held.
      const results = join(work, 'results');
      for (const name of readdirSync(results, { recursive: true }).map(String))
        if (/^[^/]+-[0-9a-f]{8}\.json$/.test(name)) rmSync(join(results, name));
        else if (
          /\.(?:attempt|outcome)\.json/.test(name) &&
          readFileSync(join(results, name), 'utf8').includes('spared')
        )
          rmSync(join(results, name));
      emulator.world.untag('us-east-1', 'web-04', ['retention:hold']);
      const deletes = () =>
        emulator.requests.count('DeleteInstanceSnapshot') + emulator.requests.count('DeleteDiskSnapshot');
      const before = deletes();
      expect(await applyWith('4')).toMatchObject({ code: 4, err: expect.stringContaining('[plan.count]') });
      expect(deletes()).toBe(before);
    });
  });

  it('keeps one record of a plan that is reached by a symbolic link, beside the file itself', async () => {
    const elsewhere = join(work, 'elsewhere');
    mkdirSync(elsewhere);
    const link = join(elsewhere, 'link.json');
    symlinkSync(plan(), link);
    expect((await apply(link)).code).toBe(0);
    expect(readdirSync(elsewhere)).toEqual(['link.json']);
    expect(resultsOf(work)).toMatchObject([{ status: 'finished', totals: { deleted: 5 } }]);
    const again = await apply();
    expect([again.code, again.err]).toEqual([4, expect.stringContaining('[plan.applied]')]);
    expect(emulator.requests.count('DeleteInstanceSnapshot') + emulator.requests.count('DeleteDiskSnapshot')).toBe(5);
  });

  it('reads the very file that is named as the plan, and no hidden one beside it', async () => {
    writeFileSync(join(work, '.plan.json.v1'), readFileSync(plan()));
    writeFileSync(plan(), '{}');
    const { code, err } = await apply();
    expect([code, err]).toEqual([4, expect.stringContaining('[plan.altered]')]);
    expect(emulator.requests.count('DeleteInstanceSnapshot') + emulator.requests.count('DeleteDiskSnapshot')).toBe(0);
  });

  it('refuses a link that leads nowhere, and names the link', async () => {
    const link = join(work, 'dangling.json');
    symlinkSync(join(work, 'nothing.json'), link);
    const { code, err } = await apply(link);
    expect([code, err]).toEqual([4, expect.stringContaining(`there is nothing at ${link}`)]);
  });
});
