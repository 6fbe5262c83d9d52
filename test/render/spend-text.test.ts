import { billOf, parseAmount, type Spend } from '../../lambda/core/report/spend';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { renderEmail } from '../../lambda/render/email';
import { renderHtml } from '../../lambda/render/html';
import { renderJson } from '../../lambda/render/json';
import { renderMarkdown } from '../../lambda/render/markdown';
import { regionBills, regionBillsLine, savedAtMost, spendLine } from '../../lambda/render/spend-text';
import { renderTerminal } from '../../lambda/render/terminal';
import { aFailedScope, aReport, aScope, expired, kept } from '../support/report-builder';

type Read = Extract<Spend, { state: 'read' }>;

const billed = (amounts: Readonly<Record<string, string>>, given: Partial<Read> = {}): Read => ({
  state: 'read',
  bill: billOf(
    '2026-10',
    true,
    Object.entries(amounts).map(([usageType, amount]) => [usageType, parseAmount(amount) ?? 0n]),
  ),
  change: null,
  ...given,
});

const UNREAD: Spend = { state: 'unread', cause: 'access\nis denied', remedy: 'allow ce:GetCostAndUsage' };
const RUN = { kind: 'command-line', options: {}, plan: null, at: null } as const;
const PRINTED = {
  run: RUN,
  fullReport: null,
  files: [],
  applyCommand: null,
  confirmedSubscribers: null,
  deletionMode: 'off',
} as const;

// 40 GB each: $2.00 at most a month.
const inVirginia = (index: number) => expired({ name: `v-${index}`, region: 'us-east-1' });
const inFrankfurt = (index: number) => expired({ name: `f-${index}`, region: 'eu-central-1' });
const FOUR = [inVirginia(1), inVirginia(2), inFrankfurt(1), kept({ name: 'f-2', region: 'eu-central-1' })];

const readIn = (...regions: readonly string[]) =>
  regions.flatMap((region) => KINDS.map((kind) => aScope({ region, kind })));
const SCOPES = readIn('us-east-1', 'eu-central-1');

describe('what can be deleted of a bill', () => {
  test.each([
    ['the ceiling where the bill is higher', { 'USE1-SnapshotUsage': '9', 'EUC1-SnapshotUsage': '8' }, 6],
    ['the bill where it is lower', { 'USE1-SnapshotUsage': '1.255', 'EUC1-SnapshotUsage': '0.50' }, 1.76],
    ['nothing of a region that is not billed', { 'USE1-SnapshotUsage': '9' }, 4],
    ['what an unknown code may be for, and not more', { 'ZZZ9-SnapshotUsage': '1.50' }, 1.5],
    ['nothing of a credit', { 'USE1-SnapshotUsage': '-3', 'EUC1-SnapshotUsage': '8' }, 2],
    ['nothing of other regions', { 'APS2-SnapshotUsage': '70' }, 0],
  ])('is %s', (_, amounts, dollars) => {
    const report = aReport(FOUR);
    expect(savedAtMost(report, billed(amounts).bill)).toBe(dollars);
  });

  test('is the bill of its region where a size is not known', () => {
    const report = aReport([expired({ name: 'v', region: 'us-east-1', sizeGb: null })]);
    expect(savedAtMost(report, billed({ 'USE1-SnapshotUsage': '9' }).bill)).toBe(9);
  });
});

test('the bill of each region is listed beside the ceilings, the highest first', () => {
  const { bill } = billed({ 'USE1-SnapshotUsage': '1', 'ZZZ9-SnapshotUsage': '3', 'APS2-SnapshotUsage': '2' });
  expect(regionBills(aReport(FOUR, { scopes: SCOPES }), bill)).toEqual([
    { region: 'ZZZ9', billed: 3, ceiling: 'not read', expireCeiling: 0 },
    { region: 'ap-southeast-2', billed: 2, ceiling: 'not read', expireCeiling: 0 },
    { region: 'us-east-1', billed: 1, ceiling: 4, expireCeiling: 4 },
    { region: 'eu-central-1', billed: 0, ceiling: 4, expireCeiling: 2 },
  ]);
});

test.each([
  ['denied', [...readIn('us-east-1'), aScope({ region: 'eu-central-1', status: 'denied' })], 'not read'],
  ['not asked for', readIn('us-east-1'), 'not read'],
  ['of which one kind failed', [...SCOPES.slice(0, -1), aFailedScope('eu-central-1', 'database')], 'not read in full'],
  ['read in full', SCOPES, 'up to $4.00'],
])('the ceiling of a region that was %s is no lower amount', (_, scopes, words) => {
  const report = aReport(FOUR, { scopes, spend: billed({ 'EUC1-SnapshotUsage': '4' }) });
  const line = `Billed by region: Frankfurt (eu-central-1) $4.00, ${words}.`;
  expect(regionBillsLine(report)).toBe(line);
  const page = [...renderHtml(report, { stored: false, tagPrefix: 'retention', run: RUN })].join('');
  expect(page).toContain(`<td class="r">$4.00</td><td class="r">${words}</td>`);
});

test('a credit of a region is shown as it is, and takes nothing from what can be deleted of other regions', () => {
  const report = aReport(FOUR, {
    scopes: SCOPES,
    spend: billed({ 'EUC1-SnapshotUsage': '-5.50', 'USE1-SnapshotUsage': '2' }),
  });
  expect(spendLine(report)).toBe(
    'Lightsail snapshots were billed -$3.50 in Oct 2026. What can be deleted is at most $2.00 of that bill.',
  );
  expect(regionBillsLine(report)).toContain('Frankfurt (eu-central-1) -$5.50, up to $4.00');
});

describe('a report with a bill', () => {
  const spend = billed(
    { 'EUC1-SnapshotUsage': '1.104', 'USE1-SnapshotUsage': '30', 'ZZZ9-SnapshotUsage': '0.001' },
    { change: { month: '2026-09', before: billOf('2026-08', true, [['SnapshotUsage', parseAmount('52') ?? 0n]]) } },
  );
  const report = aReport(FOUR, { spend, scopes: SCOPES });
  const LINE =
    'Lightsail snapshots were billed $31.11 in Oct 2026. What can be deleted is at most $5.10 of that bill. ' +
    'It was $52.00 in Aug 2026, before the deletions of Sep 2026.';

  test('says it in one line in each format, and by region', () => {
    const texts = {
      text: [...renderTerminal(report, PRINTED, { columns: 1_000, colour: false })].join(''),
      markdown: [...renderMarkdown(report, PRINTED)].join('').replaceAll('\\', ''),
      html: [...renderHtml(report, { stored: false, tagPrefix: 'retention', run: RUN })].join(''),
      email: renderEmail(report, PRINTED).body,
    };
    for (const text of Object.values(texts)) {
      expect(text).toContain(LINE);
      expect(text).toContain('Frankfurt (eu-central-1)');
      expect(text).toContain('ZZZ9 (not a known region)');
      expect(text).toContain('$30.00');
    }
    expect(texts.email).toContain(
      'Billed by region: Virginia (us-east-1) $30.00, up to $4.00; Frankfurt (eu-central-1) $1.10, up to $4.00; ' +
        'ZZZ9 (not a known region) $0.00, not read.',
    );
  });

  test('has it in its JSON, rounded to the cent', () => {
    expect(JSON.parse([...renderJson(report)].join('')).spend).toEqual({
      month: '2026-10',
      final: true,
      currency: 'USD',
      total: 31.11,
      byRegion: { 'eu-central-1': 1.1, 'us-east-1': 30, ZZZ9: 0 },
    });
  });

  test('says that it is not final while it can change', () => {
    const { bill } = billed({ SnapshotUsage: '1' });
    expect(spendLine(aReport([], { spend: { state: 'read', bill: { ...bill, final: false }, change: null } }))).toBe(
      'Lightsail snapshots were billed $1.00 in Oct 2026 (not final yet).',
    );
  });

  test('does not say what can be deleted where not everything was read', () => {
    expect(spendLine(aReport(FOUR, { spend, complete: false }))).not.toContain('at most');
  });
});

test('a bill that could not be read is one line, and null in the JSON', () => {
  const report = aReport(FOUR, { spend: UNREAD });
  const line = 'The bill of last month was not read: access�is denied. Remedy: allow ce:GetCostAndUsage.';
  expect(spendLine(report)).toBe(line);
  expect(
    renderEmail(report, PRINTED)
      .body.split('\n')
      .filter((each) => /bill/i.test(each)),
  ).toEqual([line]);
  expect(JSON.parse([...renderJson(report)].join(''))).toMatchObject({ spend: null, complete: report.complete });
});

test('a report says nothing of a bill that it was not to read', () => {
  const report = aReport(FOUR);
  expect(spendLine(report)).toBeNull();
  expect([...renderTerminal(report, PRINTED, { columns: 1_000, colour: false })].join('')).not.toMatch(
    /bill of|billed/i,
  );
});
