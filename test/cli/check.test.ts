import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { pointSdkTo } from '../support/aws-env';
import { runCli } from '../support/terminal';

const POLICY = `version: 1
policies:
  standard: { keep: { last: 3, daily: 7 }, expireAfter: 30d }
  short: { expireAfter: 14d }
rules:
  - { name: production, match: { source: "prod-*" }, policy: standard }
  - { name: nowhere, match: { region: "sa-*" }, policy: standard }
default: short
`;

describe('lightsail-retention check', () => {
  const work = mkdtempSync(join(tmpdir(), 'check-'));
  const file = (name: string, text: string): string => {
    const path = join(work, name);
    writeFileSync(path, text);
    return path;
  };
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it('says in a few lines what a valid configuration means', async () => {
    const { code, out, err } = await runCli(['check', '--config', file('good.yaml', POLICY)]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`good.yaml is valid.
Policies: standard (last 3, daily 7, expireAfter 30d), short (expireAfter 14d).
Rules, the first that matches: production → standard, nowhere → standard. What no tag and no rule reaches gets the default policy, short.
Always kept: what is held, what is younger than 24h, and the newest 1 of each source. Days are cut in UTC.
`);
  });

  it('says that without rules and default what no tag reaches is kept', async () => {
    const { code, out } = await runCli(['check', '--config', file('bare.yaml', 'version: 1\n')]);
    expect(code).toBe(0);
    expect(out).toContain('Policies: none; only tags such as retention:keep set one.');
    expect(out).toContain('Rules, the first that matches: none. What no tag and no rule reaches is unmanaged: kept, and listed.');
  });

  it('shows warnings, and they are no errors', async () => {
    const { code, err } = await runCli(['check', '--config', file('warned.yaml', 'version: 1\npolicies: { idle: { keep: all } }\n')]);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: .*warned\.yaml:2:\d+ policies\.idle: no rule and no default uses this policy/);
  });

  it('refuses a wrong configuration with all errors at once, where they stand and what was probably meant', async () => {
    const wrong = file('wrong.yaml', 'version: 1\ntimezone: Europe/Berln\npolices: {}\nrules:\n  - { match: {}, policy: nope }\n');
    const { code, out, err } = await runCli(['check', '--config', wrong]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/wrong\.yaml:2:\d+ timezone: got "Europe\/Berln".*did you mean Europe\/Berlin\?/);
    expect(err).toMatch(/wrong\.yaml:3:1 polices: .*did you mean policies\?/);
    expect(err).toMatch(/wrong\.yaml:5:\d+ rules\[0\]\.policy: got "nope"/);
  });

  it('refuses a file that is not there', async () => {
    const { code, err } = await runCli(['check', '--config', join(work, 'none.yaml')]);
    expect(code).toBe(2);
    expect(err).toContain('no such file');
  });

  it('refuses to be asked about an account without --live', async () => {
    const { code, err } = await runCli(['check', '--config', file('good.yaml', POLICY), '--region', 'eu-central-1']);
    expect(code).toBe(2);
    expect(err).toContain('add --live');
  });

  describe('--live', () => {
    let emulator: Emulator;
    let putBack: () => void;
    const live = () => runCli(['check', '--config', file('good.yaml', POLICY), '--live', '--quiet']);

    beforeAll(async () => {
      emulator = await startEmulator({ account: { accountId: '123456789012', regions: ['eu-central-1'], data: {} } });
      putBack = pointSdkTo(emulator.url);
      const web = emulator.world.add('eu-central-1', 'instances', { name: 'prod-web' });
      const shot = (name: string, tags: { key: string; value?: string }[] = []): void => {
        const from = { fromInstanceName: 'prod-web', fromInstanceArn: web.arn };
        emulator.world.add('eu-central-1', 'instanceSnapshots', { name, tags, createdAt: 1_700_000_000, ...from });
      };
      shot('one');
      shot('two', [{ key: 'retention:keep', value: 'last=2' }]);
      shot('three', [{ key: 'no_delete' }]);
    });
    afterAll(async () => {
      putBack();
      await emulator.close();
    });
    afterEach(() => emulator.setFaults([]));

    it('says how many snapshots each policy has, which by tags only, and which rules reach none', async () => {
      const { code, out } = await live();
      expect(code).toBe(0);
      expect(out).toContain('3 snapshots read: 1 held, 0 unmanaged.\n');
      expect(out).toContain('By policy: standard 2, last=2 1 (by tags only).\n');
      expect(out).toContain('Rules that reach no snapshot now: nowhere.\n');
      expect(out).toMatch(/No tag problems\.\n$/);
    });

    it('refuses tags that cannot be followed: a near miss, an unknown policy, a wrong value, on a source without snapshots too', async () => {
      const { world } = emulator;
      world.tag('eu-central-1', 'one', [{ key: 'Retention:Hold' }]);
      world.tag('eu-central-1', 'two', [{ key: 'retention:keep', value: 'last=two' }]);
      world.tag('eu-central-1', 'prod-web', [{ key: 'retention:policy', value: 'standart' }]);
      world.add('eu-central-1', 'disks', { name: 'lonely', tags: [{ key: 'retention:expire-on', value: '2030-01-01' }] });
      const { code, err } = await live();
      world.untag('eu-central-1', 'one', ['Retention:Hold']);
      world.untag('eu-central-1', 'two', ['retention:keep']);
      world.untag('eu-central-1', 'prod-web', ['retention:policy']);
      world.remove('eu-central-1', 'disks', 'lonely');
      expect(code).toBe(2);
      expect(err).toContain('error: snapshot one: tag Retention:Hold (without a value): expected one of the keys retention:hold');
      expect(err).toContain('error: snapshot two: tag retention:keep = "last=two": expected a whole number');
      expect(err).toContain('error: source prod-web: tag retention:policy = "standart": expected one of the policies standard, short');
      expect(err).toContain('error: source lonely: tag retention:expire-on = "2030-01-01": expected on a snapshot, never on a source');
      expect(err).toContain('error: 4 tag problems');
    });

    it('ends with 3 when not everything was read, and says what', async () => {
      emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots' }]);
      const { code, err } = await live();
      expect(code).toBe(3);
      expect(err).toContain('1 of 3 scopes were not read: eu-central-1 disk');
    });
  });
});
