import { renderHtml } from '../../lambda/render/html';
import { PAGE_SCRIPT_HASH, PAGE_STYLE_HASH } from '../../lambda/render/page/hashes';
import { PAGE_SCRIPT } from '../../lambda/render/page/script';
import { PAGE_STYLE } from '../../lambda/render/page/style';
import { aReport, aSource, kept } from '../support/report-builder';
import { HOSTILE_NAMES, hostileItems } from './hostile';
import { hashOf } from './page-hashes';
import { SITUATIONS } from './sample-reports';

const page = (...report: Parameters<typeof renderHtml>): string => [...renderHtml(...report)].join('');
const embedded = (html: string): { readonly now: number; readonly rows: readonly (readonly unknown[])[] } =>
  JSON.parse(/<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)?.[1] ?? '');

describe('the page', () => {
  test('lets its own style and script through by hash, and nothing else', () => {
    expect({ script: PAGE_SCRIPT_HASH, style: PAGE_STYLE_HASH }).toEqual({ script: hashOf(PAGE_SCRIPT), style: hashOf(PAGE_STYLE) });
    const html = page(aReport([]));
    expect(html).toContain(`<style>${PAGE_STYLE}</style>`);
    expect(html).toContain(`<script>${PAGE_SCRIPT}</script>`);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toContain('unsafe');
  });

  test('asks for nothing outside of itself', () => {
    const html = page(SITUATIONS['some-expiring']?.report ?? aReport([]));
    expect(html).not.toMatch(/https?:|\ssrc=|@import|url\(|fetch\(|XMLHttpRequest/);
    expect([...html.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['data:,']);
  });

  test('has a script that parses', () => {
    expect(() => new Function(PAGE_SCRIPT)).not.toThrow();
  });

  test('keeps hostile names and tags as text', () => {
    const html = page(
      aReport(hostileItems, {
        problems: HOSTILE_NAMES.map((message) => ({ code: message, arn: message, message })),
        account: '<b>',
        timezone: '"><b>',
      }),
    );
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toMatch(/<img|<svg onload|<!--|<b>/);
    expect(html).not.toMatch(/[\u202e\0]/);
    expect(embedded(html).rows.map((row) => row[0])).toEqual(
      HOSTILE_NAMES.map((name) => name.replace(/[\u202e\t\n\ud800](?![\udc00-\udfff])/g, '\ufffd')),
    );
  });

  test('says what was not read before any figure', () => {
    const html = page(SITUATIONS.incomplete?.report ?? aReport([]));
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeGreaterThan(0);
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeLessThan(html.indexOf('class="totals"'));
  });

  test('carries every snapshot with its verdict and reasons', () => {
    for (const { report } of Object.values(SITUATIONS)) {
      const { rows } = embedded(page(report));
      expect(rows).toHaveLength(report.items.length);
      expect(rows.filter((row) => row[9] === 'expire')).toHaveLength(report.totals.expire);
      for (const row of rows) expect(row[12]).not.toBe('');
    }
  });

  test('folds the sources beyond the tenth into one bar', () => {
    const html = page(aReport(Array.from({ length: 14 }, (_, i) => kept({ source: aSource(`s${i}`) }))));
    expect(html).toContain('<bdi>4 more</bdi>');
    expect(html).toContain('<td>$8.00</td>');
  });

  test('gives the same bytes for the same report', () => {
    for (const { report } of Object.values(SITUATIONS)) expect(page(report)).toBe(page(report));
  });
});
