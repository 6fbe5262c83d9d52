import type { AccountData, List, RegionData, Row } from '../../emulator/account';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/server';
import { type LightsailClientOptions, makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { type InventoryOptions, makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import type { Inventory, Scope } from '../../lambda/core/report/report-model';
import { KINDS, type Kind } from '../../lambda/core/snapshot/snapshot';
import { snapshotKinds } from '../../lambda/kinds/registry';
import type { InventoryProgress, InventoryRequest } from '../../lambda/ports/ports';

export const ACCOUNT = '123456789012';
export const NOW = Date.UTC(2026, 10, 23, 8);

/** ARN of the n-th resource of a type. */
export const arn = (region: string, type: string, n: number | string): string =>
  `arn:aws:lightsail:${region}:${ACCOUNT}:${type}/00000000-0000-4000-a000-${String(n).padStart(12, '0')}`;

const TYPES: Readonly<Record<List, string>> = {
  instanceSnapshots: 'InstanceSnapshot',
  diskSnapshots: 'DiskSnapshot',
  relationalDatabaseSnapshots: 'RelationalDatabaseSnapshot',
  instances: 'Instance',
  disks: 'Disk',
  relationalDatabases: 'RelationalDatabase',
};

/** Rows named `<prefix>-1` … `<prefix>-n`, each with what `more` adds. */
export const rows = (
  region: string,
  list: List,
  count: number,
  prefix: string,
  more: (n: number) => Row = () => ({}),
): Row[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `${prefix}-${i + 1}`,
    arn: arn(region, TYPES[list], `${i + 1}`),
    createdAt: NOW / 1000 - (i + 1) * 86_400,
    tags: [],
    ...(list.endsWith('Snapshots')
      ? { state: list === 'diskSnapshots' ? 'completed' : 'available', sizeInGb: 40 }
      : {}),
    ...more(i + 1),
  }));

/**
 * What each region of the small account holds: seven snapshots and three sources, so that two rows a page make several
 * pages.
 */
export function smallRegion(region: string): RegionData {
  return {
    instances: rows(region, 'instances', 1, 'web', () => ({ tags: [{ key: 'env', value: 'prod' }] })),
    disks: rows(region, 'disks', 1, 'data'),
    relationalDatabases: rows(region, 'relationalDatabases', 1, 'shop'),
    instanceSnapshots: rows(region, 'instanceSnapshots', 5, `web-${region}`, () => ({
      fromInstanceName: 'web',
      fromInstanceArn: arn(region, 'Instance', 1),
    })),
    diskSnapshots: rows(region, 'diskSnapshots', 1, `data-${region}`, () => ({
      fromDiskName: 'data',
      fromDiskArn: arn(region, 'Disk', 1),
    })),
    relationalDatabaseSnapshots: rows(region, 'relationalDatabaseSnapshots', 1, `shop-${region}`, () => ({
      fromRelationalDatabaseName: 'shop',
      fromRelationalDatabaseArn: arn(region, 'RelationalDatabase', 1),
    })),
  };
}

export const SMALL_REGIONS = ['us-east-1', 'eu-central-1', 'ap-southeast-2'] as const;

/** Three regions, three kinds, 21 snapshots, all sources alive. `changes` replaces lists of regions. */
export const smallAccount = (changes: Readonly<Record<string, RegionData>> = {}): AccountData => ({
  accountId: ACCOUNT,
  regions: SMALL_REGIONS,
  data: Object.fromEntries(SMALL_REGIONS.map((region) => [region, { ...smallRegion(region), ...changes[region] }])),
});

/** Delays that let thousands of retries pass within a test. */
export const FAST = { transientDelayMs: 1, throttledDelayMs: 2, longestDelayMs: 4, slowestPerSecond: 10_000 } as const;

interface Bench {
  readonly emulator: Emulator;
  read(
    request?: Partial<InventoryRequest>,
    more?: Partial<InventoryOptions> & { readonly client?: LightsailClientOptions },
  ): Promise<{ readonly inventory: Inventory; readonly progress: readonly InventoryProgress[] }>;
}

/** Runs `test` against an emulator of its own, and ends it. */
export async function withEmulator(
  options: Partial<EmulatorOptions>,
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const emulator = await startEmulator({ account: smallAccount(), pageSize: 2, ...options });
  try {
    await test({
      emulator,
      async read(request = {}, { client = {}, ...more } = {}) {
        const progress: InventoryProgress[] = [];
        const clients = makeLightsailClients({
          config: { endpoint: emulator.url, credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } },
          ...client,
          pace: { ...FAST, ...client.pace },
        });
        const readInventory = makeReadInventory({
          clients,
          kinds: snapshotKinds,
          firstRegion: 'us-east-1',
          account: null,
          clock: Date.now,
          ...more,
        });
        const inventory = await readInventory(
          {
            regions: 'all',
            kinds: KINDS,
            automaticSnapshots: false,
            deadline: null,
            previouslyRead: new Set(),
            ...request,
          },
          (event) => progress.push(event),
        );
        return { inventory, progress };
      },
    });
  } finally {
    await emulator.close();
  }
}

/** The scope of a region and kind. */
export function scopeOf({ scopes }: Inventory, region: string, kind: Kind): Scope {
  const found = scopes.find((scope) => scope.region === region && scope.kind === kind);
  if (found === undefined) throw new Error(`no scope ${region} ${kind}`);
  return found;
}

/** `region kind` of the scopes that are not wholly read. */
export const notRead = ({ scopes }: Inventory): string[] =>
  scopes
    .filter(({ status, sources }) => status !== 'read' || sources !== 'read')
    .map(({ region, kind }) => `${region} ${kind}`);

/** The names of the snapshots, in order. */
export const namesOf = ({ snapshots }: Inventory): string[] => snapshots.map(({ name }) => name ?? '-').sort();

/** The names of all snapshots of an account, in order. */
export const namesIn = (account: AccountData, regions: readonly string[] = account.regions): string[] =>
  regions
    .flatMap((region) => {
      const {
        instanceSnapshots = [],
        diskSnapshots = [],
        relationalDatabaseSnapshots = [],
      } = account.data[region] ?? {};
      return [...instanceSnapshots, ...diskSnapshots, ...relationalDatabaseSnapshots].map(({ name }) => name ?? '-');
    })
    .sort();
