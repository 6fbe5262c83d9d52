import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type ChildRun, endOf } from '../support/child-process';
import { isInstalled } from '../support/optional';
import { languagesOf, type PageStep, stepsOf } from './commands';

const ROOT = join(__dirname, '..', '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Each once: what is said again is done already. */
const steps = [...new Map(stepsOf(readme).map((step) => [JSON.stringify(step), step])).values()];
const commands = steps.flatMap((step) => ('command' in step ? [step.command] : []));

/** What is not part of a clone. */
const NOT_CLONED = ['.git', 'node_modules', 'dist', 'out', 'cdk.out', 'coverage', 'reports', '.stryker-tmp'];

interface Instead {
  /** What runs in its place; null: nothing here. */
  readonly run: string | null;
  readonly because: string;
  readonly exit?: number;
}

const installs =
  'npm ci needs a registry, and .ci/run runs it: here the packages are linked, and its last step, prepare, runs';
const deploys = 'test/integration/moto.test.ts deploys; here the same context is synthesized';

/** Commands that do not run as they stand. Every other one does. */
const INSTEAD: Readonly<Record<string, Instead>> = {
  'npm ci && npm start': { run: 'npm run prepare && npm start', because: installs },
  'npm ci && npm test': { run: null, because: 'it runs this very test; .ci/run runs it' },
  'npx lightsail-retention explain NAME': {
    run: `npx lightsail-retention explain "$(node -p "require('./out/report.json').snapshots[0].arn")"`,
    because: 'NAME stands for a snapshot of the report',
  },
  'npx cdk bootstrap -c email=you@example.com': { run: null, because: 'test/integration/moto.test.ts does it' },
  'npx cdk deploy -c email=you@example.com': { run: null, because: `${deploys}, by a command of README's own` },
  "npx cdk deploy -c email=you@example.com,team@example.com -c config=examples/blog.yaml -c schedule='cron(30 6 ? * MON-FRI *)'":
    {
      run: "npx cdk synth --quiet -c email=you@example.com,team@example.com -c config=examples/blog.yaml -c schedule='cron(30 6 ? * MON-FRI *)'",
      because: deploys,
    },
  'npx cdk deploy -c email=you@example.com -c deletion=approve': {
    run: 'npx cdk synth --quiet -c email=you@example.com -c deletion=approve',
    because: deploys,
  },
  'npx cdk deploy -c email=you@example.com -c deletion=automatic': {
    run: 'npx cdk synth --quiet -c email=you@example.com -c deletion=automatic',
    because: deploys,
  },
  'cfn-lint': { run: isInstalled('cfn-lint') ? 'cfn-lint' : null, because: 'it is asked only where it is installed' },
  'npx cdk destroy -c email=you@example.com': { run: null, because: 'test/integration/moto.test.ts does it' },
  'npx lightsail-retention apply plan.json --local --config retention.yaml': {
    run: `npx lightsail-retention apply plan.json --local --config retention.yaml --yes "$(node -p "require('./plan.json').items.length")"`,
    because: 'a person types the count',
  },
  'npx lightsail-retention doctor': {
    run: 'npx lightsail-retention doctor',
    because: 'nothing is deployed here, and it says so',
  },
  'npm install lightsail-retention aws-cdk-lib constructs': {
    run: null,
    because: 'it needs a registry; test/scripts/package.test.ts installs the packed package',
  },
};

describe('README', () => {
  const work = mkdtempSync(join(tmpdir(), 'readme-'));
  const clone = join(work, 'clone');
  let emulator: Emulator;

  beforeAll(async () => {
    mkdirSync(clone);
    cpSync(ROOT, clone, { recursive: true, filter: (source) => !NOT_CLONED.includes(relative(ROOT, source)) });
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    emulator = await startEmulator({ account: sampleAccount(Date.now()) });
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  /** As a shell of somebody without network or AWS account does it; the packages' own Node.js is first, as in an npm script. */
  const shell = (command: string): Promise<ChildRun> =>
    endOf(
      spawn('sh', ['-c', command], {
        cwd: clone,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${join(clone, 'node_modules', '.bin')}:${process.env.PATH}`,
          HOME: work,
          HTTPS_PROXY: 'http://127.0.0.1:9',
          HTTP_PROXY: 'http://127.0.0.1:9',
          NO_PROXY: '127.0.0.1,localhost',
          NO_COLOR: '1',
          npm_config_offline: 'true',
          npm_config_update_notifier: 'false',
          CDK_DISABLE_CLI_TELEMETRY: 'true',
          CDK_VALIDATION: 'false',
          AWS_ENDPOINT_URL: emulator.url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_REGION: 'us-east-1',
        },
      }),
    );
  const printed = new Map<string, string>();

  test('has blocks of languages that are looked at: commands, a configuration, code that is compiled, what is printed', () => {
    expect([...languagesOf(readme)].sort()).toEqual(['sh', 'text', 'ts', 'yaml']);
    expect(commands.length).toBeGreaterThan(15);
  });

  test('has every command that is run in another way', () => {
    expect(Object.keys(INSTEAD).filter((command) => !commands.includes(command))).toEqual([]);
  });

  const titleOf = (step: PageStep): string => {
    if ('file' in step) return `${step.file} is written`;
    const { run, because } = INSTEAD[step.command] ?? { run: step.command, because: null };
    return `\`${step.command}\` ${run === null ? 'does not run here' : 'works'}${because === null ? '' : `: ${because}`}`;
  };

  // In the order of the page: what one command writes the next one reads.
  test.each(steps.map((step) => [titleOf(step), step] as const))(
    '%s',
    async (_, step) => {
      if ('file' in step) {
        writeFileSync(join(clone, step.file), step.text);
        return;
      }
      const { run, exit = 0 }: Instead = INSTEAD[step.command] ?? { run: step.command, because: '' };
      if (run === null) return;
      const { code, out, err } = await shell(run);
      expect({ code, said: code === exit ? '' : `${out}${err}` }).toEqual({ code: exit, said: '' });
      printed.set(step.command, out);
    },
    120_000,
  );

  test('shows what its simulate command prints, down to the costs', () => {
    const [, shown = ''] = /<!-- calendar: screen -->\s+```text\n([\s\S]*?)```/.exec(readme) ?? [];
    const [command = ''] = commands.filter((each) => each.startsWith('npx lightsail-retention simulate'));
    expect(shown).toContain('November 2026');
    expect(printed.get(command)?.slice(0, shown.length)).toBe(shown);
  });

  test('leaves the files that it says', () => {
    for (const file of ['out/report.html', 'report.html', 'plan.json', 'cdk.out/LightsailRetention.template.json'])
      expect(existsSync(join(clone, file))).toBe(true);
  });
});

describe('the steps of a page', () => {
  test('are its commands, in text and in blocks, and the files that it writes', () => {
    const page =
      'Do `npm ci`.\n```sh\nnpx a b   # why\n\nnpx c\n```\n```yaml\n# x.yaml\nversion: 1\n```\n```text\nnpx d\n```\n';
    expect(stepsOf(page)).toEqual([
      { command: 'npm ci' },
      { command: 'npx a b' },
      { command: 'npx c' },
      { file: 'x.yaml', text: '# x.yaml\nversion: 1\n' },
    ]);
  });
});
