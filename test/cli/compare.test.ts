import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { JsonReport } from '../../lambda/render/json';
import { pointSdkTo } from '../support/aws-env';
import { runCli } from '../support/terminal';

const WIDE = `version: 1
policies: { weeks: { keep: { daily: 7, weekly: 4, monthly: 6 } } }
default: weeks
`;
const NARROW = `version: 1
policies: { days: { keep: { daily: 3 } } }
rules:
  - { name: databases, match: { kind: database, orphaned: true }, policy: days }
default: days
`;
const FRANKFURT = `version: 1
regions: [eu-central-1]
policies: { days: { keep: { daily: 3 } } }
default: days
`;

const length = fc.constantFrom('36h', '5d', '2w', '40d', '3mo', '1y');
const count = fc.integer({ min: 1, max: 12 });
const policy = fc
  .record(
    {
      keep: fc
        .record({ last: count, daily: count, weekly: count, monthly: count, within: length }, { requiredKeys: [] })
        .filter((rules) => Object.keys(rules).length > 0),
      expireAfter: length,
    },
    { requiredKeys: [] },
  )
  .filter((each) => Object.keys(each).length > 0);
const match = fc
  .record(
    {
      kind: fc.constantFrom('instance', 'disk', 'database'),
      region: fc.constantFrom('eu-*', 'us-east-1', '*'),
      source: fc.constantFrom('prod-*', '*web*', 'shop-??'),
      orphaned: fc.boolean(),
      fromAutoSnapshot: fc.constantFrom<(boolean | string)[]>(true, 'any'),
    },
    { requiredKeys: [] },
  )
  .filter((each) => Object.keys(each).length > 0);
/** The text of a configuration over all regions and kinds. */
const configuration = fc
  .record({
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
    policies: fc.record({ one: policy, two: policy }),
    rules: fc.array(fc.record({ match, policy: fc.constantFrom('one', 'two') }), { maxLength: 3 }),
    default: fc.constantFrom('one', 'two'),
    floors: fc.record({ minKeep: fc.integer({ min: 1, max: 4 }), minAge: fc.constantFrom('24h', '10d') }),
  })
  .map(({ rules, ...rest }) =>
    stringify({ version: 1, ...rest, rules: rules.map((rule, at) => ({ name: `rule ${at}`, ...rule })) }),
  );

interface Compared {
  readonly inventory: string;
  readonly complete: boolean;
  readonly policies: readonly {
    readonly file: string;
    readonly digest: string;
    readonly totals: JsonReport['totals'];
  }[];
  readonly changes: readonly {
    readonly arn: string;
    readonly region: string;
    readonly against: number;
    readonly from: string;
    readonly to: string;
    readonly policy: { readonly from: string | null; readonly to: string | null };
    readonly reasons: Readonly<Record<'from' | 'to', JsonReport['snapshots'][number]['reasons']>>;
  }[];
  readonly sources: readonly { readonly arn: string; readonly kept: readonly number[] }[];
}

describe('lightsail-retention compare', () => {
  const now = Date.now();
  const at = new Date(now).toISOString();
  const work = mkdtempSync(join(tmpdir(), 'compare-'));
  const fileOf = (name: string) => join(work, name);
  const [wide, narrow, frankfurt, stored] = ['wide.yaml', 'narrow.yaml', 'frankfurt.yaml', 'report.json'].map(
    fileOf,
  ) as [string, string, string, string];
  let emulator: Emulator;
  let putBack: () => void;

  const compare = (...args: readonly string[]) => runCli(['compare', ...args, '--quiet']);
  const compared = async (...args: readonly string[]): Promise<Compared> =>
    JSON.parse((await compare(...args, '--format', 'json')).out);
  const reportOf = async (config: string): Promise<JsonReport> =>
    JSON.parse((await runCli(['report', '--config', config, '--at', at, '--format', 'json', '--quiet'])).out);

  beforeAll(async () => {
    writeFileSync(wide, WIDE);
    writeFileSync(narrow, NARROW);
    writeFileSync(frankfurt, FRANKFURT);
    emulator = await startEmulator({ account: sampleAccount(now) });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(stored, JSON.stringify(await reportOf(wide)));
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });
  afterEach(() => emulator.setFaults([]));

  it.each([
    ['live', []],
    ['offline, from a stored report', ['--from', stored]],
  ])('evaluates each configuration exactly as report does, %s', async (_, from) => {
    const found = await compared(wide, narrow, '--at', at, ...from);
    const [first, later] = [await reportOf(wide), await reportOf(narrow)];
    expect(found.policies.map(({ digest, totals }) => ({ digest, totals }))).toEqual(
      [first, later].map(({ config, totals }) => ({ digest: config.digest, totals })),
    );
    const verdicts = new Map(first.snapshots.map((snapshot) => [snapshot.arn, snapshot]));
    const expected = later.snapshots
      .filter(({ arn, verdict }) => verdicts.get(arn)?.verdict !== verdict)
      .map(({ arn, verdict, reasons }) => ({
        arn,
        to: verdict,
        reasons: { from: verdicts.get(arn)?.reasons, to: reasons },
      }));
    const changes = found.changes.map(({ arn, to, reasons }) => ({ arn, to, reasons }));
    const byArn = (a: { readonly arn: string | null }, b: { readonly arn: string | null }) =>
      (a.arn ?? '') < (b.arn ?? '') ? -1 : 1;
    expect([...changes].sort(byArn)).toEqual([...expected].sort(byArn));
    expect(expected.length).toBeGreaterThan(20);
    for (const { arn, kept } of found.sources) {
      const counted = [first, later].map(
        ({ snapshots }) => snapshots.filter(({ source, verdict }) => source?.arn === arn && verdict === 'keep').length,
      );
      expect(kept).toEqual(counted);
    }
  });

  it('names the report whose inventory it evaluates, at the time of that report', async () => {
    const report: JsonReport = JSON.parse(readFileSync(stored, 'utf8'));
    const found = await compared(wide, narrow, '--from', stored);
    expect(found).toMatchObject({ inventory: report.reportId, evaluatedAt: report.evaluatedAt, complete: true });
  });

  it('finds no change between a configuration and itself', async () => {
    expect((await compared(wide, wide, '--from', stored)).changes).toEqual([]);
    const { out, code } = await compare(wide, wide, '--from', stored, '--fail-on', 'any');
    expect(out).toContain('No snapshot is decided otherwise.');
    expect(code).toBe(0);
  });

  it('is empty for a configuration and itself, and else takes one report to the other, for random configurations', async () => {
    const [one, two] = [fileOf('one.yaml'), fileOf('two.yaml')];
    const decisionsOf = ({ snapshots }: JsonReport) =>
      snapshots.map(({ arn, verdict, policy: used, reasons }) => ({
        arn,
        verdict,
        policy: used?.name ?? null,
        reasons,
      }));
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(configuration, configuration, async (first, later) => {
        writeFileSync(one, first);
        writeFileSync(two, later);
        expect((await compared(one, one, '--from', stored)).changes).toEqual([]);
        const { changes } = await compared(one, two, '--from', stored);
        const byArn = new Map(changes.map((change) => [change.arn as string | null, change]));
        const [before, after] = [decisionsOf(await reportOf(one)), decisionsOf(await reportOf(two))];
        const from = before.map(({ arn, verdict, policy: used, reasons }) => {
          const change = byArn.get(arn);
          return JSON.stringify([
            arn,
            change?.from ?? verdict,
            change?.policy.from ?? used,
            change?.reasons.from ?? reasons,
          ]);
        });
        expect(from).toEqual(before.map((each) => JSON.stringify(Object.values(each))));
        // Where the verdict stays, the reasons may differ: a comparison names changes alone.
        for (const each of after) {
          const change = byArn.get(each.arn);
          const told = change === undefined ? undefined : [each.arn, change.to, change.policy.to, change.reasons.to];
          if (told !== undefined) expect(JSON.stringify(told)).toBe(JSON.stringify(Object.values(each)));
          else expect(each.verdict).toBe(before.find(({ arn }) => arn === each.arn)?.verdict);
        }
        changed += changes.length;
      }),
      { numRuns: 25 },
    );
    expect(changed).toBeGreaterThan(100);
  });

  it('compares each later configuration with the first, and keeps what a configuration does not read', async () => {
    const { changes } = await compared(wide, narrow, frankfurt, '--from', stored);
    expect([...new Set(changes.map(({ against }) => against))]).toEqual([1, 2]);
    const far = changes.filter(
      ({ against, region, to }) => against === 2 && region !== 'eu-central-1' && to === 'keep',
    );
    expect(far.length).toBeGreaterThan(0);
    for (const { policy, reasons } of far)
      expect([policy.to, reasons.to[0]?.text]).toEqual([null, 'outside the regions and kinds of this configuration']);
  });

  it.each([
    ['newly-expiring', [0, 6]],
    ['newly-kept', [6, 0]],
    ['any', [6, 6]],
  ])('ends with 6 if there are changes that --fail-on %s names', async (failOn, codes) => {
    const shrink = await compare(wide, narrow, '--from', stored, '--fail-on', failOn);
    const grow = await compare(narrow, wide, '--from', stored, '--fail-on', failOn);
    expect([grow.code, shrink.code]).toEqual(codes);
    for (const { code, err } of [shrink, grow])
      expect(err).toMatch(code === 6 ? /--fail-on .*\[compare\.changes\]\n$/ : /^$/);
  });

  it('ends with 3 before 6 where a part of the account was not read, and says so in the first lines', async () => {
    emulator.setFaults([{ fault: 'deny', regions: 'eu-central-1', operations: 'GetInstanceSnapshots' }]);
    const { out, err, code } = await compare(wide, narrow, '--fail-on', 'any');
    expect(code).toBe(3);
    expect(out.split('\n').slice(0, 4).join('\n')).toContain('INCOMPLETE');
    expect(err).toContain('[inventory.incomplete]');
  });

  describe('with a report that covers a part of the account', () => {
    const config = (name: string, scope: string): string => {
      const file = fileOf(name);
      writeFileSync(file, `${WIDE}${scope}`);
      return file;
    };
    const reported = async (name: string, file: string, ...args: readonly string[]): Promise<string> => {
      const { out } = await runCli(['report', '--config', file, '--at', at, '--format', 'json', '--quiet', ...args]);
      writeFileSync(fileOf(name), out);
      return fileOf(name);
    };
    const one = () => config('one.yaml', 'regions: [us-east-1]\n');

    it('ends with 3 and names what the report never read, where a later configuration reads more', async () => {
      const report = await reported('one.json', one());
      const disks = await reported('disks.json', wide, '--kind', 'disk');
      for (const [files, from, lacking] of [
        [[one(), wide], report, 'regions other than us-east-1'],
        [[wide, one()], report, 'regions other than us-east-1'],
        [[one(), frankfurt], report, 'eu-central-1 instance, eu-central-1 disk, eu-central-1 database'],
        [
          [frankfurt, config('instances.yaml', 'regions: [us-east-1]\nkinds: [disk, instance]\n')],
          disks,
          'eu-central-1 instance, eu-central-1 database, us-east-1 instance',
        ],
      ] as const) {
        const { err, code } = await compare(...files, '--from', from, '--fail-on', 'any');
        expect(code).toBe(3);
        const why = `never read what the configurations read: ${lacking}`;
        expect(err).toMatch(new RegExp(`^error: the report \\S+ ${why}; .*\\[inventory.incomplete\\]\\n$`));
        expect((await compared(...files, '--from', from)).complete).toBe(false);
        expect((await compare(...files, '--from', from)).out.split('\n').slice(0, 4).join('\n')).toContain(
          'INCOMPLETE',
        );
      }
    });

    it('counts as complete where no configuration reads more than the report', async () => {
      const report = await reported('one.json', one());
      const disks = config('disks.yaml', 'regions: [us-east-1]\nkinds: [disk]\n');
      for (const [files, from] of [
        [[one(), disks], report],
        [[one(), wide], stored],
        [[disks, frankfurt], stored],
      ] as const) {
        expect((await compared(...files, '--from', from)).complete).toBe(true);
        expect(await compare(...files, '--from', from)).toMatchObject({ code: 0, err: '' });
      }
    });

    it('takes the regions of a report that does not tell for all that it asked', async () => {
      const { allRegions, ...silent } = JSON.parse(readFileSync(stored, 'utf8'));
      const old = fileOf('silent.json');
      writeFileSync(old, JSON.stringify(silent));
      expect(allRegions).toBe(true);
      expect((await compare(wide, narrow, '--from', old)).code).toBe(3);
      expect((await compare(frankfurt, frankfurt, '--from', old)).code).toBe(0);
    });
  });

  it.each(['text', 'markdown', 'html'])('names each newly expiring snapshot with its reason as %s', async (format) => {
    const { out } = await compare(wide, narrow, '--from', stored, '--format', format);
    const { changes } = await compared(wide, narrow, '--from', stored);
    const report: JsonReport = JSON.parse(readFileSync(stored, 'utf8'));
    const nameOf = (arn: string) => report.snapshots.find((each) => each.arn === arn)?.name ?? '';
    expect(changes.filter(({ arn }) => !out.includes(nameOf(arn)))).toEqual([]);
    expect(out).toContain('daily: 3 of 3 slots filled');
  });

  it.each<[string, () => readonly string[], number, RegExp]>([
    ['one configuration', () => [wide], 2, /two or more configuration files: got 1 \[usage\.compare\]/],
    ['--from with --profile', () => [wide, narrow, '--from', stored, '--profile', 'x'], 2, /leave out --profile/],
    ['an output that is an input', () => [wide, narrow, '--from', stored, '--output', stored], 2, /names an input/],
    [
      'a missing report',
      () => [wide, narrow, '--from', fileOf('none.json')],
      2,
      /there is no such file.*\[report\.not-json\]/,
    ],
    ['a directory as report', () => [wide, narrow, '--from', work], 2, /it is a directory/],
    ['a configuration as report', () => [wide, narrow, '--from', wide], 2, /it is not JSON/],
    ['a missing configuration', () => [wide, fileOf('none.yaml'), '--from', stored], 2, /no such file/],
  ])('refuses %s in one sentence', async (_, args, expected, message) => {
    const { out, err, code } = await compare(...args());
    expect([code, out]).toEqual([expected, '']);
    expect(err).toMatch(message);
    expect(err.split('error: ')).toHaveLength(2);
  });

  it('names what is wrong with each of the configurations at once', async () => {
    const [bad, worse] = [fileOf('bad.yaml'), fileOf('worse.yaml')];
    writeFileSync(bad, 'version: 1\npolices: {}\n');
    writeFileSync(worse, 'version: 2\n');
    const { err, code } = await compare(bad, wide, worse, worse, '--from', stored);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: cannot use the configurations\n/);
    expect(err.split(`${bad}:`)).toHaveLength(2);
    expect(err).toContain('polices');
    expect(err.split(`${worse}:1:`)).toHaveLength(2);
    expect(err.split('error: ')).toHaveLength(2);
  });

  it('says of a report of an earlier version what it lacks, and what to do', async () => {
    const { sources: _, ...earlier } = JSON.parse(readFileSync(stored, 'utf8'));
    const old = fileOf('old.json');
    writeFileSync(old, JSON.stringify(earlier));
    const { err, code } = await compare(wide, narrow, '--from', old);
    expect(code).toBe(2);
    expect(err).toContain('it has no list of sources, because an earlier version made it; make a new report');
  });
});
