import type { ItemResult } from '../../lambda/core/plan/outcome';
import { UTC } from '../../lambda/core/time/zone';
import type { ResultPageContext } from '../../lambda/render/page/result-first-screen';
import { renderIndex } from '../../lambda/render/report-index';
import { renderResultHtml } from '../../lambda/render/result-html';
import { HOSTILE_NAMES } from '../render/hostile';
import { isInstalled, itWith } from '../support/optional';
import { anOutcome, aResult } from '../support/result-builder';
import { axeFindings, LOOKS, overflow, PHONE, sheetsOf } from './appearance';
import { CHROMIUM, startBrowser, type Visitor, visitor } from './browser';

const PLAN = '20261123T080000Z-1a2b3c4d';
const UUID = '0a94cea7-7f48-4266-a1ff-f7025c4ffbfb';
const REASONS = [
  { code: 'last', text: 'last: 3 of 3 slots filled' },
  { code: 'monthly', text: 'monthly: 2026-10 already kept by prod-web-2026-10-26' },
  { code: 'expireAfter', text: '30d old since 2026-10-31' },
];

let browser: Visitor;
beforeAll(async () => {
  if (isInstalled(CHROMIUM)) browser = visitor(await startBrowser());
}, 120_000);
afterEach(() => browser?.leave());
afterAll(() => browser?.close());

const test = (name: string, run: () => Promise<void>): void => itWith(CHROMIUM, name, run, 120_000);

const outcome = (i: number, given: Partial<ItemResult> = {}): ItemResult =>
  anOutcome(`prod-web-2026-10-${i}`, {
    arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${i}${UUID}`,
    source: `prod-web-${i % 12}`,
    reasons: REASONS,
    requestId: UUID,
    ...given,
  });

const OUTCOMES: readonly ItemResult[] = [
  ...Array.from({ length: 20 }, (_, i) => outcome(i)),
  outcome(20, { outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed' }),
  outcome(21, { outcome: 'failed', code: 'operation.timeout', text: 'no end', mayStillBeDeleted: true }),
  outcome(22, { outcome: 'spared', code: 'hold', text: 'held by the tag retention:hold', requestId: null }),
  outcome(23, { outcome: 'already-gone', code: 'snapshot.gone', text: 'it was gone', requestId: null }),
];

const context = (items: readonly ItemResult[], given: Partial<ResultPageContext> = {}): ResultPageContext => ({
  planId: PLAN,
  zone: UTC,
  region: 'eu-west-1',
  result: aResult(PLAN, items),
  unread: null,
  end: { state: 'stopped', code: 'run.deadline', text: 'it did not end within 23 hours' },
  resumeCommand: { command: `aws lambda invoke --function-name ${'f'.repeat(140)} out.json`, region: 'eu-west-1' },
  evidenceHead: `00000226:${'b'.repeat(64)}`,
  ...given,
});

const LINKS = { report: 'https://a/', plan: 'https://b/', index: 'https://c/', json: 'https://d/' };
const pageOf = (items = OUTCOMES): Iterable<string> => renderResultHtml(context(items), LINKS);

function indexPage(): Iterable<string> {
  const at = (week: number): string => new Date(Date.UTC(2026, 10, 23 - 7 * week, 8)).toISOString();
  const reports = Array.from({ length: 20 }, (_, i) => ({
    reportId: `report-${i}`,
    at: at(i),
    outcome: i === 3 ? null : `[Lightsail] ${i} of 173 snapshots can be deleted, up to $78.60/month`,
    totals: null,
    files: { html: `${i}/report.html`, json: `${i}/report.json`, csv: `${i}/report.csv` },
  }));
  const deletions = [1, 4].map((week) => ({
    planId: PLAN,
    at: at(week),
    outcome: 'Of 26 planned snapshots: 22 deleted, 2 skipped, 2 failed. Freed: at most $44.00/month.',
    files: { html: '../results/x.html', json: '../results/x.json' },
  }));
  return renderIndex(reports, deletions, UTC);
}

const PAGES = { 'of a result': () => pageOf(), 'of the index': indexPage } as const;

for (const [name, make] of Object.entries(PAGES))
  describe(`the page ${name}`, () => {
    for (const [look, options] of LOOKS)
      test(`has no finding of axe-core and no horizontal scroll (${look})`, async () => {
        const { page, complaints } = await browser.open(make(), options);
        expect(await axeFindings(page)).toEqual([]);
        expect(await overflow(page)).toBe(0);
        expect(complaints).toEqual([]);
      });
  });

describe('the page of a result', () => {
  test('prints 24 outcomes on at most three sheets of A4, and 173 on at most ten', async () => {
    const { page } = await browser.open(pageOf());
    expect(await sheetsOf(page)).toBeLessThanOrEqual(3);
    const { page: long } = await browser.open(pageOf(Array.from({ length: 173 }, (_, i) => outcome(i))));
    expect(await sheetsOf(long)).toBeLessThanOrEqual(10);
  });

  test('prints the ids of snapshots and requests, and the evidence', async () => {
    const { page } = await browser.open(pageOf());
    await page.emulateMedia({ media: 'print' });
    const printed = (await page.locator('body').allInnerTexts()).join();
    for (const text of [`0${UUID}`, UUID, `00000226:${'b'.repeat(64)}`, 'arn:aws:lightsail:us-east-1:123456789012:'])
      expect(printed).toContain(text);
  });

  test('unfolds every reason without a script', async () => {
    const { page } = await browser.open(pageOf(), { javaScriptEnabled: false });
    const row = page.locator('#deleted tbody tr').nth(1);
    expect(await row.locator('.full').isVisible()).toBe(false);
    await row.locator('summary').click();
    expect(await row.locator('.full').textContent()).toBe(REASONS.map(({ text }) => text).join('; '));
  });

  test('keeps hostile names as text', async () => {
    const items = HOSTILE_NAMES.map((name, i) => outcome(i, { name, source: name, text: name, code: name }));
    const { page, complaints } = await browser.open(pageOf(items), PHONE);
    expect(await page.locator('img, script, svg svg, [onerror], [onload]').count()).toBe(0);
    expect(await overflow(page)).toBe(0);
    expect(complaints).toEqual([]);
  });
});
