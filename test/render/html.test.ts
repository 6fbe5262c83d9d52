import { readFileSync } from 'node:fs';
import type { Report } from '../../lambda/core/report/report-model';
import { UTC } from '../../lambda/core/time/zone';
import { renderHtml } from '../../lambda/render/html';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH, PAGE_STYLE, PAGE_STYLE_HASH } from '../../lambda/render/page/assets';
import type { PageData } from '../../lambda/render/page/data';
import { MAX_ROWS } from '../../lambda/render/page/embed';
import { buildPage, PAGE_ASSETS } from '../../scripts/build-page';
import { aReport, aSource, changes, excluded, expired, kept } from '../support/report-builder';
import { HOSTILE_NAMES, hostileItems } from './hostile';
import { hashOf } from './page-hashes';
import { SITUATIONS } from './sample-reports';

const STORED = { stored: true, tagPrefix: 'retention' };
const page = (report: Report, context = STORED): string => [...renderHtml(report, context)].join('');
const embedded = (html: string): PageData =>
  JSON.parse(/<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)?.[1] ?? '');

describe('the page', () => {
  test('carries the script and the style that its sources build', () => {
    expect(readFileSync(PAGE_ASSETS, 'utf8')).toBe(buildPage());
  });

  test('lets its own style and script through by hash, and nothing else', () => {
    expect({ script: PAGE_SCRIPT_HASH, style: PAGE_STYLE_HASH }).toEqual({
      script: hashOf(PAGE_SCRIPT),
      style: hashOf(PAGE_STYLE),
    });
    const html = page(aReport([]));
    expect(html).toContain(`<style>${PAGE_STYLE}</style>`);
    expect(html).toContain(`<script>${PAGE_SCRIPT}</script>`);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toContain('unsafe');
    expect(PAGE_SCRIPT).not.toMatch(/<\/script|<!--/i);
    expect(PAGE_STYLE).not.toMatch(/<\//);
  });

  test('asks for nothing outside of itself', () => {
    const html = page(SITUATIONS['some-expiring']?.report ?? aReport([]));
    expect(html).not.toMatch(/https?:|\ssrc=|@import|url\(|fetch\(|XMLHttpRequest/);
    expect([...html.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['data:,']);
  });

  test('keeps hostile names and tags as text', () => {
    const html = page(
      aReport(hostileItems, {
        problems: HOSTILE_NAMES.map((message) => ({ code: message, arn: message, message })),
        account: '<b>',
        zone: { ...UTC, name: '"><b>' },
      }),
    );
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.replace(PAGE_SCRIPT, '')).not.toMatch(/<img|<svg onload|<!--|<b>/);
    expect(html).not.toMatch(/[\u202e\0]/);
    expect(embedded(html).rows.map(([name]) => name)).toEqual(
      HOSTILE_NAMES.map((name) => name.replace(/[\u202e\t\n\ud800](?![\udc00-\udfff])/g, '\ufffd')),
    );
  });

  test('says what was not read before any snapshot', () => {
    const html = page(SITUATIONS.incomplete?.report ?? aReport([]));
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeGreaterThan(0);
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeLessThan(html.indexOf('class="totals"'));
  });

  test('never says that all is well after an incomplete reading', () => {
    for (const name of ['incomplete', 'incomplete-nothing-expiring', 'nothing-read']) {
      const html = page(SITUATIONS[name]?.report ?? aReport([]));
      expect(html).toContain('<title>Incomplete: ');
      expect(html).toMatch(/<h1>Incomplete: (in what could be read|nothing could be read)/);
      expect(html).not.toMatch(/nothing to do|all are covered|>none<|All together|There are no snapshots/);
    }
  });

  test('holds every change, as an e-mail that cut its list refers to it', () => {
    const items = Array.from({ length: 1_200 }, (_, i) => kept({ name: `new-${i}` }));
    const gone = Array.from({ length: 700 }, (_, i) => ({ arn: `gone-${i}`, name: null }));
    const html = page(aReport(items, { changes: changes({ added: items, gone }) }));
    for (let i = 0; i < 1_200; i += 1) expect(html).toContain(`<li>new-${i} (`);
    for (const { arn } of gone) expect(html).toContain(`<li>${arn}</li>`);
    expect(html).toContain('<summary>1,195 more</summary>');
    expect(html).toContain('<summary>695 more</summary>');
    for (const tag of ['ul', 'details', 'section'])
      expect(html.match(new RegExp(`<${tag}[ >]`, 'g'))).toHaveLength(html.split(`</${tag}>`).length - 1);
  });

  test('refers to files beside it only where it is stored', () => {
    const report = aReport([kept()]);
    expect(page(report)).toContain('report.csv and report.json, stored beside this page');
    const alone = page(report, { stored: false, tagPrefix: 'acme' });
    expect(alone).not.toContain('beside this page');
    expect(alone).toContain('report --format csv');
    expect(alone).toContain('<code>acme:hold</code>');
  });

  test('names snapshots of unknown size beside every ceiling', () => {
    const html = page(SITUATIONS['unknown-sizes']?.report ?? aReport([]));
    expect(html).toContain('at most $2.00/month and 1 of unknown size');
    expect(html).toContain('per month at most, 40 GB and 2 of unknown size');
    expect(html).toContain(
      '<td>$2.00 and 2 of unknown size<span class="dim">$2.00 and 1 of unknown size expired</span></td>',
    );
  });

  test('carries every snapshot with its verdict and reasons', () => {
    for (const { report } of Object.values(SITUATIONS)) {
      const { rows, words, sources } = embedded(page(report));
      expect(rows).toHaveLength(report.items.length);
      expect(rows.filter((row) => words[row[6]] === 'expired')).toHaveLength(report.totals.expire);
      expect(rows.filter((row) => row[8] === '' || sources[row[1]] === undefined)).toEqual([]);
    }
  });

  test('lists expired snapshots first if there are too many, with the number and the place of the others', () => {
    const items = Array.from({ length: MAX_ROWS + 10 }, (_, i) => {
      const given = { name: `s${i}` };
      return i % 3 === 0 ? expired(given) : i % 1_000 === 1 ? excluded('held', 'held', given) : kept(given);
    });
    const html = page(aReport(items));
    const { rows } = embedded(html);
    const marks = (mark: string): number => rows.filter((row) => row[5] === mark).length;
    expect(rows).toHaveLength(MAX_ROWS);
    expect(marks('expire')).toBe(items.filter(({ verdict }) => verdict === 'expire').length);
    expect(marks('held')).toBe(items.filter(({ status }) => status === 'held').length);
    const order = rows.map(([name]) => Number(name.slice(1)));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(html).toContain('lists 30,000 of 30,010 snapshots');
    expect(html).toContain('The other 10 are in report.csv');
  });

  test('folds the sources beyond the eighth into one bar', () => {
    const html = page(aReport(Array.from({ length: 14 }, (_, i) => kept({ source: aSource(`s${i}`) }))));
    expect(html).toContain('<bdi>6 more</bdi>');
    expect(html).toContain('<td>$12.00</td>');
  });

  test('says of an account without snapshots that there are none', () => {
    const html = page(aReport([]));
    expect(html).toContain('There are no snapshots.');
    expect(html).not.toContain('id="charts"');
    expect(embedded(html).rows).toEqual([]);
  });

  test('gives the same bytes for the same report', () => {
    for (const { report } of Object.values(SITUATIONS)) expect(page(report)).toBe(page(report));
  });
});
