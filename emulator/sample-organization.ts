import type { AccountData, BillRow, RegionData } from './account';
import type { FaultInput } from './fault';
import { largeAccount } from './large-account';
import type { OrganizationData, OrganizationMember, RoleData } from './organization';
import { instanceRow, instanceSnapshotRow, type SourceSpec } from './rows';

const ORGANIZATION_DAY = 86_400_000;
const ORGANIZATION_ID = 'o-a1b2c3d4e5';
const ROOT_ID = 'r-ab12';
const ROOT = `${ORGANIZATION_ID}/${ROOT_ID}/`;
const UNITS = {
  clients: `${ROOT}ou-ab12-clients1/`,
  legacy: `${ROOT}ou-ab12-clients1/ou-ab12-legacy11/`,
  sandbox: `${ROOT}ou-ab12-sandbox1/`,
} as const;

/** The role of each account of the sample organization, and the external id that its trust asks for. */
export const SAMPLE_ROLE: RoleData & { readonly externalId: string } = {
  name: 'LightsailRetentionRead',
  externalId: 'agency-7f3a',
  organizationId: ORGANIZATION_ID,
};

const CLIENTS = [
  ...['bakery', 'bookshop', 'brewery', 'cinema', 'clinic', 'dentist', 'florist', 'gallery', 'garage', 'gym'],
  ...['hostel', 'jeweller', 'kennel', 'library', 'museum', 'notary', 'optician', 'pharmacy', 'pizzeria', 'printer'],
  ...['quarry', 'restaurant', 'sailing', 'school', 'surveyor', 'tailor', 'theatre', 'vineyard', 'weaver', 'winery'],
] as const;
const REGION_SETS = [['eu-central-1'], ['eu-central-1', 'us-east-1'], ['eu-west-1']] as const;

const idOf = (index: number): string => String(210_000_000_000 + index * 1_001);

const BILLED_CODES: Readonly<Record<string, string>> = {
  'eu-central-1': 'EUC1',
  'us-east-1': 'USE1',
  'eu-west-1': 'EUW1',
};
/** What a gigabyte of these snapshots costs, which share most of their blocks. */
const BILLED_GB = 0.0137;

/** What the snapshots of some regions, and a server, cost in the last three months. */
function clientBill(gbByRegion: readonly (readonly [string, number])[], now: number): readonly BillRow[] {
  const today = new Date(now);
  return [1, 2, 3].flatMap((ago) => {
    const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - ago, 1)).toISOString().slice(0, 7);
    return gbByRegion.flatMap(([region, gb]) => {
      const code = BILLED_CODES[region] ?? '';
      return [
        { month, usageType: `${code}-SnapshotUsage`, amount: String((gb * BILLED_GB).toFixed(10)) },
        { month, usageType: `${code}-BundleUsage:1GB`, amount: '7' },
      ];
    });
  });
}

/** An account with a web server, and sometimes a shop, that are backed up once a day. */
function clientAccount(accountId: string, index: number, now: number): AccountData {
  const today = Math.floor(now / ORGANIZATION_DAY) * ORGANIZATION_DAY;
  const regions = REGION_SETS[index % REGION_SETS.length] ?? REGION_SETS[0];
  const names = index % 4 === 3 ? ['web', 'shop'] : ['web'];
  const sizeInGb = 20 + 20 * (index % 3);
  const shots = 4 + (index % 11);
  const dataOf = (region: string): RegionData => {
    const specs = names.map(
      (name): SourceSpec => ({
        accountId,
        region,
        name,
        createdAt: today - 900 * ORGANIZATION_DAY,
        sizeInGb,
        blueprint: 'wordpress',
        bundle: 'micro_3_0',
        tags: index % 5 === 0 ? [{ key: 'retention:keep', value: 'last=3 daily=7' }] : [],
      }),
    );
    const snapshots = specs.flatMap((spec) =>
      Array.from({ length: shots }, (_, i) => {
        const createdAt = today - (1 + i * (3 + (index % 6)) * 3) * ORGANIZATION_DAY;
        return instanceSnapshotRow(spec, {
          name: `${spec.name}-${new Date(createdAt).toISOString().slice(0, 10)}`,
          createdAt,
        });
      }),
    );
    return { instances: specs.map(instanceRow), instanceSnapshots: snapshots };
  };
  if (index % 13 === 12) return { accountId, regions, data: {} };
  const gb = names.length * shots * sizeInGb;
  return {
    accountId,
    regions,
    data: Object.fromEntries(regions.map((region) => [region, dataOf(region)])),
    bill: clientBill(
      regions.map((region) => [region, gb] as const),
      now,
    ),
  };
}

/**
 * The organization of an agency: its own account and 39 others. One has no role, one has another external id, one is
 * suspended, and faults (`sampleOrganizationFaults`) strike three.
 */
export function sampleOrganization(now: number): OrganizationData {
  const names = [
    ...CLIENTS.map((name) => `client-${name}`),
    ...['legacy-forum', 'legacy-intranet', 'legacy-mail', 'legacy-wiki', 'agency-tools', 'agency-website'],
    ...['sandbox-anna', 'sandbox-bela', 'sandbox-chris'],
  ];
  const members = names.map((name, index): OrganizationMember => {
    const [kind = ''] = name.split('-');
    const ou = { client: UNITS.clients, legacy: UNITS.legacy, sandbox: UNITS.sandbox }[kind] ?? ROOT;
    const account = clientAccount(idOf(index + 1), index, now);
    if (name === 'client-kennel') return { name, ou, account };
    if (name === 'client-tailor') return { name, ou, account, role: { ...SAMPLE_ROLE, externalId: 'agency-old' } };
    if (name === 'legacy-mail') return { name, ou, account, role: SAMPLE_ROLE, state: 'SUSPENDED' };
    return { name, ou, account, role: SAMPLE_ROLE };
  });
  return { id: ORGANIZATION_ID, rootId: ROOT_ID, managementName: 'agency', managementRole: SAMPLE_ROLE, members };
}

/** The account of a name in an organization. */
export function memberNamed({ members }: OrganizationData, name: string): string {
  const found = members.find((member) => member.name === name);
  if (found === undefined) throw new Error(`the organization has no account ${name}`);
  return found.account.accountId;
}

/** The faults of the sample organization: a control policy, a session that ends, and a missing permission. */
export function sampleOrganizationFaults(organization: OrganizationData): readonly FaultInput[] {
  return [
    {
      fault: 'deny',
      accounts: memberNamed(organization, 'client-bookshop'),
      regions: 'us-east-1',
      operations: 'Get*s',
    },
    {
      fault: 'error',
      accounts: memberNamed(organization, 'client-museum'),
      code: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    },
    {
      fault: 'deny',
      accounts: memberNamed(organization, 'client-winery'),
      operations: ['GetDisks', 'GetDiskSnapshots'],
      by: 'nothing-allows',
    },
  ];
}

/** An organization for measurements: accounts that all have as many snapshots. */
export function largeOrganization(options: {
  readonly accounts: number;
  /** In each account. */
  readonly snapshots: number;
  readonly regions?: number | readonly string[] | undefined;
  readonly now: number;
}): OrganizationData {
  const { accounts, snapshots, regions, now } = options;
  const like = largeAccount({ snapshots, regions, now });
  const text = JSON.stringify(like);
  const members = Array.from({ length: accounts }, (_, index): OrganizationMember => {
    const id = idOf(index + 1);
    const account = JSON.parse(text.replaceAll(like.accountId, id)) as AccountData;
    return { name: `account-${index + 1}`, ou: UNITS.clients, role: SAMPLE_ROLE, account };
  });
  return { id: ORGANIZATION_ID, rootId: ROOT_ID, managementRole: SAMPLE_ROLE, members };
}
