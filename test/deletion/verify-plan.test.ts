import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultInput } from '../../emulator/fault';
import type { PlanContent } from '../../lambda/core/plan/plan';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { isRefusal, REFUSALS } from '../../lambda/deletion/refusals';
import { digestOf } from '../../lambda/runtime/digest';
import { anInventory } from '../fakes/inventory';
import { aConfig } from '../support/config-builder';
import { aFailedScope } from '../support/report-builder';
import { anOwner, CONFIG, codeOf, DAY, HERE, type Rig, type RunOptions, startRig, THERE } from './rig';

const BUILT_IN = aConfig(
  { policies: { standard: { keep: { last: 3 } } }, default: 'standard', caps: { maxShare: 0.9 } },
  'built-in',
);
const OTHER = aConfig({ policies: { standard: { keep: { last: 4 } } }, default: 'standard' });

/** A plan with members changed, and a digest that fits: what no check of the digest can find. */
function forged(text: string, members: Partial<PlanContent> & Readonly<Record<string, unknown>>): string {
  const { digest: _, ...content } = { ...JSON.parse(text), ...members };
  return JSON.stringify({ ...content, digest: digestOf(content) });
}

describe('verifying a plan', () => {
  let rig: Rig;
  let text: string;
  beforeAll(async () => {
    rig = await startRig();
  });
  beforeEach(async () => {
    ({ text } = await rig.plan());
  });
  afterEach(() => {
    rig.emulator.setFaults([]);
    rig.emulator.clockOffset = 0;
  });
  afterAll(() => rig.close());

  const refused = async (options: RunOptions, code: string): Promise<string> => {
    const before = rig.names();
    const error = await rig.apply(options).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(isRefusal(error) ? error.code : error).toBe(code);
    expect(rig.names()).toEqual(before);
    expect(rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'))).toEqual([]);
    return String((error as Error).message);
  };

  it('refuses plan.not-found: there is nothing', async () => {
    expect(await refused({ text: null }, 'plan.not-found')).toContain('plan.json');
  });

  it('refuses plan.expired, at the very instant and later, and says since when', async () => {
    const { expiresAt } = JSON.parse(text);
    const end = Date.parse(expiresAt);
    expect(await refused({ clock: () => end }, 'plan.expired')).toContain(expiresAt);
    await refused({ clock: () => end + 365 * DAY }, 'plan.expired');
    expect(await codeOf(rig.prepare({ clock: () => end - 1 }))).not.toBe('plan.expired');
  });

  it.each<[string, (plan: string) => string]>([
    ['another name', (plan) => plan.replace('web-05', 'web-01')],
    ['an item less', (plan) => JSON.stringify({ ...JSON.parse(plan), items: JSON.parse(plan).items.slice(1) })],
    [
      'an item more',
      (plan) => JSON.stringify({ ...JSON.parse(plan), items: [...JSON.parse(plan).items, JSON.parse(plan).items[0]] }),
    ],
    ['a later end', (plan) => plan.replace(/"expiresAt": "\d{4}/, '"expiresAt": "2999')],
    ['a member that is not part of it', (plan) => JSON.stringify({ ...JSON.parse(plan), note: 'ok by me' })],
    ['no digest', (plan) => JSON.stringify({ ...JSON.parse(plan), digest: undefined })],
    ['half of it', (plan) => plan.slice(0, plan.length / 2)],
    ['nothing in it', () => ''],
    ['a list in its place', (plan) => `[${plan}]`],
    ['an id that leads elsewhere, and a digest that fits', (plan) => forged(plan, { id: '../elsewhere' })],
    [
      'an item twice, and a digest that fits',
      (plan) => forged(plan, { items: [...JSON.parse(plan).items, JSON.parse(plan).items[0]] }),
    ],
    ['a member more, and a digest that fits', (plan) => forged(plan, { force: true })],
  ])('refuses plan.altered: %s', async (_, alter) => {
    await refused({ text: alter(text) }, 'plan.altered');
  });

  it('refuses plan.altered: nested so deeply that it has no digest', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const member of ['note', 'digest', 'items', 'blocked', 'expiresAt'])
      await refused({ text: `{"${member}":${deep}}` }, 'plan.altered');
  });

  it('refuses a count that is none in words', async () => {
    expect(await refused({ count: Number.NaN }, 'plan.count')).toContain('got no count, and the plan lists 5');
  });

  it('lets nothing that a plan says reach a terminal as a control', async () => {
    const control = '\u001b[2J';
    const blocked = forged(text, { blocked: { code: 'cap.max-share', message: `too many${control}` } });
    const changed = forged(text, { config: { origin: `mine${control}`, digest: `sha256:${'0'.repeat(64)}` } });
    expect(await refused({ text: blocked }, 'plan.blocked')).not.toContain('\u001b');
    expect(await refused({ text: changed }, 'plan.config-changed')).not.toContain('\u001b');
  });

  it('refuses plan.altered: the digest that was approved is another one', async () => {
    expect(await refused({ digest: `sha256:${'0'.repeat(64)}` }, 'plan.altered')).toContain('approved was sha256:000');
    expect(await codeOf(rig.prepare({ digest: JSON.parse(text).digest }))).toBeNull();
  });

  it('takes the same plan in another order and layout: its digest is over the canonical form', async () => {
    const reversed = Object.fromEntries(Object.entries(JSON.parse(text)).reverse());
    expect((await rig.prepare({ text: JSON.stringify(reversed) })).plan.items).toHaveLength(5);
  });

  it('refuses plan.account: the credentials are of another one', async () => {
    expect(await refused({ account: '210987654321' }, 'plan.account')).toMatch(/123456789012.*210987654321/);
  });

  it('refuses plan.account: an item is of another account than its plan', async () => {
    const { items } = JSON.parse(text);
    await refused(
      { text: forged(text, { items: [{ ...items[0], account: '210987654321' }, ...items.slice(1)] }) },
      'plan.account',
    );
  });

  it('takes the account from the ARNs where the credentials do not tell, and refuses plan.account by it', async () => {
    expect((await rig.prepare({ account: null })).plan.items).toHaveLength(5);
    const items = JSON.parse(text).items.map((item: object) => ({ ...item, account: '210987654321' }));
    await refused({ account: null, text: forged(text, { account: '210987654321', items }) }, 'plan.account');
  });

  it('refuses plan.incomplete, plan.blocked: a plan that says so can never be applied', async () => {
    const blocked = { code: 'cap.max-share', message: '5 of 11 would go' } as const;
    await refused({ text: forged(text, { complete: false }) }, 'plan.incomplete');
    expect(await refused({ text: forged(text, { blocked }) }, 'plan.blocked')).toContain(
      'cap.max-share: 5 of 11 would go',
    );
  });

  it('is about plans that a report marks as blocked: incomplete, built-in, over a cap', async () => {
    rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots' }]);
    await refused({ text: (await rig.plan()).text }, 'plan.incomplete');
    rig.emulator.setFaults([]);
    expect(await refused({ text: (await rig.plan(BUILT_IN)).text, config: BUILT_IN }, 'plan.blocked')).toContain(
      'config.built-in',
    );
    const strict = aConfig({
      policies: { standard: { keep: { last: 3 } } },
      default: 'standard',
      caps: { maxDeletions: 4 },
    });
    expect(await refused({ text: (await rig.plan(strict)).text, config: strict }, 'plan.blocked')).toContain(
      'cap.max-deletions',
    );
  });

  it('refuses plan.config-changed: another policy is in force', async () => {
    expect(await refused({ config: OTHER }, 'plan.config-changed')).toContain(OTHER.digest);
  });

  it('tells a report from a plan that was altered, in one sentence', async () => {
    const report = JSON.stringify({ schemaVersion: 1, reportId: 'r', snapshots: [], plan: { id: 'r' } });
    expect(await refused({ text: report }, 'plan.altered')).toBe(
      'cannot apply the plan: plan.json is a report, and a plan is expected; "report --plan-out FILE" writes one beside the report',
    );
  });

  it('says of JSON that is no plan that it is none', async () => {
    expect(await refused({ text: '{}' }, 'plan.altered')).toMatch(
      / is no plan of a report: it has no digest; make a new plan/,
    );
  });

  it('refuses plan.count: not as many as the plan lists', async () => {
    expect(await refused({ count: 4 }, 'plan.count')).toMatch(/got the count 4, and the plan lists 5/);
  });

  it('refuses config.built-in: the same policy, from nowhere', async () => {
    await refused({ config: BUILT_IN }, 'config.built-in');
  });

  it('refuses inventory.incomplete, and names what was not read', async () => {
    rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', regions: THERE, operations: 'GetDisks' }]);
    expect(await refused({}, 'inventory.incomplete')).toMatch(/eu-central-1 disk \(AccessDeniedException/);
  });

  it.each([
    [
      'a region of the plan',
      HERE,
      /now: us-east-1 database \(ECONNREFUSED: connect\), us-east-1 disk .* and 1 more; fix that/,
    ],
    [
      'a region that the plan does not name',
      'ap-south-1',
      /now: eu-central-1 database, .* and 1 more, because of ap-south-1 instance \(ECONNREFUSED: connect\); fix that/,
    ],
  ])(
    'refuses inventory.incomplete, and says why, when the regions cannot be read by way of %s',
    async (_, firstRegion, expected) => {
      const scopes = KINDS.map((kind) => ({
        ...aFailedScope(firstRegion, kind),
        error: { code: 'ECONNREFUSED', message: 'connect' },
      }));
      const readInventory = async () => anInventory({ complete: false, scopes });
      expect(await refused({ readInventory }, 'inventory.incomplete')).toMatch(expected);
    },
  );

  it('refuses inventory.incomplete when a planned list is missing from an inventory that calls itself complete, and the other way round', async () => {
    const { readInventory } = rig;
    await refused(
      {
        readInventory: async (request) => {
          const inventory = await readInventory(request);
          return {
            ...inventory,
            scopes: inventory.scopes.filter(({ region, kind }) => region !== THERE || kind !== 'disk'),
          };
        },
      },
      'inventory.incomplete',
    );
    await refused(
      { readInventory: async (request) => ({ ...(await readInventory(request)), complete: false }) },
      'inventory.incomplete',
    );
  });

  const capped = (caps: object) =>
    aConfig({ policies: { standard: { keep: { last: 3 } } }, default: 'standard', caps });

  it('refuses cap.max-share when less was read now than when the plan was made', async () => {
    const { world } = rig.emulator;
    const alone = world.add('us-east-1', 'instanceSnapshots', {
      name: 'alone',
      createdAt: Date.now() / 1000 - 999_999,
    });
    const config = capped({ maxShare: 0.42 });
    const plan = (await rig.plan(config)).text;
    expect(await codeOf(rig.prepare({ text: plan, config }))).toBeNull();
    world.remove('us-east-1', 'instanceSnapshots', alone.name ?? '');
    expect(await refused({ text: plan, config }, 'cap.max-share')).toContain('5 of 11 snapshots');
  });

  it('refuses cap.max-deletions for a plan that says it is not blocked', async () => {
    const config = capped({ maxShare: 1, maxDeletions: 4 });
    const plan = forged((await rig.plan(config)).text, { blocked: null });
    expect(await refused({ text: plan, config }, 'cap.max-deletions')).toContain('5 snapshots can be deleted');
  });

  it('counts what an earlier run of the plan deleted for its caps', async () => {
    const own = await startRig();
    try {
      const config = capped({ maxShare: 0.46 });
      const { plan } = await own.plan(config);
      const first = await own.apply({ config, batch: plan.items.slice(0, 4) });
      expect(first.totals).toMatchObject({ deleted: 4, open: 1 });
      const gone = own.emulator.world.remove(THERE, 'diskSnapshots', 'data-01');
      // One of six would go now, and five of ten in all.
      expect(await codeOf(own.apply({ config }))).toBe('cap.max-share');
      own.emulator.world.add(THERE, 'diskSnapshots', { ...gone, name: 'data-01' });
      expect((await own.apply({ config })).totals).toMatchObject({ deleted: 5, open: 0 });
    } finally {
      await own.close();
    }
  });

  it.each<[string, readonly FaultInput[]]>([
    [
      'one kind of one region',
      [{ fault: 'error', code: 'AccessDeniedException', regions: THERE, operations: 'GetDiskSnapshots' }],
    ],
    [
      'the further pages of a list',
      [{ fault: 'error', code: 'AccessDeniedException', regions: HERE, operations: 'GetInstanceSnapshots', after: 2 }],
    ],
    ['every list', [{ fault: 'error', code: 'AccessDeniedException', operations: 'Get*Snapshots' }]],
    ['the regions', [{ fault: 'error', code: 'AccessDeniedException', operations: 'GetRegions' }]],
  ])('refuses plan.incomplete: its report could not read %s', async (_, faults) => {
    const own = await startRig();
    try {
      own.emulator.pageSize = 2;
      own.emulator.setFaults(faults);
      const { plan } = await own.plan();
      own.emulator.setFaults([]);
      expect({ complete: plan.complete, code: await codeOf(own.prepare()) }).toEqual({
        complete: false,
        code: 'plan.incomplete',
      });
    } finally {
      await own.close();
    }
  });

  it('refuses clock.skew', async () => {
    rig.emulator.clockOffset = 301_000 + 1_000;
    expect(await refused({}, 'clock.skew')).toContain('at most 5 minutes');
  });

  it('refuses clock.skew when the clock of the service cannot be read', async () => {
    const deletion = {
      ...rig.deletion,
      readClock: async () => ({ ok: true as const, value: { service: null, machine: Date.now() } }),
    };
    expect(await refused({ deletion }, 'clock.skew')).toContain('no Date');
  });

  it('refuses with the first code that applies, in the order of the contract', async () => {
    const { expiresAt, items } = JSON.parse(text);
    const blocked = { code: 'cap.max-share', message: 'too many' } as const;
    const all = {
      account: '210987654321',
      items: items.map((item: object) => ({ ...item, account: '210987654321' })),
      complete: false,
      blocked,
      config: { origin: 'other.yaml', digest: OTHER.digest },
    } as const;
    rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', regions: THERE }]);
    rig.emulator.clockOffset = DAY;
    const late = () => Date.parse(expiresAt);
    const wrong = { config: BUILT_IN, count: 3 };
    const altered = forged(text, all).replace('web-05', 'web-55');
    const { account: _, items: __, ...standing } = all;
    const { complete: ___, ...unblocked } = standing;
    const { blocked: ____, ...current } = unblocked;
    await refused({ ...wrong, text: altered, clock: late }, 'plan.expired');
    await refused({ ...wrong, text: altered }, 'plan.altered');
    await refused({ ...wrong, text: forged(text, all) }, 'plan.account');
    await refused({ ...wrong, text: forged(text, standing) }, 'plan.incomplete');
    await refused({ ...wrong, text: forged(text, unblocked) }, 'plan.blocked');
    await refused({ ...wrong, text: forged(text, current) }, 'plan.config-changed');
    await refused({ ...wrong, text }, 'config.built-in');
    await refused({ count: 3 }, 'inventory.incomplete');
    rig.emulator.setFaults([]);
    await refused({ count: 3 }, 'clock.skew');
    rig.emulator.clockOffset = 0;
    await refused({ count: 3 }, 'plan.count');
  });

  it('refuses plan.applied before a wrong count, and goes on with a plan that was left unfinished', async () => {
    const controller = new AbortController();
    controller.abort();
    const own = await startRig();
    try {
      const { plan } = await own.plan();
      expect((await own.apply({ signal: controller.signal })).status).toBe('unfinished');
      expect(await codeOf(own.prepare({ count: 3 }))).toBe('plan.count');
      expect((await own.apply({ count: 5 })).status).toBe('finished');
      expect(await codeOf(own.apply({ count: 3, config: CONFIG }))).toBe('plan.applied');
      expect(await codeOf(own.apply({ owner: anOwner() }))).toBe('plan.applied');
      writeFileSync(join(own.folder, 'results', `${plan.id}.json`), '{"half":');
      expect(await codeOf(own.apply())).toBe('result.unreadable');
    } finally {
      await own.close();
    }
  });

  it('refuses another plan of an id that was applied', async () => {
    const own = await startRig();
    try {
      const first = (await own.plan()).text;
      await own.apply();
      const { id } = JSON.parse(first);
      const second = forged((await own.plan()).text, { id });
      expect(await codeOf(own.apply({ text: second }))).toBe('plan.altered');
    } finally {
      await own.close();
    }
  });

  it('knows every code of the contract, in its order', () => {
    expect(REFUSALS.filter((code) => code !== 'plan.in-progress')).toEqual([
      'plan.not-found',
      'plan.expired',
      'plan.altered',
      'plan.account',
      'plan.incomplete',
      'plan.blocked',
      'plan.config-changed',
      'plan.applied',
      'config.built-in',
      'inventory.incomplete',
      'cap.max-deletions',
      'cap.max-share',
      'clock.skew',
      'plan.count',
    ]);
  });
});
