import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleAccount } from '../../emulator/sample-account';
import { languagesOf, stepsOf } from './commands';
import { commandsOf, type Instead, PageClone, planSteps } from './page-clone';

const ROOT = join(__dirname, '..', '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const commands = commandsOf(readme);

const deploys = 'test/integration/moto.system.test.ts deploys; here the same context is synthesized';
const synthesizes = 'test/bin/app.system.test.ts synthesizes with this context';

/** Commands that do not run as they stand. Every other one does. */
const INSTEAD: Readonly<Record<string, Instead>> = {
  'git clone REPOSITORY_URL lightsail-retention && cd lightsail-retention': {
    run: null,
    because: 'the copy of this tree is the clone',
  },
  'npm ci && npm start': {
    run: 'npm run prepare && npm start',
    because:
      'npm ci needs a registry, and .ci/run runs it: here the packages are linked, and its last step, prepare, runs',
  },
  'npm ci && npm test': { run: null, because: 'it runs this very test; .ci/run runs it' },
  'npx lightsail-retention explain NAME': {
    run: `npx lightsail-retention explain "$(node -p "require('./out/report.json').snapshots[0].arn")"`,
    because: 'NAME stands for a snapshot of the report',
  },
  'npx cdk bootstrap -c email=you@example.com': { run: null, because: 'test/integration/moto.system.test.ts does it' },
  'npx cdk deploy -c email=you@example.com': {
    run: 'npx cdk synth --quiet -c email=you@example.com',
    because: deploys,
  },
  'npx cdk deploy -c email=you@example.com -c deletion=approve': {
    run: null,
    because: synthesizes,
  },
  'npx cdk deploy -c email=you@example.com -c deletion=automatic': {
    run: null,
    because: synthesizes,
  },
  'npm install lightsail-retention aws-cdk-lib constructs': {
    run: null,
    because: 'it needs a registry; test/scripts/package.system.test.ts installs the packed package',
  },
};

describe('README', () => {
  const clone = new PageClone();
  beforeAll(() => clone.start(sampleAccount(Date.now())));
  afterAll(() => clone.stop());

  test('has blocks of languages that are tested: commands, and code that is compiled', () => {
    expect([...languagesOf(readme)].sort()).toEqual(['sh', 'ts']);
    expect(commands.length).toBeGreaterThan(10);
  });

  test('has every command that is run in another way', () => {
    expect(Object.keys(INSTEAD).filter((command) => !commands.includes(command))).toEqual([]);
  });

  test('stays below 900 words', () => {
    expect(readme.split(/\s+/).length).toBeLessThan(900);
  });

  test.each(planSteps(readme, INSTEAD).map((step) => [step.title, step] as const))(
    '%s',
    (_, step) => clone.perform(step),
    240_000,
  );

  test('leaves the files that it says', () => {
    for (const file of ['out/report.html', 'retention.yaml', 'cdk.out/LightsailRetention.template.json'])
      expect(existsSync(clone.path(file))).toBe(true);
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
