import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AccountData, Row } from '../../emulator/account';
import { instanceRow, instanceSnapshotRow, type SourceSpec } from '../../emulator/rows';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { pointSdkTo } from '../support/aws-env';
import { withoutNotice } from '../support/endpoint-notice';
import { runCli } from '../support/terminal';

const DAY = 86_400_000;
const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const NO_SNAPSHOT: AccountData = { accountId: ACCOUNT, regions: [REGION], data: { [REGION]: {} } };

const snapshotsOf = (spec: SourceSpec, daysAgo: readonly number[], now: number): readonly Row[] =>
  daysAgo.map((days) => instanceSnapshotRow(spec, { name: `${spec.name}-${days}`, createdAt: now - days * DAY }));

/** 50 instances: 20 with daily snapshots, 10 weekly, 10 monthly, 5 irregular, and 5 that no longer exist. */
function mixedAccount(now: number): AccountData {
  const every = (days: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, i) => 0.2 + i * days);
  const groups = [
    { name: 'web', count: 20, days: every(1, 40), exists: true },
    { name: 'shop', count: 10, days: every(7, 15), exists: true },
    { name: 'archive', count: 10, days: every(30, 20), exists: true },
    { name: 'test', count: 5, days: [2, 3, 40, 41, 170, 400], exists: true },
    { name: 'old', count: 5, days: every(1, 10).map((each) => each + 200), exists: false },
  ];
  const specs = groups.flatMap(({ name, count, days, exists }) =>
    Array.from({ length: count }, (_, i) => ({
      days,
      exists,
      spec: {
        accountId: ACCOUNT,
        region: REGION,
        name: `${name}-${i + 1}`,
        createdAt: now - 1_000 * DAY,
        sizeInGb: 20,
        blueprint: 'debian_12',
        bundle: 'nano_3_0',
      } satisfies SourceSpec,
    })),
  );
  const data = {
    instances: specs.filter(({ exists }) => exists).map(({ spec }) => instanceRow(spec)),
    instanceSnapshots: specs.flatMap(({ spec, days }) => snapshotsOf(spec, days, now)),
  };
  return { accountId: ACCOUNT, regions: [REGION], data: { [REGION]: data } };
}

describe('lightsail-retention init', () => {
  const home = process.cwd();
  const work = mkdtempSync(join(tmpdir(), 'init-'));
  let emulator: Emulator | null = null;
  let putBack: () => void = () => undefined;
  let folders = 0;

  beforeEach(() => {
    folders += 1;
    const folder = join(work, String(folders));
    mkdirSync(folder);
    process.chdir(folder);
  });
  afterEach(async () => {
    putBack();
    await emulator?.close();
    emulator = null;
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(work, { recursive: true, force: true });
  });

  async function start(account: AccountData): Promise<Emulator> {
    const started = await startEmulator({ account });
    emulator = started;
    putBack = pointSdkTo(started.url);
    return started;
  }
  async function init(...args: readonly string[]) {
    const { code, out, err } = await runCli(['init', '--quiet', ...args], process.env);
    return { code, out, err: withoutNotice(err) };
  }
  const written = (): string => readFileSync('retention.yaml', 'utf8');
  const rules = (): readonly string[] => written().match(/^ {2}- name: .*|^ {4}(match|policy): .*/gm) ?? [];

  async function expectValid(): Promise<void> {
    const { code, err } = await runCli(['check'], process.env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  }

  /** What `report` says of the file that was written. */
  async function reported() {
    const { out } = await runCli(['report', '--format', 'json', '--quiet'], process.env);
    return JSON.parse(out) as {
      readonly totals: { readonly snapshots: number; readonly keep: number; readonly expire: number };
      readonly snapshots: readonly {
        readonly verdict: string;
        readonly source: { readonly name: string; readonly exists: boolean };
      }[];
    };
  }

  it('proposes a policy for the sample account and prints what it would keep and expire', async () => {
    await start(sampleAccount(Date.now()));
    const { code, out, err } = await init();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expectValid();
    expect(rules()).toEqual([
      '  - name: deleted sources',
      '    match: { orphaned: true }',
      '    policy: archive',
      '  - name: daily snapshots',
      '    match: { source: ["prod-shop", "prod-shop-data", "prod-web"] }',
      '    policy: daily',
      '  - name: weekly snapshots',
      '    match: { source: ["logs"] }',
      '    policy: weekly',
      '  - name: monthly snapshots',
      '    match: { source: ["archive", "media-au", "shop-au-db", "wiki"] }',
      '    policy: monthly',
      '  - name: weekly by kind',
      '    match: { kind: [instance, database] }',
      '    policy: weekly',
    ]);
    expect(written()).toContain('14 snapshots of deleted sources: blog, client-bakery, crm-db.');
    expect(written()).toMatch(/# Sources whose snapshots have stopped, .*: archive \(\d{4}-\d\d-\d\d\)\./);
    const { totals, snapshots } = await reported();
    expect(out).toContain(
      `Wrote retention.yaml with 5 policies and 5 rules. It would expire ${totals.expire} of ${totals.snapshots} snapshots`,
    );
    expect(out).toContain(`and keep ${totals.keep}. Nothing was deleted.`);
    const row = (name: string): string => new RegExp(`^${name} .*`, 'm').exec(out)?.[0] ?? '';
    // The numbers depend on how many months the snapshots of the day's account span.
    const counts = (name: string): readonly number[] =>
      (/^\S+ +instance +eu-central-1 +daily +(\d+) +(\d+)$/.exec(row(name)) ?? []).slice(1).map(Number);
    for (const name of ['prod-web', 'prod-shop']) {
      const expiring = snapshots.filter(({ verdict, source }) => verdict === 'expire' && source?.name === name);
      expect(expiring.length).toBeGreaterThan(0);
      expect(counts(name)).toEqual([expect.any(Number), expiring.length]);
    }
    expect(snapshots.filter(({ verdict, source }) => verdict === 'expire' && !source.exists)).toEqual([]);
  });

  it('writes a file whose first line names the JSON Schema that is in the package', async () => {
    await start(NO_SNAPSHOT);
    await init();
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(written()) ?? [];
    expect(JSON.parse(readFileSync(resolve(path), 'utf8')).title).toBe('lightsail-retention configuration');
  });

  it('names only pages that are in the package', async () => {
    await start(sampleAccount(Date.now()));
    await init();
    const pages = [...readFileSync('retention.yaml', 'utf8').matchAll(/docs\/[\w-]+\.md/g)].map(([page]) => page);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.filter((page) => !existsSync(join(__dirname, '..', '..', page)))).toEqual([]);
  });

  it('writes a start for an account without snapshots', async () => {
    await start(NO_SNAPSHOT);
    const { code, out, err } = await init();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expectValid();
    expect(written()).toContain('default: standard');
    expect(out).toContain('The account has no manual snapshot yet, so the file is a general start.');
    expect(out).not.toContain('SOURCE');
    expect(out).not.toContain('apply');
  });

  it('proposes few rules for 50 sources of mixed rhythm, and keeps all of the deleted ones', async () => {
    await start(mixedAccount(Date.now()));
    const { code, out } = await init();
    expect(code).toBe(0);
    await expectValid();
    expect(rules()).toEqual([
      '  - name: deleted sources',
      '    match: { orphaned: true }',
      '    policy: archive',
      '  - name: daily snapshots',
      '    match: { source: ["web-*"] }',
      '    policy: daily',
      '  - name: weekly snapshots',
      '    match: { source: ["shop-*"] }',
      '    policy: weekly',
      '  - name: monthly snapshots',
      '    match: { source: ["archive-*"] }',
      '    policy: monthly',
    ]);
    expect(written()).toContain('default: occasional');
    const { snapshots } = await reported();
    const kept = new Set(snapshots.flatMap(({ verdict, source }) => (verdict === 'keep' ? [source.name] : [])));
    expect(kept.size).toBe(50);
    expect(snapshots.filter(({ verdict, source }) => verdict === 'expire' && source.name.startsWith('old-'))).toEqual(
      [],
    );
    expect(out).toContain('50 snapshots of deleted sources are kept');
  });

  it('prints next commands that repeat what it was run with, and raise the limits where the plan exceeds them', async () => {
    await start(mixedAccount(Date.now()));
    const { out } = await init('--region', REGION, '--kind', 'instance');
    expect(out.match(/^ {4}npx .*/gm)).toEqual([
      '    npx lightsail-retention check',
      '    npx lightsail-retention report --format html --output report.html --region eu-central-1 --kind instance',
      '    npx lightsail-retention report --plan-out plan.json --raise-caps --region eu-central-1 --kind instance',
      '    npx lightsail-retention apply plan.json --local --dry-run',
    ]);
    expect(written()).toContain('\nregions: [eu-central-1]\nkinds: [instance]\n');
    await expectValid();
  });

  it.each(['retention.yaml', 'retention.yml', 'Retention.yaml', 'retention.json'])(
    'refuses to write where %s exists, and leaves it as it is',
    async (name) => {
      writeFileSync(name, 'version: 1\n');
      const { code, out, err } = await init();
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain(`this folder has ${name}`);
      expect(err).toContain('[init.exists]');
      expect(readFileSync(name, 'utf8')).toBe('version: 1\n');
      expect(existsSync('retention.yaml')).toBe(name === 'retention.yaml');
    },
  );

  it('refuses to write through a link that leads nowhere', async () => {
    symlinkSync('elsewhere.yaml', 'retention.yaml');
    const { code, err } = await init();
    expect(code).toBe(2);
    expect(err).toContain('[init.exists]');
    expect(existsSync('elsewhere.yaml')).toBe(false);
  });

  it('refuses to replace a file that appeared while it read the account', async () => {
    const started = await start(sampleAccount(Date.now()));
    started.setFaults([{ fault: 'latency', ms: 300 }]);
    const running = init();
    await new Promise((done) => setTimeout(done, 200));
    writeFileSync('retention.yaml', 'mine\n');
    const { code, out, err } = await running;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('[init.exists]');
    expect(written()).toBe('mine\n');
  });

  it('writes nothing where a list could not be read', async () => {
    const started = await start(sampleAccount(Date.now()));
    started.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: REGION },
    ]);
    const { code, out, err } = await init();
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('wrote no retention.yaml, because the inventory is incomplete');
    expect(err).toContain('[inventory.incomplete]');
    expect(existsSync('retention.yaml')).toBe(false);
  });
});
