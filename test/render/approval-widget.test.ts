import {
  approvedAnswer,
  notAskedAnswer,
  type PlanState,
  refusedAnswer,
  renderApprovalWidget,
  type UsedPlan,
  unreadWidget,
  usedAnswer,
  type WidgetContext,
} from '../../lambda/render/approval-widget';
import { anItem, aStoredPlan, CONFIG, ID, ITEMS } from '../approval/rig';
import { actionsIn, textOfHtml } from '../support/console-widget';
import { expectGolden } from '../support/golden';
import { anOutcome, aResult } from '../support/result-builder';
import { HOSTILE_NAMES } from './hostile';

const APPROVE = 'arn:aws:lambda:us-east-1:123456789012:function:approve';
const CONTEXT: WidgetContext = {
  zone: CONFIG.zone,
  approveFunction: APPROVE,
  reportLink: (id) => `https://us-east-1.console.aws.amazon.com/s3/object/b?region=us-east-1&prefix=reports/${id}`,
};

const open = (given: Partial<Extract<PlanState, { state: 'open' }>> = {}): PlanState => ({
  ...{ state: 'open', plan: aStoredPlan(), attempt: 0, result: null, lastEnd: null },
  ...given,
});

const shown = (state: PlanState): string => textOfHtml(renderApprovalWidget(state, CONTEXT));

const RESULT = aResult(ID, [anOutcome('web-1'), anOutcome('web-2', { outcome: 'spared' })], {
  plan: { id: ID, digest: aStoredPlan().digest, count: 3 },
  status: 'unfinished',
});

const APPROVAL = {
  by: { kind: 'dashboard', arn: null, claimed: true },
  at: Date.parse('2026-11-23T08:04:30Z'),
} as const;

/** Markup that would act if it were not text. */
const ACTING = [
  `<cwdb-action action="call" event="mouseenter" endpoint="${APPROVE}">{"approve":{}}</cwdb-action>`,
  `"><cwdb-action action="call" endpoint="${APPROVE}">{}</cwdb-action>`,
  "' event='mouseenter",
  '" event="mouseenter" confirmation="',
  '</cwdb-action><a class="btn">Approve</a><cwdb-action action="call">{}</cwdb-action>',
  '</td></table></div><form><input name="count" value="3"></form>',
  '</style><style>body{display:none}',
  '&lt;cwdb-action&gt;',
  ...HOSTILE_NAMES,
];

describe('the widget of the newest plan', () => {
  it('shows a plan by source, with its reason, its cost and until when it can be approved', () => {
    const items = [
      ...ITEMS,
      anItem('web-3', {
        createdAt: '2026-08-03T00:00:00.000Z',
        reason: 'It is older than 30 days.',
        sizeGb: null,
        monthlyCostCeiling: null,
      }),
      anItem('db-1', { source: null, reason: undefined as never }),
    ];
    expectGolden('approval-widget.html', renderApprovalWidget(open({ plan: aStoredPlan({ items }) }), CONTEXT));
  });

  it('has one button, which names the plan, its digest and the attempt, and asks before it acts', () => {
    const html = renderApprovalWidget(open({ attempt: 2 }), CONTEXT);
    expect(actionsIn(html)).toEqual([
      {
        endpoint: APPROVE,
        trigger: 'click',
        confirmation: 'Delete 3 snapshots of 2 sources, up to $6.00/month? A Lightsail delete cannot be undone.',
        parameters: { approve: { plan: ID, digest: aStoredPlan().digest, attempt: 2 } },
      },
    ]);
    expect([...html.matchAll(/<input/g), ...html.matchAll(/class="btn/g)]).toHaveLength(2);
  });

  it.each<[string, PlanState, RegExp]>([
    ['no plan', { state: 'none' }, /^There is no plan yet\. The next report makes one\.$/],
    [
      'a refused plan',
      { state: 'refused', plan: aStoredPlan(), code: 'plan.expired', text: 'it is over' },
      /^The newest plan cannot be approved\. it is over plan\.expired Plan 2026.*made on 23 Nov 2026 09:00 \(Europe/,
    ],
    [
      'a plan that cannot be read',
      { state: 'refused', plan: null, code: 'plan.altered', text: 'changed' },
      /^The newest plan cannot be approved\. changed plan\.altered$/,
    ],
    [
      'a plan that is running without an outcome',
      { state: 'running', plan: aStoredPlan(), result: null, approval: APPROVAL },
      /running\. It lists 3 snapshots\. Approved by a user of the dashboard \(claimed\), ARN not known, on 23 Nov 2026 09:04 \(Europe/,
    ],
    [
      'a plan that is running',
      { state: 'running', plan: aStoredPlan(), result: RESULT, approval: null },
      /is running\. 2 of 3 snapshots have an outcome: 1 deleted, 1 skipped\. Approved by arn:aws:iam/,
    ],
    [
      'a finished plan',
      { state: 'finished', plan: aStoredPlan(), result: { ...RESULT, status: 'finished' } },
      /^The newest plan is finished\. 2 of 3.*Freed: up to \$2\.00\/month\..*ended on 23 Nov 2026 09:05 \(Europe/,
    ],
    [
      'a plan without snapshots',
      open({ plan: aStoredPlan({ items: [] }) }),
      /^Nothing to approve\. The newest plan lists/,
    ],
  ])('shows %s in a sentence, and nothing that acts', (_, state, text) => {
    expect(shown(state)).toMatch(text);
    const html = renderApprovalWidget(state, CONTEXT);
    expect([actionsIn(html), html.includes('<form'), html.includes('class="btn')]).toEqual([[], false, false]);
  });

  it('says of a plan that was approved before how its last run ended', () => {
    const lastEnd = { state: 'refused', code: 'inventory.incomplete', text: 'not everything can be read now' } as const;
    expect(shown(open({ attempt: 1, result: RESULT, lastEnd }))).toContain(
      'This plan was approved before, and can be approved again. 2 of 3 snapshots have an outcome: ' +
        '1 deleted, 1 skipped. The plan was refused: not everything can be read now inventory.incomplete .',
    );
  });

  it('says that limits were raised', () => {
    expect(shown(open({ plan: aStoredPlan({ caps: 'raised' }) }))).toContain('The limits were raised for this plan');
  });

  it('shows a hundred sources, the most expensive first, and sums the others', () => {
    const items = Array.from({ length: 250 }, (_, i) =>
      anItem(`s-${i}`, { source: `source-${i}`, monthlyCostCeiling: `${i}.00` }),
    );
    const html = renderApprovalWidget(open({ plan: aStoredPlan({ items }) }), CONTEXT);
    expect([...html.matchAll(/<tr>/g)]).toHaveLength(102);
    expect(html.indexOf('source-249')).toBeLessThan(html.indexOf('source-248'));
    expect(textOfHtml(html)).toContain('150 more sources: 150 snapshots, up to $11,175.00/month');
  });

  it('stays below a megabyte with 100,000 snapshots of long names, far below the 6 MB of an answer', () => {
    const long = '<'.repeat(255);
    const items = Array.from({ length: 100_000 }, (_, i) =>
      anItem(`s-${i}`, { source: `${i % 5_000}${long}`, reason: `${i % 7}${'&'.repeat(190)}` }),
    );
    const plan = { ...aStoredPlan(), items };
    expect(Buffer.byteLength(renderApprovalWidget(open({ plan }), CONTEXT))).toBeLessThan(1_000_000);
  });

  it('stays small with names and messages of 10 kB, which are cut', () => {
    const long = '<'.repeat(10_000);
    const items = Array.from({ length: 100 }, (_, i) =>
      anItem(`s-${i}`, { source: `${i}${long}`, reason: `${i}${long}` }),
    );
    const lastEnd = { state: 'failed', code: long, text: long } as const;
    expect(
      Buffer.byteLength(renderApprovalWidget(open({ plan: aStoredPlan({ items }), lastEnd }), CONTEXT)),
    ).toBeLessThan(1_000_000);
    for (const each of [
      refusedAnswer({ code: long, message: long }),
      unreadWidget({ code: long, message: long }),
      usedAnswer({ state: 'ended', plan: long, result: null, approval: null, lastEnd }, CONFIG.zone),
      renderApprovalWidget({ state: 'refused', plan: null, code: long, text: long }, CONTEXT),
    ])
      expect(Buffer.byteLength(each)).toBeLessThan(20_000);
  });

  it.each(ACTING)('keeps text of other people as text, wherever it is: %s', (text) => {
    const items = [anItem('web-1', { name: text, source: text, reason: text, policy: text, arn: text }), ...ITEMS];
    const plan = aStoredPlan({ items, config: { origin: text, digest: CONFIG.digest } });
    const lastEnd = { state: 'failed', code: text, text } as const;
    const result = { ...RESULT, approvedBy: { kind: 'caller', arn: text, claimed: true } as const };
    const html = renderApprovalWidget(open({ plan, result, lastEnd }), CONTEXT);
    const harmless = renderApprovalWidget(
      open({
        plan: aStoredPlan({ items: [anItem('web-1', { source: 'x', reason: 'x' }), ...ITEMS] }),
        result,
        lastEnd: { state: 'failed', code: 'x', text: 'x' },
      }),
      CONTEXT,
    );
    const tagsOf = (each: string): readonly string[] => [...each.matchAll(/<\/?[a-z][^>]*>/g)].map(([tag]) => tag);
    expect(tagsOf(html)).toEqual(tagsOf(harmless));
    expect(actionsIn(html)).toHaveLength(1);
    for (const each of [
      renderApprovalWidget({ state: 'refused', plan, code: text, text }, CONTEXT),
      renderApprovalWidget({ state: 'running', plan, result, approval: { by: result.approvedBy, at: 0 } }, CONTEXT),
      renderApprovalWidget({ state: 'finished', plan, result }, CONTEXT),
      refusedAnswer({ code: text, message: text }),
      unreadWidget({ code: text, message: text }),
      approvedAnswer({ plan: text, count: 1 }),
      usedAnswer({ state: 'finished', plan: text, result }, CONFIG.zone),
      usedAnswer({ state: 'running', plan: text, result, approval: null }, CONFIG.zone),
      usedAnswer({ state: 'ended', plan: text, result: null, approval: null, lastEnd }, CONFIG.zone),
    ])
      expect(each).not.toMatch(/<(?!\/?(?:style|div|p|strong|code|a)\b)|<a (?!href="https:\/\/us-east-1\.console)/);
  });

  it.each<[UsedPlan, string]>([
    [
      { state: 'finished', plan: ID, result: { ...RESULT, status: 'finished' } },
      'Nothing was approved: this plan is finished. 2 of 3 snapshots have an outcome: 1 deleted, 1 skipped. Freed: ' +
        'up to $2.00/month. Approved by arn:aws:iam::123456789012:user/ann, the caller of the command line ' +
        '(confirmed by STS). Its deletion began on 23 Nov 2026 09:00 and ended on 23 Nov 2026 09:05 (Europe/Berlin).',
    ],
    [
      { state: 'finished', plan: ID, result: { ...RESULT, approvedBy: null } },
      'Who approved it is not recorded. Its deletion began on',
    ],
    [
      { state: 'running', plan: ID, result: null, approval: APPROVAL },
      'Nothing more was approved: the deletion of this plan is running. Approved by a user of the dashboard (claimed), ARN not ' +
        'known, on 23 Nov 2026 09:04 (Europe/Berlin).',
    ],
    [
      { state: 'running', plan: ID, result: RESULT, approval: null },
      'the deletion of this plan is running. 2 of 3 snapshots have an outcome: 1 deleted, 1 skipped. Approved by arn:',
    ],
    [
      {
        state: 'ended',
        plan: ID,
        result: null,
        approval: APPROVAL,
        lastEnd: { state: 'failed', code: 'run.failed', text: 'x' },
      },
      'this plan was approved before, after the page was shown. The run failed: x run.failed . Approved by a user of',
    ],
  ])('says in an answer to an old page what became of its plan, and offers nothing', (used, text) => {
    const html = usedAnswer(used, CONFIG.zone);
    expect(textOfHtml(html)).toContain(text);
    expect(textOfHtml(html)).toMatch(
      /Plan 20261123T080000Z-1a2b3c4d \S+ Refresh the widget: it shows the newest plan\.$/,
    );
    expect([actionsIn(html), html.includes('<form'), html.includes('class="btn')]).toEqual([[], false, false]);
  });

  it('never says that nothing was approved where an answer may have been lost', () => {
    const answer = (code: string) => textOfHtml(refusedAnswer({ code, message: 'got no answer' }));
    expect(answer('apply.invoke')).toContain('It is not certain that the approval arrived. Refresh the widget');
    expect(answer('plan.expired')).toContain('Nothing was approved.');
  });

  it('has no script, no address of a picture and no link that acts', () => {
    const html = renderApprovalWidget(open(), CONTEXT) + notAskedAnswer();
    expect(html).not.toMatch(/<script|<img|<iframe|\son[a-z]+=|javascript:|url\(/i);
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      expect.stringMatching(/^https:\/\/us-east-1\.console\.aws\.amazon\.com\/s3\/object\//),
    ]);
  });
});
