import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { commandLineProgram } from '../support/built-programs';

const POLICY =
  'version: 1\npolicies: { short: { expireAfter: 60d, keep: { last: 3 } } }\ndefault: short\ncaps: { maxShare: 1 }\n';
const KEYS = 'aws_access_key_id = test\naws_secret_access_key = test\nregion = us-east-1\n';

/** Sources may be in other regions. */
const LISTS: Readonly<Record<string, string>> = {
  instance: 'GetInstanceSnapshots',
  disk: 'GetDiskSnapshots',
  database: 'GetRelationalDatabaseSnapshots',
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What a run is told, and what every command that it prints must do then. */
interface Situation {
  readonly name: string;
  readonly config: string | null;
  readonly plan: string | null;
  readonly profile: string | null;
  readonly regions: readonly string[];
  readonly kinds: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The environment of the commands; absent: that of the run. */
  readonly later?: Readonly<Record<string, string>>;
}

const SITUATIONS: readonly Situation[] = [
  { name: 'nothing', config: null, plan: null, profile: null, regions: [], kinds: [] },
  { name: 'a profile', config: null, plan: 'plan.json', profile: 'prod', regions: [], kinds: [] },
  {
    name: 'a profile over that of the environment',
    config: null,
    plan: null,
    profile: 'prod',
    regions: ['eu-central-1'],
    kinds: [],
    env: { AWS_PROFILE: 'other' },
  },
  {
    name: 'a profile by its environment alone, and the commands are pasted without it',
    config: null,
    plan: 'plan.json',
    profile: 'prod',
    regions: [],
    kinds: [],
    env: { AWS_PROFILE: 'prod' },
    later: {},
  },
  {
    name: 'another profile by AWS_DEFAULT_PROFILE than by AWS_PROFILE',
    config: null,
    plan: null,
    profile: 'prod',
    regions: [],
    kinds: [],
    env: { AWS_DEFAULT_PROFILE: 'prod', AWS_PROFILE: 'other' },
    later: { AWS_PROFILE: 'other' },
  },
  {
    name: 'all of it, and a plan',
    config: "my shop's $HOME `id`.yaml",
    plan: 'plans of "$(touch hacked)"/a plan.json',
    profile: 'team/prod@eu',
    regions: ['eu-central-1', 'us-east-1'],
    kinds: ['disk', 'instance'],
  },
  {
    name: 'names that look like options, or end lines',
    config: '-x.yaml',
    plan: '-plan\n!%s.json',
    profile: 'prod',
    regions: ['us-east-1'],
    kinds: ['instance'],
  },
];

describe('the commands that a report prints', () => {
  const work = mkdtempSync(join(tmpdir(), 'printed-'));
  const program = commandLineProgram();
  const bin = join(work, 'bin');
  const seen = join(work, 'aws-arguments');
  const emulators = new Map<string, Emulator>();

  beforeAll(async () => {
    mkdirSync(bin);
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${program}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(bin, 'aws'), `#!/bin/sh\nfor each in "$@"; do printf '%s\\0' "$each"; done > '${seen}'\n`, {
      mode: 0o755,
    });
  });
  beforeEach(async () => {
    for (const name of ['default', 'prod', 'team/prod@eu', 'other'])
      emulators.set(name, await startEmulator({ account: sampleAccount(Date.now()) }));
    const sections = [...emulators].map(
      ([name, { url }]) => `[${name === 'default' ? name : `profile ${name}`}]\n${KEYS}endpoint_url = ${url}\n`,
    );
    writeFileSync(join(work, 'config'), sections.join('\n'));
  });
  afterEach(() => Promise.all([...emulators.values()].map((emulator) => emulator.close())));
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  function execute(
    command: string,
    args: readonly string[],
    { env, input = '' }: { env?: object; input?: string },
    cwd: string,
  ) {
    return new Promise<Ended>((resolve, reject) => {
      const child = spawn(command, args, {
        cwd,
        env: {
          PATH: `${bin}:${process.env.PATH}`,
          HOME: work,
          AWS_CONFIG_FILE: join(work, 'config'),
          AWS_EC2_METADATA_DISABLED: 'true',
          ...env,
        },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (data) => {
        out += data;
      });
      child.stderr.on('data', (data) => {
        err += data;
      });
      // A command that needs no input ends without reading it.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, err }));
    });
  }

  it.each(SITUATIONS)(
    'do what the run did, word for word, when it was told $name',
    async (situation) => {
      const { config, plan, profile, regions, kinds, env = {}, later = env } = situation;
      const folder = mkdtempSync(join(work, 'folder-'));
      writeFileSync(join(folder, config ?? 'retention.yaml'), POLICY);
      if (plan !== null) mkdirSync(join(folder, dirname(plan)), { recursive: true });
      const options = [
        ...(config === null ? [] : ['--config', config]),
        ...(profile === null || situation.later !== undefined ? [] : ['--profile', profile]),
        ...regions.flatMap((each) => ['--region', each]),
        ...kinds.flatMap((each) => ['--kind', each]),
        ...(plan === null ? [] : ['--plan-out', plan]),
      ];
      const first = await execute(process.execPath, [program, 'report', ...options], { env }, folder);
      expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: expect.anything() });
      const commands = [...first.out.matchAll(/^ {4}((?:npx|aws) .*)$/gm)].map(([, command = '']) => command);
      expect(commands.map((command) => command.split(' ').slice(0, 3).join(' '))).toEqual([
        'aws lightsail tag-resource',
        ...(plan === null ? ['npx lightsail-retention report'] : []),
        'npx lightsail-retention apply',
        'npx lightsail-retention explain',
      ]);

      const own = emulators.get(profile ?? 'default');
      // A snapshot that is deleted cannot be explained.
      const deletesLast = [...commands].sort((a, b) => Number(a.includes(' apply ')) - Number(b.includes(' apply ')));
      for (const command of deletesLast) {
        for (const emulator of emulators.values()) emulator.requests.clear();
        const plans = (): { readonly items: readonly unknown[] } =>
          JSON.parse(readFileSync(join(folder, plan ?? 'plan.json'), 'utf8'));
        const input = command.includes('retention apply') ? `${plans().items.length}\n` : '';
        expect(await execute('sh', ['-c', command], { env: later, input }, folder)).toMatchObject({ code: 0 });
        if (command.startsWith('aws ')) {
          const words = readFileSync(seen, 'utf8').split('\0');
          expect(words.includes('--profile') ? words[words.indexOf('--profile') + 1] : null).toBe(profile);
          expect(words[words.indexOf('--region') + 1]).toMatch(/^[a-z]{2}-[a-z]+-\d$/);
          continue;
        }
        const asked = own?.requests.list().filter(({ service }) => service === 'lightsail') ?? [];
        expect(asked.length).toBeGreaterThan(0);
        for (const [name, { requests }] of emulators)
          expect({ name, calls: name === (profile ?? 'default') ? 0 : requests.total() }).toEqual({ name, calls: 0 });
        const lists = asked.filter(({ operation }) => Object.values(LISTS).includes(operation));
        if (regions.length > 0)
          expect([...new Set(lists.map(({ region }) => region))].sort()).toEqual([...regions].sort());
        for (const [kind, list] of Object.entries(LISTS)) {
          const isAsked = lists.some(({ operation }) => operation === list);
          expect({ kind, isAsked }).toEqual({ kind, isAsked: kinds.length === 0 || kinds.includes(kind) });
        }
      }
      expect(own?.requests.list().some(({ operation }) => operation.startsWith('Delete'))).toBe(true);
    },
    120_000,
  );
});
