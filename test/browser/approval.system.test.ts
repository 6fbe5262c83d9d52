import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { approvePlan } from '../../lambda/approval/approve-plan';
import { viewPlan } from '../../lambda/approval/view-plan';
import type { Plan } from '../../lambda/core/plan/plan';
import { RetentionError } from '../../lambda/core/util/errors';
import {
  approvedAnswer,
  notAskedAnswer,
  refusedAnswer,
  renderApprovalWidget,
  usedAnswer,
} from '../../lambda/render/approval-widget';
import {
  type ApprovalRig,
  anItem,
  approvalRig,
  aStoredPlan,
  begin,
  CONFIG,
  end,
  ID,
  ITEMS,
  putResult,
  REFUSED,
} from '../approval/rig';
import { HOSTILE_NAMES } from '../render/hostile';
import { isInstalled, itWith } from '../support/optional';
import { axeFindings, LOOKS, overflow, PHONE } from './appearance';
import { CHROMIUM, startBrowser } from './browser';
import { type ConsolePage, openConsole } from './fake-console';

const APPROVE = 'arn:aws:lambda:us-east-1:123456789012:function:approve';

let browser: Browser;
beforeAll(async () => {
  if (isInstalled(CHROMIUM)) browser = await startBrowser();
}, 120_000);
afterEach(() => Promise.all(browser?.contexts().map((context) => context.close()) ?? []));
afterAll(() => browser?.close());

const test = (name: string, run: () => Promise<void>): void => itWith(CHROMIUM, name, run, 120_000);

const view = async ({ ports }: ApprovalRig): Promise<string> =>
  renderApprovalWidget(await viewPlan(ports), {
    zone: CONFIG.zone,
    approveFunction: APPROVE,
    reportLink: (id) => `https://us-east-1.console.aws.amazon.com/s3/object/b?prefix=reports/${id}`,
  });

/** Both functions behind a dashboard. */
async function opened(
  plan: Plan,
  { answer = true, ...options }: BrowserContextOptions & { readonly answer?: boolean } = {},
): Promise<ConsolePage & { readonly rig: ApprovalRig; readonly invoked: string[] }> {
  const rig = approvalRig([plan]);
  const invoked: string[] = [];
  const invoke = async (endpoint: string, event: unknown): Promise<string> => {
    invoked.push(endpoint);
    if (endpoint !== APPROVE) throw new Error(`no function ${endpoint}`);
    try {
      const approval = await approvePlan(rig.ports, event);
      if (approval.state === 'used') return usedAnswer(approval.used, CONFIG.zone);
      return approval.state === 'approved' ? approvedAnswer(approval) : notAskedAnswer();
    } catch (error) {
      if (error instanceof RetentionError) return refusedAnswer(error);
      throw error;
    }
  };
  return { ...(await openConsole(browser, { view: () => view(rig), invoke, answer }, options)), rig, invoked };
}

const LONG = [
  ...ITEMS,
  ...Array.from({ length: 40 }, (_, i) =>
    anItem(`shop-${i}`, { source: `shop-production-${i % 9}`, createdAt: `2026-0${1 + (i % 9)}-03T00:00:00.000Z` }),
  ),
];

describe('the widget on a dashboard', () => {
  test('approves a plan after its count was typed, its button clicked and the question answered', async () => {
    const { page, rig, questions, complaints, invoked } = await opened(aStoredPlan());
    await page.getByLabel('Type the number').fill('3');
    await page.getByText('Approve the deletion').click();
    await page.getByText('Approved: 3 snapshots').waitFor();
    expect(questions).toEqual([
      'Delete 3 snapshots of 2 sources, up to $6.00/month? A Lightsail delete cannot be undone.',
    ]);
    expect([invoked, complaints]).toEqual([[APPROVE], []]);
    expect(rig.started).toEqual([
      expect.objectContaining({ execution: ID, event: expect.objectContaining({ count: 3 }) }),
    ]);
  });

  test('starts nothing for another answer to the question, or another count', async () => {
    const dismissed = await opened(aStoredPlan(), { answer: false });
    await dismissed.page.getByLabel('Type the number').fill('3');
    await dismissed.page.getByText('Approve the deletion').click();
    expect([dismissed.questions.length, dismissed.invoked]).toEqual([1, []]);
    const { page, rig } = await opened(aStoredPlan());
    for (const typed of ['', '2', '３']) {
      await page.getByLabel('Type the number').fill(typed);
      await page.getByText('Approve the deletion').click();
      await page.getByText(`got "${typed}", and the plan lists 3`).waitFor();
    }
    expect(rig.started).toEqual([]);
  });

  test('asks no function while a person moves the mouse, presses Enter in the field or refreshes', async () => {
    const { page, invoked, questions, complaints, refresh } = await opened(aStoredPlan());
    const field = page.getByLabel('Type the number');
    await field.fill('3');
    for (const element of await page.locator('#widget *:visible').all()) await element.hover({ force: true });
    await field.press('Enter');
    await refresh();
    await page.getByText('Approve the deletion').hover();
    expect([invoked, questions, complaints]).toEqual([[], [], []]);
  });

  test('names the same execution for two clicks in a row', async () => {
    const { page, rig } = await opened(aStoredPlan());
    await page.getByLabel('Type the number').fill('3');
    await page.getByText('Approve the deletion').dblclick();
    await page.getByText('Approved: 3 snapshots').waitFor();
    expect(new Set(rig.started.map(({ execution }) => execution))).toEqual(new Set([ID]));
  });

  test('says on an old page what became of its plan, and offers nothing in its answer', async () => {
    const plan = aStoredPlan();
    const { page, rig, refresh } = await opened(plan);
    const button = page.locator('#widget').getByText('Approve the deletion');
    const popup = page.locator('#popup');
    const click = async (): Promise<void> => {
      await page.getByLabel('Type the number').fill('3');
      await button.click();
    };
    begin(rig, plan, `${ID}-0001`);
    await click();
    await popup.getByText('Nothing more was approved: the deletion of this plan is running.').waitFor();
    end(rig, plan, ID, REFUSED);
    await click();
    await popup.getByText('not everything can be read now').waitFor();
    putResult(rig, plan, { status: 'finished' });
    await click();
    await popup.getByText('Nothing was approved: this plan is finished.').waitFor();
    expect(await popup.locator('form, input, .btn, cwdb-action').count()).toBe(0);
    await refresh();
    expect([await button.count(), rig.started]).toEqual([0, []]);
  });

  test('keeps hostile names as text: nothing of them acts, loads or adds a field', async () => {
    const names = [
      `<cwdb-action action="call" event="mouseenter" endpoint="${APPROVE}">{}</cwdb-action>`,
      `</cwdb-action></table><a class="btn">x</a><cwdb-action action="call" endpoint="${APPROVE}">{}</cwdb-action>`,
      '<form><input name="count" value="3"></form>',
      '" event="mouseenter',
      ...HOSTILE_NAMES,
    ];
    const items = names.map((name, i) =>
      anItem(`web-${i}`, { name: name || 'x', source: name, reason: name.slice(0, 200) }),
    );
    const { page, invoked, complaints } = await opened(aStoredPlan({ items }), PHONE);
    expect(await page.locator('#widget cwdb-action').count()).toBe(1);
    expect(await page.locator('#widget :is(form, input, .btn)').count()).toBe(3);
    expect(await page.locator('#widget :is(img, svg, script, iframe)').count()).toBe(0);
    for (const cell of await page.locator('#widget td:visible').all()) await cell.hover({ force: true });
    expect([invoked, complaints, await overflow(page)]).toEqual([[], [], 0]);
  });

  for (const [look, options] of LOOKS)
    test(`has no finding of axe-core and no horizontal scroll (${look})`, async () => {
      const { page } = await opened(aStoredPlan({ items: LONG }), options);
      if (process.env.SCREENSHOTS !== undefined) {
        mkdirSync(process.env.SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${look}.png`), fullPage: true });
      }
      expect(await axeFindings(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
});
