import { historyOf } from '../../lambda/core/plan/history';
import { type ApplyResult, type Approval, type ItemResult, NO_ITEM_DETAILS } from '../../lambda/core/plan/outcome';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { readOutcome } from '../../lambda/deletion/outcome-summary';
import { recordFile, resultFile } from '../../lambda/storage/keys';
import { APPLY_RESULT, ATTEMPT, ITEM_RESULT, parseStored } from '../../lambda/storage/schemas';
import { APPROVED, ORIGIN } from '../support/run-origin';
import { anOwner, HERE, outcomes, type Rig, startRig } from './rig';

const HOLD = [{ key: 'retention:hold' }];
const LAST = { code: 'last', text: 'last: 3 of 3 slots filled' };

const itemOf = (result: ApplyResult, name: string): ItemResult => {
  const found = result.items.find((item) => item.name === name);
  if (found === undefined) throw new Error(`${name} has no outcome`);
  return found;
};

describe('the result of a plan', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  it('says who approved it, with which configuration, and from which report', async () => {
    const { plan } = await rig.plan();
    const result = await rig.apply();
    expect(result).toMatchObject({ approvedBy: APPROVED, config: plan.config, report: ORIGIN.report });
    expect(await readOutcome(rig.store, plan)).toEqual(result);
  });

  it('gives each deleted snapshot its policy, the reasons of the decision that deleted it, and a request id of its own', async () => {
    await rig.plan();
    const { items } = await rig.apply();
    expect(items).toHaveLength(5);
    for (const item of items)
      expect(item).toMatchObject({ policy: 'standard', reasons: [LAST], sizeGb: 40, monthlyCostCeiling: 2 });
    const ids = items.map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[\w-]{8,}$/);
  });

  it('gives a snapshot that was skipped the reasons of now, and no request id', async () => {
    await rig.plan();
    rig.emulator.world.tag(HERE, 'web-05', HOLD);
    const held = itemOf(await rig.apply(), 'web-05');
    expect(held).toMatchObject({ outcome: 'spared', requestId: null });
    expect(held.reasons.map(({ code }) => code)).toEqual(['hold']);
  });

  it('gives a snapshot that no run could read the details and the reason of the plan', async () => {
    const { plan } = await rig.plan();
    const text = plan.items.find(({ name }) => name === 'web-05')?.reason;
    expect(text).toBe('Newer snapshots fill its slots.');
    rig.emulator.world.remove(HERE, 'instanceSnapshots', 'web-05');
    expect(itemOf(await rig.apply(), 'web-05')).toMatchObject({
      outcome: 'already-gone',
      source: 'web',
      sizeGb: 40,
      monthlyCostCeiling: 2,
      policy: 'standard',
      reasons: [{ code: 'planned', text }],
      requestId: null,
    });
  });

  it('gives a snapshot that a dead run deleted the reasons of that run, although a hold was set since', async () => {
    await rig.plan();
    const { deletion } = rig;
    const dying: typeof deletion.deleteSnapshot = async (named, maySend) => {
      const answer = await deletion.deleteSnapshot(named, maySend);
      if (named.name === 'web-05') throw new Error('power failure');
      return answer;
    };
    await expect(rig.apply({ deletion: { ...deletion, deleteSnapshot: dying } })).rejects.toThrow('power failure');
    expect(itemOf(await rig.apply(), 'web-05')).toMatchObject({
      outcome: 'deleted',
      policy: 'standard',
      reasons: [LAST],
      requestId: null,
    });
  });

  it('keeps the first approval at the top, and notes another one with the snapshots of its run', async () => {
    const { plan } = await rig.plan();
    await rig.apply({ batch: plan.items.filter(({ name }) => name === 'web-06') });
    const other: Approval = { kind: 'dashboard', arn: 'arn:aws:iam::123456789012:user/ben', claimed: true };
    const ports = { store: rig.store, clock: rig.clock, owner: anOwner(), isAlive: () => false };
    const outcomesOfBen = await openOutcomes(ports, plan, { approvedBy: other, report: 'another' });
    const [item] = plan.items.filter(({ name }) => name === 'web-05');
    if (item === undefined) throw new Error('the plan does not list web-05');
    const first = itemOf((await readOutcome(rig.store, plan)) as ApplyResult, 'web-06');
    const { arn, name, createdAt } = item;
    await outcomesOfBen.record([{ ...first, arn, name, createdAt, outcome: 'failed' }]);
    const result = await outcomesOfBen.close();
    expect(result).toMatchObject({ approvedBy: APPROVED, report: ORIGIN.report });
    expect(itemOf(result, 'web-06')).not.toHaveProperty('approvedBy');
    expect(itemOf(result, 'web-05').approvedBy).toEqual(other);
    const last = await rig.apply();
    expect(itemOf(last, 'web-05').approvedBy).toEqual(other);
    expect(last.items.filter(({ approvedBy }) => approvedBy !== undefined)).toHaveLength(1);
  });

  it('names who approved the run that may have sent a delete, and no one where runs of two people may have', async () => {
    const { plan } = await rig.plan();
    const ben: Approval = { kind: 'dashboard', arn: null, claimed: true };
    const [one, two, three] = plan.items;
    if (one === undefined || two === undefined || three === undefined) throw new Error('the plan lists too little');
    const openFor = (approvedBy: Approval) =>
      openOutcomes({ store: rig.store, clock: rig.clock, owner: anOwner(), isAlive: () => false }, plan, {
        ...ORIGIN,
        approvedBy,
      });
    const ofAnn = await openFor(APPROVED);
    for (const item of [one, two]) await ofAnn.startAttempt(item, NO_ITEM_DETAILS);
    const ofBen = await openFor(ben);
    for (const item of [two, three]) await ofBen.startAttempt(item, NO_ITEM_DETAILS);
    for (const result of [await readOutcome(rig.store, plan), ofBen.result()]) {
      if (result === null) throw new Error('nothing is recorded');
      expect(result.approvedBy).toEqual(APPROVED);
      const entries = historyOf([result], { wanted: null, since: null });
      const approvals = entries.map(({ entry }) => [entry.arn, entry.outcome, entry.approvedBy] as const);
      expect(new Map(approvals.map(([arn, , approval]) => [arn, approval]))).toEqual(
        new Map([
          [one.arn, APPROVED],
          [two.arn, null],
          [three.arn, ben],
        ]),
      );
      expect(entries.find(({ entry }) => entry.arn === two.arn)?.entry.text).toMatch(
        /who approved the run .* is not known$/,
      );
      expect(entries.filter(({ entry }) => entry.text.includes('who approved'))).toHaveLength(1);
      expect(new Set(approvals.map(([, outcome]) => outcome))).toEqual(new Set(['unknown']));
    }
  });

  it('continues a plan that an earlier version left unfinished, and claims no approval for what that one did', async () => {
    const { plan } = await rig.plan();
    await rig.apply({ batch: plan.items.filter(({ name }) => name === 'web-06') });
    const strip = ({ policy: _, reasons: __, requestId: ___, ...rest }: ItemResult) => rest;
    const rewrite = async (key: string, change: (json: never) => object): Promise<void> => {
      const text = (await rig.store.get(key)) ?? 'null';
      await rig.store.put({
        key,
        contentType: 'application/json',
        body: [JSON.stringify(change(JSON.parse(text) as never))],
      });
    };
    await rewrite(resultFile(plan.id), ({ approvedBy: _, config: __, report: ___, ...rest }: ApplyResult) => ({
      ...rest,
      items: rest.items.map(strip),
    }));
    const position = plan.items.findIndex(({ name }) => name === 'web-06');
    await rewrite(recordFile(plan, position, 'outcome'), strip);
    const result = await rig.apply();
    expect(result).toMatchObject({ status: 'finished', approvedBy: null, config: plan.config, report: ORIGIN.report });
    expect(itemOf(result, 'web-06')).toMatchObject({ policy: null, reasons: [], requestId: null });
    expect(itemOf(result, 'web-05')).toMatchObject({ approvedBy: APPROVED, reasons: [LAST] });
    expect(outcomes(result)['web-05']).toBe('deleted');
  });
});

describe('a record of an earlier version', () => {
  const item = {
    ...{ arn: 'a', name: 'web-1', kind: 'instance', account: null, region: 'us-east-1', createdAt: 'x' },
    ...{ source: null, sizeGb: null, monthlyCostCeiling: null, outcome: 'deleted', code: 'deleted', text: '', at: 'x' },
  };

  it('is read without the new members', () => {
    expect(parseStored(ITEM_RESULT, JSON.stringify(item))).toEqual({
      ...item,
      policy: null,
      reasons: [],
      requestId: null,
    });
    const facts = { source: 'web', sizeGb: 1, monthlyCostCeiling: 1 };
    const attempt = { arn: 'a', name: 'b', run: 'c', revision: 1, earlier: false, at: 'x', state: 'open', facts };
    expect(parseStored(ATTEMPT, JSON.stringify(attempt))?.facts).toEqual({ ...facts, policy: null, reasons: [] });
  });

  it.each([
    { policy: 7 },
    { reasons: 'old' },
    { reasons: [{ code: 'last' }] },
    { requestId: {} },
    { approvedBy: 'ann' },
    { approvedBy: { kind: 'root', arn: null, claimed: false } },
  ])('is not read where a new member is not as it is written: %j', (wrong) => {
    expect(parseStored(ITEM_RESULT, JSON.stringify({ ...item, ...wrong }))).toBeNull();
  });

  it.each([{ approvedBy: 'ann' }, { config: 'retention.yaml' }, { report: 7 }])(
    'is not read as a result where %j is not as it is written',
    (wrong) => {
      const totals = {
        ...{ requested: 0, deleted: 0, alreadyGone: 0, spared: 0, changed: 0, failed: 0, open: 0 },
        ...{ freedGb: 0, freedMonthlyCostCeiling: 0, currency: 'USD' },
      };
      const result = {
        ...{ schemaVersion: 1, plan: { id: 'a', digest: 'b', count: 0 }, account: null, status: 'finished' },
        ...{ startedAt: 'x', updatedAt: 'x', totals, items: [] },
      };
      expect(parseStored(APPLY_RESULT, JSON.stringify(result))).toMatchObject({ approvedBy: null, config: null });
      expect(parseStored(APPLY_RESULT, JSON.stringify({ ...result, ...wrong }))).toBeNull();
    },
  );
});
