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
    expect(out).toBe(`Policies: standard (last 3, daily 7, expireAfter 30d), short (expireAfter 14d).
Rules, the first that matches: production → standard, nowhere → standard. What no tag and no rule reaches gets the default policy, short.
Always kept: what is held, what is younger than 24h, and the newest 1 of each source. Days start at midnight in UTC.
good.yaml is valid.
`);
  });

  it('says that without rules and default what no tag reaches is kept', async () => {
    const { code, out } = await runCli(['check', '--config', file('bare.yaml', 'version: 1\n')]);
    expect(code).toBe(0);
    expect(out).toContain('Policies: none; only tags such as retention:keep set one.');
    expect(out).toContain(
      'Rules, the first that matches: none. What no tag and no rule reaches is unmanaged: kept, and listed.',
    );
  });

  it('shows warnings, and they are no errors', async () => {
    const { code, err } = await runCli([
      'check',
      '--config',
      file('warned.yaml', 'version: 1\npolicies: { idle: { keep: all } }\n'),
    ]);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: .*warned\.yaml:2:\d+ policies\.idle: no rule and no default uses this policy/);
  });

  it('refuses a wrong configuration with all errors at once, where they stand and what was probably meant', async () => {
    const wrong = file(
      'wrong.yaml',
      'version: 1\ntimezone: Europe/Berln\npolices: {}\nrules:\n  - { match: {}, policy: nope }\n',
    );
    const { code, out, err } = await runCli(['check', '--config', wrong]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/wrong\.yaml:2:\d+ timezone: got "Europe\/Berln".*did you mean Europe\/Berlin\?/);
    expect(err).toMatch(/wrong\.yaml:3:1 polices: .*did you mean policies\?/);
    expect(err).toMatch(/wrong\.yaml:5:\d+ rules\[0\]\.policy: got "nope"/);
  });

  it('names rules that can match nothing, both rules and louder where less is kept, and ends with 0', async () => {
    const text = `version: 1
policies: { short: { expireAfter: 14d }, forever: { keep: all } }
rules:
  - { name: everything, match: { source: "*" }, policy: short }
  - { name: contract, match: { source: "contract-*" }, policy: forever }
`;
    const path = file('covered.yaml', text);
    const { code, err } = await runCli(['check', '--config', path]);
    expect(code).toBe(0);
    expect(err).toBe(
      [
        `warning: ${path}:2:51 policies.forever: only rules that can match nothing use this policy; only the tag retention:policy = forever reaches it`,
        `warning: ${path}:5:5 rules[1]: rule "contract" can match nothing, because rule "everything" before it covers it. LESS IS KEPT: policy forever of rule "contract" keeps more than policy short, which applies instead. Move rule "contract" before rule "everything".`,
        '',
      ].join('\n'),
    );
  });

  describe('--format json', () => {
    const json = async (...args: string[]) => {
      const { code, out, err } = await runCli(['check', '--format', 'json', ...args]);
      return { code, err, printed: JSON.parse(out) as unknown };
    };

    it('prints one object for a valid configuration, and nothing on stderr', async () => {
      expect(await json('--config', file('good.yaml', POLICY))).toEqual({
        code: 0,
        err: '',
        printed: { valid: true, errors: [], warnings: [] },
      });
    });

    it('has every warning with its code and the rules concerned, and not on stderr too', async () => {
      const text = `version: 1
kinds: [instance]
policies: { short: { expireAfter: 14d }, idle: { keep: all, expireAfter: 1d } }
rules:
  - { name: all, match: {}, policy: short }
  - { match: { kind: instance }, policy: short }
  - { name: disks, match: { kind: disk }, policy: short }
`;
      const { code, err, printed } = await json('--config', file('warned.yaml', text));
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(printed).toEqual({
        valid: true,
        errors: [],
        warnings: [
          {
            code: 'policy.unused',
            rule: null,
            by: null,
            message: expect.stringContaining('no rule and no default uses this policy'),
          },
          { code: 'policy.no-effect', rule: null, by: null, message: expect.stringContaining('keep: all') },
          {
            code: 'rule.covered',
            rule: 'rule 2',
            by: 'all',
            message: expect.stringContaining('rule "rule 2" can match nothing'),
          },
          {
            code: 'rule.out-of-range',
            rule: 'disks',
            by: null,
            message: expect.stringContaining('none of kinds (instance)'),
          },
        ],
      });
    });

    it('has every error with its place and what was probably meant, and ends with 2', async () => {
      const wrong = file('wrong.yaml', 'version: 1\ntimezone: Europe/Berln\npolices: {}\ndefault: x\n');
      const { code, err, printed } = await json('--config', wrong);
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(printed).toEqual({
        valid: false,
        errors: [
          {
            path: 'timezone',
            line: 2,
            column: 11,
            message: 'got "Europe/Berln", expected an IANA time zone such as Europe/Berlin or UTC',
            suggestion: 'Europe/Berlin',
          },
          {
            path: 'polices',
            line: 3,
            column: 1,
            message: expect.stringContaining('got an unknown key'),
            suggestion: 'policies',
          },
          { path: 'default', line: 4, column: 10, message: expect.stringContaining('got "x"'), suggestion: null },
        ],
        warnings: [],
      });
    });

    it.each([
      [
        'a file that is not there',
        ['--config', join(work, 'none.yaml')],
        'got no such file, expected a configuration file',
      ],
      ['a file that is no YAML', ['--config', file('broken.yaml', 'version: [1\n')], 'got what is not YAML'],
    ])('has the one error of %s', async (_, args, message) => {
      const { code, err, printed } = await json(...args);
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(printed).toMatchObject({
        valid: false,
        errors: [{ path: '', message: expect.stringContaining(message), suggestion: null }],
      });
    });

    it('says that there is no file where none is named and none is there', async () => {
      const folder = process.cwd();
      const empty = mkdtempSync(join(work, 'empty-'));
      process.chdir(empty);
      try {
        const { code, printed } = await json();
        expect(code).toBe(2);
        expect(printed).toMatchObject({
          valid: false,
          errors: [{ message: expect.stringContaining('there is no retention.yaml here') }],
        });
      } finally {
        process.chdir(folder);
      }
    });
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
      world.add('eu-central-1', 'disks', {
        name: 'lonely',
        tags: [{ key: 'retention:expire-on', value: '2030-01-01' }],
      });
      const { code, err } = await live();
      world.untag('eu-central-1', 'one', ['Retention:Hold']);
      world.untag('eu-central-1', 'two', ['retention:keep']);
      world.untag('eu-central-1', 'prod-web', ['retention:policy']);
      world.remove('eu-central-1', 'disks', 'lonely');
      expect(code).toBe(2);
      expect(err).toContain(
        'error: snapshot one: tag Retention:Hold (without a value): expected one of the keys retention:hold',
      );
      expect(err).toContain('error: snapshot two: tag retention:keep = "last=two": expected a whole number');
      expect(err).toContain(
        'error: source prod-web: tag retention:policy = "standart": expected one of the policies standard, short',
      );
      expect(err).toContain(
        'error: source lonely: tag retention:expire-on = "2030-01-01": expected on a snapshot, never on a source',
      );
      expect(err).toContain('error: 4 tag problems');
    });

    it('prints what it read as JSON too, with the exit code of the text', async () => {
      const { world } = emulator;
      world.tag('eu-central-1', 'one', [{ key: 'Retention:Hold' }]);
      const { code, out } = await runCli([
        'check',
        '--config',
        file('good.yaml', POLICY),
        '--live',
        '--quiet',
        '--format',
        'json',
      ]);
      world.untag('eu-central-1', 'one', ['Retention:Hold']);
      expect(code).toBe(2);
      expect(JSON.parse(out)).toMatchObject({
        valid: true,
        errors: [],
        warnings: [],
        live: {
          complete: true,
          snapshots: 3,
          held: 1,
          idleRules: ['nowhere'],
          tagProblems: [{ code: 'tag.unknown-key' }],
        },
      });
    });

    it('ends with 3 when not everything was read, and says what', async () => {
      emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots' }]);
      const { code, err } = await live();
      expect(code).toBe(3);
      expect(err).toContain('1 of 3 scopes were not read: eu-central-1 disk');
    });
  });
});
