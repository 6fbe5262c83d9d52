import type { AccountData } from '../../emulator/account';
import type { FaultInput } from '../../emulator/fault';
import { randomOf } from '../../emulator/faults';
import { startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import type { Inventory } from '../../lambda/core/report-model';
import { KINDS, type Kind } from '../../lambda/core/snapshot';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { arn, FAST, namesIn, namesOf, rows, SMALL_REGIONS, smallAccount } from './reading';

const RUNS = 200;
const LISTS = [
  ...['GetInstanceSnapshots', 'GetDiskSnapshots', 'GetRelationalDatabaseSnapshots'],
  ...['GetInstances', 'GetDisks', 'GetRelationalDatabases'],
];

/** One kind of snapshot has its source in another region, one in another kind. */
const ACCOUNT: AccountData = smallAccount({
  'eu-central-1': {
    diskSnapshots: rows('eu-central-1', 'diskSnapshots', 3, 'copy', (n) => ({
      fromInstanceName: 'web',
      fromInstanceArn: arn(n === 1 ? 'us-east-1' : 'eu-central-1', 'Instance', 1),
    })),
  },
});

const FAULTS: readonly ((pick: <T>(of: readonly T[]) => T, chance: number) => FaultInput)[] = [
  (_, chance) => ({ fault: 'throttle', chance }),
  (_, chance) => ({ fault: 'reset', chance }),
  (_, chance) => ({ fault: 'reset', when: 'after', chance }),
  (_, chance) => ({ fault: 'latency', ms: 3, chance }),
  (pick, chance) => ({ fault: 'error', code: pick(['ServiceException', 'InternalFailure', 'ServiceUnavailable', 'SomethingNew']), chance }),
  (_, chance) => ({ fault: 'error', code: 'InvalidInputException', message: 'Please try again in a few minutes', chance }),
  (pick, chance) => ({
    fault: 'answer',
    status: 200,
    body: pick(['<html>', '{"instances":[{']),
    operations: pick(LISTS),
    chance,
  }),
  (pick, chance) => ({ fault: 'error', code: 'AccessDeniedException', operations: pick(LISTS), chance }),
  (pick) => ({ fault: 'error', code: pick(['AccessDeniedException', 'RegionSetupInProgressException']), regions: pick(SMALL_REGIONS) }),
  (pick) => ({ fault: 'error', code: pick(['OptInRequired', 'UnrecognizedClientException']), regions: pick(SMALL_REGIONS) }),
  (pick) => ({ fault: 'tokens', mode: pick(['repeated', 'endless']), operations: pick(LISTS), regions: pick(SMALL_REGIONS) }),
  (_, chance) => ({ fault: 'rows', mode: 'duplicate', operations: 'Get*Snapshots', chance }),
  (pick) => ({
    fault: 'shape',
    dropList: true,
    operations: pick(['GetInstances', 'GetDisks', 'GetRelationalDatabases', 'GetInstanceSnapshots']),
    after: pick([0, 1]),
  }),
];

/** The snapshots of a region and kind, and their sources' ARNs, that the account really has. */
const truthOf = (inventory: Inventory, region: string, kind: Kind): boolean => {
  const list = ({ instance: 'instanceSnapshots', disk: 'diskSnapshots', database: 'relationalDatabaseSnapshots' } as const)[kind];
  const real = (ACCOUNT.data[region]?.[list] ?? []).map((row) => row.arn).sort();
  const read = inventory.snapshots.filter((each) => each.region === region && each.kind === kind).map((each) => each.arn);
  return JSON.stringify(read.sort()) === JSON.stringify(real);
};

/** What an inventory says of itself that is not so. Every source in this account is alive. */
function lies(inventory: Inventory): string[] {
  const wrong: string[] = [];
  for (const { region, kind, status } of inventory.scopes)
    if (status === 'read' && !truthOf(inventory, region, kind)) wrong.push(`${region} ${kind} is said to be read, and is not`);
  for (const { source, name } of inventory.snapshots) {
    const state = inventory.sources(source?.arn ?? '');
    if (state.state === 'gone') wrong.push(`the source of ${name} is said to be gone, and is not`);
    if (state.state === 'unread' && inventory.complete) wrong.push(`the source of ${name} was not read, and nothing says so`);
  }
  const failed = inventory.scopes.filter((scope) => scope.status === 'failed' || scope.sources === 'failed');
  for (const { region, kind, error } of failed) if (!error?.code || !error.message) wrong.push(`${region} ${kind} failed without a reason`);
  const named = failed.length > 0 || inventory.problems.some(({ code }) => code === 'source.unread');
  if (inventory.complete === named)
    wrong.push(`complete is ${inventory.complete}, and ${named ? 'something' : 'nothing'} is named as not read`);
  const off = new Set(inventory.scopes.filter(({ status }) => status === 'disabled').map(({ region }) => region));
  const expected = namesIn(
    ACCOUNT,
    SMALL_REGIONS.filter((region) => !off.has(region)),
  );
  if (inventory.complete && JSON.stringify(namesOf(inventory)) !== JSON.stringify(expected))
    wrong.push('it is called complete, and is not');
  return wrong;
}

describe('two hundred runs with random faults', () => {
  it('are each complete and right, or incomplete and say exactly what is missing', async () => {
    const emulator = await startEmulator({ account: ACCOUNT, pageSize: 2, seed: 7 });
    const random = randomOf(20_261_123);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const outcomes = { complete: 0, incomplete: 0 };
    try {
      for (let run = 0; run < RUNS; run += 1) {
        const faults = Array.from({ length: Math.floor(random() * 4) }, () => pick(FAULTS)(pick, pick([0.02, 0.1, 0.4])));
        emulator.setFaults(faults);
        emulator.errorForm = pick(['plain', 'namespaced', 'both', 'code']);
        const clients = makeLightsailClients({
          config: { endpoint: emulator.url, credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } },
          pace: { ...FAST, attempts: pick([2, 5, 9]) },
        });
        const read = makeReadInventory({
          clients,
          kinds: snapshotKinds,
          firstRegion: 'us-east-1',
          account: null,
          clock: Date.now,
          maxPages: 20,
        });
        const deadline = run % 20 === 19 ? Date.now() + pick([0, 5, 20, 40]) : null;
        const inventory = await read({
          regions: 'all',
          kinds: KINDS,
          automaticSnapshots: run % 2 === 0,
          deadline,
          previouslyRead: new Set(),
        });
        outcomes[inventory.complete ? 'complete' : 'incomplete'] += 1;
        expect({ run, faults, lies: lies(inventory) }).toEqual({ run, faults, lies: [] });
      }
    } finally {
      await emulator.close();
    }
    // Both happen often, or the faults prove nothing.
    expect(Math.min(outcomes.complete, outcomes.incomplete)).toBeGreaterThan(RUNS / 5);
  }, 120_000);
});
