import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { DEFAULT_BUCKET } from '../../emulator/server';
import { runCli, unwrapped } from '../support/terminal';
import { applyRig, POLICY } from './apply-rig';

describe('lightsail-retention apply', () => {
  const rig = applyRig();
  const { config, plan, cli, results, stored, count, putObject, replaceAccount } = rig;

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
    expect(err).toContain(`outcomes: ${join(rig.work, 'results')}`);
    const [name = ''] = results().filter((each) => /^\d{8}T/.test(each));
    const page = readFileSync(join(rig.work, 'results', name.replace('.json', '.html')), 'utf8');
    expect(page).toMatch(/5 snapshots were deleted on .*Evidence<\/dt><dd>\d+:[0-9a-f]{64}<\/dd>/s);
    expect(count()).toBe(6);
    expect(stored()).toMatchObject({ status: 'finished', totals: { requested: 5, deleted: 5 } });
  });

  it('ends with 1 and says so where the result cannot be recorded, though everything was deleted', async () => {
    const evidence = join(rig.work, 'results', 'evidence');
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
    expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
    expect(() => results()).toThrow();
    expect((await cli(plan(), '--local', '--dry-run', '--yes', '4')).code).toBe(4);
  });

  it('ends a --dry-run with exit code 5 when some deletions would fail, and names them', async () => {
    rig.emulator.setFaults([{ fault: 'error', operations: 'GetInstance', code: 'AccessDeniedException' }]);
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
      () => rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]),
      ['--yes', '5'],
    ],
    [
      'inventory.incomplete',
      () => rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]),
      [],
    ],
    [
      'clock.skew',
      () => {
        rig.emulator.clockOffset = 400_000;
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
    rig.emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const report = await runCli(['report', '--config', config(), '--plan-out', plan(), '--quiet']);
    rig.emulator.setFaults([]);
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
    const deletes = () => rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete')).length;
    expect(deletes()).toBe(5);
    mkdirSync(join(rig.work, 'elsewhere'));
    const copy = join(rig.work, 'elsewhere', 'plan.json');
    writeFileSync(copy, readFileSync(plan(), 'utf8'));
    const { code, out } = await cli(copy, '--local', '--yes', '5', '--quiet');
    expect({ code, out: unwrapped(out) }).toEqual({
      code: 0,
      out: expect.stringContaining('Of 5 planned snapshots: 0 deleted, 5 already gone.'),
    });
    expect({ deletes: deletes(), left: count() }).toEqual({ deletes: 5, left: 6 });
  });

  it('ends with exit code 5 when some deletions failed, and names them', async () => {
    rig.emulator.setFaults([
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

  it('applies a plan from a bucket, and writes its outcomes into that bucket', async () => {
    const { id } = JSON.parse(readFileSync(plan(), 'utf8'));
    const objects = rig.emulator.objects.get(DEFAULT_BUCKET);
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

  it("applies the sample account's plan end to end", async () => {
    await replaceAccount({ account: sampleAccount(Date.now()) });
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
    mkdirSync(join(rig.work, 'results'), { recursive: true });
    await cli(plan(), '--local', '--yes', '5');
    const all = readdirSync(join(rig.work, 'results'), { recursive: true }).map(String);
    expect(all.filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});
