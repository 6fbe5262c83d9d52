import { join } from 'node:path';
import * as fc from 'fast-check';
import type { Page } from 'playwright-core';
import { parse } from 'yaml';
import { sampleAccount } from '../../emulator/sample-account';
import { parseConfig } from '../../lambda/config/parse-config';
import { readConfigFile } from '../../lambda/config/read-config-file';
import type { Config } from '../../lambda/core/policy/config';
import { monthlyCostCeiling } from '../../lambda/core/policy/cost';
import { decide } from '../../lambda/core/policy/decide';
import type { EvaluatedSnapshot, Report } from '../../lambda/core/report/report-model';
import { renderHtml } from '../../lambda/render/html';
import { formatDollars, formatNumber } from '../../lambda/render/numbers';
import { isInstalled, itWith } from '../support/optional';
import { runs } from '../support/runs';
import { CHROMIUM, startBrowser, type Visitor, visitor } from './browser';
import { type ReadAccount, readAccount, reportOf } from './reports';

const NOW = Date.UTC(2026, 10, 23, 8);
const AGENCY = readConfigFile(join(__dirname, '..', '..', 'examples', 'agency.yaml'));
const RUNS = runs(120, 1_000);
/** Of so many trials, one also compares each mark of the timeline. */
const COMPARED_MARKS = 20;

let report: Report;
let account: ReadAccount;
let html: readonly string[];
let browser: Visitor;

const test = (name: string, run: () => Promise<void>): void => itWith(CHROMIUM, name, run, 240_000);

function agency(): { readonly config: Config; readonly written: Readonly<Record<string, unknown>> } {
  if (!AGENCY.ok) throw new Error('agency.yaml is no configuration');
  return { config: AGENCY.config, written: AGENCY.written as Readonly<Record<string, unknown>> };
}

beforeAll(async () => {
  if (!isInstalled(CHROMIUM)) return;
  report = await reportOf(sampleAccount(NOW), NOW);
  account = await readAccount(sampleAccount(NOW), NOW);
  html = [...renderHtml(report, { stored: false, tagPrefix: 'retention', config: agency().config })];
  browser = visitor(await startBrowser());
}, 120_000);
afterEach(() => browser?.leave());
afterAll(() => browser?.close());

/** What the command line decides with the policies of the page's YAML in the place of those in the file. */
function decided(yaml: string): readonly EvaluatedSnapshot[] {
  const { written } = agency();
  const { policies } = parse(yaml) as { readonly policies: object };
  const parsed = parseConfig({ ...written, policies: { ...(written.policies as object), ...policies } }, 'tried.yaml');
  if (!parsed.ok) throw new Error(`the page wrote a policy that the command line refuses: ${yaml}`);
  return decide({ ...account, config: parsed.config, now: NOW }).items;
}

const expiring = (items: readonly EvaluatedSnapshot[]): readonly string[] =>
  items.flatMap(({ verdict, snapshot }) => (verdict === 'expire' ? [snapshot.arn ?? ''] : [])).sort();

/** The sums that the page shows: what can be deleted, what stays, and the ceiling of what stays. */
function sums(items: readonly EvaluatedSnapshot[]): readonly string[] {
  const past = new Set(expiring(items));
  const cost = (of: readonly EvaluatedSnapshot[]): number =>
    of.reduce((sum, { snapshot }) => sum + (monthlyCostCeiling(snapshot, report.pricing) ?? 0), 0);
  const all = cost(report.items);
  const gone = cost(report.items.filter(({ snapshot }) => past.has(snapshot.arn ?? '')));
  return [formatNumber(past.size), formatNumber(items.length - past.size), formatDollars(all - gone)];
}

/** One position of the sliders: a policy by its place, and the part of each slider. */
interface Position {
  readonly policy: number;
  readonly parts: readonly number[];
}

/** What the page shows for a position. */
interface Shown {
  readonly valid: boolean;
  readonly yaml: string;
  readonly sums: readonly string[];
}

const MOVE = `(positions) => positions.map(({ policy, parts }) => {
  if (document.getElementById('copy-policy').disabled) document.getElementById('reset').click();
  const radios = [...document.querySelectorAll('#trial-policies input')];
  radios[policy % radios.length].click();
  for (const [i, input] of [...document.querySelectorAll('#sliders input[type=range]')].entries()) {
    const next = String(Math.round(parts[i % parts.length] * Number(input.max)));
    if (next === input.value) continue;
    input.value = next;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }
  return {
    valid: !document.getElementById('copy-policy').disabled,
    yaml: document.getElementById('yaml').textContent,
    sums: [...document.querySelectorAll('#trial-totals dd')].map((dd) => dd.firstChild.textContent),
  };
})`;

const move = (page: Page, positions: readonly Position[]): Promise<readonly Shown[]> =>
  page.evaluate(`(${MOVE})(${JSON.stringify(positions)})`);

/** The snapshots that the timeline draws as deleted, after its next frame. */
const drawn = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
    [...document.querySelectorAll('#lanes .mark.expire, #lanes .mark.also-expire')]
      .map((mark) => decodeURIComponent(mark.getAttribute('href').replace('#snapshot=', ''))).sort()))))`);

describe('the trial of policies on the page', () => {
  test(`decides as the command line for ${RUNS} random policies, and writes each as valid YAML`, async () => {
    // Most sliders of a person are near their start; all the way to either end is tried too.
    const part = fc.noBias(fc.oneof(fc.nat(300), fc.nat(1_000)).map((thousandths) => thousandths / 1_000));
    const position = fc.record({ policy: fc.nat(3), parts: fc.array(part, { minLength: 8, maxLength: 8 }) });
    const positions = fc.sample(position, { numRuns: RUNS, seed: 16 });
    const { page, complaints } = await browser.open(html);
    let valid = 0;
    const distinct = new Set<string>();
    for (let from = 0; from < RUNS; from += COMPARED_MARKS) {
      const shown = await move(page, positions.slice(from, from + COMPARED_MARKS));
      for (const each of shown.filter((one) => one.valid)) {
        valid += 1;
        distinct.add(each.sums.join());
        expect({ yaml: each.yaml, sums: each.sums }).toEqual({ yaml: each.yaml, sums: sums(decided(each.yaml)) });
      }
      const last = shown.at(-1);
      if (last?.valid) expect(await drawn(page)).toEqual(expiring(decided(last.yaml)));
    }
    expect(valid).toBeGreaterThan(0.95 * RUNS);
    expect(distinct.size).toBeGreaterThan(RUNS / 10);
    expect(complaints).toEqual([]);
  });

  test('shows the report until a slider moves, marks each difference, and goes back', async () => {
    const { page } = await browser.open(html);
    expect(await drawn(page)).toEqual(expiring(report.items));
    const [tighter] = await move(page, [{ policy: 0, parts: [0, 0, 0, 0, 0, 0.1] }]);
    const now = await drawn(page);
    expect(now.length).toBeGreaterThan(report.totals.expire);
    expect(await page.locator('#lanes .mark.also-expire').count()).toBe(now.length - report.totals.expire);
    expect(await page.locator('#lanes .mark').count()).toBe(report.totals.snapshots);
    expect(await page.locator('#trial-totals').textContent()).toContain(`in force ${report.totals.expire}`);
    expect(tighter?.sums[0]).toBe(String(now.length));
    await page.getByRole('button', { name: 'Reset' }).click();
    expect(await drawn(page)).toEqual(expiring(report.items));
    await move(page, [{ policy: 0, parts: [1, 1, 1, 1, 1, 1] }]);
    expect(await page.locator('#lanes .mark.kept-instead').count()).toBeGreaterThan(0);
  });

  test('copies the tried policy as YAML, and refuses one without a rule', async () => {
    const { page } = await browser.open(html, { permissions: ['clipboard-read'] });
    await move(page, [{ policy: 0, parts: [0.5] }]);
    await page.getByRole('button', { name: 'Copy policy' }).click();
    await page.getByText('Policy copied.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
      /^policies:\n {2}standard:\n {4}keep: \{ last: 7, daily: 16, weekly: 13, monthly: 12, yearly: 5 \}\n {4}expireAfter: \w+\n$/,
    );
    const [before] = await move(page, [{ policy: 0, parts: [0.5] }]);
    const [none] = await move(page, [{ policy: 0, parts: [0] }]);
    expect(none?.valid).toBe(false);
    expect(await page.getByRole('alert').textContent()).toContain('A policy needs a keep rule or an age.');
    expect(before?.valid).toBe(true);
  });

  test('has no slider where the page does not know the configuration', async () => {
    const { page } = await browser.open(renderHtml(report, { stored: true, tagPrefix: 'retention' }));
    expect(await page.locator('input[type=range]').count()).toBe(0);
    expect(await page.getByText('A policy cannot be tried on this page.').isVisible()).toBe(true);
  });
});
