import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import type { AccountData } from '../../emulator/account';
import { instanceRow, instanceSnapshotRow, type SourceSpec } from '../../emulator/rows';
import { NO_ITEM_DETAILS } from '../../lambda/core/plan/outcome';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { recordApproval, recordResult } from '../../lambda/deletion/record-deletion';
import { NOT_RECORDED } from '../../lambda/explain/find-unrecorded';
import { FAULTS, remedyOf } from '../../lambda/explain/verify-remedies';
import { sha256Of } from '../../lambda/runtime/digest';
import { LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { commandsOf, type Instead, PageClone, planSteps } from './page-clone';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'audit.md'), 'utf8');
const commands = commandsOf(page);
const DAY = 86_400_000;

/** A server with a snapshot a day, named as the examples of the page. */
function account(now: number): AccountData {
  const web: SourceSpec = {
    accountId: '123456789012',
    region: 'us-east-1',
    name: 'web',
    createdAt: now - 100 * DAY,
    sizeInGb: 20,
    blueprint: 'debian_12',
    bundle: 'nano_3_0',
  };
  const instanceSnapshots = Array.from({ length: 6 }, (_, age) =>
    instanceSnapshotRow(web, { name: `web-${1108 - age}`, createdAt: now - age * DAY - DAY / 4 }),
  );
  const data = { 'us-east-1': { instances: [instanceRow(web)], instanceSnapshots } };
  return { accountId: '123456789012', regions: ['us-east-1'], data };
}

const AWS_CLI = 'it needs the AWS CLI and an account';
/** Commands that do not run as they stand. Every other one does. */
const INSTEAD: Record<string, Instead> = {
  'npx lightsail-retention history --verify --store results --head NUMBER:SHA256': {
    run: 'npx lightsail-retention history --verify --store results --head "$(cat head.txt)"',
    because: 'NUMBER:SHA256 stands for a head that was kept',
  },
};
for (const command of commands.filter((each) => each.startsWith('aws ')))
  INSTEAD[command] = { run: null, because: AWS_CLI };

/** A run of the plan that stopped before its first delete: the run that follows replaces what it wrote. */
async function stopEarly(folder: string): Promise<void> {
  const store = folderStore(folder);
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'));
  const ports = { store, clock: Date.now };
  const evidence = { ...ports, hashText: sha256Of, folder: LOCAL_EVIDENCE, keptForDays: null };
  const run = 'stopped';
  const origin = { approvedBy: { kind: 'caller', arn: null, claimed: false }, report: plan.id } as const;
  const approved = { plan, run, origin };
  const outcomes = await openOutcomes(
    { ...ports, owner: { host: 'here', pid: 1, run }, isAlive: () => false },
    ...([plan, origin, () => recordApproval(evidence, approved)] as const),
  );
  const [item] = plan.items;
  await outcomes.startAttempt(item, NO_ITEM_DETAILS);
  await outcomes.cancelAttempt(item.arn);
  await outcomes.close(async () => void (await recordResult(evidence, approved, null)));
}

/** The rows of the table that begins with this header, each as its cells. */
const tableOf = (header: string): readonly (readonly string[])[] => {
  const [, rows = ''] = page.split(`${header}\n`);
  const [table = ''] = rows.split('\n\n');
  const lines = table.split('\n').slice(1);
  return lines.map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
};

test('docs/audit.md says of each fault what to do, as --verify prints it for a folder', () => {
  const rows = tableOf('| fault | what to do |');
  const written = rows.flatMap(([faults = '', remedy]) =>
    [...faults.matchAll(/`([\w.-]+)`/g)].map(([, fault]) => [fault, remedy] as const),
  );
  expect(new Map(written)).toEqual(new Map(FAULTS.map((fault) => [fault, remedyOf(fault, false)])));
  for (const fault of FAULTS) expect(page).toContain(`\`${fault}\``);
  for (const fault of FAULTS.filter((each) => each.startsWith('object.a')))
    expect(remedyOf(fault, true)).toMatch(/earlier versions in the bucket.*`PutObject`/);
});

test('docs/audit.md has each object that no record names', () => {
  const cells = tableOf('| object | why it is in no record |').map(([objects = '']) => objects);
  const objects = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key));
  const isNamedBy = (key: string, pattern: RegExp): boolean => pattern.test(key.replace(/<[\w ]+>/g, 'x'));
  expect(objects.filter((key) => !NOT_RECORDED.some((pattern) => isNamedBy(key, pattern)))).toEqual([]);
  expect(NOT_RECORDED.filter((pattern) => !objects.some((key) => isNamedBy(key, pattern)))).toEqual([]);
});

describe('docs/audit.md', () => {
  const clone = new PageClone();
  beforeAll(async () => {
    await clone.start(account(Date.now()));
    clone.useBuiltProgram();
    writeFileSync(
      clone.path('retention.yaml'),
      'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\n',
    );
    const made = await clone.shell('npx lightsail-retention report --plan-out plan.json --quiet');
    expect([made.code, made.code === 0 ? '' : made.err]).toEqual([0, '']);
    await stopEarly(clone.folder);
    const applied = await clone.shell('npx lightsail-retention apply plan.json --local --yes 3');
    expect([applied.code, applied.code === 0 ? '' : applied.err]).toEqual([0, '']);
    writeFileSync(clone.path('head.txt'), /^evidence: (\S+)$/m.exec(applied.err)?.[1] ?? 'no head was printed');
  }, 300_000);
  afterAll(() => clone.stop());

  test('has every command that is run in another way', () => {
    expect(Object.keys(INSTEAD).filter((command) => !commands.includes(command))).toEqual([]);
  });

  test.each(planSteps(page, INSTEAD).map((step) => [step.title, step] as const))(
    '%s',
    (_, step) => clone.perform(step),
    240_000,
  );

  test('answers why, who, and whether the record was changed', async () => {
    const printed = (start: string): string =>
      [...clone.printed].find(([command]) => command.startsWith(start))?.[1] ?? '';
    const [entry] = JSON.parse(printed('npx lightsail-retention history web-1103')) as readonly {
      readonly outcome: string;
      readonly policy: string;
      readonly reasons: readonly unknown[];
      readonly requestId: string;
      readonly approvedBy: { readonly arn: string; readonly claimed: boolean };
    }[];
    expect(entry).toMatchObject({ outcome: 'deleted', policy: 'standard', approvedBy: { claimed: false } });
    expect(entry?.approvedBy.arn).toMatch(/^arn:aws:iam::123456789012:/);
    expect([entry?.reasons.length, entry?.requestId.length]).toEqual([1, expect.any(Number)]);
    expect(printed('npx lightsail-retention history --verify')).toContain('The chain is whole');
    const lists = readdirSync(clone.path('results'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.sha256'),
    );
    expect(lists).toHaveLength(2);
    const result = clone.path(`results/${JSON.parse(readFileSync(clone.path('plan.json'), 'utf8')).id}.json`);
    writeFileSync(result, readFileSync(result, 'utf8').replace('"deleted"', '"skipped"'));
    const { code, out } = await clone.shell('npx lightsail-retention history --verify --store results');
    expect([code, out.replace(/\s+/g, ' ')]).toEqual([6, expect.stringContaining('was altered since the record 5')]);
  }, 60_000);
});
