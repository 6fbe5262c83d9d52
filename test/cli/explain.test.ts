import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { JsonReport } from '../../lambda/render/json';
import { pointSdkTo } from '../support/aws-env';
import { runCli, unwrapped } from '../support/terminal';

const POLICY = `version: 1
timezone: Europe/Berlin
policies:
  standard: { keep: { last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 2 }, expireAfter: 30d }
  short: { expireAfter: 14d, keep: { last: 1 } }
rules:
  - name: production
    match: { kind: [instance, disk], source: "prod-*", region: "eu-*", tags: { env: prod } }
    policy: standard
  - name: orphans
    match: { orphaned: true, kind: database }
    policy: standard
  - name: virginia
    match: { region: us-east-1 }
    policy: short
`;

describe('lightsail-retention explain', () => {
  const now = Date.now();
  const at = new Date(now).toISOString();
  const work = mkdtempSync(join(tmpdir(), 'explain-'));
  const config = join(work, 'policy.yaml');
  let emulator: Emulator;
  let putBack: () => void;
  let report: JsonReport;

  const explain = (...args: readonly string[]) =>
    runCli(['explain', ...args, '--config', config, '--at', at, '--quiet']);
  const named = (start: string): JsonReport['snapshots'][number] => {
    const found = report.snapshots.find(({ name }) => name?.startsWith(start));
    if (found === undefined) throw new Error(`the sample account has no snapshot ${start}`);
    return found;
  };

  beforeAll(async () => {
    writeFileSync(config, POLICY);
    emulator = await startEmulator({ account: sampleAccount(now) });
    putBack = pointSdkTo(emulator.url);
    const { out } = await runCli(['report', '--config', config, '--at', at, '--format', 'json', '--quiet']);
    report = JSON.parse(out);
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });
  afterEach(() => emulator.setFaults([]));

  it('accounts for every verdict of the sample account: the verdict and every reason of the report', async () => {
    expect(report.snapshots.length).toBeGreaterThan(150);
    for (const { arn, name, kind, region, verdict, reasons, policy } of report.snapshots) {
      const { code, out } = await explain(arn ?? '', '--region', region, '--kind', kind);
      const story = unwrapped(out);
      expect({ name, code, verdict: /Decision: (kept|expired by policy)/.exec(story)?.[1] }).toEqual({
        name,
        code: 0,
        verdict: verdict === 'expire' ? 'expired by policy' : 'kept',
      });
      for (const { text } of reasons) expect(story).toContain(unwrapped(text));
      if (policy !== null) expect(story).toContain(`Its policy: policy ${policy.name}, `);
    }
  }, 120_000);

  it('names each rule in order, and why it does not match', async () => {
    const story = unwrapped((await explain(named('landing').name ?? '')).out);
    expect(story).toContain(
      '"production": no match: region us-east-1 is not eu-*; source landing is not prod-*; it has no tag env = prod',
    );
    expect(story).toContain('"orphans": no match: kind instance is not database; orphaned is false');
    expect(story).toContain('"virginia": matches: policy short: this decides');
  });

  it('says when tags of the source decide, and that nothing after them is asked', async () => {
    const story = unwrapped((await explain(named('staging').name ?? '')).out);
    expect(story).toContain('The tags of its source: policy short (last 1, expireAfter 14d): this decides');
    expect(story).toContain('The rules and the default: not evaluated: a tag has decided');
  });

  it('says that the tags of a source do not reach a copy of an automatic snapshot', async () => {
    const story = unwrapped((await explain(named('app-kept').name ?? '')).out);
    expect(story).toContain("but a source's tags do not reach a copy of an automatic snapshot");
    expect(story).toContain('a rule with fromAutoSnapshot: true');
  });

  it('says which hold is in force, and which has passed', async () => {
    expect(unwrapped((await explain(named('client-bakery-handover').name ?? '')).out)).toMatch(
      /A hold: tag retention:hold on the snapshot: held through \d{4}-\d\d-\d\d - /,
    );
    expect(unwrapped((await explain(named('client-bakery-dispute').name ?? '')).out)).toContain(
      'that day has passed, so it holds no longer',
    );
  });

  it('shows the result of each rule and each floor, also of those that do not keep it', async () => {
    const expiring = report.snapshots.find(
      ({ verdict, policy }) => verdict === 'expire' && policy?.name === 'standard',
    );
    const story = unwrapped((await explain(expiring?.arn ?? '')).out);
    for (const rule of ['last', 'daily', 'weekly', 'monthly', 'yearly', 'expireAfter', 'floor minKeep', 'floor minAge'])
      expect(story).toContain(`does not: ${rule}`);
    const keptOne = report.snapshots.find(
      ({ reasons }) => reasons.some(({ code }) => code === 'monthly') && reasons.length === 1,
    );
    const other = unwrapped((await explain(keptOne?.arn ?? '')).out);
    expect(other).toContain('keeps it: monthly');
    expect(other).toContain('does not: last');
  });

  it('says how to keep an expiring snapshot', async () => {
    const expiring = report.snapshots.find(({ verdict }) => verdict === 'expire');
    expect((await explain(expiring?.arn ?? '')).out).toContain(
      `aws lightsail tag-resource --region ${expiring?.region} --resource-name ${expiring?.name} --tags key=retention:hold\n`,
    );
  });

  it('says at most what a snapshot costs', async () => {
    expect((await explain(named('prod-web-copy').name ?? '')).out).toContain('60 GB, at most $3.00/month');
  });

  it('refuses a name that no snapshot has, with near names', async () => {
    const { code, out, err } = await explain('shop-au-tyop');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('none of the');
    const near = await explain('shop-au-typ');
    expect(near.err).toContain(`did you mean ${named('shop-au-typo').name}`);
    expect((await explain('SHOP-AU')).err).toMatch(/did you mean shop-au, /);
  });

  it('refuses a name that several snapshots have, and lists their ARNs', async () => {
    const name = named('shop-au-db-2').name ?? '';
    const twin = emulator.world.add('us-east-1', 'diskSnapshots', { name });
    const { code, out, err } = await explain(name);
    emulator.world.remove('us-east-1', 'diskSnapshots', name);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`2 snapshots have the name ${name}; choose one by its ARN`);
    expect(err).toContain(`${twin.arn} (disk, us-east-1`);
  });

  it('ends with 3 when it is not found and not everything was read', async () => {
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const { code, out, err } = await explain('nowhere');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('nowhere was not found, and the inventory is incomplete');
  });

  it('explains what was found although something else was not read, and ends with 3 all the same', async () => {
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const { code, out, err } = await explain(named('landing').arn ?? '');
    expect(code).toBe(3);
    expect(out).toContain('Decision: ');
    expect(err).toContain('error: the inventory is incomplete: 1 of 9 scopes were not read: us-east-1 disk');
  });
});
