import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSON_SHAPES } from '../../cli/json-shapes';
import { sampleAccount } from '../../emulator/sample-account';
import { SAMPLE_ROLE, sampleOrganization } from '../../emulator/sample-organization';
import { type Emulator, startEmulator } from '../../emulator/server';
import { SCHEMA_NAMES } from '../../scripts/json-schemas';
import { pointSdkTo } from '../support/aws-env';
import { validateJson } from '../support/json-schemas';
import { type RunOutput, runCli } from '../support/terminal';

const STANDARD = 'version: 1\npolicies: { standard: { keep: { last: 3 }, expireAfter: 30d } }\ndefault: standard\n';
const SHORTER = 'version: 1\npolicies: { standard: { keep: { last: 1 } } }\ndefault: standard\n';
const WRONG = 'version: 1\npolices: {}\n';
const ROOT = join(__dirname, '..', '..');
const JSON_FORMAT = ['--format', 'json'] as const;

interface Output {
  readonly schema: keyof typeof JSON_SHAPES;
  readonly output: string;
  /** The command, without `--format json`; a file name stands for that file in the folder of the test. */
  readonly args: readonly string[];
  readonly code: number;
}

const folder = mkdtempSync(join(tmpdir(), 'json-schemas-'));
const inFolder = (name: string): string => join(folder, name);
const CONFIG = ['--config', inFolder('standard.yaml')] as const;
const STORE = ['--store', folder] as const;
const ACCOUNTS = [
  ...['--account', 'all', '--external-id', SAMPLE_ROLE.externalId],
  ...['--role-arn', `arn:aws:iam::{account}:role/${SAMPLE_ROLE.name}`],
] as const;

/** JSON that each subcommand prints. The file `deleted` has the name of a snapshot that was deleted. */
const OUTPUTS: readonly Output[] = [
  { schema: 'report', output: 'a report', args: ['report', ...CONFIG], code: 0 },
  {
    schema: 'report',
    output: 'a report of the built-in policy',
    args: ['report', '--at', '2031-01-01T00:00Z'],
    code: 0,
  },
  { schema: 'roll-up', output: 'a roll-up of accounts', args: ['report', ...CONFIG, ...ACCOUNTS], code: 3 },
  { schema: 'explain', output: 'an explained snapshot', args: ['explain', 'kept', ...CONFIG], code: 0 },
  { schema: 'explain', output: 'an explained source', args: ['explain', 'landing', ...CONFIG], code: 0 },
  { schema: 'explain', output: 'a deleted snapshot', args: ['explain', 'deleted', ...CONFIG, ...STORE], code: 0 },
  { schema: 'check', output: 'a valid configuration', args: ['check', ...CONFIG], code: 0 },
  { schema: 'check', output: 'the tags of an account', args: ['check', '--live', ...CONFIG], code: 2 },
  { schema: 'check', output: 'the tags of accounts', args: ['check', '--live', ...CONFIG, ...ACCOUNTS], code: 2 },
  { schema: 'check', output: 'a wrong configuration', args: ['check', '--config', inFolder('wrong.yaml')], code: 2 },
  { schema: 'check', output: 'an absent configuration', args: ['check', '--config', inFolder('none.yaml')], code: 2 },
  {
    ...{ schema: 'compare', output: 'compared configurations', code: 0 },
    args: ['compare', inFolder('standard.yaml'), inFolder('shorter.yaml')],
  },
  {
    ...{ schema: 'compare', output: 'configurations compared over a stored report', code: 0 },
    args: ['compare', inFolder('standard.yaml'), inFolder('shorter.yaml'), '--from', inFolder('report.json')],
  },
  {
    ...{ schema: 'compare', output: 'configurations compared over accounts', code: 3 },
    args: ['compare', inFolder('standard.yaml'), inFolder('shorter.yaml'), ...ACCOUNTS],
  },
  { schema: 'simulate', output: 'a simulation', args: ['simulate', '--for', '60d', ...CONFIG], code: 0 },
  {
    ...{ schema: 'simulate', output: 'simulations side by side', code: 0 },
    args: ['simulate', '--for', '60d', ...CONFIG, '--policy', 'standard', '--policy', 'other'],
  },
  { schema: 'doctor', output: 'a diagnosis', args: ['doctor', ...CONFIG], code: 0 },
  { schema: 'doctor', output: 'a diagnosis of accounts', args: ['doctor', ...CONFIG, ...ACCOUNTS], code: 1 },
  {
    schema: 'apply-dry-run',
    output: 'a dry run',
    args: ['apply', inFolder('plan.json'), '--dry-run', ...CONFIG],
    code: 0,
  },
  {
    ...{ schema: 'apply-dry-run', output: 'a dry run of a blocked plan', code: 4 },
    args: ['apply', inFolder('blocked.json'), '--dry-run', '--config', inFolder('strict.yaml')],
  },
  { schema: 'history', output: 'the history', args: ['history', ...STORE], code: 0 },
  { schema: 'history', output: 'a history without an entry', args: ['history', 'none', ...STORE], code: 0 },
  { schema: 'history-verify', output: 'a whole evidence chain', args: ['history', '--verify', ...STORE], code: 0 },
  {
    ...{ schema: 'history-verify', output: 'a broken evidence chain', code: 6 },
    args: ['history', '--verify', '--head', `9:${'0'.repeat(64)}`, ...STORE],
  },
];

/** The subcommands that have `--format json`, as the completion of fish names them. */
async function commandsWithJson(): Promise<readonly string[]> {
  const { out } = await runCli(['completion', 'fish']);
  return [...out.matchAll(/seen_subcommand_from ([\w-]+)' -l format -x -a '([^']*)'/g)].flatMap(
    ([, command = '', formats = '']) => (formats.split(' ').includes('json') ? [command] : []),
  );
}

describe('published schemas of the command line', () => {
  const names = new Map<string, string>();
  let emulator: Emulator;
  let putBack: () => void;

  const cli = (...args: readonly string[]): Promise<RunOutput> => runCli(args, process.env);
  const made = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await cli(...args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
    return out;
  };

  beforeAll(async () => {
    const now = Date.now();
    const organization = sampleOrganization(now);
    const members = organization.members.slice(10, 16);
    const scenario = { account: sampleAccount(now), organization: { ...organization, members } };
    emulator = await startEmulator({ account: scenario });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(inFolder('standard.yaml'), STANDARD.replace(' }\ndef', ', other: { keep: { last: 9 } } }\ndef'));
    writeFileSync(inFolder('strict.yaml'), `${STANDARD}caps: { maxDeletions: 1 }\n`);
    writeFileSync(inFolder('shorter.yaml'), SHORTER);
    writeFileSync(inFolder('wrong.yaml'), WRONG);
    const report = await made('report', ...JSON_FORMAT, '--output', inFolder('report.json'), ...CONFIG);
    expect(report).toBe('');
    const { snapshots } = JSON.parse(readFileSync(inFolder('report.json'), 'utf8'));
    const disks = ['--kind', 'disk', '--plan-out'];
    await made('report', ...disks, inFolder('applied.json'), '--raise-caps', ...CONFIG);
    const { items } = JSON.parse(readFileSync(inFolder('applied.json'), 'utf8'));
    names.set('deleted', items[0].name);
    names.set('kept', snapshots.find(({ verdict }: { verdict: string }) => verdict === 'keep').arn);
    await made('apply', inFolder('applied.json'), '--local', '--yes', String(items.length), ...CONFIG);
    await made('report', '--plan-out', inFolder('plan.json'), '--raise-caps', ...CONFIG);
    await made('report', '--plan-out', inFolder('blocked.json'), '--config', inFolder('strict.yaml'));
  }, 60_000);
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('cover every subcommand that prints JSON, and each has an output here', async () => {
    expect([...new Set(OUTPUTS.map(({ args: [command] }) => command))].sort()).toEqual(
      [...(await commandsWithJson())].sort(),
    );
    expect([...new Set([...OUTPUTS.map(({ schema }) => schema), 'apply-result'])].sort()).toEqual(
      [...SCHEMA_NAMES].sort(),
    );
  });

  it('are named where the command line is described', () => {
    const page = readFileSync(join(ROOT, 'docs', 'command-line.md'), 'utf8');
    const named = [...page.matchAll(/\]\(\.\.\/schemas\/([\w-]+)\.schema\.json\)/g)].map(([, name]) => name);
    expect([...new Set(named)].sort()).toEqual([...SCHEMA_NAMES].sort());
  });

  it.each(OUTPUTS)('describe $output', async ({ schema, args, code }) => {
    const run = await cli(...args.map((word) => names.get(word) ?? word), ...JSON_FORMAT);
    expect({ code: run.code, wrong: validateJson(schema, JSON.parse(run.out)) }).toEqual({ code, wrong: [] });
  });

  it('describe the result of a plan', () => {
    const { id } = JSON.parse(readFileSync(inFolder('applied.json'), 'utf8'));
    const result = JSON.parse(readFileSync(join(folder, 'results', `${id}.json`), 'utf8'));
    expect(validateJson('apply-result', result)).toEqual([]);
    expect(validateJson('apply-result', { ...result, further: 1 })).toEqual([expect.stringContaining('additional')]);
  });
});
