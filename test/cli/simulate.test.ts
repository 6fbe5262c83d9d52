import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { run } from '../../cli/program';
import { renderJson } from '../../lambda/render/json';
import { aReport, aSource, DAY, kept, NOW } from '../support/report-builder';
import { runCli, unwrapped } from '../support/terminal';

const AT = ['--at', '2026-11-23T08:00:00Z'];
const CONFIG = `version: 1
timezone: Europe/Berlin
policies:
  standard: { keep: { last: 3, daily: 7 } }
  short: { expireAfter: 14d }
default: short
pricing: { gbMonth: 0.1 }
`;

describe('lightsail-retention simulate', () => {
  const work = mkdtempSync(join(tmpdir(), 'simulate-'));
  const config = join(work, 'policy.yaml');
  beforeAll(() => writeFileSync(config, CONFIG));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  const simulate = (...args: readonly string[]) => runCli(['simulate', ...AT, ...args]);

  it('draws what a policy spelt out keeps, and says what it costs at most', async () => {
    const { code, out, err } = await simulate(
      '--keep',
      'last=2 weekly=3',
      '--every',
      '1d',
      '--for',
      '3w',
      '--size',
      '80',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`Policy: last 2, weekly 3
A snapshot every 1d for 3w, until 2026-11-23 08:00 (UTC).
Kept at the end: 3 of 21 snapshots, at most $12.00/month.

L  last 2    keeps 2
W  weekly 3  keeps 3

A day has the letter of the first rule that keeps it. A number alone: expired. A dot: no snapshot. Next to the month: kept of made.

November 2026       3 of 21
Mo  Tu  We  Th  Fr  Sa  Su
     3   4   5   6   7   8
 9  10  11  12  13  14  15W
16  17  18  19  20  21  22L
23L

Most snapshots at once, and at most what they cost per month (80 GB each, $0.05 per GB-month):
2026-11      5  ########################  $20.00

The simulation applied the policy once a day and removed expired snapshots at once. A deployment waits for an approval or a grace period, so it has a few more.
`);
  });

  it('makes as many snapshots alone as a calendar can have, though side by side a year would follow', async () => {
    const { code, out } = await simulate('--keep', 'last=1', '--every', '1h', '--for', '2y');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('Kept at the end: 24 of 17,520 snapshots') });
  });

  it('takes a policy, the zone and the price of a configuration', async () => {
    const { out } = await simulate('--config', config, '--policy', 'standard', '--for', '2w');
    expect(out).toContain('Policy standard: last 3, daily 7\n');
    expect(unwrapped(out)).toContain('until 2026-11-23 09:00 (Europe/Berlin)');
    expect(out).toContain('$0.1 per GB-month');
  });

  it('takes the default policy when none is named', async () => {
    expect((await simulate('--config', config, '--for', '2w')).out).toContain('Policy short: expireAfter 14d\n');
  });

  it('writes a page to a file', async () => {
    const page = join(work, 'page.html');
    const { code, out, err } = await simulate('--keep', 'daily=7', '--format', 'html', '--output', page);
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: `wrote ${page}\n` });
    expect(readFileSync(page, 'utf8')).toContain('<h1>A policy: daily 7</h1>');
  });

  it('prints one JSON object, as docs/policy.md describes it', async () => {
    const { out } = await simulate('--keep', 'last=3 daily=7 weekly=4 monthly=6', '--for', '8mo', '--format', 'json');
    const got = JSON.parse(out);
    const [, written = ''] =
      /```jsonc\n([\s\S]*?)```/.exec(readFileSync(join(__dirname, '../../docs/policy.md'), 'utf8')) ?? [];
    const documented = JSON.parse(written.replace(/\s\/\/ .*$/gm, ''));
    const { policy, rules, months, days, ...rest } = documented;
    expect(got).toMatchObject({ ...rest, policy: { name: null, text: policy.text } });
    expect(Object.keys(got)).toEqual(Object.keys(documented));
    expect(got.rules).toEqual(expect.arrayContaining(rules));
    expect(got.months).toEqual(expect.arrayContaining(months));
    expect(Object.keys(got.days[0])).toEqual(Object.keys(days[0]));
    expect(got.days.at(-1).kept[0].reasons).toEqual(expect.arrayContaining(days[0].kept[0].reasons));
  });

  it.each([
    ['a bare m', ['--every', '1m'], 'is "m" a month (write mo) or a minute'],
    ['a schedule of no duration', ['--for', 'long'], 'Expected a duration'],
    ['an end without time', ['--at', '2026-11-23'], 'Expected an ISO 8601 instant'],
    ['no size', ['--size', '0'], 'whole number of GB'],
    ['an unknown format', ['--format', 'pdf'], 'Allowed choices are text, html, json'],
    ['an unknown keep rule', ['--keep', 'daly=3'], '--keep "daly=3": expected a rule out of last'],
    ['both wrong, at once', ['--keep', 'daily=-1', '--expire-after', '3'], '--expire-after "3": expected a duration'],
    ['a named policy beside one spelt out', ['--policy', 'x', '--keep', 'all'], 'leave one of them out'],
    [
      'a hundred thousand snapshots',
      ['--every', '1h', '--for', '90y', '--keep', 'last=1'],
      'more than 100000 snapshots',
    ],
    ['a file that cannot be written', ['--keep', 'all', '--output', '/nowhere/at/all'], 'cannot write /nowhere/at/all'],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, err } = await runCli(['simulate', ...AT, ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it('refuses a policy that the configuration does not have, with the one that was meant', async () => {
    const { code, err } = await simulate('--config', config, '--policy', 'standart');
    expect(code).toBe(2);
    expect(err).toContain(
      'policy.yaml has no policy "standart"; expected one of standard, short; did you mean standard?',
    );
  });

  it('refuses to guess between several policies', async () => {
    const several = join(work, 'several.yaml');
    writeFileSync(several, CONFIG.replace('default: short\n', ''));
    const { code, err } = await simulate('--config', several);
    expect(code).toBe(2);
    expect(err).toContain('which policy? Say --policy NAME (standard, short)');
  });
});

/** A stored report of 2026-11-23T08:00Z with snapshots of these sources, so many days old, and a copy of an automatic one. */
function storedReport(sources: Readonly<Record<string, readonly number[]>>): string {
  const snapshots = Object.entries(sources).flatMap(([arn, ages]) =>
    ages.map((age) => kept({ name: `${arn}-${age}`, createdAt: NOW - age * DAY, source: { ...aSource('web'), arn } })),
  );
  const copy = kept({ name: 'copy', createdAt: NOW - 5 * DAY, fromAutoSnapshot: true });
  return [...renderJson(aReport([...snapshots, copy]))].join('');
}

describe('lightsail-retention simulate with several policies or schedules', () => {
  const work = mkdtempSync(join(tmpdir(), 'simulate-'));
  const config = join(work, 'policy.yaml');
  const report = join(work, 'report.json');
  const twins = join(work, 'twins.json');
  beforeAll(() => {
    writeFileSync(config, CONFIG);
    writeFileSync(report, storedReport({ [aSource('web').arn]: [0, 1, 2, 9, 10, 11] }));
    writeFileSync(twins, storedReport({ one: [1, 2], two: [3, 4], three: [1] }));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  const simulate = (...args: readonly string[]) => runCli(['simulate', ...AT, '--config', config, ...args]);

  it('compares policies and schedules in a table, with the calendar of each below', async () => {
    const policies = ['--policy', 'standard', '--policy', 'short'];
    const { code, out } = await simulate(...policies, '--every', '1d', '--every', 'Sunday', '--for', '2w');
    expect(code).toBe(0);
    expect(out.slice(0, out.indexOf('\n\n'))).toBe(
      `
                                  standard      standard     short         short
snapshots                         every 1d  every Sunday  every 1d  every Sunday
kept now                                 7             2        14             2
kept in a month                          7             6        14             2
kept in a year                           7             7        14             2
monthly cost at most, now           $28.00         $8.00    $56.00         $8.00
monthly cost at most, in a month    $28.00        $24.00    $56.00         $8.00
monthly cost at most, in a year     $28.00        $28.00    $56.00         $8.00
longest gap                            1 d           7 d       1 d           7 d
oldest restore point                   6 d          44 d      13 d           9 d
restore points up to 7 d old             7             1         8             1
8 to 30 d old                            0             4         6             1
31 to 365 d old                          0             2         0             0
older than 365 d                         0             0         0             0`.slice(1),
    );
    expect(out.match(/^Policy .*$/gm)).toEqual([
      'Policy standard, every 1d: last 3, daily 7',
      'Policy standard, every Sunday: last 3, daily 7',
      'Policy short, every 1d: expireAfter 14d',
      'Policy short, every Sunday: expireAfter 14d',
    ]);
    expect(out).toContain('Simulated for 2w until 2026-11-23 09:00 (Europe/Berlin), 40 GB each, $0.1 per GB-month.');
  });

  it('puts the columns that a terminal has no room for below the others', async () => {
    const args = ['simulate', ...AT, '--config', config, '--policy', 'standard', '--policy', 'short', '--for', '2w'];
    const chunks: string[] = [];
    const out = Object.assign(new PassThrough(), { isTTY: true, columns: 70 });
    out.on('data', (chunk) => chunks.push(String(chunk)));
    const streams = { out: out as unknown as NodeJS.WriteStream, err: process.stderr, env: { NO_COLOR: '1' } };
    expect(await run([...args, '--every', '1d', '--every', 'Sunday'], streams, '0.0.0')).toBe(0);
    const text = chunks.join('');
    expect(text.match(/^kept now +.*$/gm)?.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'kept now 7 2 14',
      'kept now 2',
    ]);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(70);
  });

  it('wraps the head of each calendar on a terminal', async () => {
    const long = join(work, 'long.yaml');
    const rules = 'last: 3, daily: 7, weekly: 8, monthly: 12, yearly: 10, within: 30d, withinDaily: 60d';
    writeFileSync(long, `version: 1\npolicies: { standard: { keep: { ${rules} } } }\ndefault: standard\n`);
    const args = ['simulate', ...AT, '--config', long, '--every', '1d', '--every', '2d'];
    const chunks: string[] = [];
    const out = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    out.on('data', (chunk) => chunks.push(String(chunk)));
    const streams = { out: out as unknown as NodeJS.WriteStream, err: process.stderr, env: { NO_COLOR: '1' } };
    expect(await run([...args, '--for', '2w'], streams, '0.0.0')).toBe(0);
    const lines = chunks.join('').split('\n');
    expect(lines.filter((line) => line.startsWith('Policy standard, every '))).toHaveLength(2);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('counts a schedule that is given twice once, as a policy', async () => {
    const every = ['--every', '1d', '--every', 'sunday', '--every', '1d', '--every', 'Sunday'];
    const policies = ['--policy', 'short', '--policy', 'short'];
    const { out } = await simulate(...policies, ...every, '--for', '2w', '--format', 'json');
    const { simulations } = JSON.parse(out);
    expect(simulations.map(({ schedule }: { schedule: { every: string } }) => schedule.every)).toEqual([
      '1d',
      'Sunday',
    ]);
  });

  it('gives the outlook of each as JSON', async () => {
    const { out } = await simulate('--policy', 'standard', '--policy', 'short', '--for', '2w', '--format', 'json');
    const { schemaVersion, simulations } = JSON.parse(out);
    expect(schemaVersion).toBe(1);
    expect(simulations.map(({ policy, schedule }: never) => [policy, schedule])).toEqual([
      [
        { name: 'standard', text: 'last 3, daily 7' },
        { every: '1d', for: '2w', until: '2026-11-23T08:00:00.000Z' },
      ],
      [
        { name: 'short', text: 'expireAfter 14d' },
        { every: '1d', for: '2w', until: '2026-11-23T08:00:00.000Z' },
      ],
    ]);
    expect(simulations[1].outlook).toEqual({
      kept: { now: 14, inAMonth: 14, inAYear: 14 },
      monthlyCostCeiling: { now: 56, inAMonth: 56, inAYear: 56 },
      longestGapDays: 1,
      oldestAgeDays: 13,
      restorePoints: [
        { upToDays: 7, count: 8 },
        { upToDays: 30, count: 6 },
        { upToDays: 365, count: 0 },
        { upToDays: null, count: 0 },
      ],
    });
  });

  it('makes snapshots at the distances of a source of a report, until the report', async () => {
    const args = ['simulate', '--config', config, '--policy', 'standard', '--from', report, '--source', 'web'];
    const { code, out } = await runCli([...args, '--for', '2w', '--format', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      schedule: { every: 'at the distances of web', until: '2026-11-23T08:00:00.000Z' },
      // A pass of 6 in 11 days takes 13.2: the end of the one before it is in the two weeks.
      made: 7,
    });
  });

  it('draws several as one page', async () => {
    const { out } = await simulate('--policy', 'standard', '--policy', 'short', '--for', '2w', '--format', 'html');
    expect(out).toContain('<h1>2 simulations side by side</h1>');
    expect(out).toContain('<th scope="row">kept in a year</th><td class="n">7</td><td class="n">14</td>');
    expect(out).toContain('<h2 id="policy-2">Policy short, every 1d: expireAfter 14d</h2>');
  });

  it.each([
    ['a source without a report', ['--source', 'web'], 'pass the report too, with --from FILE'],
    ['a report without a source', ['--from', report], 'name it with --source'],
    ['a source that the report lacks', ['--from', report, '--source', 'db'], 'has no snapshot of a source "db"'],
    [
      'sources of the same name',
      ['--from', twins, '--source', 'web'],
      'has 3 sources named "web"; pass one ARN: one, two, three',
    ],
    ['a source of one snapshot', ['--from', twins, '--source', 'three'], 'a rhythm needs two or more'],
    ['no report', ['--from', config, '--source', 'web'], 'it is not JSON'],
    [
      'a weekday that is none',
      ['--every', 'weekly'],
      'Expected a weekday (Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday) or a duration such as 36h',
    ],
    [
      'a report that is not there',
      ['--from', 'nope.json', '--source', 'web'],
      'cannot use the report nope.json: there',
    ],
    ['a policy that is unknown', ['--policy', 'standard', '--policy', 'shor'], 'did you mean short?'],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, err } = await simulate(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});
