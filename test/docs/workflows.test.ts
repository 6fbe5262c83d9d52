import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { bin, engines, scripts } from '../../package.json';
import { LOCKFILES } from '../../scripts/complete-lockfile';

const ROOT = join(__dirname, '..', '..');
const FOLDER = join(ROOT, '.github', 'workflows');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly steps: readonly Step[];
  readonly 'timeout-minutes': number;
  readonly needs?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (name: string): Workflow => parse(readFileSync(join(FOLDER, name), 'utf8')) as Workflow;

describe.each(readdirSync(FOLDER))('%s', (name) => {
  const workflow = read(name);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('uses actions by commit alone: a tag can be moved', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+(?:\/[\w-]+)+@[0-9a-f]{40}$/);
  });

  test('may read the repository and nothing else, unless a job says so', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  test('runs scripts that exist', () => {
    const called = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/^ *npm (?:run )?(?:--silent )?([\w:-]+)/gm)].map((match) => match[1] ?? ''),
    );
    for (const script of called)
      expect([...Object.keys(scripts), 'ci', 'install', 'pkg', 'pack', 'publish']).toContain(script);
  });

  test('ends by itself', () => {
    const most = name === 'nightly.yml' ? 180 : 30;
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(most);
  });

  test('sees a failure in front of a pipe: bash is named, which GitHub then starts with pipefail', () => {
    for (const { run = '', shell } of steps.filter(({ run }) => run?.includes(' | ')))
      expect({ run, shell }).toEqual({ run, shell: 'bash' });
  });
});

test('CI tests on Node.js 20, the oldest that the package allows, 22 and 24, and runs the command line on each', () => {
  const { test: job } = read('ci.yml').jobs;
  expect(engines.node).toBe('>=20.20');
  expect(job?.strategy?.matrix.node).toEqual([20, 22, 24]);
  expect(job?.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'))?.with?.['node-version']).toBe(
    `\${{ matrix.node }}`,
  );
  const runs = job?.steps.map(({ run }) => run) ?? [];
  expect(runs).toEqual(expect.arrayContaining(['npm ci', 'npm test', 'npm run test:system', 'npm start']));
  // By the Node.js of the matrix itself: npm scripts find that of the lockfile first.
  const own = runs.filter((run) => run?.startsWith('node dist/lightsail-retention.cjs '));
  expect(own).toEqual(['node dist/lightsail-retention.cjs demo']);
  expect(bin['lightsail-retention']).toBe('dist/lightsail-retention.cjs');
});

test('the packages of every lockfile are updated each week', () => {
  const { updates } = parse(readFileSync(join(ROOT, '.github', 'dependabot.yml'), 'utf8')) as {
    readonly updates: readonly {
      readonly 'package-ecosystem': string;
      readonly directories?: readonly string[];
      readonly schedule: { readonly interval: string };
    }[];
  };
  const npm = updates.find((each) => each['package-ecosystem'] === 'npm');
  expect(npm?.directories).toEqual(LOCKFILES.map((file) => join('/', dirname(file))));
  expect(updates.map(({ schedule }) => schedule.interval)).toEqual(updates.map(() => 'weekly'));
});

test('CI and .ci/run bring the same tools that tests can do without, and tell the tests where the runtime client is', () => {
  const texts = ['.github/workflows/ci.yml', '.ci/run', 'CONTRIBUTING.md'].map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  for (const tool of [/cfn-lint==([\d.]+)/, /moto\[server\]==([\d.]+)/, /aws-lambda-ric(?:@|": ")([\d.]+)/]) {
    const versions = texts.flatMap((text) => tool.exec(text)?.[1] ?? []);
    expect(versions.length).toBeGreaterThan(1);
    expect(new Set(versions).size).toBe(1);
  }
  for (const text of texts) expect(text).toMatch(/LAMBDA_RIC=\S+\/node_modules\/aws-lambda-ric/);
});

test('CI fails where an upgrade from the last release would lose something', () => {
  const runs = read('ci.yml').jobs.upgrade?.steps.map(({ run = '' }) => run) ?? [];
  expect(
    runs.filter((run) =>
      run.includes('npm run --silent upgrade -- "$RUNNER_TEMP/last.out/LightsailRetention.template.json"'),
    ),
  ).toHaveLength(1);
});

describe('a release', () => {
  const { test: tested, build, publish } = read('release.yml').jobs;
  const runsOf = (job: Job | undefined): readonly string[] => job?.steps.flatMap(({ run }) => run ?? []) ?? [];

  test('is published after its tests passed, by an identity of its own and without a stored secret', () => {
    expect(runsOf(tested)).toEqual(['npm ci', 'npm test', 'npm run test:system']);
    expect(publish?.needs).toEqual(['test', 'build']);
    expect(publish?.permissions).toEqual({ 'id-token': 'write' });
    expect(readFileSync(join(FOLDER, 'release.yml'), 'utf8')).not.toContain('secrets.');
  });

  test('is built where no code can sign or publish, without install scripts, and published as it was built', () => {
    expect(build?.permissions).toBeUndefined();
    expect(runsOf(build)).toContain('npm ci --ignore-scripts');
    expect(runsOf(build).at(-1)).toBe('npm pack --ignore-scripts');
    expect(runsOf(publish)).toEqual(['npm publish --provenance --access public ./lightsail-retention-*.tgz']);
  });

  describe('of a package.json that does not say where it comes from', () => {
    const runs = runsOf(build);
    const setting = runs.findIndex((run) => run.includes('npm pkg set repository.type=git'));
    const work = mkdtempSync(join(tmpdir(), 'release-'));
    afterAll(() => rmSync(work, { recursive: true }));
    /** Runs steps as GitHub does, over a package.json. Returns the exit code and what stands on stderr. */
    const tried = (
      steps: readonly string[],
      manifest: object,
      repository: string,
    ): readonly [number | null, string] => {
      writeFileSync(join(work, 'package.json'), JSON.stringify(manifest));
      const env = { ...process.env, GITHUB_REPOSITORY: repository };
      const { status, stderr } = spawnSync('bash', ['-e', '-c', steps.join('\n')], {
        cwd: work,
        env,
        encoding: 'utf8',
      });
      return [status, stderr];
    };

    test('is refused before anything is built', () => {
      const [check = ''] = runs.slice(setting + 1);
      expect(runs.indexOf('npm run build')).toBe(setting + 2);
      const [status, stderr] = tried([check], { name: 'mine' }, '');
      expect(status).toBe(1);
      for (const key of ['repository.url', 'homepage', 'bugs.url'])
        expect(stderr).toContain(`package.json: ${key} is undefined, expected the https address of a repository`);
      expect(tried([check], { repository: { url: 'git+https://github.com/.git' } }, '')[1]).toContain('repository.url');
    });

    test('gets the addresses of the repository that is released', () => {
      expect(tried(runs.slice(setting, setting + 2), { name: 'mine' }, 'owner/project')).toEqual([0, '']);
      expect(JSON.parse(readFileSync(join(work, 'package.json'), 'utf8'))).toEqual({
        name: 'mine',
        repository: { type: 'git', url: 'git+https://github.com/owner/project.git' },
        homepage: 'https://github.com/owner/project#readme',
        bugs: { url: 'https://github.com/owner/project/issues' },
      });
    });
  });
});
