import type { LiveInventory } from '../../lambda/ports/ports';
import { renderJson } from '../../lambda/render/json';
import { problemsSection } from '../../lambda/render/report-sections';
import { makeReport, stateOf } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { aConfig } from '../support/config-builder';
import { aScope, aSnapshot, aSource, DAY, NOW } from '../support/report-builder';

const KEEP_ONE = { policies: { short: { keep: { last: 1 } } }, default: 'short', caps: { maxShare: 1 } };

const web = (age: number, overrides: Parameters<typeof aSnapshot>[0] = {}) =>
  aSnapshot({
    name: `web-${age}`,
    arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${age}`,
    createdAt: NOW - age * DAY,
    ...overrides,
  });

async function reportOf(
  inventory: LiveInventory,
  written: Readonly<Record<string, unknown>> = KEEP_ONE,
  more: Partial<Parameters<typeof makeReport>[1]> = {},
  origin?: string,
) {
  const config = aConfig(written, origin);
  const request = {
    reportId: '20261123T080000Z-1a2b3c4d',
    config,
    at: null,
    inventory: { regions: config.regions, kinds: config.kinds, deadline: null },
    previous: null,
  };
  return makeReport(
    { clock: () => NOW, digest: digestOf, readInventory: fakeInventory(inventory) },
    { ...request, ...more },
  );
}

describe('the report', () => {
  it('counts every snapshot once, as kept or as expiring', async () => {
    const { report } = await reportOf(anInventory({ snapshots: [web(1), web(2), web(3)] }));
    expect(report.totals).toMatchObject({
      snapshots: 3,
      keep: 1,
      expire: 2,
      sizeGb: 120,
      expireSizeGb: 80,
      monthlyCostCeiling: 6,
      expireMonthlyCostCeiling: 4,
    });
  });

  it('counts attached disks into the cost ceiling, system disks not', async () => {
    const attachedDisks = [
      { name: 'data', path: '/dev/xvdf', sizeGb: 64, system: false },
      { name: 'system', path: '/dev/xvda', sizeGb: 40, system: true },
    ];
    const { report } = await reportOf(anInventory({ snapshots: [web(1, { attachedDisks })] }));
    expect(report.totals).toMatchObject({ sizeGb: 40, monthlyCostCeiling: 5.2 });
  });

  it('orders snapshots by account, region, kind, source name, newest first, ARN', async () => {
    const snapshots = [
      web(3),
      web(1),
      web(2, { region: 'eu-central-1' }),
      web(2, { kind: 'disk', state: 'completed' }),
      web(5, { source: aSource('blog') }),
      web(2, { account: null }),
      web(1, { arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/0' }),
      web(4, { source: null }),
    ];
    const { report } = await reportOf(anInventory({ snapshots }));
    const order = report.items.map(({ snapshot: { account, region, kind, source, arn } }) =>
      [account, region, kind, source?.name ?? '', arn?.split('/')[1]].join(' '),
    );
    expect(order).toEqual([
      ' us-east-1 instance web 2',
      '123456789012 eu-central-1 instance web 2',
      '123456789012 us-east-1 disk web 2',
      '123456789012 us-east-1 instance  4',
      '123456789012 us-east-1 instance blog 5',
      '123456789012 us-east-1 instance web 0',
      '123456789012 us-east-1 instance web 1',
      '123456789012 us-east-1 instance web 3',
    ]);
  });

  it('gives the same bytes for the same input, whatever order it was read in', async () => {
    const snapshots = [web(1), web(2), web(2, { region: 'eu-central-1' }), web(9, { source: null })];
    const one = await reportOf(anInventory({ snapshots }));
    const two = await reportOf(anInventory({ snapshots: [...snapshots].reverse() }));
    expect([...renderJson(two.report)].join('')).toBe([...renderJson(one.report)].join(''));
  });

  it('evaluates as of another instant when asked, and still makes its plan at the real time', async () => {
    const { report, plan } = await reportOf(anInventory({ snapshots: [web(1)] }), KEEP_ONE, { at: NOW + 365 * DAY });
    expect(report.evaluatedAt).toBe(NOW + 365 * DAY);
    expect(report.generatedAt).toBe(NOW);
    expect(plan.createdAt).toBe('2026-11-23T08:00:00.000Z');
  });

  it('names living sources whose newest snapshot is older than staleAfter', async () => {
    const source = { ...aSource('web'), region: 'us-east-1', kind: 'instance' as const };
    const fresh = { ...aSource('shop'), region: 'us-east-1', kind: 'instance' as const };
    const never = { ...aSource('new'), region: 'us-east-1', kind: 'instance' as const };
    const snapshots = [web(15), web(40), web(1, { source: aSource('shop') })];
    const { report } = await reportOf(anInventory({ snapshots, sourceList: [source, fresh, never] }));
    expect(report.stale).toEqual([{ source, newestAt: NOW - 15 * DAY }]);
  });

  it('does not call a source stale that has a recent automatic snapshot', async () => {
    const source = { ...aSource('web'), region: 'us-east-1', kind: 'instance' as const };
    const automatic = [{ source, count: 7, newestAt: NOW - DAY, addOnEnabled: true }];
    expect(
      (await reportOf(anInventory({ snapshots: [web(40)], sourceList: [source], automatic }))).report.stale,
    ).toEqual([]);
  });
});

it('a rule that can match nothing is a problem of the report, which blocks nothing', async () => {
  const written = {
    policies: { standard: { keep: { last: 1 } }, forever: { keep: 'all' } },
    rules: [
      { name: 'everything', match: { source: '*' }, policy: 'standard' },
      { name: 'contract', match: { source: 'contract-*' }, policy: 'forever' },
    ],
    caps: { maxShare: 1 },
  };
  const { report, plan } = await reportOf(anInventory({ snapshots: [web(2), web(3), web(4)] }), written);
  expect(report.problems).toEqual([
    {
      code: 'rule.covered',
      arn: null,
      message: expect.stringContaining('rule "contract" can match nothing, because rule "everything"'),
    },
  ]);
  expect(report.totals).toMatchObject({ problems: 1, expire: 2 });
  expect({ complete: report.complete, blocked: plan.blocked, count: plan.items.length }).toEqual({
    complete: true,
    blocked: null,
    count: 2,
  });
  const section = problemsSection(report);
  expect(section?.lead).toEqual(['These need attention. The snapshots that they name are kept.']);
  expect([...(section?.items() ?? [])].map(({ line }) => line)).toEqual([expect.stringContaining('LESS IS KEPT')]);
});

describe('the comparison with the last report', () => {
  it('says what is new, gone, newly expiring and newly held', async () => {
    const first = await reportOf(
      anInventory({ snapshots: [web(1), web(2), web(3, { tags: new Map([['env', 'prod']]) })] }),
    );
    const previous = stateOf(first.report);
    const snapshots = [web(0.5), web(1), web(3, { tags: new Map([['retention:hold', null]]) })];
    const { changes } = (await reportOf(anInventory({ snapshots }), KEEP_ONE, { previous })).report;
    const names = (items: readonly { snapshot: { name: string | null } }[] = []) =>
      items.map(({ snapshot }) => snapshot.name);
    expect(names(changes?.added)).toEqual(['web-0.5']);
    expect(changes?.gone.map(({ name }) => name)).toEqual(['web-2']);
    expect(names(changes?.newlyExpiring)).toEqual(['web-1']);
    expect(names(changes?.newlyHeld)).toEqual(['web-3']);
  });

  it('calls nothing gone that the configuration no longer lists', async () => {
    const there = aSnapshot({ region: 'eu-west-1', name: 'there' });
    const both = { scopes: [aScope(), aScope({ region: 'eu-west-1' })], snapshots: [web(1), there] };
    const previous = stateOf((await reportOf(anInventory(both))).report);
    const { changes } = (await reportOf(anInventory({ snapshots: [web(1)] }), KEEP_ONE, { previous })).report;
    expect(changes).toMatchObject({ added: [], gone: [], uncompared: [{ region: 'eu-west-1', kind: 'instance' }] });
  });

  it('asks the inventory to remember the regions that the last report read, and the lists on which it found snapshots', async () => {
    const scopes = [
      aScope({ snapshots: 1 }),
      aScope({ kind: 'disk', snapshots: 0 }),
      aScope({ region: 'eu-west-1', status: 'failed' }),
    ];
    const previous = stateOf((await reportOf(anInventory({ scopes, snapshots: [web(1)] }))).report);
    const readInventory = fakeInventory(anInventory());
    const config = aConfig(KEEP_ONE);
    await makeReport(
      { clock: () => NOW, digest: digestOf, readInventory },
      { reportId: 'r', config, at: null, inventory: { regions: 'all', kinds: config.kinds, deadline: null }, previous },
    );
    expect(readInventory.asked[0]?.previouslyRead).toEqual(new Set(['us-east-1']));
    expect(readInventory.asked[0]?.previouslyListed).toMatchObject([{ region: 'us-east-1', kind: 'instance' }]);
  });
});

describe('the plan of a report', () => {
  const snapshots = [web(1), web(2), web(3), web(4)];

  it('lists the expiring snapshots by identity, and its digest covers all of it', async () => {
    const { plan, report } = await reportOf(anInventory({ snapshots }));
    const items = [...plan.items];
    expect(items.map(({ name }) => name)).toEqual(['web-2', 'web-3', 'web-4']);
    expect(items[0]).toEqual({
      arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/2',
      name: 'web-2',
      kind: 'instance',
      account: '123456789012',
      region: 'us-east-1',
      createdAt: '2026-11-21T08:00:00.000Z',
      policy: 'short',
      source: 'web',
      sizeGb: '40',
      monthlyCostCeiling: '2.00',
      reason: 'Newer snapshots fill its slots.',
    });
    const { digest, ...content } = plan;
    expect(digest).toBe(digestOf(content));
    expect(digest).toBe(digestOf({ ...content, items }));
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(report.plan).toMatchObject({ id: report.reportId, digest, count: 3, blocked: null });
  });

  it('expires after planValidFor', async () => {
    expect((await reportOf(anInventory({ snapshots }))).plan.expiresAt).toBe('2026-11-30T08:00:00.000Z');
  });

  it.each([
    [
      'an incomplete inventory, before anything else',
      { complete: false },
      { ...KEEP_ONE, caps: { maxDeletions: 1 } },
      'built-in',
      'inventory.incomplete',
    ],
    [
      'the built-in policy, before the caps',
      {},
      { ...KEEP_ONE, caps: { maxDeletions: 1 } },
      'built-in',
      'config.built-in',
    ],
    [
      'more than maxDeletions, before the share',
      {},
      { ...KEEP_ONE, caps: { maxDeletions: 2, maxShare: 0.1 } },
      'retention.yaml',
      'cap.max-deletions',
    ],
    [
      'more than maxShare of all snapshots read',
      {},
      { ...KEEP_ONE, caps: { maxShare: 0.74 } },
      'retention.yaml',
      'cap.max-share',
    ],
  ])('is blocked by %s', async (_, inventory, written, origin, code) => {
    const { plan, report } = await reportOf(anInventory({ snapshots, ...inventory }), written, {}, origin);
    expect(plan.blocked?.code).toBe(code);
    expect(report.plan.blocked).toEqual(plan.blocked);
  });

  it.each([
    ['maxDeletions', { maxDeletions: 3, maxShare: 1 }],
    ['maxShare', { maxShare: 0.75 }],
  ])('is not blocked at exactly %s', async (_, caps) => {
    expect((await reportOf(anInventory({ snapshots }), { ...KEEP_ONE, caps })).plan.blocked).toBeNull();
  });
});
