import type { AccountData, List, Row } from '../../emulator/account';
import { largeAccount } from '../../emulator/large-account';
import { REGIONS } from '../../emulator/regions';
import { sampleAccount } from '../../emulator/sample-account';
import { ACCOUNT, NOW } from './clients';

const SNAPSHOTS: readonly List[] = ['instanceSnapshots', 'diskSnapshots', 'relationalDatabaseSnapshots'];
const SOURCES: readonly List[] = ['instances', 'disks', 'relationalDatabases'];
const all = (account: AccountData, lists: readonly List[]): Row[] =>
  Object.values(account.data).flatMap((region) => lists.flatMap((list) => region[list] ?? []));
const sourceOf = (row: Row) => row.fromInstanceArn ?? row.fromDiskArn ?? row.fromRelationalDatabaseArn;

describe('the sample account', () => {
  const account = sampleAccount(NOW);
  const rows = all(account, SNAPSHOTS);
  const arns = new Set(all(account, SOURCES).map((row) => row.arn));
  const named = (part: string) => rows.filter((row) => row.name?.startsWith(part));
  const withTag = (key: string) => rows.flatMap((row) => (row.tags ?? []).filter((tag) => tag.key === key));

  it('is the same for the same instant, and is plain JSON', () => {
    expect(sampleAccount(NOW)).toEqual(account);
    expect(JSON.parse(JSON.stringify(account))).toEqual(account);
  });

  it('holds around 150 snapshots of three kinds in three regions, with unique names and ARNs', () => {
    expect(account.accountId).toBe(ACCOUNT);
    expect(account.regions).toEqual(Object.keys(account.data));
    expect(rows.length).toBeGreaterThan(140);
    expect(rows.length).toBeLessThan(180);
    for (const [region, data] of Object.entries(account.data)) {
      for (const list of SNAPSHOTS) {
        expect(data[list]?.length).toBeGreaterThan(0);
        expect(new Set(data[list]?.map((row) => row.name)).size).toBe(data[list]?.length);
      }
      expect(REGIONS.map((row) => row.name)).toContain(region);
    }
    expect(new Set(rows.map((row) => row.arn)).size).toBe(rows.length);
  });

  it('was made before now', () => {
    expect(rows.filter((row) => Number(row.createdAt) * 1000 >= NOW)).toEqual([]);
  });

  it('shows orphans, one name with two ARNs, a database of which only the final snapshot is left', () => {
    expect(rows.filter((row) => !arns.has(String(sourceOf(row)))).length).toBeGreaterThan(5);
    expect(new Set(named('blog').map(sourceOf)).size).toBe(2);
    expect(named('crm-db-final').map((row) => arns.has(String(sourceOf(row))))).toEqual([false]);
  });

  it('shows copies of automatic snapshots without tags, copies from another region, and a system disk', () => {
    const copies = rows.filter((row) => row.isFromAutoSnapshot);
    expect(copies.length).toBeGreaterThan(1);
    expect(copies.flatMap((row) => row.tags)).toEqual([]);
    expect(
      named('prod-web-copy').every(
        (row) => arns.has(String(sourceOf(row))) && !String(row.arn).includes('eu-central-1'),
      ),
    ).toBe(true);
    expect(
      named('prod-web-system').every(
        (row) => row.resourceType === 'DiskSnapshot' && String(sourceOf(row)).includes(':Instance/'),
      ),
    ).toBe(true);
  });

  it('shows holds of each sort, policies by tag, mistakes in tags, and a stack', () => {
    expect(withTag('no_delete')).toEqual([{ key: 'no_delete' }]);
    expect(withTag('retention:hold').map((tag) => tag.value)).toEqual(['until 2027-03-23', 'until 2026-11-03']);
    expect(withTag('Retention:Hold')).toHaveLength(1);
    expect(withTag('retention:expire-after').map((tag) => tag.value)).toEqual(['2 weeks']);
    for (const key of ['retention:keep', 'retention:policy', 'retention:expire-on', 'aws:cloudformation:stack-name'])
      expect(withTag(key)).toHaveLength(1);
    const onSources = new Set(all(account, SOURCES).flatMap((row) => (row.tags ?? []).map((tag) => tag.key)));
    for (const key of ['retention:keep', 'retention:policy', 'retention:expire-after', 'retention:hold', 'env'])
      expect(onSources).toContain(key);
  });

  it('shows a pending and a failed snapshot, attached disks, and leftovers of a disabled add-on', () => {
    const unfinished = rows.filter((row) => !['available', 'completed'].includes(String(row.state)));
    expect(unfinished.map((row) => row.state).sort()).toEqual(['error', 'pending']);
    expect(rows.some((row) => Array.isArray(row.fromAttachedDisks) && row.fromAttachedDisks.length > 1)).toBe(true);
    expect(account.data['us-east-1']?.disks?.[0]?.addOns).toMatchObject([{ name: 'AutoSnapshot', status: 'Disabled' }]);
    expect(account.data['us-east-1']?.autoSnapshots?.logs).toHaveLength(3);
  });
});

describe('a large account', () => {
  it('spreads any number of snapshots over its regions, each name once', () => {
    const account = largeAccount({ snapshots: 2_005, regions: 16 });
    const rows = all(account, ['instanceSnapshots']);
    expect(rows).toHaveLength(2_005);
    expect(account.regions).toHaveLength(16);
    expect(new Set(rows.map((row) => row.arn)).size).toBe(2_005);
    expect(new Set(Object.values(account.data).map((region) => region.instanceSnapshots?.length))).toEqual(
      new Set([125, 126]),
    );
    expect(largeAccount({ snapshots: 2_005, regions: 16 })).toEqual(account);
  });

  it('takes regions by name, and may be empty', () => {
    expect(largeAccount({ snapshots: 0, regions: ['eu-west-1'] })).toMatchObject({
      regions: ['eu-west-1'],
      data: { 'eu-west-1': { instanceSnapshots: [] } },
    });
  });
});
