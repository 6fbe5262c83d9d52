import { applyPrepared } from '../../lambda/deletion/apply-plan';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { rehearsalOutcomes } from '../../lambda/deletion/outcome-store';
import { isRefusal } from '../../lambda/deletion/refusals';
import { allowsRaisedCaps } from '../../lambda/deletion/verify-plan';
import { digestOf } from '../../lambda/runtime/digest';
import { planFile } from '../../lambda/storage/keys';
import { withBench } from '../handlers/deletion-bench';
import { aConfig } from '../support/config-builder';
import { CONFIG, codeOf, HERE, type Rig, type RunOptions, startRig, THERE } from './rig';

const POLICY = { policies: { standard: { keep: { last: 3 } } }, default: 'standard' };
/** Five of eleven snapshots expire by it, and it allows three of them, or a third. */
const STRICT = aConfig({ ...POLICY, caps: { maxDeletions: 3, maxShare: 0.34 } });
const BUILT_IN = aConfig({ ...POLICY, caps: { maxDeletions: 3, maxShare: 0.34 } }, 'built-in');

describe('a plan whose caps were raised', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  const refused = async (options: RunOptions, code: string): Promise<string> => {
    const before = rig.names();
    const error: unknown = await rig.apply(options).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(isRefusal(error) ? error.code : error).toBe(code);
    expect(rig.names()).toEqual(before);
    expect(rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'))).toEqual([]);
    return String((error as Error).message);
  };
  const forged = (text: string, change: object): string => {
    const { digest: _, ...content } = { ...JSON.parse(text), ...change };
    return JSON.stringify({ ...content, digest: digestOf(content) });
  };
  const allowed = { config: STRICT, allowsRaisedCaps: true } as const;

  it('deletes what the caps of its configuration block, where that is allowed', async () => {
    const ordinary = await rig.plan(STRICT);
    expect(ordinary.plan.blocked?.code).toBe('cap.max-deletions');
    await refused({ ...allowed, text: ordinary.text }, 'plan.blocked');
    const raised = await rig.plan(STRICT, true);
    expect(raised.plan).toMatchObject({ caps: 'raised', blocked: null });
    expect((await rig.apply({ ...allowed, text: raised.text })).totals).toMatchObject({ requested: 5, deleted: 5 });
  });

  it('changes nothing for a plan that is made after it', async () => {
    await rig.plan(STRICT, true);
    const later = await rig.plan(STRICT);
    expect(later.plan).not.toHaveProperty('caps');
    await refused({ ...allowed, text: later.text }, 'plan.blocked');
  });

  it('is refused where raised caps are not allowed, also where it exceeds no cap of the configuration', async () => {
    const strict = await rig.plan(STRICT, true);
    expect(await refused({ config: STRICT, text: strict.text }, 'plan.blocked')).toMatch(
      /caps were raised.*caps\.raisable: true.*--local/,
    );
    const generous = await rig.plan(CONFIG, true);
    await refused({ config: CONFIG, text: generous.text }, 'plan.blocked');
  });

  it('is refused before a changed configuration, and after an incomplete report', async () => {
    const { text } = await rig.plan(STRICT, true);
    await refused({ config: CONFIG, text }, 'plan.blocked');
    await refused({ config: CONFIG, text, allowsRaisedCaps: true }, 'plan.config-changed');
    await refused({ ...allowed, allowsRaisedCaps: false, text: forged(text, { complete: false }) }, 'plan.incomplete');
  });

  it('is refused as altered when the member is added to a plan that is blocked', async () => {
    const { text } = await rig.plan(STRICT);
    await refused({ ...allowed, text: JSON.stringify({ ...JSON.parse(text), caps: 'raised' }) }, 'plan.altered');
    await refused({ ...allowed, text: forged(text, { caps: true }) }, 'plan.altered');
    // With a digest that fits it is still blocked: the member lifts no block.
    await refused({ ...allowed, text: forged(text, { caps: 'raised' }) }, 'plan.blocked');
  });

  it('lifts no other block: incomplete reports and the built-in policy stay refused', async () => {
    const builtIn = await rig.plan(BUILT_IN, true);
    expect(builtIn.plan.blocked?.code).toBe('config.built-in');
    await refused({ config: BUILT_IN, allowsRaisedCaps: true, text: builtIn.text }, 'plan.blocked');
    rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots' }]);
    const incomplete = await rig.plan(STRICT, true);
    rig.emulator.setFaults([]);
    await refused({ ...allowed, text: incomplete.text }, 'plan.incomplete');
  });

  it('never deletes more than it lists, however many expire now', async () => {
    const { text } = await rig.plan(STRICT, true);
    for (const age of [40, 41, 42])
      rig.emulator.world.add(HERE, 'instanceSnapshots', {
        ...rig.emulator.world.rows(HERE, 'instanceSnapshots')[0],
        name: `web-${age}`,
        arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/web-${age}`,
        createdAt: Date.now() / 1_000 - age * 86_400,
      });
    const result = await rig.apply({ ...allowed, text });
    expect(result.totals).toMatchObject({ requested: 5, deleted: 5 });
    expect(rig.names().filter((name) => /^web-4[012]$/.test(name))).toHaveLength(3);
  });

  it('goes on after an interruption: the items that were deleted count within its own limit', async () => {
    const { plan, text } = await rig.plan(STRICT, true);
    const first = await rig.apply({ ...allowed, text, batch: plan.items.slice(0, 4) });
    expect(first.totals).toMatchObject({ deleted: 4, open: 1 });
    expect((await rig.apply({ ...allowed, text })).totals).toMatchObject({ deleted: 5, open: 0 });
  });

  it('keeps every other refusal: a wrong count, an unreadable region, a clock that differs', async () => {
    const { text } = await rig.plan(STRICT, true);
    await refused({ ...allowed, text, count: 4 }, 'plan.count');
    rig.emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', regions: THERE, operations: 'GetDisks' }]);
    await refused({ ...allowed, text }, 'inventory.incomplete');
    rig.emulator.setFaults([]);
    rig.emulator.clockOffset = 302_000;
    await refused({ ...allowed, text }, 'clock.skew');
  });

  it('keeps what is held or kept now, as any plan does', async () => {
    const { text } = await rig.plan(STRICT, true);
    rig.emulator.world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    const { totals } = await rig.apply({ ...allowed, text });
    expect(totals).toMatchObject({ requested: 5, deleted: 4, spared: 1 });
    expect(rig.names()).toContain('web-05');
  });
});

describe('the deployed function', () => {
  const raisable = aConfig({ caps: { raisable: true } });

  it('allows raised caps only where its configuration says so, and never in automatic mode', () => {
    expect(allowsRaisedCaps('approve', raisable)).toBe(true);
    expect(allowsRaisedCaps('approve', CONFIG)).toBe(false);
    expect(allowsRaisedCaps('automatic', raisable)).toBe(false);
    expect(allowsRaisedCaps('automatic', CONFIG)).toBe(false);
  });

  it.each([
    ['refuses', false, { state: 'refused', code: 'plan.blocked', deleted: 0 }, 11],
    ['applies', true, { state: 'finished', deleted: 5 }, 6],
  ] as const)('%s a stored plan with raised caps when that is %s', (_, isAllowed, expected, left) =>
    withBench(async ({ run, rig, objects }) => {
      const { plan, text } = await rig.plan(STRICT, true);
      objects.set(planFile(plan.id), text);
      const event = { plan: plan.id, digest: plan.digest, count: 5 };
      const { result } = await run(event, { config: STRICT, allowsRaisedCaps: isAllowed });
      expect(result).toMatchObject(expected);
      expect(rig.names()).toHaveLength(left);
    }),
  );

  it('refuses a stored plan with raised caps where nothing mentions them', () =>
    withBench(async ({ run, rig, objects }) => {
      const { plan, text } = await rig.plan(CONFIG, true);
      objects.set(planFile(plan.id), text);
      const { result } = await run({ plan: plan.id, digest: plan.digest });
      expect(result).toMatchObject({ state: 'refused', code: 'plan.blocked', deleted: 0 });
    }));
});

describe('the rehearsal of a plan that cannot be applied', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  const deletes = () => rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'));
  const ports = () => ({
    ...{ clock: rig.clock, monotonic: () => performance.now(), sleep: async () => undefined, deletion: rig.deletion },
    ...{ outcomes: rehearsalOutcomes(), retrySettings: RETRY_SETTINGS },
  });

  it('prepares a blocked plan with its refusal, and names every candidate', async () => {
    const { text } = await rig.plan(STRICT);
    const prepared = await rig.prepare({ config: STRICT, text, isRehearsal: true });
    expect(prepared.refusal).toMatchObject({ code: 'plan.blocked' });
    const names: string[] = [];
    await applyPrepared(ports(), prepared, { wouldDelete: ({ item }) => void names.push(item.name) });
    expect(names).toHaveLength(5);
    expect(deletes()).toEqual([]);
  });

  it('throws the refusal, and deletes nothing, when it is applied after all', async () => {
    const { text } = await rig.plan(STRICT);
    const prepared = await rig.prepare({ config: STRICT, text, isRehearsal: true });
    expect(await codeOf(applyPrepared(ports(), prepared))).toBe('plan.blocked');
    expect(deletes()).toEqual([]);
    expect(rig.names()).toHaveLength(11);
  });

  it('names the first refusal of several, and a cap that is exceeded only now', async () => {
    const { text } = await rig.plan(BUILT_IN);
    expect((await rig.prepare({ config: BUILT_IN, text, isRehearsal: true })).refusal?.code).toBe('plan.blocked');
    const alone = rig.emulator.world.add(HERE, 'instanceSnapshots', {
      name: 'alone',
      createdAt: Date.now() / 1_000 - 999_999,
    });
    const narrow = aConfig({ ...POLICY, caps: { maxShare: 0.42 } });
    const open = await rig.plan(narrow);
    expect(open.plan.blocked).toBeNull();
    rig.emulator.world.remove(HERE, 'instanceSnapshots', alone.name ?? '');
    expect((await rig.prepare({ config: narrow, text: open.text, isRehearsal: true })).refusal?.code).toBe(
      'cap.max-share',
    );
  });

  it.each<[string, RunOptions, string]>([
    ['a plan that is not there', { text: null }, 'plan.not-found'],
    ['another account', { account: '210987654321' }, 'plan.account'],
    ['another configuration', { config: aConfig({ ...POLICY, caps: { maxDeletions: 4 } }) }, 'plan.config-changed'],
  ])('refuses %s in a rehearsal too', async (_, options, code) => {
    await rig.plan(STRICT);
    expect(await codeOf(rig.prepare({ config: STRICT, isRehearsal: true, ...options }))).toBe(code);
  });

  it('has no refusal where the plan can be applied', async () => {
    const { text } = await rig.plan(CONFIG);
    expect((await rig.prepare({ text, isRehearsal: true })).refusal).toBeNull();
    expect((await rig.prepare({ text })).refusal).toBeNull();
  });
});
