import { blockOf, capsOf, makePlan, PLAN_ITEM_DETAILS } from '../../../lambda/core/plan/plan';
import { aConfig } from '../../support/config-builder';
import { aFailedScope, aScope, aSource, expired, kept, NOW } from '../../support/report-builder';

const planOf = (given: Partial<Parameters<typeof makePlan>[0]> = {}) => {
  const plan = makePlan({
    id: '20261123T080000Z-1a2b3c4d',
    createdAt: NOW,
    account: '123456789012',
    scopes: [aScope()],
    complete: true,
    items: [kept({ name: 'a' }), expired({ name: 'b' }), kept({ name: 'c' }), expired({ name: 'd' })],
    config: aConfig(),
    ...given,
  });
  return { ...plan, items: [...plan.items], count: plan.items.length };
};

describe('a plan', () => {
  it('lists what expires, by its identity, in the order of the report', () => {
    const plan = planOf();
    expect(plan.items.map(({ name }) => name)).toEqual(['b', 'd']);
    expect(plan.items[0]).toEqual({
      arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/b',
      name: 'b',
      kind: 'instance',
      account: '123456789012',
      region: 'us-east-1',
      createdAt: '2026-11-03T08:00:00.000Z',
      policy: 'standard',
      source: 'web',
      sizeGb: '40',
      monthlyCostCeiling: '2.00',
      reason: 'Newer snapshots fill its slots.',
    });
  });

  it('gives each item flat texts in the order of canonical JSON, so that it is hashed as it is written', () => {
    const [item] = planOf().items;
    expect(Object.keys(item ?? {})).toEqual(Object.keys(item ?? {}).sort());
    expect(PLAN_ITEM_DETAILS).toEqual([...PLAN_ITEM_DETAILS].sort());
    for (const value of Object.values(item ?? {})) expect(value === null || typeof value === 'string').toBe(true);
  });

  it.each([
    [{ source: null }, { source: null }],
    [{ source: { ...aSource('web'), name: null } }, { source: aSource('web').arn }],
    [{ sizeGb: null }, { sizeGb: null, monthlyCostCeiling: null }],
    [{ sizeGb: 0 }, { sizeGb: '0', monthlyCostCeiling: '0.00' }],
    [{ sizeGb: 0.1 }, { sizeGb: '0.1', monthlyCostCeiling: '0.01' }],
    [{ sizeGb: 10_000_000 }, { sizeGb: '10000000', monthlyCostCeiling: '500000.00' }],
    // A number that JSON writes with an exponent.
    [{ sizeGb: 1e-7 }, { sizeGb: null, monthlyCostCeiling: '0.00' }],
  ])('writes the details of %j as texts, and what is not known as null', (given, details) => {
    expect(planOf({ items: [expired(given), kept()] }).items[0]).toMatchObject(details);
  });

  it('has no policy for an item that the decision lists without one', () => {
    expect(planOf({ items: [expired({}, { policy: null }), kept()] }).items[0]?.policy).toBeNull();
  });

  it('records its account, its times, its configuration, and the scopes that were read', () => {
    const config = aConfig({ deletion: { planValidFor: '36h' } });
    const plan = planOf({
      config,
      scopes: [aScope(), aFailedScope('eu-south-2', 'disk'), aScope({ status: 'disabled', region: 'ap-east-1' })],
    });
    expect(plan).toMatchObject({
      schemaVersion: 1,
      id: '20261123T080000Z-1a2b3c4d',
      account: '123456789012',
      scopes: [{ account: '123456789012', region: 'us-east-1', kind: 'instance' }],
      createdAt: '2026-11-23T08:00:00.000Z',
      expiresAt: '2026-11-24T20:00:00.000Z',
      config: { origin: 'retention.yaml', digest: config.digest },
      complete: true,
      blocked: null,
    });
    expect(Object.keys(plan.scopes[0] ?? {})).toEqual(['account', 'region', 'kind']);
  });

  it('is valid for days of its zone, not for multiples of 24 h', () => {
    const config = aConfig({ timezone: 'Europe/Berlin', deletion: { planValidFor: '7d' } });
    expect(planOf({ config, createdAt: Date.parse('2026-10-19T07:00:00Z') }).expiresAt).toBe(
      '2026-10-26T08:00:00.000Z',
    );
  });

  it.each([{ arn: null }, { name: null }, { createdAt: null }])(
    'leaves out what could not be found again: %j',
    (given) => {
      expect(planOf({ items: [expired(given), kept(), kept()] }).items).toEqual([]);
    },
  );

  it('says that it is incomplete, and is blocked for it', () => {
    expect(planOf({ complete: false })).toMatchObject({ complete: false, blocked: { code: 'inventory.incomplete' } });
  });

  it('is blocked by the share of all snapshots read, kept ones included', () => {
    expect(planOf({ items: [expired(), kept()] }).blocked).toBeNull();
    expect(planOf({ items: [expired(), expired(), kept()] }).blocked?.code).toBe('cap.max-share');
  });
});

describe('a plan may be applied unless, first of all that hold,', () => {
  const block = (
    given: Partial<Parameters<typeof blockOf>[0]>,
    caps: Record<string, unknown> = {},
    origin = 'retention.yaml',
  ) => blockOf({ complete: true, count: 1, snapshots: 10, config: aConfig({ caps }, origin), ...given });

  it('nothing is wrong', () => {
    expect(block({})).toBeNull();
    expect(block({ count: 0, snapshots: 0 })).toBeNull();
  });

  it('not everything was read', () => {
    expect(block({ complete: false, count: 1_000 }, {}, 'built-in')).toEqual({
      code: 'inventory.incomplete',
      message: 'not everything could be read: fix what the report lists as not read; the next report makes a new plan',
    });
  });

  it('the configuration is the built-in one', () => {
    expect(block({ count: 1_000 }, {}, 'built-in')).toEqual({
      code: 'config.built-in',
      message:
        'the built-in starter policy only reports: write a retention.yaml with your own policy before anything can be deleted',
    });
  });

  it('more would go than maxDeletions', () => {
    expect(block({ count: 100, snapshots: 1_000 })).toBeNull();
    expect(block({ count: 101, snapshots: 110 })).toEqual({
      code: 'cap.max-deletions',
      message:
        '101 snapshots can be deleted, and caps.maxDeletions allows 100; 101 of 110 snapshots (92 %) can be deleted, and caps.maxShare allows 50 %',
    });
  });

  it('a larger share would go than maxShare', () => {
    expect(block({ count: 5 })).toBeNull();
    expect(block({ count: 2, snapshots: 3 })).toEqual({
      code: 'cap.max-share',
      message: '2 of 3 snapshots (67 %) can be deleted, and caps.maxShare allows 50 %',
    });
  });

  it.each([
    [0.29, 29, 100],
    [0.57, 57, 100],
    [0.07, 7, 100],
    [1, 10, 10],
  ])('but a share of exactly %s is allowed: %s of %s', (maxShare, count, snapshots) => {
    expect(block({ count, snapshots }, { maxShare })).toBeNull();
    if (count < snapshots) expect(block({ count: count + 1, snapshots }, { maxShare })?.code).toBe('cap.max-share');
  });
});

describe('a plan with raised caps', () => {
  const many = [...Array.from({ length: 150 }, (_, i) => expired({ name: `web-${i}` })), kept()];

  it('is blocked by no cap, says that its caps were raised, and has its own count as its limit', () => {
    expect(planOf({ items: many }).blocked?.code).toBe('cap.max-deletions');
    const plan = planOf({ items: many, raiseCaps: true });
    expect(plan).toMatchObject({ caps: 'raised', blocked: null });
    expect(capsOf(plan, aConfig())).toEqual({ maxDeletions: 150, maxShare: 1 });
  });

  it('differs from any other plan by one member, which no other plan has', () => {
    const { caps, ...others } = planOf({ items: [expired(), kept()], raiseCaps: true });
    expect(caps).toBe('raised');
    expect(others).toEqual({ ...planOf({ items: [expired(), kept()] }), items: others.items });
    expect(planOf({ items: many })).not.toHaveProperty('caps');
  });

  it('is blocked all the same when not everything was read, or when only the built-in policy decides', () => {
    expect(planOf({ items: many, raiseCaps: true, complete: false }).blocked?.code).toBe('inventory.incomplete');
    expect(planOf({ items: many, raiseCaps: true, config: aConfig({}, 'built-in') }).blocked?.code).toBe(
      'config.built-in',
    );
  });

  it('leaves the caps of the configuration to every other plan', () => {
    const config = aConfig({ caps: { maxDeletions: 7, maxShare: 0.25 } });
    expect(capsOf(planOf({ items: many, config }), config)).toMatchObject({ maxDeletions: 7, maxShare: 0.25 });
  });
});
