import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
