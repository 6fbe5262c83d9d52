import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { bin, scripts } from '../../package.json';

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

test('CI tests on Node.js 22 and 24, and runs the command line on each', () => {
  const { test: job } = read('ci.yml').jobs;
  expect(job?.strategy?.matrix.node).toEqual([22, 24]);
  expect(job?.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'))?.with?.['node-version']).toBe(
    `\${{ matrix.node }}`,
  );
  const runs = job?.steps.map(({ run }) => run) ?? [];
  expect(runs).toEqual(expect.arrayContaining(['npm ci', 'npm test', 'npm start']));
  // By the Node.js of the matrix itself: npm scripts find that of the lockfile first.
  const own = runs.filter((run) => run?.startsWith('node dist/lightsail-retention.cjs '));
  expect(own).toEqual(['node dist/lightsail-retention.cjs demo']);
  expect(bin['lightsail-retention']).toBe('dist/lightsail-retention.cjs');
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
    expect(runsOf(tested)).toEqual(['npm ci', 'npm test']);
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
});
