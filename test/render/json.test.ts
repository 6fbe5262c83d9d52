import * as fc from 'fast-check';
import { type Report, type ReportSource, STATUSES } from '../../lambda/core/report/report-model';
import { type JsonReport, renderJson } from '../../lambda/render/json';
import { aFailedScope, aReport, aScope, excluded, expired, kept, NOW } from '../support/report-builder';
import { HOSTILE_NAMES, hostileItems, hostileTags } from './hostile';
import { SITUATIONS } from './sample-reports';

const text = (...report: Parameters<typeof renderJson>): string => [...renderJson(...report)].join('');
const parse = (...report: Parameters<typeof renderJson>): JsonReport => JSON.parse(text(...report));

const SNAPSHOT_FIELDS = [
  'arn',
  'name',
  'kind',
  'account',
  'region',
  'createdAt',
  'ageDays',
  'sizeGb',
  'state',
  'fromAutoSnapshot',
  'tags',
];
const OPTIONAL = ['supportCode', 'blueprint', 'bundle', 'engine', 'engineVersion', 'attachedDisks'];
const VERDICT_FIELDS = ['source', 'verdict', 'status', 'policy', 'reasons', 'monthlyCostCeiling'];

describe('the JSON report', () => {
  test('has the fields of the contract in their order', () => {
    const report = parse(
      aReport([expired()], { problems: [{ code: 'tag.unknown-policy', arn: 'arn', message: 'm' }] }),
    );
    expect(Object.keys(report)).toEqual([
      'schemaVersion',
      'reportId',
      'generatedAt',
      'evaluatedAt',
      'timezone',
      'config',
      'complete',
      'allRegions',
      'scopes',
      'totals',
      'snapshots',
      'sources',
      'changes',
      'automaticSnapshots',
      'spend',
      'problems',
      'plan',
    ]);
    expect(Object.keys(report.totals)).toEqual([
      'snapshots',
      'keep',
      'expire',
      'held',
      'unmanaged',
      'problems',
      'sizeGb',
      'expireSizeGb',
      'monthlyCostCeiling',
      'expireMonthlyCostCeiling',
      'currency',
    ]);
    expect(Object.keys(report.plan)).toEqual(['id', 'digest', 'expiresAt', 'count', 'blocked']);
    expect(report.generatedAt).toBe('2026-11-23T08:00:00.000Z');
    expect(Object.keys(report.snapshots[0] ?? {})).toEqual([...SNAPSHOT_FIELDS, ...VERDICT_FIELDS]);
  });

  test('lists each source with its tags, and says what changed since the report before', () => {
    const arn = 'arn:aws:lightsail:eu-central-1:123456789012:Instance/web';
    const source: ReportSource = {
      ...{ arn, name: 'web', kind: 'instance', account: '123456789012', region: 'eu-central-1', exists: true },
      ...{ tags: new Map([['env', null]]), newestAt: NOW, stale: false },
    };
    const held = excluded('held', 'held without end', { arn: 'held' });
    const report = parse(
      aReport([expired({ arn: 'expired' }), held], {
        sources: [source],
        changes: {
          ...{ previousReportId: '20261116T080000Z-1a2b3c4d', previousAt: 0, uncompared: [], noLongerExpiring: [] },
          ...{ added: [held], gone: [{ arn: 'gone', name: null }], newlyExpiring: [expired({ arn: 'expired' })] },
          ...{ newlyHeld: [held], noLongerHeld: [] },
        },
      }),
    );
    expect(report.sources).toEqual([
      {
        ...{ arn, name: 'web', kind: 'instance', account: '123456789012', region: 'eu-central-1', exists: true },
        ...{ tags: { env: null }, newest: '2026-11-23T08:00:00.000Z', stale: false },
      },
    ]);
    expect(report.changes).toEqual({
      since: '20261116T080000Z-1a2b3c4d',
      added: ['held'],
      removed: ['gone'],
      newlyExpiring: ['expired'],
      newlyHeld: ['held'],
    });
    expect(parse(aReport([], { changes: null })).changes).toBeNull();
  });

  test('counts automatic snapshots and names those that a disabled add-on left behind; null where they were not counted', () => {
    const of = (name: string, count: number, addOnEnabled: boolean | null) => ({
      ...{ source: { arn: name, name, region: 'eu-central-1', kind: 'instance' }, count, newestAt: NOW, addOnEnabled },
    });
    const automatic = [of('on', 7, true), of('off', 3, false), of('off-and-empty', 0, false), of('unknown', 1, null)];
    const report = parse(aReport([], { automatic } as Partial<Report>));
    expect(report.automaticSnapshots).toEqual({
      count: 11,
      leftovers: [{ source: 'off', count: 3, newest: '2026-11-23T08:00:00.000Z' }],
    });
    expect(parse(aReport([], { automatic: [], automaticRead: false })).automaticSnapshots).toBeNull();
  });

  test('says of an expiring snapshot what the contract says', () => {
    expect(
      parse(
        aReport([
          expired({
            tags: new Map([
              ['env', 'prod'],
              ['no_delete', null],
            ]),
          }),
        ]),
      ).snapshots,
    ).toEqual([
      {
        arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/web-1103',
        name: 'web-1103',
        kind: 'instance',
        account: '123456789012',
        region: 'us-east-1',
        createdAt: '2026-11-03T08:00:00.000Z',
        ageDays: 20,
        sizeGb: 40,
        state: 'available',
        fromAutoSnapshot: false,
        tags: { env: 'prod', no_delete: null },
        source: { name: 'web', arn: 'arn:aws:lightsail:us-east-1:123456789012:instance/web', exists: true },
        verdict: 'expire',
        status: 'managed',
        policy: { name: 'standard', origin: 'rule', rule: 'production' },
        reasons: [
          { code: 'daily', text: 'daily: 7 of 7 slots filled' },
          { code: 'weekly', text: 'weekly: 2026-W44 already kept by web-1108' },
        ],
        monthlyCostCeiling: 2,
      },
    ]);
  });

  test('carries optional members, in their place, only where the service sent them', () => {
    const disk = { name: 'data', path: '/dev/xvdf', sizeGb: 64, system: false };
    const given = {
      supportCode: 's',
      blueprint: 'b',
      bundle: 'u',
      engine: 'mysql',
      engineVersion: '8',
      attachedDisks: [disk],
    };
    const [snapshot] = parse(aReport([kept(given)])).snapshots;
    expect(Object.keys(snapshot ?? {})).toEqual([...SNAPSHOT_FIELDS, ...OPTIONAL, ...VERDICT_FIELDS]);
    expect(snapshot).toMatchObject({ ...given, monthlyCostCeiling: 5.2 });
  });

  test.each(STATUSES)('keeps its shape for the status %s', (status) => {
    const item = status === 'managed' ? kept() : excluded(status, 'because');
    const [snapshot] = parse(aReport([item])).snapshots;
    expect(snapshot).toMatchObject({
      verdict: 'keep',
      status,
      policy: status === 'managed' ? { name: 'standard' } : null,
    });
    expect(Object.keys(snapshot ?? {})).toEqual([...SNAPSHOT_FIELDS, ...VERDICT_FIELDS]);
  });

  test('is null where the service sent nothing', () => {
    const absent = { arn: null, name: null, account: null, createdAt: null, sizeGb: null, state: null, source: null };
    expect(parse(aReport([kept(absent, { sourceExists: null, policy: null })])).snapshots[0]).toMatchObject({
      ...absent,
      ageDays: null,
      policy: null,
      monthlyCostCeiling: null,
    });
  });

  test('tells a source that could not be read from one that is gone', () => {
    const exists = [true, false, null].map(
      (sourceExists) => parse(aReport([kept({}, { sourceExists })])).snapshots[0]?.source?.exists,
    );
    expect(exists).toEqual([true, false, null]);
  });

  test('counts the age in whole periods of 24 hours', () => {
    const ages = [0, 86_399_999, 86_400_000, -86_400_000].map(
      (age) => parse(aReport([kept({ createdAt: NOW - age })])).snapshots[0]?.ageDays,
    );
    expect(ages).toEqual([0, 0, 1, -1]);
  });

  test('keeps the milliseconds of a creation time', () => {
    expect(parse(aReport([kept({ createdAt: NOW - 877 })])).snapshots[0]?.createdAt).toBe('2026-11-23T07:59:59.123Z');
  });

  test('gives pages and snapshots of each list, and the error of one that was not read', () => {
    const { scopes } = parse(aReport([], { scopes: [aScope(), aFailedScope('eu-south-2', 'disk')] }));
    expect(scopes).toEqual([
      {
        account: '123456789012',
        region: 'us-east-1',
        kind: 'instance',
        status: 'read',
        sources: 'read',
        pages: 3,
        snapshots: 57,
      },
      {
        account: '123456789012',
        region: 'eu-south-2',
        kind: 'disk',
        status: 'failed',
        sources: 'failed',
        pages: 0,
        snapshots: 0,
        error: { code: 'AccessDeniedException', message: 'the role may not list this' },
      },
    ]);
  });

  test('gives back every hostile name and tag, the key __proto__ among them', () => {
    const { snapshots } = parse(aReport(hostileItems));
    expect(snapshots.map(({ name }) => name)).toEqual(HOSTILE_NAMES);
    const tags = Object.entries(snapshots[0]?.tags ?? {});
    expect(new Map(tags)).toEqual(hostileTags);
  });

  test('ends with a newline, holds one snapshot a line and streams', () => {
    const report = aReport([kept(), kept(), kept()]);
    expect(text(report).endsWith('}\n')).toBe(true);
    expect(
      text(report)
        .split('\n')
        .filter((line) => line.startsWith('{"arn"')),
    ).toHaveLength(3);
    expect([...renderJson(report)].length).toBeGreaterThan(6);
  });

  test('parses for every situation', () => {
    for (const { report } of Object.values(SITUATIONS))
      expect(parse(report).snapshots).toHaveLength(report.items.length);
  });

  test('gives the same bytes whatever the order of tags', () => {
    const tags = fc.uniqueArray(fc.tuple(fc.string(), fc.option(fc.string())), { selector: ([key]) => key });
    fc.assert(
      fc.property(tags, (some) => {
        const item = (all: typeof some) => aReport([kept({ tags: new Map(all) })]);
        expect(text(item(some))).toBe(text(item([...some].reverse())));
        expect(new Map(Object.entries(parse(item(some)).snapshots[0]?.tags ?? {}))).toEqual(new Map(some));
      }),
    );
  });

  test('lets no control and nothing that turns text around reach a terminal, and loses nothing', () => {
    const name = 'a\u001b[2J\u009b31m\u202egpj\u2066\u061c\u200f\u007f\u2028';
    const text = [...renderJson(aReport([expired({ name, tags: new Map([[name, name]]) })]))].join('');
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(JSON.parse(text).snapshots[0]).toMatchObject({ name, tags: { [name]: name } });
  });
});
