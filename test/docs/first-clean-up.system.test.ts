import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountData } from '../../emulator/account';
import { instanceRow, instanceSnapshotRow, type SourceSpec } from '../../emulator/rows';
import { REFUSALS } from '../../lambda/deletion/refusals';
import { commandsOf, type Instead, PageClone, planSteps } from './page-clone';

const ROOT = join(__dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'first-clean-up.md'), 'utf8');
const commands = commandsOf(page);
const DAY = 86_400_000;
const REGION = 'us-east-1';
const ACCOUNT = '123456789012';

/** Twelve servers with a snapshot a day: more can be deleted than one plan may by default. */
function account(now: number): AccountData {
  const servers = Array.from(
    { length: 12 },
    (_, i): SourceSpec => ({
      accountId: ACCOUNT,
      region: REGION,
      name: `server-${i + 1}`,
      createdAt: now - 100 * DAY,
      sizeInGb: 20,
      blueprint: 'debian_12',
      bundle: 'nano_3_0',
    }),
  );
  const snapshots = servers.flatMap((server) =>
    Array.from({ length: 25 }, (_, i) =>
      instanceSnapshotRow(server, { name: `${server.name}-${i}`, createdAt: now - i * DAY - DAY / 4 }),
    ),
  );
  const data = { [REGION]: { instances: servers.map(instanceRow), instanceSnapshots: snapshots } };
  return { accountId: ACCOUNT, regions: [REGION], data };
}

/** Commands that do not run as they stand. Every other one does. */
const INSTEAD: Readonly<Record<string, Instead>> = {
  'aws lightsail tag-resource --resource-name NAME --tags key=retention:hold --region REGION': {
    run: null,
    because: 'it needs the AWS CLI; test/emulator tests the operation',
  },
  'npx lightsail-retention explain NAME': {
    run: 'npx lightsail-retention explain server-1-3',
    because: 'NAME stands for a snapshot',
  },
  'npx lightsail-retention apply plan.json --local': {
    run: `npx lightsail-retention apply plan.json --local --yes "$(node -p "require('./plan.json').items.length")"`,
    because: 'a person types the count',
  },
  'npx lightsail-retention init': { run: null, because: 'retention.yaml is there already' },
};

describe('docs/first-clean-up.md', () => {
  const clone = new PageClone();
  beforeAll(async () => {
    await clone.start(account(Date.now()));
    clone.useBuiltProgram();
    const { code, err } = await clone.shell('npx lightsail-retention init --quiet');
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
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

  test('ends with every snapshot of the plan deleted, and nothing left to delete', async () => {
    const plan = JSON.parse(readFileSync(clone.path('plan.json'), 'utf8')) as {
      readonly id: string;
      readonly items: readonly unknown[];
    };
    expect(plan.items.length).toBeGreaterThan(100);
    expect(readdirSync(clone.path('results'))).toContain(`${plan.id}.json`);
    const result = JSON.parse(readFileSync(clone.path(`results/${plan.id}.json`), 'utf8')) as {
      readonly items: readonly { readonly outcome: string }[];
    };
    expect(result.items.filter(({ outcome }) => outcome === 'deleted')).toHaveLength(plan.items.length);
    const { out } = await clone.shell('npx lightsail-retention report --format json --quiet');
    expect(JSON.parse(out).totals).toMatchObject({ expire: 0, snapshots: 300 - plan.items.length });
  }, 120_000);

  test('names only refusals that exist', () => {
    const [, table = ''] = /## If it is refused\n([\s\S]*?)\n## /.exec(page) ?? [];
    const codes = [...table.matchAll(/^\| `([a-z.-]+)` \|/gm)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !(REFUSALS as readonly string[]).includes(code))).toEqual([]);
  });
});
