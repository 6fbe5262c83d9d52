import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { arn, rows, smallAccount } from '../aws/reading';
import { pointSdkTo } from '../support/aws-env';
import { withoutNotice } from '../support/endpoint-notice';
import { runCli, unwrapped } from '../support/terminal';

const denied = (operations: string, regions: string): FaultInput => ({
  fault: 'error',
  code: 'AccessDeniedException',
  operations,
  regions,
});

describe('what was not read', () => {
  const work = mkdtempSync(join(tmpdir(), 'not-read-'));
  const config = join(work, 'retention.yaml');
  let emulator: Emulator;
  let putBack: () => void;

  beforeAll(() => writeFileSync(config, 'version: 1\n'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  beforeEach(async () => {
    // A copy: its source is in another region than the one that is reported.
    const copies = rows('us-east-1', 'diskSnapshots', 1, 'copy', () => ({
      fromDiskName: 'data',
      fromDiskArn: arn('eu-central-1', 'Disk', 1),
    }));
    emulator = await startEmulator({ account: smallAccount({ 'us-east-1': { diskSnapshots: copies } }) });
    putBack = pointSdkTo(emulator.url);
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  const report = (...args: readonly string[]) =>
    runCli(['report', '--config', config, '--region', 'us-east-1', '--quiet', ...args], process.env);
  const ELSEWHERE = 'the disk list of eu-central-1 was not read (AccessDeniedException';

  it('is named where it is a list of sources of another region alone', async () => {
    emulator.setFaults([denied('GetDisks', 'eu-central-1')]);
    const { code, out, err } = await report();
    expect(code).toBe(3);
    expect(unwrapped(out)).toMatch(
      /NOT READ: 1 LIST OF SOURCES ELSEWHERE [^-]*- the disk list of eu-central-1 was not read/,
    );
    expect(err).toContain(`the inventory is incomplete: a list of sources elsewhere: ${ELSEWHERE}`);
    expect((await report('--format', 'html')).out).toMatch(
      /Not read: 1 list of sources elsewhere.*?<li>the disk list of eu-central-1/s,
    );
  });

  it('is named beside the lists of the report itself', async () => {
    emulator.setFaults([denied('GetDisks', 'eu-central-1'), denied('GetInstanceSnapshots', 'us-east-1')]);
    const { out, err } = await report();
    expect(unwrapped(out)).toContain('NOT READ: 1 OF 3 LISTS AND 1 LIST OF SOURCES ELSEWHERE');
    expect(unwrapped(out)).toMatch(
      /- instance snapshots in us-east-1: .* - the disk list of eu-central-1 was not read/,
    );
    expect(err).toContain(
      `1 of 3 scopes were not read: us-east-1 instance (AccessDeniedException); a list of sources elsewhere: ${ELSEWHERE}`,
    );
  });

  it('is named once where it is a list of sources of the report itself', async () => {
    emulator.setFaults([denied('GetInstances', 'us-east-1')]);
    const { out, err } = await report();
    expect(unwrapped(out)).toContain('NOT READ: 1 OF 3 LISTS ');
    expect(out).toContain('the instances themselves in us-east-1');
    expect(err).not.toContain('elsewhere');
  });

  it('is all that GetRegions would have named, where that fails', async () => {
    emulator.setFaults([{ fault: 'error', code: 'RegionSetupInProgressException', operations: 'GetRegions' }]);
    const { code, out } = await report();
    expect(code).toBe(3);
    expect(unwrapped(out)).toContain(
      'GetRegions could not be read, so that no region was listed: RegionSetupInProgressException by the scenario.',
    );
    expect(unwrapped(out)).toContain('(RegionSetupInProgressException)');
  });

  describe('in a region that a service control policy denies', () => {
    const all = (...args: readonly string[]) => runCli(['report', '--config', config, '--quiet', ...args], process.env);
    beforeEach(() => emulator.setFaults([{ fault: 'deny', regions: 'ap-southeast-2' }]));

    it('has the status denied in the JSON, and the report is complete', async () => {
      const { code, out, err } = await all('--format', 'json');
      expect({ code, err: withoutNotice(err) }).toEqual({ code: 0, err: '' });
      const { complete, scopes, plan, problems } = JSON.parse(out);
      expect(complete).toBe(true);
      expect(plan.blocked?.code).not.toBe('inventory.incomplete');
      expect(problems).toEqual([]);
      const there = scopes.filter(({ region }: { region: string }) => region === 'ap-southeast-2');
      expect(there).toHaveLength(3);
      for (const scope of there)
        expect(scope).toMatchObject({
          status: 'denied',
          sources: 'denied',
          error: {
            code: 'AccessDeniedException',
            message: expect.stringContaining('explicit deny in a service control policy'),
          },
        });
    });

    it.each(['text', 'markdown', 'html'])('is named in the first lines of the %s', async (format) => {
      const { code, out } = await all('--format', format);
      expect(code).toBe(0);
      const given = out.replace(/[\\]/g, '').indexOf('Not read (denied by a service control policy): ap-southeast-2.');
      expect(given).toBeGreaterThan(-1);
      if (format !== 'html') expect(out.slice(0, given).split('\n').length).toBeLessThan(6);
      else expect(given).toBeLessThan(out.indexOf('<dl'));
    });

    it('stops a plan that was made when the region was read', async () => {
      emulator.setFaults([]);
      const plan = join(work, 'plan.json');
      const policy = join(work, 'policy.yaml');
      const written =
        'version: 1\npolicies: { short: { keep: { last: 1 } } }\ndefault: short\ncaps: { maxShare: 1 }\nfloors: { minAge: 1h }\n';
      writeFileSync(policy, written);
      await runCli(
        ['report', '--config', policy, '--quiet', '--plan-out', plan, '--output', join(work, 'report.txt')],
        process.env,
      );
      emulator.setFaults([{ fault: 'deny', regions: 'ap-southeast-2' }]);
      const { code, err } = await runCli(
        ['apply', plan, '--local', '--config', policy, '--yes', '12', '--quiet'],
        process.env,
      );
      expect(code).toBe(4);
      expect(err).toContain('inventory.incomplete');
    });
  });

  describe('of the regions themselves, because GetRegions is denied', () => {
    beforeEach(() => emulator.setFaults([{ fault: 'deny', operations: 'GetRegions', by: 'nothing-allows' }]));

    it('is named in a report that is complete where --region names regions', async () => {
      const { code, out } = await report('--format', 'json');
      expect(code).toBe(0);
      const { complete, scopes, problems } = JSON.parse(out);
      expect(complete).toBe(true);
      expect(scopes.map(({ region, status }: { region: string; status: string }) => `${region} ${status}`)).toEqual(
        Array(3).fill('us-east-1 read'),
      );
      expect(problems).toMatchObject([{ code: 'regions.denied', arn: null }]);
    });

    it('is named in a report that is complete where the configuration names regions', async () => {
      const named = join(work, 'named.yaml');
      writeFileSync(named, 'version: 1\nregions: [eu-central-1]\n');
      const { code, out } = await runCli(['report', '--config', named, '--quiet'], process.env);
      expect(code).toBe(0);
      expect(unwrapped(out)).toContain('GetRegions was denied');
    });

    it.each([[[]], [['--region', 'all']]])('makes the report incomplete where none is named (%j)', async (args) => {
      const { code, err } = await runCli(['report', '--config', config, '--quiet', ...args], process.env);
      expect(code).toBe(3);
      expect(err).toContain('eu-central-1 instance (AccessDeniedException)');
    });

    it('does not stop a deletion: the clock of the service is in the answer that denies', async () => {
      const policy = join(work, 'policy.yaml');
      const plan = join(work, 'denied.json');
      const written =
        'version: 1\npolicies: { short: { keep: { last: 1 } } }\ndefault: short\ncaps: { maxShare: 1 }\nfloors: { minAge: 1h }\n';
      writeFileSync(policy, written);
      const made = await runCli(
        [
          'report',
          '--config',
          policy,
          '--region',
          'us-east-1',
          '--quiet',
          '--plan-out',
          plan,
          '--output',
          join(work, 'report.txt'),
        ],
        process.env,
      );
      expect(made.code).toBe(0);
      const count = JSON.parse(readFileSync(plan, 'utf8')).items.length;
      expect(count).toBeGreaterThan(0);
      const { code, err } = await runCli(
        ['apply', plan, '--local', '--config', policy, '--yes', String(count), '--quiet'],
        process.env,
      );
      expect(code).toBe(0);
      expect(withoutNotice(err)).toMatch(/^evidence: \d+:[0-9a-f]{64}\n$/);
    });
  });
});
