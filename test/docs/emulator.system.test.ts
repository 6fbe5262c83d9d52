import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetInstanceSnapshotCommand, LightsailClient } from '@aws-sdk/client-lightsail';
import { LISTS } from '../../emulator/account';
import { faultSchema } from '../../emulator/fault';
import { billRow, loadScenario, scenarioSchema } from '../../emulator/scenario';
import { pointSdkTo } from '../support/aws-env';
import { commandLineProgram } from '../support/built-programs';
import { runCli } from '../support/terminal';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'emulator.md'), 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

const quotedIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
/** The rows of the table whose first column is headed so, as cells. */
const tableOf = (heading: string): readonly (readonly string[])[] => {
  const [, rows = ''] = new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\|\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
  return rows
    .trimEnd()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
};
const firstColumn = (heading: string): readonly string[] => tableOf(heading).flatMap(([first = '']) => quotedIn(first));

describe('docs/emulator.md', () => {
  const kinds = faultSchema.options.map(({ shape }) => ({
    name: [...shape.fault.values][0],
    members: Object.keys(shape),
  }));
  const selectors = (kinds[0]?.members ?? []).filter((member) =>
    kinds.every(({ members }) => members.includes(member)),
  );

  it('names every kind of fault, and none that there is not', () => {
    expect([...firstColumn('fault')].sort()).toEqual(kinds.map(({ name }) => name).sort());
  });

  it.each(kinds)('names every member of $name, and none that it has not', ({ name, members }) => {
    const [, , described = ''] = tableOf('fault').find(([first = '']) => quotedIn(first)[0] === name) ?? [];
    expect([...quotedIn(described)].sort()).toEqual(members.filter((member) => !selectors.includes(member)).sort());
  });

  it('names everything that selects calls, every setting and every list', () => {
    expect([...firstColumn('member')].sort()).toEqual(selectors.filter((member) => member !== 'fault').sort());
    expect([...firstColumn('setting')].sort()).toEqual(Object.keys(scenarioSchema.shape).sort());
    for (const list of LISTS) expect(page).toContain(`\`${list}\``);
    expect([...firstColumn('member of an entry')].sort()).toEqual(Object.keys(billRow.shape).sort());
  });

  describe('has examples that', () => {
    const work = mkdtempSync(join(tmpdir(), 'emulator-docs-'));
    const program = commandLineProgram();
    let child: ChildProcess | null = null;
    let putBack = (): void => undefined;

    afterEach(() => {
      child?.kill();
      putBack();
    });
    afterAll(() => rmSync(work, { recursive: true, force: true }));

    /** Serves an example as a process, and reports on it. */
    async function reportOn(example: string) {
      const scenario = join(work, 'scenario.json');
      writeFileSync(scenario, example);
      child = spawn(process.execPath, [program, 'emulator', '--port', '0', '--scenario', scenario], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const address = await new Promise<string>((resolve) =>
        child?.stdout?.once('data', (data) => resolve(String(data).trim())),
      );
      putBack = pointSdkTo(address);
      const { code, out } = await runCli(['report', '--format', 'json', '--quiet'], process.env);
      return { code, report: JSON.parse(out) };
    }

    it('can all be loaded', () => {
      expect(examples).toHaveLength(3);
      for (const example of examples) expect(() => loadScenario(JSON.parse(example))).not.toThrow();
    });

    it('misbehave as they say', async () => {
      const { code, report } = await reportOn(examples[0] ?? '');
      expect(code).toBe(3);
      const unread = report.scopes.filter(({ sources }: { sources: string }) => sources !== 'read');
      expect(unread).toMatchObject([
        { region: 'eu-central-1', kind: 'disk', error: { code: 'AccessDeniedException' } },
      ]);
    });

    it('hold an organization, of which a fault strikes one account', async () => {
      await reportOn(examples[2] ?? '');
      const role = ['--role-arn', 'arn:aws:iam::{account}:role/LightsailRetentionRead', '--external-id', 'agency-7f3a'];
      const accounts = ['--account', '210000001001', '--format', 'json', '--quiet'];
      const { code, out } = await runCli(['report', ...accounts, ...role], process.env);
      expect(code).toBe(3);
      expect(JSON.parse(out).accounts).toMatchObject([
        { id: '210000001001', status: 'failed', error: { message: expect.stringContaining('ExpiredTokenException') } },
      ]);
    });

    it('hold a whole account, which somebody changes at the last moment', async () => {
      const { code, report } = await reportOn(examples[1] ?? '');
      expect(code).toBe(0);
      expect(report.snapshots).toMatchObject([
        { name: 'web-1', status: 'managed', tags: { env: 'prod' }, source: { name: 'web', exists: true } },
      ]);
      const client = new LightsailClient({});
      const { instanceSnapshot } = await client.send(new GetInstanceSnapshotCommand({ instanceSnapshotName: 'web-1' }));
      expect(instanceSnapshot?.tags).toContainEqual({ key: 'retention:hold' });
    });
  });
});
