import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import * as fc from 'fast-check';
import type { Page } from 'playwright-core';
import { stringify } from 'yaml';
import { linkFragment } from '../../cli/playground/link';
import { type PolicyText, withPolicy } from '../../cli/playground/page';
import { localMinute } from '../../lambda/core/time/period';
import { formatDollars, formatNumber } from '../../lambda/render/numbers';
import { makeZone } from '../../lambda/runtime/iana-zone';
import { buildPlayground } from '../../scripts/build-playground';
import { hashOf } from '../render/page-hashes';
import { isInstalled, itWith } from '../support/optional';
import { runs } from '../support/runs';
import { runCli } from '../support/terminal';
import { CHROMIUM, startBrowser, type Visit, type Visitor, visitor } from './browser';

const NOW = Date.UTC(2026, 10, 30, 8);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RUNS = runs(60, 1_000);
const PAGES = 4;

const SELECTS: ReadonlySet<string> = new Set(['every', 'since', 'day', 'kind', 'region']);

const { html } = buildPlayground();
let browser: Visitor;

const test = (name: string, run: () => Promise<void>): void => itWith(CHROMIUM, name, run, 600_000);

beforeAll(async () => {
  if (isInstalled(CHROMIUM)) browser = visitor(await startBrowser());
}, 120_000);
afterEach(() => browser?.leave());
afterAll(() => browser?.close());

/** Opens the page at a fixed time. */
async function openPlayground(
  options: Parameters<Visitor['open']>[1] = {},
  given: PolicyText | null = null,
): Promise<Visit> {
  const visit = await browser.open([given === null ? html : withPolicy(html, given)], options);
  await visit.page.evaluate(`Date.now = () => ${NOW}`);
  return visit;
}

const policyOf = (rules: object, more: object = {}): string =>
  stringify({ version: 1, policies: { it: rules }, default: 'it', ...more });

/** Replaces the text of the policy, as a person who pastes it, and waits for the result. */
async function write(page: Page, text: string): Promise<void> {
  await page.locator('#policy').fill(text);
  await page.locator('#policy').dispatchEvent('change');
  await settled(page);
}

async function set(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [id, value] of Object.entries(fields)) {
    const field = page.locator(`#${id}`);
    if (SELECTS.has(id)) await field.selectOption(value);
    else await field.fill(value);
  }
  await settled(page);
}

const settled = (page: Page): Promise<void> => page.locator('#right[aria-busy=false]').waitFor();
const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).allTextContents()).join('\n');
const policyText = (page: Page): Promise<string> => page.locator('#policy').inputValue();

async function findings(page: Page): Promise<readonly string[]> {
  // Through the debugging protocol, so that the page's own policy stays in force.
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html: node }) => node)}`);
}

describe('the playground', () => {
  test('shows what an example keeps, why, until when and at which cost', async () => {
    const { page, complaints } = await openPlayground();
    await write(page, policyOf({ keep: { last: 2, monthly: 3 } }));
    expect(await textOf(page, '#headline')).toBe(
      'Keeps 4 of 730 snapshots and reaches back to 30 Sep 2026.Policy it decides about web. It is the default.' +
        'Without a policy, all 730 would stay and cost up to $2,190.00 a month. With it: up to $12.00.',
    );
    expect(await page.locator('#rules td').allTextContents()).toEqual([
      ...['L', 'last 2 the newest 2 snapshots', 'keeps 2'],
      ...['M', 'monthly 3 the newest of each of the latest 3 months', 'keeps 3'],
    ]);
    expect(await page.locator('#kept tr').allTextContents()).toEqual([
      '2026-11-30 08:00last 1 of 2; monthly 1 of 3 (2026-11); newest of its source (minKeep 1); younger than 24h (minAge)Expires: 1 Feb 2027',
      '2026-11-29 08:00last 2 of 2Expires: 1 Dec 2026',
      '2026-10-31 08:00monthly 2 of 3 (2026-10)Expires: 1 Jan 2027',
      '2026-09-30 08:00monthly 3 of 3 (2026-09)Expires: 1 Dec 2026',
    ]);
    expect(await textOf(page, '#reach')).toBe('The oldest restore point is of 30 Sep 2026. Longest gap: 31 days.');
    expect(await page.locator('#bands tbody tr').allTextContents()).toEqual([
      'Up to 7 days2 of 8at most 1 day apart',
      '8 to 30 days1 of 23at most 29 days apart',
      '31 days to 1 year1 of 335at most 31 days apart',
      'More than 1 year0 of 364nothing to restore',
    ]);
    expect(await page.locator('#costs tbody tr').allTextContents()).toEqual([
      'Today4$12.00$2,190.00',
      'In 30 days4$12.00$2,280.00',
      'In 1 year4$12.00$3,285.00',
    ]);
    expect(await page.locator('#calendar .month').first().getAttribute('aria-label')).toBe('November 2026: 2 kept');
    expect(complaints).toEqual([]);
  });

  test('follows the rules of a configuration by the name, the kind, the region and the tags of the source', async () => {
    const { page } = await openPlayground();
    await page.getByLabel('Agency').check({ force: true });
    await settled(page);
    expect(await textOf(page, '#headline')).toContain('Policy standard decides about web. It is the default, because');
    await set(page, { name: 'shop-staging' });
    expect(await textOf(page, '#headline')).toContain(
      'Policy short, by the rule “staging and previews”, decides about',
    );
    await set(page, { 'source-tags': 'contract=premium', every: 'sunday', since: '30d', day: '365' });
    expect(await textOf(page, '#headline')).toMatch(/^On 30 Nov 2027 it keeps .*the rule “premium customers”/);
    await set(page, { 'snapshot-tags': 'retention:hold' });
    expect(await textOf(page, '#headline')).toContain(
      'No policy decides about shop-staging, so nothing expires: held without end by tag retention:hold on the snapshot.',
    );
  });

  test('keeps everything of a source outside of the regions and kinds, as compare does', async () => {
    const { page, complaints } = await openPlayground();
    const rules = [{ name: 'staging', match: { name: 'web' }, policy: 'it' }];
    await write(page, policyOf({ keep: { last: 2 } }, { regions: ['eu-central-1'], kinds: ['instance'], rules }));
    await set(page, { 'snapshot-tags': 'retention:expire-after=1d' });
    const outside = 'outside the regions and kinds of this configuration';
    const sentence = `web is ${outside}: it is never read, so nothing expires.`;
    expect(await textOf(page, '#headline')).toMatch(/^Keeps all 730 snapshots and reaches back to 1 Dec 2024\./);
    expect(await textOf(page, '#headline')).toContain(sentence);
    expect(await textOf(page, '#rules')).toBe('No rule decides: a snapshot that is never read stays.');
    expect(await page.locator('#kept tr').first().allTextContents()).toEqual([
      `2026-11-30 08:00${outside}Expires: never`,
    ]);
    await set(page, { region: 'eu-central-1', kind: 'disk' });
    expect(await textOf(page, '#headline')).toContain(sentence);
    await set(page, { kind: 'instance', 'snapshot-tags': '' });
    expect(await textOf(page, '#headline')).toMatch(/^Keeps 2 of 730 snapshots/);
    expect(complaints).toEqual([]);
  });

  test('names each error by its line, with what was meant, and keeps the last valid result', async () => {
    const { page } = await openPlayground();
    await write(page, policyOf({ keep: { daily: 5 } }));
    const before = await textOf(page, '#headline');
    await write(page, 'version: 1\npolicies:\n  it:\n    keep: { month: 12 }\n    expireAfter: 3m\ndefault: it\n');
    expect(await textOf(page, '#state')).toBe('2 errors');
    expect(await page.locator('#messages li').allTextContents()).toEqual([
      expect.stringMatching(/^Line 4 policies\.it\.keep\.month: got an unknown key, .* Did you mean monthly\?$/),
      expect.stringMatching(/^Line 5 policies\.it\.expireAfter: got "3m", expected .*is "m" a month/),
    ]);
    expect(await page.locator('#lines .bad').allTextContents()).toEqual(['▲4', '▲5']);
    expect(await textOf(page, '#headline')).toBe(before);
    expect(await textOf(page, '#note')).toBe('The policy has an error. This is the result of its last valid text.');
    await page.getByRole('button', { name: 'Line 5' }).click();
    expect(
      await page.evaluate(
        '((a) => a.value.slice(a.selectionStart, a.selectionEnd))(document.getElementById("policy"))',
      ),
    ).toBe('    expireAfter: 3m');
    await write(page, policyOf({ keep: { daily: 6 } }));
    expect(await page.locator('#note').isHidden()).toBe(true);
  });

  test('says which size counts where the given one is none', async () => {
    const { page, complaints } = await openPlayground();
    await write(page, policyOf({ keep: { last: 2 } }));
    await set(page, { gb: '80' });
    expect(await textOf(page, '#gb-note')).toBe('');
    for (const [gb, got] of [
      ['-5', '-5'],
      ['', 'no number'],
      ['2.5', '2.5'],
    ] as const) {
      await set(page, { gb });
      expect(await textOf(page, '#gb-note')).toBe(
        `Size: got ${got}, expected a whole number of GB from 1 to 1000000. The result is for 60 GB.`,
      );
      expect(await page.locator('#gb').getAttribute('aria-invalid')).toBe('true');
      expect(await textOf(page, '#price')).toContain('Full copies of 60 GB');
    }
    expect(await findings(page)).toEqual([]);
    await set(page, { gb: '80' });
    expect(await textOf(page, '#gb-note')).toBe('');
    expect(await page.locator('#gb').getAttribute('aria-invalid')).toBe('false');
    expect(await textOf(page, '#price')).toContain('Full copies of 80 GB');
    expect(complaints).toEqual([]);
  });

  test('begins with the policy that it was given, valid or not, and keeps what was typed', async () => {
    const text = 'version: 1\n# </script><script>alert(1)</script> $& $1 <!-- &amp;\npolices: {}\n';
    const { page, complaints } = await openPlayground({}, { name: 'retention.yaml', text });
    expect(await policyText(page)).toBe(text);
    expect(await textOf(page, '#note')).toBe('The policy has an error. Correct it to see what it keeps.');
    await page.locator('#policy').fill('version: 1\n# typed\n');
    await page.getByLabel('Blog').check({ force: true });
    await page.getByLabel('retention.yaml').check({ force: true });
    expect(await policyText(page)).toBe('version: 1\n# typed\n');
    expect(complaints).toEqual([]);
  });

  test('has a link that carries its policy', async () => {
    const text = policyOf(
      { keep: { daily: 9 } },
      { rules: [{ name: 'Zürich ☂', match: { name: '*' }, policy: 'it' }] },
    );
    const { page } = await openPlayground({ permissions: ['clipboard-read', 'clipboard-write'] });
    await write(page, text);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.locator('#toast.on').waitFor();
    const copied = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(copied).toMatch(/^file:\/\/.*\.html#policy=[\w-]+$/);
    const { page: other, complaints } = await openPlayground({ hash: new URL(copied).hash });
    expect(await policyText(other)).toBe(text);
    expect(await textOf(other, '#link-note')).toContain('It is only text here: nothing was applied or saved.');
    await write(other, `${text}# ${'x'.repeat(8_192)}\n`);
    await other.getByRole('button', { name: 'Copy link' }).click();
    expect(await textOf(other, '#link-note')).toContain('A link holds at most 8 KB.');
    expect(complaints).toEqual([]);
  });
});

describe('a link that means harm', () => {
  const fragment = (text: string): string => linkFragment(text) ?? '';
  const bomb = [
    'a0: &a0 [x, x, x, x, x, x, x, x]',
    ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(8)}]`),
  ];
  const aliases = `version: 1\npolicies:\n${Array.from({ length: 120 }, (_, i) => `  p${i}: ${i === 0 ? '&p { keep: { last: 1 } }' : '*p'}\n`).join('')}`;
  const script = '</textarea></script><script>document.title = "run"</script><img src=x onerror=alert(1)>';

  const HARM: readonly (readonly [what: string, hash: string, expected: RegExp])[] = [
    ['is too long', `#policy=${'A'.repeat(200_000)}`, /not loaded: its policy is larger than 8 KB/],
    ['is no base64', '#policy=%3Cb%3E', /not loaded: its policy is damaged/],
    ['is no UTF-8', '#policy=_w', /not loaded: its policy is damaged/],
    ['is something else', '#every=1h&since=9999y&gb=9e99', /not loaded: it does not hold a policy/],
    ['holds markup', fragment(`${script}: 1`), /nothing was applied/],
    [
      'holds markup in names',
      fragment(policyOf({ keep: { last: 1 } }, { rules: [{ name: script, match: {}, policy: 'it' }] })),
      /nothing was applied/,
    ],
    ['holds an alias bomb', fragment(`${bomb.join('\n')}\n`), /nothing was applied/],
    ['holds more than 100 aliases', fragment(aliases), /nothing was applied/],
    ['holds the deepest nesting', fragment('['.repeat(8_000)), /nothing was applied/],
    [
      'asks for billions of snapshots',
      fragment(policyOf({ keep: { last: 1_000_000, hourly: 1_000_000, within: '999y', withinHourly: '1000y' } })),
      /nothing was applied/,
    ],
    [
      'writes to the prototype',
      fragment('version: 1\n__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n'),
      /nothing was applied/,
    ],
    ['hides characters', fragment('version: 1\n"\\u202e\\u0007\\u001b[2J": 1\n'), /nothing was applied/],
  ];

  for (const [what, hash, expected] of HARM)
    test(`does nothing where it ${what}`, async () => {
      const { page, complaints } = await openPlayground({ hash, acceptDownloads: true });
      const downloads: string[] = [];
      page.on('download', (download) => downloads.push(download.url()));
      await set(page, { every: '1h', since: '4y' }).catch(() => undefined);
      await set(page, { every: '1d', since: '30d' });
      expect(await textOf(page, '#link-note')).toMatch(expected);
      expect(await page.title()).toBe('Retention playground');
      expect(await page.locator('script').count()).toBe(3);
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.evaluate('({}).polluted')).toBeUndefined();
      expect(await textOf(page, '#toast')).toBe('');
      expect({ complaints, downloads }).toEqual({ complaints: [], downloads: [] });
    });

  test('is refused as an alias bomb, in a moment and by name', async () => {
    const { page } = await openPlayground({ hash: fragment(aliases) });
    expect(await textOf(page, '#messages')).toContain('got aliases that repeat what they stand for too often');
  });

  test('leads to no more than 20,000 snapshots', async () => {
    const { page } = await openPlayground({ hash: fragment(policyOf({ keep: { last: 1 } })) });
    await set(page, { every: '1h', since: '4y' });
    expect(await textOf(page, '#note')).toBe(
      'Not evaluated: every 1h for 4y and the time that follows is more than 20000 snapshots or days. Choose fewer snapshots.',
    );
  });
});

describe('the page of the playground', () => {
  it('has a policy that lets only its own script and style through, and no request', () => {
    const [, csp = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    expect(csp.split('; ')).toEqual([
      "default-src 'none'",
      'img-src data:',
      `style-src '${hashOf(style)}'`,
      `script-src '${hashOf(script)}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(buildPlayground().html).toBe(html);
  });

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 375])
      test(`is accessible with and without errors, ${width} px wide, ${colorScheme}`, async () => {
        const { page, complaints } = await openPlayground({ viewport: { width, height: 900 }, colorScheme });
        await page.getByText('Licences of the code').click();
        await settled(page);
        expect(await findings(page)).toEqual([]);
        await write(page, 'version: 1\npolices: {}\n');
        expect(await findings(page)).toEqual([]);
        expect(complaints).toEqual([]);
      });

  test('never scrolls sideways', async () => {
    const { page } = await openPlayground({ viewport: { width: 320, height: 700 } });
    await set(page, { name: 'x'.repeat(400), every: '1h', since: '30d' });
    for (const width of [320, 375, 700, 860, 1080, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect([width, await page.evaluate(wide)]).toEqual([width, 0]);
    }
  });
});

/** A policy, and the snapshots to try it on. */
interface Trial {
  readonly text: string;
  readonly timezone: string;
  readonly every: string;
  readonly since: string;
  readonly gb: number;
}

const length = fc.constantFrom('36h', '3d', '8d', '2w', '1mo', '40d', '3mo');
const count = fc.constantFrom<(number | string)[]>(1, 2, 3, 5, 7, 'unlimited');
const keep = fc
  .record(
    {
      ...Object.fromEntries(['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((rule) => [rule, count])),
      ...Object.fromEntries(['within', 'withinDaily', 'withinWeekly', 'withinMonthly'].map((rule) => [rule, length])),
    },
    { requiredKeys: [] },
  )
  .filter((rules) => Object.keys(rules).length > 0);
const policy = fc.oneof(
  { weight: 8, arbitrary: fc.record({ keep, expireAfter: length }, { requiredKeys: ['keep'] }) },
  { weight: 2, arbitrary: fc.record({ expireAfter: length }) },
  { weight: 1, arbitrary: fc.constant({ keep: 'all' }) },
);
const trial: fc.Arbitrary<Trial> = fc
  .record({
    policy,
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'),
    floors: fc.record({ minKeep: fc.constantFrom(1, 1, 3), minAge: fc.constantFrom('24h', '24h', '5d') }),
    price: fc.constantFrom(0.05, 0.0731),
    every: fc.constantFrom('12h', '1d', '1d', '2d', '1mo'),
    since: fc.constantFrom('30d', '30d', '30d', '30d', '30d', '6mo'),
    gb: fc.integer({ min: 1, max: 640 }),
  })
  .map(({ policy: it, timezone, floors, price, ...rest }) => ({
    ...rest,
    timezone,
    text: policyOf(it, { timezone, floors, pricing: { gbMonth: price } }),
  }));

/** What page and command line both tell of a trial. */
interface Told {
  readonly kept: readonly string[];
  readonly made: string;
  readonly cost: string;
}

const READ = `async (trials) => {
  const byId = (id) => document.getElementById(id);
  const told = [];
  for (const { text, every, since, gb } of trials) {
    // A text that did not change is not read again.
    byId('policy').value = text + '# ' + told.length;
    byId('every').value = every;
    byId('since').value = since;
    byId('gb').value = gb;
    byId('headline').replaceChildren();
    byId('policy').dispatchEvent(new Event('change'));
    // What is kept comes first. The year after it is cancelled by the next policy.
    while (byId('headline').textContent === '') await new Promise((done) => setTimeout(done));
    while (!byId('more').hidden) byId('more').click();
    if (byId('state').textContent.includes('error') || !byId('note').hidden) throw new Error(text + byId('note').textContent);
    const made = [...document.querySelectorAll('#bands tbody td:nth-child(2)')]
      .reduce((sum, cell) => sum + Number(cell.textContent.split(' of ')[1].replace(/,/g, '')), 0);
    told.push({
      kept: [...byId('kept').rows].map(({ cells: [at, why] }) => at.textContent + ' ' + why.textContent),
      made: String(made),
      cost: document.querySelector('#costs tbody b').textContent,
    });
  }
  return told;
}`;

async function toldByCommand(file: string, { text, timezone, every, since, gb }: Trial): Promise<Told> {
  writeFileSync(file, text);
  const at = new Date(NOW).toISOString();
  const args = ['--config', file, '--every', every, '--for', since, '--size', String(gb), '--at', at];
  const { code, out, err } = await runCli(['simulate', ...args, '--format', 'json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const { days, made, monthlyCostCeiling } = JSON.parse(out);
  const zone = makeZone(timezone);
  const kept = days.flatMap((day: { kept: { createdAt: string; reasons: { text: string }[] }[] }) =>
    day.kept.map((item) => ({
      at: Date.parse(item.createdAt),
      why: item.reasons.map((reason) => reason.text).join('; '),
    })),
  ) as readonly { readonly at: number; readonly why: string }[];
  return {
    kept: [...kept].sort((a, b) => b.at - a.at).map((item) => `${localMinute(item.at, zone)} ${item.why}`),
    made: formatNumber(made).replace(/,/g, ''),
    cost: formatDollars(monthlyCostCeiling),
  };
}

describe('the playground and the command line', () => {
  const work = mkdtempSync(join(tmpdir(), 'playground-'));
  afterAll(() => rmSync(work, { recursive: true }));

  test(`tell the same of ${RUNS} random policies: what stays, why, and its cost`, async () => {
    const trials = fc.sample(trial, RUNS);
    let kept = 0;
    for (let i = 0; i < PAGES; i++) {
      const batch = trials.filter((_, at) => at % PAGES === i);
      const { page, complaints } = await openPlayground();
      const told = (await page.evaluate(`(${READ})(${JSON.stringify(batch)})`)) as readonly Told[];
      for (const [at, each] of batch.entries()) {
        expect({ each, ...told[at] }).toEqual({ each, ...(await toldByCommand(join(work, 'policy.yaml'), each)) });
        kept += told[at]?.kept.length ?? 0;
      }
      expect(complaints).toEqual([]);
      await browser.leave();
    }
    expect(kept).toBeGreaterThan(5 * RUNS);
  });
});
