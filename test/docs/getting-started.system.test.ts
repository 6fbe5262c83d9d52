import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { isInstalled } from '../support/optional';
import { commandsOf, type Instead, PageClone, planSteps } from './page-clone';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'getting-started.md'), 'utf8');
const commands = commandsOf(page);

const SIMULATE =
  'npx lightsail-retention simulate --keep "last=3 daily=7 weekly=4 monthly=6" --for 54d --at 2026-11-23T08:00:00Z';
const OTHER_DEPLOYMENT =
  "npx cdk deploy -c email=you@example.com,team@example.com -c config=examples/blog.yaml -c schedule='cron(30 6 ? * MON-FRI *)'";
const deploys = 'test/integration/moto.system.test.ts deploys; here the same context is synthesized';

/** Commands that do not run as they stand. Every other one does. */
const INSTEAD: Readonly<Record<string, Instead>> = {
  'git clone REPOSITORY_URL lightsail-retention && cd lightsail-retention': {
    run: null,
    because: 'the copy of this tree is the clone',
  },
  'npm ci && npm start': { run: null, because: 'test/docs/readme.system.test.ts runs it' },
  'npx lightsail-retention emulator': {
    run: null,
    because: 'it runs already, on a free port; test/docs/emulator.system.test.ts starts it',
  },
  'export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1':
    { run: null, because: 'every shell here has these variables' },
  'npx cdk bootstrap -c email=you@example.com': { run: null, because: 'test/integration/moto.system.test.ts does it' },
  'npx cdk deploy -c email=you@example.com': { run: null, because: 'test/docs/readme.system.test.ts synthesizes it' },
  [OTHER_DEPLOYMENT]: {
    run: `${OTHER_DEPLOYMENT.replace('cdk deploy', 'cdk synth --quiet')}${isInstalled('cfn-lint') ? ' && cfn-lint' : ''}`,
    because: `${deploys}, and checked by cfn-lint where that is installed`,
  },
};

describe('docs/getting-started.md', () => {
  const clone = new PageClone();
  beforeAll(async () => {
    await clone.start(sampleAccount(Date.now()));
    clone.useBuiltProgram();
  }, 300_000);
  afterAll(() => clone.stop());

  test('has every command that is run in another way', () => {
    expect(Object.keys(INSTEAD).filter((command) => !commands.includes(command))).toEqual([]);
  });

  test('leads to a policy, a plan and a dry run with at most eight commands', () => {
    const needed = commands.findIndex((command) => command.endsWith('--dry-run')) + 1;
    expect(needed).toBeGreaterThan(0);
    expect(needed).toBeLessThanOrEqual(8);
    const list = commands.slice(0, needed).join('\n');
    for (const subcommand of ['init', 'report --plan-out plan.json', 'apply plan.json --local --dry-run'])
      expect(list).toContain(`npx lightsail-retention ${subcommand}`);
  });

  test.each(planSteps(page, INSTEAD).map((step) => [step.title, step] as const))(
    '%s',
    (_, step) => clone.perform(step),
    240_000,
  );

  test('names the port and the variables that the emulator prints', async () => {
    const { stdout } = await import('node:child_process').then(({ spawnSync }) =>
      spawnSync(process.execPath, [clone.path('dist/lightsail-retention.cjs'), 'emulator', '--help'], {
        encoding: 'utf8',
      }),
    );
    expect(stdout).toMatch(/default:\s+4566/);
  });

  test('shows what its simulate command prints, down to the costs', () => {
    const [, shown = ''] = /<!-- calendar: screen -->\s+```text\n([\s\S]*?)```/.exec(page) ?? [];
    expect(shown).toContain('November 2026');
    expect(clone.printed.get(SIMULATE)?.slice(0, shown.length)).toBe(shown);
  });

  test('leaves the files that it says, and deletes nothing', () => {
    for (const file of ['retention.yaml', 'plan.json']) expect(existsSync(clone.path(file))).toBe(true);
    expect(existsSync(clone.path('results'))).toBe(false);
  });
});
