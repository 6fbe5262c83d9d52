import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../../lambda/core/plan/plan';
import type { Report } from '../../lambda/core/report/report-model';
import { parseLocalInstant } from '../../lambda/core/time/instant';
import { renderCsv } from '../../lambda/render/csv';
import { renderEmail } from '../../lambda/render/email';
import { renderHtml } from '../../lambda/render/html';
import { renderJson } from '../../lambda/render/json';
import { renderMarkdown } from '../../lambda/render/markdown';
import type { PageData } from '../../lambda/render/page/data';
import { clockOf, pageZone } from '../../lambda/render/page/local-clock';
import { renderPlanList } from '../../lambda/render/preview';
import { renderIndex } from '../../lambda/render/report-index';
import { renderTerminal } from '../../lambda/render/terminal';
import { makeZone } from '../../lambda/runtime/iana-zone';
import { aReport, aSource, changes, expired, kept } from '../support/report-builder';
import { runCli } from '../support/terminal';
import { CONTEXT } from './sample-reports';

const AUCKLAND = makeZone('Pacific/Auckland');
const BERLIN = makeZone('Europe/Berlin');
/** In Auckland it is the next day, 2026-11-24 09:15. */
const AT = Date.parse('2026-11-23T20:15:00Z');
const HOUR = 3_600_000;
const source = {
  ...aSource('web'),
  kind: 'instance',
  region: 'us-east-1',
  tags: new Map(),
} as unknown as Report['stale'][number]['source'];

/** A report with every kind of date that a person reads, each of which is on another day in UTC. */
const report = aReport(
  [expired({ createdAt: AT - 49 * HOUR }), kept({ name: 'web-1120', createdAt: AT - 24 * HOUR })],
  {
    zone: AUCKLAND,
    evaluatedAt: AT,
    generatedAt: AT,
    plan: { ...aReport([]).plan, expiresAt: AT + 7 * 24 * HOUR, count: 1 },
    changes: changes({ previousAt: AT - 168 * HOUR }),
    stale: [{ source, newestAt: AT - 240 * HOUR }],
    automatic: [
      { source, count: 2, newestAt: AT - 480 * HOUR, addOnEnabled: false } as unknown as Report['automatic'][number],
    ],
  },
);
const context = { ...CONTEXT, applyCommand: 'apply it', run: { kind: 'deployed', region: 'eu-central-1' } as const };
const LOCAL = ['2026-11-24 09:15', '2026-11-17 09:15', '2026-11-14', '2026-11-04'];
/** In the e-mail, dates are in words. */
const LOCAL_WORDS = [
  'made on 24 Nov 2026 09:15',
  'Since 17 Nov 2026',
  'oldest made 22 Nov 2026',
  'until 1 Dec 2026 09:15',
];
const UTC_DAYS = ['2026-11-23', '2026-11-30', '2026-11-16', '2026-11-13', '2026-11-03', 'UTC', 'T20:15'];
const UTC_WORDS = ['23 Nov', '30 Nov', '16 Nov', '21 Nov', '20:15'];

const plain = (text: string): string => text.replace(/\s+/g, ' ');
const mail = renderEmail(report, context);

describe('dates that a person reads', () => {
  it('are in the configured zone, which is named once: e-mail', () => {
    for (const local of LOCAL_WORDS) expect(plain(mail.body)).toContain(local);
    for (const utc of [...UTC_WORDS, 'UTC']) expect(mail.body).not.toContain(utc);
    expect(`${mail.subject}${mail.body}`.split('Pacific/Auckland')).toHaveLength(2);
  });

  it.each<[string, string]>([
    ['terminal', [...renderTerminal(report, context, { columns: 100, colour: false })].join('')],
    ['Markdown', [...renderMarkdown(report, context)].join('')],
  ])('are in the configured zone, which is named once: %s', (_, text) => {
    const shown = plain(text);
    for (const local of [...LOCAL, '2026-12-01 09:15']) expect(shown).toContain(local);
    for (const utc of UTC_DAYS) expect(shown).not.toContain(utc);
    expect(shown.split('Pacific/Auckland')).toHaveLength(2);
  });

  it('are in the configured zone, which is named once, on the page', () => {
    const html = [...renderHtml(report, { stored: true, tagPrefix: 'retention' })].join('');
    const shown = plain(html.replace(/<script[\s\S]*?<\/script>/g, ''));
    for (const local of ['24 Nov 2026, 09:15', '17 Nov 2026', '14 Nov 2026', '4 Nov 2026', '23 Nov 2026'])
      expect(shown).toContain(local);
    for (const utc of ['30 Nov 2026', '16 Nov 2026', '13 Nov 2026', 'of 3 Nov 2026', ', 20:15', ...UTC_DAYS])
      expect(shown).not.toContain(utc);
    expect(shown.split('Pacific/Auckland')).toHaveLength(2);
  });

  it('are in the configured zone in the timeline and the table of the page, also across a change of the clock', () => {
    const winter = Date.parse('2026-01-10T23:30:00Z');
    const summer = Date.parse('2026-07-10T22:30:00Z');
    const page = aReport([kept({ createdAt: winter }), kept({ createdAt: summer })], { zone: BERLIN, evaluatedAt: AT });
    const html = [...renderHtml(page, { stored: true, tagPrefix: 'retention' })].join('');
    const data = JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '') as PageData;
    const clock = clockOf(pageZone(data));
    expect([winter, summer, AT].map((at) => clock.minute(at))).toEqual([
      '11 Jan 2026, 00:30',
      '11 Jul 2026, 00:30',
      '23 Nov 2026, 21:15',
    ]);
    expect([clock.day(winter), clock.day(summer), clock.minute(null)]).toEqual([
      '11 Jan 2026',
      '11 Jul 2026',
      'not known',
    ]);
  });

  it('are in the configured zone in the list of reports and in that of a plan', () => {
    const files = { html: 'a', json: 'b', csv: 'c' };
    const index = [
      ...renderIndex(
        [{ reportId: 'x', at: new Date(AT).toISOString(), outcome: null, totals: null, files }],
        [],
        AUCKLAND,
      ),
    ].join('');
    expect(index).toContain('24 Nov 2026, 09:15');
    expect(index.split('Pacific/Auckland')).toHaveLength(2);
    const item = {
      arn: 'a',
      name: 'web-1',
      kind: 'instance',
      account: null,
      region: 'us-east-1',
      createdAt: '2026-11-01T20:15:00.000Z',
    } as const;
    const plan = { id: 'p', account: null, items: [item], expiresAt: '2026-11-30T20:15:00.000Z' } as unknown as Plan;
    const listed = [...renderPlanList(plan, AUCKLAND, 100)].join('');
    expect(plain(listed)).toContain('valid until 2026-12-01 09:15');
    expect(listed).toContain('web-1, of 2026-11-02\n');
    const details = {
      policy: 'standard',
      source: 'web',
      sizeGb: '40',
      monthlyCostCeiling: '2.00',
      reason: 'It is old.',
    };
    const detailed = [...renderPlanList({ ...plan, items: [{ ...item, ...details }] }, AUCKLAND, 200)].join('');
    expect(detailed).toContain('web-1, of 2026-11-02, source web, at most $2.00/month; policy standard: It is old.');
    expect(listed.split('Pacific/Auckland')).toHaveLength(2);
  });

  it('stay UTC instants in JSON and CSV', () => {
    const json = JSON.parse([...renderJson(report)].join(''));
    expect(json).toMatchObject({ timezone: 'Pacific/Auckland', evaluatedAt: '2026-11-23T20:15:00.000Z' });
    expect(json.snapshots[1].createdAt).toBe('2026-11-22T20:15:00.000Z');
    expect([...renderCsv(report)].join('')).toContain(',2026-11-22T20:15:00.000Z,');
  });
});

describe('an instant without an offset', () => {
  it.each([
    ['2026-11-23T09:00', '2026-11-23T08:00:00.000Z'],
    ['2026-07-01T00:00:30.5', '2026-06-30T22:00:30.500Z'],
    ['2026-11-23T09:00:00Z', '2026-11-23T09:00:00.000Z'],
    ['2026-11-23T09:00+05:30', '2026-11-23T03:30:00.000Z'],
    // Skipped: moved forward by the gap. Twice: the earlier one.
    ['2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ])('is read in the configured zone: %s', (text, expected) => {
    expect(new Date(parseLocalInstant(text)?.(BERLIN) ?? 0).toISOString()).toBe(expected);
  });

  it.each(['2026-11-23', '2026-02-30T08:00', '09:00', '2026-11-23T08:00 Europe/Berlin', '2026-11-23T08:00ZZ', ''])(
    'is refused where it is none: %s',
    (text) => {
      expect(parseLocalInstant(text)).toBeNull();
    },
  );

  it('is read in the configured zone by --at', async () => {
    const work = mkdtempSync(join(tmpdir(), 'zones-'));
    const zoned = join(work, 'policy.yaml');
    writeFileSync(
      zoned,
      'version: 1\ntimezone: Europe/Berlin\npolicies: { short: { expireAfter: 14d } }\ndefault: short\n',
    );
    const { code, out } = await runCli([
      'simulate',
      '--config',
      zoned,
      '--at',
      '2026-11-23T09:00',
      '--for',
      '3d',
      '--format',
      'json',
    ]);
    expect(code).toBe(0);
    rmSync(work, { recursive: true });
    expect(JSON.parse(out)).toMatchObject({ schedule: { until: '2026-11-23T08:00:00.000Z' } });
  });
});
