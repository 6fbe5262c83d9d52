import { COUNT_RULES, WITHIN_RULES } from '../../lambda/core/policy/policy';
import { parseDuration } from '../../lambda/core/time/duration';
import { costOverTime, ruleMark, simulatePolicy } from '../../lambda/render/calendar';
import { renderCalendarHtml } from '../../lambda/render/calendar-html';
import { renderCalendarText } from '../../lambda/render/calendar-text';
import { CALENDAR_STYLE, CALENDAR_STYLE_HASH } from '../../lambda/render/page/calendar-style';
import { aConfig } from '../support/config-builder';
import { hashOf } from './page-hashes';

function length(text: string) {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

function view(policy: object, every: string, span: string, name: string | null = null) {
  const config = aConfig({ policies: { it: policy } });
  const it = config.policies.get('it');
  if (it === undefined) throw new Error('no policy');
  const end = Date.UTC(2026, 10, 23, 8);
  return simulatePolicy(
    config,
    { name, policy: it },
    { rhythm: { every: length(every) }, span: length(span), end, sizeGb: 40 },
  );
}

const ALL = {
  keep: {
    ...Object.fromEntries(COUNT_RULES.map((rule) => [rule, 12])),
    ...Object.fromEntries(WITHIN_RULES.map((rule) => [rule, '1y6mo2w3d4h'])),
  },
  expireAfter: '1y6mo2w3d4h',
};
const text = (of: ReturnType<typeof view>, columns = 60, colour = false): string =>
  [...renderCalendarText(of, { columns, colour })].join('');
const html = (of: ReturnType<typeof view>): string => [...renderCalendarHtml(of)].join('');

describe('the calendar as text', () => {
  it('fits 60 columns, whatever the policy', () => {
    const lines = text(view(ALL, '12h', '8mo')).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('has no blanks at the ends of lines', () => {
    expect(text(view(ALL, '1d', '5mo'))).not.toMatch(/ $/m);
  });

  it('sets as many months side by side as fit', () => {
    expect(text(view({ keep: 'all' }, '1d', '5mo'), 120)).toMatch(
      /^June 2026.*July 2026.*August 2026.*September 2026/m,
    );
  });

  it('marks kept days only by words when it may not use colour', () => {
    const plain = text(view({ keep: { last: 3 } }, '1d', '2w'));
    const coloured = text(view({ keep: { last: 3 } }, '1d', '2w'), 60, true);
    expect(plain).not.toContain('\u001b');
    // Taking the colours away is what a terminal does with them.
    expect(coloured.replaceAll('\u001b[1m', '').replaceAll('\u001b[0m', '')).toBe(plain);
    expect(coloured).toContain('\u001b[1m23L\u001b[0m');
  });

  it('says a run of months without a kept snapshot in one line', () => {
    expect(text(view({ keep: { last: 3 } }, '1d', '1y'))).toContain('2025-11 to 2026-10: 0 of 342 kept\n');
  });

  it('has a letter of its own for each rule', () => {
    const codes = [
      ...COUNT_RULES,
      ...WITHIN_RULES,
      'all',
      'expireAfter',
      'expire-on',
      'minKeep',
      'minAge',
      'hold',
    ] as const;
    expect(new Set(codes.map(ruleMark)).size).toBe(codes.length);
    expect([...COUNT_RULES, ...WITHIN_RULES].map(ruleMark)).not.toContain('?');
  });
});

describe('the cost over time', () => {
  it('is that of the most snapshots at once, by month', () => {
    const months = costOverTime(view({ expireAfter: '10d' }, '1d', '2mo'));
    expect(months.map(({ label, atOnce, monthlyCostCeiling }) => [label, atOnce, monthlyCostCeiling])).toEqual([
      ['2026-09', 7, 14],
      ['2026-10', 11, 22],
      ['2026-11', 11, 22],
    ]);
  });

  it('is by year where there are more than three years of months', () => {
    expect(costOverTime(view({ keep: { yearly: 2 } }, '1w', '4y')).map(({ label }) => label)).toEqual([
      '2022',
      '2023',
      '2024',
      '2025',
      '2026',
    ]);
  });
});

describe('the calendar as a page', () => {
  it('lets through its own style and nothing else', () => {
    expect(CALENDAR_STYLE_HASH).toBe(hashOf(CALENDAR_STYLE));
    const page = html(view(ALL, '1d', '5mo'));
    expect(page).toContain(`content="default-src 'none'; img-src data:; style-src '${CALENDAR_STYLE_HASH}';`);
    expect(page).not.toMatch(/<script|https?:|url\(|style=|@import/);
  });

  it('says why each kept day is kept', () => {
    expect(html(view({ keep: { last: 2 } }, '1d', '1w'))).toContain(
      '<td class="kept" title="2026-11-23: last 1 of 2; ',
    );
  });

  it('keeps the name of a policy text', () => {
    const page = html(view({ keep: 'all' }, '1d', '1w', '<b>"x"'));
    expect(page).toContain('<h1>Policy &lt;b&gt;&quot;x&quot;: keep all</h1>');
    expect(page).not.toContain('<b>');
  });
});
