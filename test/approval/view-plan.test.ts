import { viewPlan } from '../../lambda/approval/view-plan';
import type { PlanState } from '../../lambda/render/approval-widget';
import { endedFile, LOCK_FILE, resultFile } from '../../lambda/storage/keys';
import { aConfig } from '../support/config-builder';
import { approvalRig, aStoredPlan, begin, DASHBOARD, end, HOUR, ID, ITEMS, NOW, put, putResult, REFUSED } from './rig';

const codeOf = (state: PlanState): string => (state.state === 'refused' ? state.code : state.state);

describe('the state of the newest plan', () => {
  it('is none where no report has made a plan', async () => {
    expect(await viewPlan(approvalRig([]).ports)).toEqual({ state: 'none' });
  });

  it('is open, with the plan as a whole, where nothing has been approved', async () => {
    const plan = aStoredPlan();
    expect(await viewPlan(approvalRig([plan]).ports)).toEqual({
      ...{ state: 'open', plan, attempt: 0, result: null, lastEnd: null },
    });
  });

  it('is that of the newest report, whatever automatic deletion, a person or a clock ahead has stored', async () => {
    const plan = aStoredPlan();
    const older = aStoredPlan({ id: '20261116T080000Z-ffffffff' });
    const others = ['auto-20261124T080000Z', 'zzz', '20991123T080000Z-1a2b3c4d', '20261124T120501Z-1a2b3c4d'];
    const rig = approvalRig([older, plan, ...others.map((id) => aStoredPlan({ id }))]);
    rig.objects.set('plans/20261124T080000Z-1a2b3c4d.txt', 'no plan');
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'open', plan: { id: ID } });
    expect(await viewPlan({ ...rig.ports, clock: () => NOW + 60_000 })).toMatchObject({
      plan: { id: '20261124T120501Z-1a2b3c4d' },
    });
  });

  it('is that of the later attempt for a time, and of a report that was made later than its time', async () => {
    const [first, second] = ['20261124T080000Z-ffffffff', '20261124T080000Z-00000000'];
    const attempts = [
      aStoredPlan({ id: first, createdAt: '2026-11-24T08:00:05.000Z' }),
      aStoredPlan({ id: second, createdAt: '2026-11-24T08:01:05.000Z' }),
    ];
    const late = aStoredPlan({ id: ID, createdAt: '2026-11-24T08:02:00.000Z' });
    expect(await viewPlan(approvalRig(attempts).ports)).toMatchObject({ plan: { id: second } });
    expect(await viewPlan(approvalRig([...attempts, late]).ports)).toMatchObject({ plan: { id: ID } });
  });

  it.each<[string, Parameters<typeof aStoredPlan>[0]]>([
    ['plan.account', { account: '210987654321' }],
    ['plan.expired', { expiresAt: '2026-11-24T12:00:00.000Z' }],
    ['plan.incomplete', { complete: false }],
    ['plan.blocked', { blocked: { code: 'cap.max-deletions', message: 'too many' } }],
    ['plan.blocked', { caps: 'raised' }],
    ['plan.config-changed', { config: { origin: 'retention.yaml', digest: `sha256:${'0'.repeat(64)}` } }],
  ])('is refused with %s: %j', async (code, given) => {
    const state = await viewPlan(approvalRig([aStoredPlan(given)]).ports);
    expect([codeOf(state), state.state === 'refused' && state.plan?.id]).toEqual([code, ID]);
  });

  it('is open where the limits were raised and the configuration allows that', async () => {
    const rig = approvalRig([aStoredPlan({ caps: 'raised' })], { allowsRaisedCaps: true });
    expect(codeOf(await viewPlan(rig.ports))).toBe('open');
  });

  it.each<[string, (text: string) => string]>([
    ['another name', (text) => text.replace('web-1', 'web-9')],
    ['half of it', (text) => text.slice(0, text.length / 2)],
    ['the plan of another id', (text) => text.replace(ID, '20261123T080000Z-00000000')],
    ['nothing', () => ''],
  ])('is refused with plan.altered where the plan was changed: %s', async (_, change) => {
    const rig = approvalRig([aStoredPlan()]);
    rig.objects.set(`plans/${ID}.json`, change(rig.objects.get(`plans/${ID}.json`) ?? ''));
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'refused', code: 'plan.altered', plan: null });
  });

  it('is running from the approval of an execution until the note of its end, for a day at most', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    begin(rig, plan, `${ID}-0001`);
    const approval = { by: DASHBOARD, at: NOW - HOUR };
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'running', result: null, approval });
    putResult(rig, plan, { status: 'unfinished' });
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'running', result: { totals: { open: 2 } } });
    begin(rig, plan, `${ID}-0001`, NOW - 24 * HOUR);
    expect(codeOf(await viewPlan(rig.ports))).toBe('open');
    begin(rig, plan, `${ID}-0001`);
    end(rig, plan, ID, REFUSED);
    expect(codeOf(await viewPlan(rig.ports))).toBe('open');
  });

  it('is running, or refused with plan.in-progress, where a run has the lock', async () => {
    const rig = approvalRig([aStoredPlan()]);
    const lock = { plan: ID, owner: { host: 'h', pid: 0, run: 'r' }, at: new Date(NOW).toISOString(), released: false };
    put(rig, LOCK_FILE, lock);
    expect(codeOf(await viewPlan(rig.ports))).toBe('running');
    put(rig, LOCK_FILE, { ...lock, plan: 'another' });
    expect(await viewPlan(rig.ports)).toMatchObject({
      ...{
        state: 'refused',
        code: 'plan.in-progress',
        text: expect.stringContaining('the plan another is being applied'),
      },
    });
    put(rig, LOCK_FILE, { ...lock, released: true });
    expect(codeOf(await viewPlan(rig.ports))).toBe('open');
  });

  it('tells the last end and another attempt for each execution that ended without finishing the plan', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    begin(rig, plan, `${ID}-0001`);
    end(rig, plan, ID, { state: 'stopped', code: 'run.idle', text: 'idle' }, NOW - 2 * HOUR);
    begin(rig, plan, `${ID}-1-0001`);
    end(rig, plan, `${ID}-1`, REFUSED, NOW - HOUR);
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'open', attempt: 2, lastEnd: REFUSED });
  });

  it('is running while one execution runs, whichever other ones ended before they had begun', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    end(rig, plan, ID, { state: 'failed', code: 'evidence.not-recorded', text: 'not recorded' });
    begin(rig, plan, `${ID}-1-0001`);
    expect(codeOf(await viewPlan(rig.ports))).toBe('running');
    // The note of another plan of this id, and one that cannot be read, end no run of this plan.
    put(rig, endedFile(ID, `${ID}-2`), { digest: 'another', run: `${ID}-1-0001`, end: REFUSED });
    put(rig, endedFile(ID, `${ID}-3`), '{');
    expect(codeOf(await viewPlan(rig.ports))).toBe('running');
    end(rig, plan, `${ID}-1`, REFUSED, NOW);
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'open', attempt: 4, lastEnd: REFUSED });
  });

  it('is open where the only execution that began has ended, whichever ends were not noted', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    begin(rig, plan, `${ID}-0001`, NOW - 30 * HOUR);
    begin(rig, plan, `${ID}-1-0001`);
    end(rig, plan, `${ID}-1`, REFUSED);
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'open', attempt: 2 });
  });

  it('counts an execution that ended before its approval was recorded', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    end(rig, plan, ID, { state: 'failed', code: 'evidence.not-recorded', text: 'not recorded' });
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'open', attempt: 1 });
  });

  it('is finished, also after the plan has expired', async () => {
    const plan = aStoredPlan({ expiresAt: '2026-11-24T00:00:00.000Z' });
    const rig = approvalRig([plan]);
    putResult(rig, plan);
    expect(await viewPlan(rig.ports)).toMatchObject({ state: 'finished', result: { totals: { deleted: 1 } } });
  });

  it('reads of a result with many outcomes only what is before them', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    putResult(rig, plan);
    const key = resultFile(ID);
    rig.objects.set(key, (rig.objects.get(key) ?? '').replace(/"items": \[[\s\S]*/, '"items": [\nnot read'));
    expect(codeOf(await viewPlan(rig.ports))).toBe('finished');
  });

  it.each([
    ['plan.altered', { plan: { id: ID, digest: `sha256:${'0'.repeat(64)}`, count: ITEMS.length } }],
    ['result.unreadable', { schemaVersion: 9 as never }],
  ])('is refused with %s where the result is not that of the plan', async (code, given) => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    putResult(rig, plan, given);
    expect(codeOf(await viewPlan(rig.ports))).toBe(code);
  });

  it('reads plans and results alone, and writes nothing', async () => {
    const plan = aStoredPlan();
    const rig = approvalRig([plan]);
    begin(rig, plan, `${ID}-0001`);
    end(rig, plan, ID, REFUSED);
    await viewPlan(rig.ports);
    expect(rig.read.filter((key) => !/^(plans|results)\//.test(key))).toEqual([]);
    expect(rig.read.length).toBeGreaterThan(4);
  });

  it('is none of its own where the bucket cannot be read: the failure is passed on', async () => {
    const rig = approvalRig([aStoredPlan()], {});
    const store = { ...rig.ports.store, get: () => Promise.reject(new Error('denied')) };
    await expect(viewPlan({ ...rig.ports, store })).rejects.toThrow('denied');
  });

  it('is refused where the configuration is another one now', async () => {
    const rig = approvalRig([aStoredPlan()], { config: aConfig({}) });
    expect(codeOf(await viewPlan(rig.ports))).toBe('plan.config-changed');
  });
});
