import type { Page } from 'playwright-core';
import { largeAccount } from '../../emulator/large-account';
import { sampleAccount } from '../../emulator/sample-account';
import type { Report } from '../../lambda/core/report/report-model';
import { renderHtml } from '../../lambda/render/html';
import { MAX_ROWS } from '../../lambda/render/page/embed';
import { HOSTILE_NAMES, hostileItems } from '../render/hostile';
import { SITUATIONS } from '../render/sample-reports';
import { isInstalled, itWith } from '../support/optional';
import { aReport, changes, excluded, expired, kept } from '../support/report-builder';
import { axeFindings, LOOKS, overflow, PHONE, sheetsOf } from './appearance';
import { CHROMIUM, startBrowser, type Visitor, visitor } from './browser';
import { reportOf } from './reports';

const NOW = Date.UTC(2026, 10, 23, 8);
const LARGE = 20_000;

let sample: Report;
let large: Report;
let largePage: readonly string[];
let browser: Visitor;

const test = (name: string, run: () => Promise<void>): void => itWith(CHROMIUM, name, run, 120_000);

beforeAll(async () => {
  if (!isInstalled(CHROMIUM)) return;
  [sample, large] = await Promise.all([
    reportOf(sampleAccount(NOW), NOW),
    reportOf(largeAccount({ snapshots: LARGE, now: NOW }), NOW, 'compliance.yaml'),
  ]);
  largePage = [...pageOf(large)];
  browser = visitor(await startBrowser());
}, 120_000);
afterEach(() => browser?.leave());
afterAll(() => browser?.close());

const pageOf = (report: Report): Iterable<string> => renderHtml(report, { stored: true, tagPrefix: 'retention' });
const text = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allTextContents();
const names = (page: Page): Promise<string[]> => text(page, '#body td.nm a');
const summary = (page: Page): Promise<string | null> => page.locator('#summary').textContent();

describe('the page of the sample account', () => {
  test('shows everything of a source in Frankfurt, sorted by age, in three steps', async () => {
    const { page, complaints } = await browser.open(pageOf(sample));
    await page.getByLabel('Source', { exact: true }).selectOption('prod-web');
    await page
      .getByLabel('Region', { exact: true })
      .selectOption({ label: await choice(page, 'region', 'Frankfurt (eu-central-1)') });
    await page.getByRole('columnheader', { name: 'Created' }).getByRole('button').click();
    const wanted = sample.items
      .filter(({ snapshot }) => snapshot.source?.name === 'prod-web' && snapshot.region === 'eu-central-1')
      .sort((a, b) => (a.snapshot.createdAt ?? 0) - (b.snapshot.createdAt ?? 0))
      .map(({ snapshot }) => snapshot.name);
    expect(wanted.length).toBeGreaterThan(30);
    const firstNames = await names(page);
    await page.getByRole('button', { name: 'Next' }).first().click();
    expect([...firstNames, ...(await names(page))]).toEqual(wanted);
    expect(await summary(page)).toContain(`${wanted.length} of ${sample.totals.snapshots} snapshots`);
    expect(await page.locator('th[data-sort=age]').getAttribute('aria-sort')).toBe('descending');
    expect(complaints).toEqual([]);
  });

  test('keeps what was asked for in its address, and shows it again from there', async () => {
    const { page } = await browser.open(pageOf(sample));
    await page.getByLabel('Source', { exact: true }).selectOption('blog');
    await page.getByLabel('Sorted by', { exact: true }).selectOption('-age');
    const hash = new URL(page.url()).hash;
    expect(hash).toBe('#source=blog&sort=-age');
    const again = await browser.open(pageOf(sample), { hash });
    expect(await names(again.page)).toEqual(await names(page));
    expect(await again.page.getByLabel('Source', { exact: true }).inputValue()).toBe('blog');
  });

  test('does not take one source for another whose name begins alike', async () => {
    const { page } = await browser.open(pageOf(sample), { hash: '#source=prod-shop' });
    const wanted = sample.items.filter(({ snapshot }) => snapshot.source?.name === 'prod-shop');
    expect(new Set(await names(page))).toEqual(new Set(wanted.map(({ snapshot }) => snapshot.name)));
  });

  test('finds every word of a search wherever it stands: in a name, a tag, a reason', async () => {
    const { page } = await browser.open(pageOf(sample));
    await page.getByLabel('Search', { exact: true }).fill('No_Delete RELAUNCH');
    await page.locator('#body tr').nth(1).waitFor({ state: 'detached' });
    expect((await names(page))[0]).toMatch(/^prod-shop-before-relaunch-/);
    await page.getByLabel('Search', { exact: true }).fill('nothing has this name');
    await page.locator('#none').waitFor();
    expect(await summary(page)).toBe('No snapshot matches');
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await summary(page)).toContain(
      `All ${sample.totals.snapshots} snapshots: ${sample.totals.expire} can be deleted`,
    );
  });

  test('follows a deep link to a snapshot on a later page, and lifts a filter that hides it', async () => {
    const last = sample.items.at(-1)?.snapshot;
    const hash = `#snapshot=${encodeURIComponent(last?.arn ?? '')}`;
    const { page, complaints } = await browser.open(pageOf(sample), { hash });
    expect(await text(page, '#body tr.here td.nm a')).toEqual([last?.name]);
    expect(await page.evaluate('document.activeElement.classList.contains("here")')).toBe(true);
    expect(await page.locator('#body tr.here').isVisible()).toBe(true);
    await page.getByLabel('Kind', { exact: true }).selectOption('disk');
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.locator('#body tr.here').waitFor();
    expect(await text(page, '#body tr.here td.nm a')).toEqual([last?.name]);
    expect(complaints).toEqual([]);
  });

  test('leads from its charts to the snapshots that they count', async () => {
    const { page } = await browser.open(pageOf(sample));
    await page.locator('.chart').getByRole('link', { name: 'Frankfurt' }).first().click();
    const wanted = sample.items.filter(({ snapshot }) => snapshot.region === 'eu-central-1').length;
    expect(await summary(page)).toContain(`${wanted} of ${sample.totals.snapshots} snapshots: `);
    await page.locator('#filters label').getByText('Can be deleted').click();
    expect(await page.locator('#body tr:not(.x)').count()).toBe(0);
  });

  test('draws each snapshot once, and tells why at each mark: pointed at, and by the keyboard', async () => {
    const { page } = await browser.open(pageOf(sample));
    expect(await page.locator('#lanes .mark').count()).toBe(sample.totals.snapshots);
    expect(await page.locator('#lanes .mark.expire').count()).toBe(sample.totals.expire);
    await page.locator('#lanes .mark.expire').last().hover();
    expect(await page.locator('#tip').textContent()).toMatch(/Can be deleted.*\d+d old since/);
    const group = page.getByRole('group', { name: 'Snapshots of staging' });
    await group.locator('[tabindex="0"]').focus();
    const newest = await page.locator('#tip b').textContent();
    await page.keyboard.press('ArrowLeft');
    const older = await page.locator('#tip b').textContent();
    expect([newest, older]).toEqual(
      sample.items
        .filter(({ snapshot }) => snapshot.source?.name === 'staging')
        .slice(0, 2)
        .map(({ snapshot }) => snapshot.name),
    );
    await page.keyboard.press('Home');
    expect(await group.locator('[data-at="0"]').getAttribute('tabindex')).toBe('0');
    await page.keyboard.press('Escape');
    expect(await page.locator('#tip').isHidden()).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('#body tr.here').waitFor();
    expect(await page.evaluate('document.activeElement.classList.contains("here")')).toBe(true);
  });

  test('dims the other marks under a highlight, and removes none', async () => {
    const { page } = await browser.open(pageOf(sample));
    await page.locator('#highlights label').getByText('Can be deleted').click();
    expect(await page.locator('#lanes .mark').count()).toBe(sample.totals.snapshots);
    expect(await page.locator('#lanes .mark:not(.dim)').count()).toBe(sample.totals.expire);
    await page.locator('#highlights label').getByText('Held').click();
    expect(await page.locator('#lanes .mark:not(.dim)').count()).toBe(sample.totals.held);
    expect(await page.locator('#lanes .mark').count()).toBe(sample.totals.snapshots);
  });

  test('copies the command that holds the chosen snapshot', async () => {
    const { page, complaints } = await browser.open(pageOf(sample), { permissions: ['clipboard-read'] });
    const candidate = sample.items.find(({ verdict }) => verdict === 'expire')?.snapshot;
    await page.getByText('Keep one of them').click();
    await page.getByLabel('Source or snapshot').selectOption({ label: candidate?.name ?? '' });
    await page.locator('[data-copy=hold-command]').click();
    await page.getByText('Copied. Paste it into CloudShell.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      `aws lightsail tag-resource --region ${candidate?.region} --resource-name ${candidate?.name} --tags key=retention:hold`,
    );
    expect(complaints).toEqual([]);
  });

  test('has the first screen, the groups and the table without scripts', async () => {
    const { page } = await browser.open(pageOf(sample), { javaScriptEnabled: false });
    expect(await page.locator('h1').textContent()).toContain('can be deleted');
    expect(await page.locator('.grp').count()).toBeGreaterThan(3);
    expect(await page.locator('#body tr').count()).toBe(sample.totals.snapshots);
    expect(await page.locator('button:visible, select:visible, #timeline:visible').count()).toBe(0);
    await page.locator('#body tr').last().locator('summary').click();
    expect(await page.locator('#body tr').last().locator('.full').first().isVisible()).toBe(true);
  });

  test('shows the summary and then the exact reasons of an expired snapshot', async () => {
    const { page } = await browser.open(pageOf(aReport([expired()])));
    expect(await text(page, '#body td.why summary')).toEqual(['2026-W44 is covered by web-1108']);
    expect(await text(page, '#body td.why .full')).toEqual([
      'policy standard, from the rule "production". daily: 7 of 7 slots filled; weekly: 2026-W44 already kept by web-1108',
    ]);
  });

  test('removes filters one by one until there is none', async () => {
    const { page } = await browser.open(pageOf(sample));
    const all = await summary(page);
    await page.locator('#filters label').getByText('Can be deleted').click();
    await page.getByLabel('Kind', { exact: true }).selectOption('disk');
    const both = await summary(page);
    await page.goBack();
    expect(await summary(page)).toContain(`: ${sample.totals.expire} can be deleted`);
    expect(await summary(page)).not.toBe(both);
    expect(await page.getByLabel('Kind', { exact: true }).inputValue()).toBe('');
    await page.goBack();
    expect(await summary(page)).toBe(all);
    expect(await page.locator('#filters input:checked').getAttribute('value')).toBe('');
  });

  test('says so where a deep link names a snapshot that it does not list', async () => {
    const { page } = await browser.open(pageOf(sample), { hash: '#snapshot=arn%3Agone' });
    expect(await summary(page)).toContain(
      'This page does not list the snapshot that the address names, arn:gone. All ',
    );
    await page.getByLabel('Kind', { exact: true }).selectOption('disk');
    expect(await summary(page)).not.toContain('arn:gone');
  });

  test('keeps the focus on a pager that leads on, and tells which rows it shows', async () => {
    const { page } = await browser.open(pageOf(sample));
    const pages = Math.ceil(sample.totals.snapshots / 25);
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
    for (let shown = 2; shown <= pages; shown += 1) {
      await page.getByRole('button', { name: 'Next' }).last().click();
      expect(await focused()).toBe(shown < pages ? 'Next' : 'Previous');
    }
    expect(await page.locator('.pager').first().getByRole('status').textContent()).toMatch(
      new RegExp(`^Rows \\d+–${sample.totals.snapshots} of ${sample.totals.snapshots}$`),
    );
    expect(await page.locator('.pager :focus').boundingBox()).toEqual(
      await page.locator('.pager').first().getByRole('button', { name: 'Previous' }).boundingBox(),
    );
  });

  test('prints on at most eight sheets of A4', async () => {
    const { page } = await browser.open(pageOf(sample));
    const sheets = await sheetsOf(page);
    expect(sheets).toBeLessThanOrEqual(8);
    expect(sheets).toBeGreaterThan(2);
  });

  test('prints every row that is asked for', async () => {
    const { page } = await browser.open(pageOf(sample));
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('#body tr').count()).toBe(sample.totals.snapshots);
    await page.evaluate('window.dispatchEvent(new Event("afterprint"))');
    expect(await page.locator('#body tr').count()).toBe(25);
  });

  for (const [look, options] of LOOKS)
    test(`has no finding of axe-core and no horizontal scroll (${look})`, async () => {
      const { page, complaints } = await browser.open(pageOf(sample), options);
      expect(await axeFindings(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect(complaints).toEqual([]);
    });
});

describe(`the page of ${LARGE} snapshots`, () => {
  test('sorts, filters and pages all of them, without a complaint', async () => {
    const { page, complaints } = await browser.open(largePage);
    expect(await summary(page)).toContain('All 20,000 snapshots');
    await page.getByRole('columnheader', { name: 'Snapshot' }).getByRole('button').click();
    const sorted = large.items
      .map(({ snapshot }) => snapshot.name ?? '')
      .sort(new Intl.Collator('en', { numeric: true }).compare);
    expect(await names(page)).toEqual(sorted.slice(0, 25));
    await page.getByRole('button', { name: 'Next' }).first().click();
    expect(await names(page)).toEqual(sorted.slice(25, 50));
    const [first] = large.items;
    const source = first?.snapshot.source?.name ?? '';
    await page.getByLabel('Source', { exact: true }).selectOption(source);
    const wanted = large.items.filter(({ snapshot }) => snapshot.source?.name === source);
    expect(wanted.length).toBeGreaterThan(50);
    expect(await summary(page)).toContain(`${wanted.length} of 20,000 snapshots`);
    expect(complaints).toEqual([]);
  });

  test('says on paper how much of the table and of the timeline is left out, and unfolds what is folded', async () => {
    const report = { ...large, changes: changes({ added: large.items.slice(0, 20) }) };
    const { page } = await browser.open(pageOf(report));
    await page.emulateMedia({ media: 'print' });
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
    const rows = await page.locator('#body tr').count();
    const lanes = await page.locator('#lanes .lane').count();
    const sources = new Set(large.items.map(({ snapshot }) => snapshot.source?.arn)).size;
    expect(await page.locator('.printed:visible').allTextContents()).toEqual([
      `… and ${sources - lanes} sources without a timeline here; their snapshots are in report.csv and report.json, stored beside this page`,
      `… and ${(LARGE - rows).toLocaleString('en-US')} more, in report.csv and report.json, stored beside this page`,
    ]);
    expect(await page.locator('.att details[open]').count()).toBeGreaterThan(0);
    expect(await page.locator('.att details:not([open])').count()).toBe(0);
    await page.evaluate('window.dispatchEvent(new Event("afterprint"))');
    expect(await page.locator('details[open]').count()).toBe(0);
    await page.emulateMedia({ media: 'screen' });
    expect(await page.locator('.printed:visible').count()).toBe(0);
  });

  test('follows a deep link to the last one', async () => {
    const last = large.items.at(-1)?.snapshot;
    const { page } = await browser.open(largePage, { hash: `#snapshot=${encodeURIComponent(last?.arn ?? '')}` });
    expect(await text(page, '#body tr.here td.nm a')).toEqual([last?.name]);
  });

  test('leads to the part of the page that a link names, wide and on a phone', async () => {
    for (const options of [{}, PHONE])
      for (const part of ['timeline', 'all', 'cost']) {
        const { page } = await browser.open(largePage, options);
        await page.evaluate(`document.querySelector('.top a[href="#${part}"]').click()`);
        await page.evaluate('new Promise((done) => setTimeout(done, 300))');
        const top = await page.evaluate<number>(`document.getElementById('${part}').getBoundingClientRect().top`);
        expect([part, Math.abs(top) < 100]).toEqual([part, true]);
        await browser.leave();
      }
  });

  test('has no finding of axe-core, and no horizontal scroll on a phone', async () => {
    const { page } = await browser.open(largePage, PHONE);
    expect(await axeFindings(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});

describe('the page', () => {
  test('keeps hostile names, tags and states as text', async () => {
    const { page, complaints } = await browser.open(pageOf(aReport(hostileItems)), PHONE);
    expect(await page.locator('img, svg svg, script[src], svg script, [onerror], [onload]').count()).toBe(0);
    const shown = await names(page);
    expect(shown).toHaveLength(HOSTILE_NAMES.length);
    expect(shown).toEqual(expect.arrayContaining(['<img src=x onerror=alert(1)>', '__proto__', 'x'.repeat(255)]));
    expect(shown.join()).not.toContain('\u202e');
    await page.getByLabel('Source', { exact: true }).selectOption('<img src=x onerror=alert(1)>');
    expect(await names(page)).toEqual(['<img src=x onerror=alert(1)>']);
    expect(await overflow(page)).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('draws snapshots of one moment so that each can be pointed at, expired ones in front', async () => {
    const at = NOW - 40 * 86_400_000;
    const items = [
      ...Array.from({ length: 3 }, (_, i) => kept({ name: `kept-${i}`, createdAt: at })),
      excluded('held', 'held', { name: 'held', createdAt: at }),
      expired({ name: 'past', createdAt: at }),
    ];
    const { page } = await browser.open(pageOf(aReport(items)));
    for (const { snapshot } of items) {
      await page.locator(`.mark[aria-label^="${snapshot.name},"]`).hover();
      expect(await text(page, '#tip b')).toEqual([snapshot.name]);
    }
    const order = await page.locator('#lanes .mark').evaluateAll((marks) => marks.map((mark) => mark.classList[1]));
    expect(order).toEqual(['keep', 'keep', 'keep', 'held', 'expire']);
  });

  test('tells kept from expired in forced colours too', async () => {
    const { page } = await browser.open(pageOf(aReport([kept(), expired()])), { forcedColors: 'active' });
    const filled = (mark: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector('#m-${mark} *')).fill`);
    const bar = (type: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector('.chart .${type}')).fill`);
    expect(await filled('keep')).not.toBe(await filled('expire'));
    expect(await bar('ghost')).not.toBe(await bar('hatched'));
  });

  test('names snapshots of unknown size in what it sums up', async () => {
    const { page } = await browser.open(pageOf(SITUATIONS['unknown-sizes']?.report ?? aReport([])));
    expect(await summary(page)).toBe(
      'All 3 snapshots: 2 can be deleted, 40 GB, up to $2.00 a month and 2 of unknown size',
    );
    await page.getByLabel('Search', { exact: true }).fill('web-1120');
    await page.locator('#body tr').nth(1).waitFor({ state: 'detached' });
    expect(await summary(page)).toBe('1 of 3 snapshots: 0 can be deleted, size and cost not known');
  });

  test('opens in every situation without a complaint and without horizontal scroll', async () => {
    for (const { report } of Object.values(SITUATIONS)) {
      const { page, complaints } = await browser.open(pageOf(report), PHONE);
      expect(await overflow(page)).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  test('of more snapshots than it carries, says so and stays usable', async () => {
    const items = Array.from({ length: MAX_ROWS + 1 }, (_, i) => kept({ name: `s${i}`, createdAt: NOW - i * 60_000 }));
    const { page, complaints } = await browser.open(pageOf(aReport(items)));
    expect(await page.locator('#all .warn').first().textContent()).toContain('lists 30,000 of 30,001 snapshots');
    await page.getByLabel('Search', { exact: true }).fill('s29999');
    await page.locator('#body tr').nth(1).waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('runs no script but its own', async () => {
    const injected = [...pageOf(sample)].join('').replace('</main>', '<script>window.ran = true</script></main>');
    const { page, complaints } = await browser.open([injected]);
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(complaints.join()).toMatch(/Content Security Policy/);
  });
});

/** The whole label of the choice that begins so: a choice also says how many there are. */
async function choice(page: Page, filter: string, start: string): Promise<string> {
  return (await text(page, `#f-${filter} option`)).find((label) => label.startsWith(start)) ?? start;
}
