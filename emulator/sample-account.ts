import type { AccountData, BillRow, RegionData, Row, Tag } from './account';
import {
  autoSnapshotRows,
  databaseRow,
  databaseSnapshotRow,
  diskRow,
  diskSnapshotRow,
  instanceRow,
  instanceSnapshotRow,
  type SnapshotSpec,
  type SourceSpec,
} from './rows';

const SAMPLE_DAY = 86_400_000;
const SAMPLE_MINUTE = 60_000;
const ACCOUNT = '123456789012';
const FRANKFURT = 'eu-central-1';
const VIRGINIA = 'us-east-1';
const SYDNEY = 'ap-southeast-2';

const range = (from: number, to: number, step = 1): readonly number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
const dateOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);
const tagEntry = (key: string, value?: string): Tag => (value === undefined ? { key } : { key, value });
const DIGITS_OF_BILL = 10;
const PROD = tagEntry('env', 'prod');

/** Usage types of the sample's bill, with their cost in the last month and how much less it was a month before. */
const BILLED = [
  ['EUC1-SnapshotUsage', 52.1704862871, 1.36],
  ['USE1-SnapshotUsage', 9.4418290133, 0.21],
  ['APS2-SnapshotUsage', 17.9083041274, 0.48],
  ['EUC1-BundleUsage:2GB', 24, 0],
  ['USE1-BundleUsage:0.5GB', 10, 0],
  ['EUC1-TotalDataXfer-Out-Bytes', 0, 0],
] as const;
const BILLED_MONTHS = 6;

/** The bill of the sample account: half a year, the month before this one last. */
function sampleBill(now: number): readonly BillRow[] {
  const today = new Date(now);
  return range(1, BILLED_MONTHS).flatMap((ago) => {
    const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - ago, 1)).toISOString().slice(0, 7);
    return BILLED.map(([usageType, cost, growth]) => ({
      month,
      usageType,
      amount: (cost - growth * (ago - 1)).toFixed(DIGITS_OF_BILL).replace(/\.?0+$/, ''),
    }));
  });
}

/**
 * An account of a small web agency, the same for the same `now` (epoch ms): every situation that a report must explain
 * is in it.
 */
export function sampleAccount(now: number): AccountData {
  // Names and times go by whole days, so that two runs on one day show the same account.
  const today = Math.floor(now / SAMPLE_DAY) * SAMPLE_DAY;
  const at = (daysAgo: number): number =>
    today - daysAgo * SAMPLE_DAY + 2 * 60 * SAMPLE_MINUTE + ((daysAgo * 7) % 50) * SAMPLE_MINUTE;
  const source = (
    region: string,
    name: string,
    blueprint: string,
    bundle: string,
    sizeInGb: number,
    more: Partial<SourceSpec> = {},
  ): SourceSpec => ({
    accountId: ACCOUNT,
    region,
    name,
    createdAt: at(1000),
    sizeInGb,
    blueprint,
    bundle,
    ...more,
  });
  const taken = (name: string, daysAgo: readonly number[], more: Partial<SnapshotSpec> = {}): readonly SnapshotSpec[] =>
    daysAgo.map((days) => ({ name: `${name}-${dateOf(at(days))}`, createdAt: at(days), ...more }));
  const of = (row: (spec: SourceSpec, shot: SnapshotSpec) => Row, spec: SourceSpec, shots: readonly SnapshotSpec[]) =>
    shots.map((shot) => row(spec, shot));

  return {
    accountId: ACCOUNT,
    // GetRegions of a real account names all 19; here only those with data, so that a first run makes few calls and
    // reads well.
    regions: [FRANKFURT, VIRGINIA, SYDNEY],
    data: { [FRANKFURT]: frankfurt(), [VIRGINIA]: virginia(), [SYDNEY]: sydney() },
    bill: sampleBill(now),
  };

  function frankfurt(): RegionData {
    const web = source(FRANKFURT, 'prod-web', 'wordpress', 'small_3_0', 60, { tags: [PROD], addOn: 'Enabled' });
    const shopData = { name: 'prod-shop-data', sizeInGb: 64 };
    const shop = source(FRANKFURT, 'prod-shop', 'lamp_8_bitnami', 'medium_3_0', 80, {
      tags: [PROD, tagEntry('client', 'Meyer + Co')],
      addOn: 'Enabled',
      disks: [shopData],
    });
    const shopDisk = source(FRANKFURT, shopData.name, '', '', shopData.sizeInGb, { tags: [PROD] });
    const oldBlog = source(FRANKFURT, 'blog', 'wordpress', 'nano_3_0', 20, { generation: 1 });
    const blog = source(FRANKFURT, 'blog', 'wordpress', 'micro_3_0', 40, { generation: 2, createdAt: at(61) });
    const wiki = source(FRANKFURT, 'wiki', 'debian_12', 'nano_3_0', 20, {
      tags: [tagEntry('retention:keep', 'last=3 monthly=6')],
    });
    const staging = source(FRANKFURT, 'staging', 'nodejs', 'micro_3_0', 40, {
      tags: [tagEntry('env', 'staging'), tagEntry('retention:policy', 'short')],
    });
    const bakery = source(FRANKFURT, 'client-bakery', 'wordpress', 'nano_3_0', 20);
    const database = source(FRANKFURT, 'prod-db', 'mysql_8_0', 'small_2_0', 80, {
      engine: 'mysql',
      engineVersion: '8.0.42',
      tags: [PROD],
    });
    const crm = source(FRANKFURT, 'crm-db', 'mysql_8_0', 'micro_2_0', 40, { engine: 'mysql', engineVersion: '8.0.36' });
    const prod = { tags: [PROD] };
    return {
      instances: [web, shop, blog, wiki, staging].map(instanceRow),
      disks: [diskRow(shopDisk)],
      relationalDatabases: [databaseRow(database)],
      instanceSnapshots: [
        ...of(
          instanceSnapshotRow,
          web,
          taken('prod-web', [...range(1, 14), ...range(21, 70, 7), ...range(90, 420, 30)], prod),
        ),
        ...of(instanceSnapshotRow, shop, [
          ...taken('prod-shop', [...range(1, 6), ...range(8, 64, 7)], prod),
          ...taken('prod-shop-before-relaunch', [140], { tags: [PROD, tagEntry('no_delete')] }),
        ]),
        // The blog was deleted and made again: one name, two ARNs.
        ...of(instanceSnapshotRow, oldBlog, taken('blog', range(70, 190, 30))),
        ...of(instanceSnapshotRow, blog, taken('blog', range(3, 59, 8))),
        ...of(instanceSnapshotRow, wiki, taken('wiki', range(10, 250, 30))),
        ...of(instanceSnapshotRow, staging, taken('staging', range(2, 51, 7))),
        ...of(instanceSnapshotRow, bakery, [
          ...taken('client-bakery', range(80, 200, 40)),
          ...taken('client-bakery-handover', [45], {
            tags: [tagEntry('retention:hold', `until ${dateOf(today + 120 * SAMPLE_DAY)}`)],
          }),
          ...taken('client-bakery-dispute', [75], {
            tags: [tagEntry('retention:hold', `until ${dateOf(today - 20 * SAMPLE_DAY)}`)],
          }),
        ]),
      ],
      diskSnapshots: [
        ...of(diskSnapshotRow, shopDisk, taken('prod-shop-data', [...range(1, 4), ...range(7, 42, 7)], prod)),
        // Of an instance's system disk: the source is an instance.
        ...taken('prod-web-system', [33, 95]).map((shot) => diskSnapshotRow(web, shot, true)),
      ],
      relationalDatabaseSnapshots: [
        ...of(databaseSnapshotRow, database, taken('prod-db', [...range(2, 30, 7), ...range(60, 180, 30)])),
        // The database is gone; its final snapshot is all that is left of it.
        ...of(databaseSnapshotRow, crm, [...taken('crm-db', [230, 260]), ...taken('crm-db-final', [215])]),
      ],
      autoSnapshots: { 'prod-web': autoSnapshotRows(today, 7), 'prod-shop': autoSnapshotRows(today, 7) },
    };
  }

  function virginia(): RegionData {
    const landing = source(VIRGINIA, 'landing', 'nginx', 'nano_3_0', 20);
    const app = source(VIRGINIA, 'app', 'nodejs', 'small_3_0', 60, {
      tags: [tagEntry('env', 'prod'), tagEntry('retention:expire-after', '30d')],
      addOn: 'Enabled',
    });
    const archive = source(VIRGINIA, 'archive', 'debian_11', 'micro_3_0', 40);
    const logs = source(VIRGINIA, 'logs', '', '', 128, { addOn: 'Disabled' });
    const database = source(VIRGINIA, 'app-db', 'postgres_16', 'micro_2_0', 40, {
      engine: 'postgres',
      engineVersion: '16.9',
    });
    const web = source(FRANKFURT, 'prod-web', 'wordpress', 'small_3_0', 60);
    return {
      instances: [landing, app, archive].map(instanceRow),
      disks: [diskRow(logs)],
      relationalDatabases: [databaseRow(database)],
      instanceSnapshots: [
        ...of(instanceSnapshotRow, landing, taken('landing', range(6, 90, 14))),
        ...of(instanceSnapshotRow, app, [
          ...taken('app', range(4, 67, 9)),
          ...taken('app-release-4', [58], { tags: [tagEntry('retention:keep', 'all')] }),
          // Somebody pressed "Keep snapshot": permanent copies of automatic ones, which come without tags.
          ...taken('app-kept', [25, 88, 151], { fromAuto: true }),
        ]),
        // Nobody has made a snapshot of this one for months.
        ...of(instanceSnapshotRow, archive, taken('archive', range(121, 211, 30))),
        // Copies for a disaster: their source lives in another region.
        ...of(instanceSnapshotRow, web, taken('prod-web-copy', [12, 40], { region: VIRGINIA })),
      ],
      diskSnapshots: of(diskSnapshotRow, logs, taken('logs', range(5, 55, 10))),
      relationalDatabaseSnapshots: of(databaseSnapshotRow, database, taken('app-db', range(3, 63, 15))),
      // The add-on was switched off two months ago; what it had made stays, and bills.
      autoSnapshots: { app: autoSnapshotRows(today, 7), logs: autoSnapshotRows(today, 3, 62) },
    };
  }

  function sydney(): RegionData {
    const shop = source(SYDNEY, 'shop-au', 'lamp_8_bitnami', 'small_3_0', 60, { tags: [PROD] });
    const media = source(SYDNEY, 'media-au', '', '', 256, { tags: [tagEntry('retention:hold', 'legal matter 4711')] });
    const database = source(SYDNEY, 'shop-au-db', 'mysql_8_0', 'micro_2_0', 40, {
      engine: 'mysql',
      engineVersion: '8.0.42',
    });
    return {
      instances: [instanceRow(shop)],
      disks: [diskRow(media)],
      relationalDatabases: [databaseRow(database)],
      instanceSnapshots: of(instanceSnapshotRow, shop, [
        ...taken('shop-au', range(1, 71, 7)),
        // Three ways to get a tag wrong: its key, its value, and a policy's name.
        ...taken('shop-au-hold-me', [44], { tags: [tagEntry('Retention:Hold')] }),
        ...taken('shop-au-two-weeks', [50], { tags: [tagEntry('retention:expire-after', '2 weeks')] }),
        ...taken('shop-au-typo', [66], { tags: [tagEntry('retention:policy', 'standart')] }),
        ...taken('shop-au-stack', [100], { tags: [tagEntry('aws:cloudformation:stack-name', 'shop-au')] }),
        { name: 'shop-au-failed', createdAt: at(9) + 30 * SAMPLE_MINUTE, state: 'error' },
        { name: 'shop-au-running', createdAt: now - 10 * SAMPLE_MINUTE, state: 'pending' },
      ]),
      diskSnapshots: of(diskSnapshotRow, media, taken('media-au', range(20, 110, 30))),
      relationalDatabaseSnapshots: of(databaseSnapshotRow, database, [
        ...taken('shop-au-db', range(5, 65, 20)),
        ...taken('shop-au-db-tax-year', [150], {
          tags: [tagEntry('retention:expire-on', dateOf(today + 200 * SAMPLE_DAY))],
        }),
      ]),
    };
  }
}
