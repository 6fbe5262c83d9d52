import { approvePlan } from '../../lambda/approval/approve-plan';
import { isDescribe } from '../../lambda/approval/parse-approval';
import { RetentionError } from '../../lambda/core/util/errors';
import { LOCK_FILE } from '../../lambda/storage/keys';
import { widgetEvent } from '../support/console-widget';
import {
  type ApprovalRig,
  anItem,
  approvalRig,
  aStoredPlan,
  begin,
  CONFIG,
  DASHBOARD,
  end,
  HOUR,
  ID,
  NOW,
  put,
  putResult,
  REFUSED,
} from './rig';

const PLAN = aStoredPlan();
const APPROVE = { plan: ID, digest: PLAN.digest, attempt: 0 };

const codeOf = (rig: ApprovalRig, event: unknown): Promise<string> =>
  approvePlan(rig.ports, event).then(
    ({ state }) => state,
    (error: unknown) => (error instanceof RetentionError ? error.code : String(error)),
  );

/** The event of the button, with what was typed into the field. */
const approvalOf = (typed: unknown, given: object = {}): Readonly<Record<string, unknown>> =>
  widgetEvent({ approve: { ...APPROVE, ...given } }, { count: typed });

/** The lock of a run that applies a plan. */
const aLock = (plan: string): object => ({
  plan,
  owner: { host: 'the deletion function', pid: 0, run: 'x#1' },
  at: new Date(NOW - 60_000).toISOString(),
  released: false,
});

describe('an approval on the dashboard', () => {
  it('starts one execution of the deletion function, named after the plan, with its count and the claim', async () => {
    const rig = approvalRig([PLAN]);
    expect(await approvePlan(rig.ports, approvalOf('3'))).toEqual({
      ...{ state: 'approved', plan: ID, count: 3, execution: ID },
    });
    const approvedBy = { kind: 'dashboard', arn: null };
    expect(rig.started).toEqual([{ execution: ID, event: { plan: ID, digest: PLAN.digest, count: 3, approvedBy } }]);
  });

  it('gives each attempt a name of its own, and a second click the same one', async () => {
    const rig = approvalRig([PLAN]);
    for (const attempt of [0, 0]) await approvePlan(rig.ports, approvalOf('3', { attempt }));
    end(rig, PLAN, ID, REFUSED);
    for (const attempt of [1, 1]) await approvePlan(rig.ports, approvalOf('3', { attempt }));
    for (let number = 1; number < 12; number += 1) end(rig, PLAN, `${ID}-${number}`, REFUSED);
    await approvePlan(rig.ports, approvalOf('3', { attempt: 12 }));
    expect(rig.started.map(({ execution }) => execution)).toEqual([ID, ID, `${ID}-1`, `${ID}-1`, `${ID}-12`]);
  });

  it('reads plans and results alone', async () => {
    const rig = approvalRig([PLAN]);
    begin(rig, PLAN, `${ID}-0001`);
    end(rig, PLAN, ID, REFUSED);
    await approvePlan(rig.ports, approvalOf('3', { attempt: 1 }));
    expect(rig.started).toHaveLength(1);
    expect(rig.read.filter((key) => !/^(plans|results)\//.test(key))).toEqual([]);
  });

  it.each<[string, string, (rig: ApprovalRig) => void, object]>([
    [
      'finished',
      'is finished',
      (rig) => putResult(rig, PLAN),
      { result: expect.objectContaining({ status: 'finished' }) },
    ],
    [
      'running',
      'is being applied',
      (rig) => begin(rig, PLAN, `${ID}-0001`),
      { result: null, approval: { by: DASHBOARD, at: NOW - HOUR } },
    ],
    ['running', 'has the lock', (rig) => put(rig, LOCK_FILE, aLock(ID)), { result: null, approval: null }],
    [
      'ended',
      'was refused',
      (rig) => {
        begin(rig, PLAN, `${ID}-0001`);
        end(rig, PLAN, ID, REFUSED);
      },
      { approval: { by: DASHBOARD, at: NOW - HOUR }, lastEnd: REFUSED },
    ],
  ])('tells what happened, and starts nothing, once the plan of its page %s: %s', async (state, _, use, told) => {
    const newer = aStoredPlan({ id: '20261124T080000Z-1a2b3c4d' });
    for (const plans of [[PLAN], [PLAN, newer]])
      for (const typed of ['3', '7']) {
        const rig = approvalRig(plans);
        use(rig);
        const answer = await approvePlan(rig.ports, approvalOf(typed));
        expect(answer).toMatchObject({ state: 'used', used: { state, plan: ID, ...told } });
        expect(rig.started).toEqual([]);
      }
  });

  it.each<[string, (rig: ApprovalRig) => void, object]>([
    ['plan.in-progress', (rig) => put(rig, LOCK_FILE, aLock('another')), {}],
    ['plan.altered', (rig) => putResult(rig, PLAN, { plan: { id: ID, digest: 'another', count: 3 } }), {}],
    ['result.unreadable', (rig) => put(rig, `results/${ID}.json`, '{'), {}],
    ['approval.old-page', () => undefined, { attempt: 1 }],
  ])('is refused with %s where what the bucket has does not fit the page', async (code, store, given) => {
    const rig = approvalRig([PLAN]);
    store(rig);
    expect([await codeOf(rig, approvalOf('3', given)), rig.started]).toEqual([code, []]);
  });

  it.each<[string, unknown]>([
    ['a view or a refresh', widgetEvent({})],
    ['a view with something in the field', widgetEvent({}, { count: '3' })],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'approve'],
    ['a list', [{ approve: APPROVE }]],
    ['an inherited approval', Object.create({ approve: APPROVE })],
    ['an approval under __proto__', JSON.parse(`{"__proto__":{"approve":${JSON.stringify(APPROVE)}}}`)],
  ])('is none in an event of another kind: %s', async (_, event) => {
    const rig = approvalRig([PLAN]);
    expect([await codeOf(rig, event), rig.started, rig.read]).toEqual(['not-asked', [], []]);
  });

  it.each<[string, unknown]>([
    ['no form', { approve: APPROVE }],
    ['a form without fields', widgetEvent({ approve: APPROVE })],
    ['a number in place of a text', approvalOf(3)],
    ['a list of texts', approvalOf(['3'])],
    ['a count under __proto__', widgetEvent({ approve: APPROVE }, JSON.parse('{"__proto__":{"count":"3"}}'))],
    ['a count that forms inherit', widgetEvent({ approve: APPROVE }, Object.create({ count: '3' }))],
    ['an inherited name as the field', widgetEvent({ approve: APPROVE }, { constructor: '3' })],
    ['the approval as a text', widgetEvent({ approve: JSON.stringify(APPROVE) }, { count: '3' })],
    ['a list of approvals', widgetEvent({ approve: [APPROVE] }, { count: '3' })],
    ['no approval', widgetEvent({ approve: null }, { count: '3' })],
    ['a member too many', approvalOf('3', { approvedBy: { kind: 'caller', arn: null } })],
    ['a count in the approval itself', approvalOf('3', { count: 3 })],
    ['a plan that is a path', approvalOf('3', { plan: '../results/x' })],
    ['the lock as a plan', approvalOf('3', { plan: 'lock' })],
    ['a plan that is no text', approvalOf('3', { plan: { toString: 'x' } })],
    ['no digest', approvalOf('3', { digest: undefined })],
    ['a digest in capitals', approvalOf('3', { digest: PLAN.digest.toUpperCase() })],
    ['an attempt below zero', approvalOf('3', { attempt: -1 })],
    ['half an attempt', approvalOf('3', { attempt: 0.5 })],
    ['too many attempts', approvalOf('3', { attempt: 10_000 })],
    ['an attempt as a text', approvalOf('3', { attempt: '0' })],
  ])('is refused with event.malformed: %s', async (_, event) => {
    const rig = approvalRig([PLAN]);
    expect([await codeOf(rig, event), rig.started, rig.read]).toEqual(['event.malformed', [], []]);
  });

  const FORGED = { forms: { all: { count: '3' } }, params: {}, accountId: '210987654321' };
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['an approval', { approve: APPROVE }],
    ['an approval with a context of its own', { approve: APPROVE, widgetContext: FORGED }],
    ['an approval with its count', { approve: APPROVE, count: '3', forms: FORGED.forms }],
    ['an approval and more', { approve: APPROVE, plan: ID, digest: PLAN.digest, account: '123456789012' }],
    ['a context under __proto__', { approve: APPROVE, ...JSON.parse('{"__proto__":{"widgetContext":{}}}') }],
  ])('is none in a widget whose own parameters are %s, whatever was typed into a field', async (_, params) => {
    for (const typed of [{}, { count: '3' }]) {
      const rig = approvalRig([PLAN]);
      const { widgetContext } = widgetEvent({}, typed) as { readonly widgetContext: object };
      // A refresh of such a widget, and a click on a button in it, as CloudWatch sends them.
      for (const event of [{}, { approve: APPROVE }])
        expect(await codeOf(rig, { ...params, ...event, widgetContext: { ...widgetContext, params } })).toBe(
          'event.malformed',
        );
      expect([rig.started, rig.read]).toEqual([[], []]);
    }
  });

  it.each<[string, unknown]>([
    ['a context of its own', { widgetContext: FORGED }],
    ['a count', { count: '3' }],
    ['a list', [1]],
    ['a text', 'approve'],
    ['a switch', true],
  ])('is refused on a page whose widget has parameters, also harmless ones: %s', async (_, params) => {
    const rig = approvalRig([PLAN]);
    const { widgetContext } = approvalOf('3') as { readonly widgetContext: object };
    const event = { approve: APPROVE, widgetContext: { ...widgetContext, params } };
    expect([await codeOf(rig, event), rig.started]).toEqual(['event.malformed', []]);
    expect(await codeOf(rig, { ...approvalOf('3'), more: params })).toBe('event.malformed');
  });

  it.each([undefined, null, {}])('needs no parameters of the widget: %j', async (params) => {
    const rig = approvalRig([PLAN]);
    const { widgetContext } = approvalOf('3') as { readonly widgetContext: object };
    expect(await codeOf(rig, { approve: APPROVE, widgetContext: { ...widgetContext, params } })).toBe('approved');
  });

  it('takes the account from the function, never from the context of the widget', async () => {
    const other = aStoredPlan({ account: '210987654321' });
    const rig = approvalRig([other]);
    const { widgetContext } = approvalOf('3') as { readonly widgetContext: object };
    const event = {
      approve: { ...APPROVE, digest: other.digest },
      widgetContext: { ...widgetContext, accountId: '210987654321' },
    };
    expect([await codeOf(rig, event), rig.started]).toEqual(['plan.account', []]);
  });

  it.each([
    '',
    '2',
    '4',
    '03',
    ' 3',
    '3 ',
    '3\n',
    '+3',
    '3.0',
    '3e0',
    '0x3',
    '３',
    '٣',
    '-3',
    '3,',
    'three',
    'NaN',
    '9'.repeat(400),
  ])('is refused with plan.count for the count %j', async (typed) => {
    const rig = approvalRig([PLAN]);
    expect([await codeOf(rig, approvalOf(typed)), rig.started]).toEqual(['plan.count', []]);
  });

  it('accepts a count as the widget shows it, with separators of thousands in their places', async () => {
    const items = Array.from({ length: 1_234 }, (_, i) => anItem(`web-${i}`));
    const plan = aStoredPlan({ items });
    const results = [];
    for (const typed of ['1,234', '1234', '12,34', ',1234', '1,2,34', '1.234', '01,234'])
      results.push(await codeOf(approvalRig([plan]), approvalOf(typed, { digest: plan.digest })));
    expect(results).toEqual(['approved', 'approved', ...Array(5).fill('plan.count')]);
  });

  it.each<[string, Parameters<typeof aStoredPlan>[0]]>([
    ['plan.account', { account: '210987654321' }],
    ['plan.account', { items: [anItem('web-1', { account: '210987654321' })] }],
    ['plan.expired', { expiresAt: '2026-11-24T12:00:00.000Z' }],
    ['plan.incomplete', { complete: false }],
    ['plan.blocked', { blocked: { code: 'cap.max-share', message: 'too many' } }],
    ['plan.blocked', { caps: 'raised' }],
    ['plan.config-changed', { config: { origin: 'retention.yaml', digest: `sha256:${'0'.repeat(64)}` } }],
    ['plan.count', { items: [] }],
  ])('is refused with %s, as the widget offers no such plan: %j', async (code, given) => {
    const plan = aStoredPlan(given);
    const rig = approvalRig([plan]);
    const event = approvalOf(String(plan.items.length), { digest: plan.digest });
    expect([await codeOf(rig, event), rig.started]).toEqual([code, []]);
  });

  it('is refused for a plan that the page showed before it expired', async () => {
    const rig = approvalRig([PLAN], { clock: () => Date.parse(PLAN.expiresAt) });
    expect([await codeOf(rig, approvalOf('3')), rig.started]).toEqual(['plan.expired', []]);
  });

  it('is refused with approval.old-page once a newer report has made a plan', async () => {
    const newer = aStoredPlan({ id: '20261124T080000Z-1a2b3c4d' });
    const rig = approvalRig([PLAN, newer]);
    expect([await codeOf(rig, approvalOf('3')), rig.started]).toEqual(['approval.old-page', []]);
    expect(await codeOf(rig, approvalOf('3', { plan: newer.id, digest: newer.digest }))).toBe('approved');
  });

  it('is refused for a plan of a time to come, also where there is no other', async () => {
    const later = aStoredPlan({ id: '20991124T080000Z-1a2b3c4d' });
    const rig = approvalRig([later]);
    const approval = approvalOf('3', { plan: later.id, digest: later.digest });
    expect([await codeOf(rig, approval), rig.started]).toEqual(['plan.not-found', []]);
  });

  it.each([
    ['plan.altered', 'the digest of another plan', { digest: `sha256:${'0'.repeat(64)}` }, [PLAN]],
    ['plan.not-found', 'a plan that is gone', {}, []],
    ['approval.old-page', 'a plan that no report made', { plan: 'mine' }, [PLAN]],
  ])('is refused with %s: %s', async (code, _, given, plans) => {
    const rig = approvalRig(plans);
    expect([await codeOf(rig, approvalOf('3', given)), rig.started]).toEqual([code, []]);
  });

  it('is refused with plan.altered where the stored plan was changed', async () => {
    const rig = approvalRig([PLAN]);
    const key = `plans/${ID}.json`;
    rig.objects.set(key, (rig.objects.get(key) ?? '').replace('web-1', 'web-9'));
    expect([await codeOf(rig, approvalOf('3')), rig.started]).toEqual(['plan.altered', []]);
  });

  it('fails where the deletion function cannot be invoked, and says so', async () => {
    const startDeletion = () => Promise.reject(new RetentionError('apply.invoke', 'denied'));
    const rig = approvalRig([PLAN], { startDeletion, clock: () => NOW, config: CONFIG });
    expect(await codeOf(rig, approvalOf('3'))).toBe('apply.invoke');
  });
});

test('CloudWatch asks for the documentation of a widget by describe', () => {
  expect([{ describe: true }, {}, null, 'describe', { describe: false }].map(isDescribe)).toEqual([
    ...[true, false, false, false, false],
  ]);
});
