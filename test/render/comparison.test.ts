import { comparePolicies, type EvaluatedPolicy } from '../../lambda/core/report/compare-policies';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import { renderComparisonHtml } from '../../lambda/render/comparison-html';
import { renderComparisonMarkdown } from '../../lambda/render/comparison-markdown';
import { renderComparisonText } from '../../lambda/render/comparison-text';
import { reportOrder } from '../../lambda/reporting/make-report';
import { makeZone } from '../../lambda/runtime/iana-zone';
import { aReport, expired, kept, NOW } from '../support/report-builder';
import { HOSTILE_NAMES } from './hostile';

const UTC = makeZone('UTC');

const policyOf = (origin: string, items: readonly EvaluatedSnapshot[]): EvaluatedPolicy => ({
  ...{ origin, digest: `sha256:${'1'.repeat(64)}`, items, pricing: { default: 0.05, regions: new Map() } },
  totals: aReport(items).totals,
});

const comparisonOf = (names: readonly string[]) => {
  const given = (name: string) => ({
    name,
    source: { arn: `arn:aws:lightsail:us-east-1:123456789012:Instance/${name}`, name },
  });
  const policies = [
    policyOf(
      'a.yaml',
      names.map((name) => kept(given(name))),
    ),
    policyOf(
      'b.yaml',
      names.map((name) => expired(given(name))),
    ),
  ];
  return comparePolicies({ evaluatedAt: NOW, inventory: 'live', complete: true, policies }, reportOrder);
};

const PLAIN = { columns: Number.POSITIVE_INFINITY, colour: false };

describe('a comparison with hostile names', () => {
  const comparison = comparisonOf(HOSTILE_NAMES);

  it('hides nothing and moves nothing in text', () => {
    const text = [...renderComparisonText(comparison, UTC, PLAIN)].join('');
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  it('makes no markup, mention, link or comment in Markdown', () => {
    const text = [
      ...renderComparisonMarkdown(comparisonOf([...HOSTILE_NAMES, '<!-- x -->', '@team', '#12', 'a|b']), UTC),
    ].join('');
    expect(text).not.toMatch(/<!--|(?<![\\`\w])<[a-z]/i);
    expect(text).toContain('`@team`');
    expect(text).toContain('a\\|b');
  });

  it('makes no tag in HTML', () => {
    const html = [...renderComparisonHtml(comparison, UTC)].join('');
    expect(html).not.toMatch(/<(script|img|svg|iframe)/i);
    expect(html).toContain("default-src 'none'");
  });
});

it('a comparison is wrapped to a terminal and not in a pipe', () => {
  const comparison = comparisonOf(['a-name-of-a-snapshot-'.repeat(2)]);
  const linesOf = (columns: number) =>
    [...renderComparisonText(comparison, UTC, { columns, colour: false })].join('').split('\n');
  const changes = (lines: readonly string[]) => lines.filter((line) => line.startsWith('  - '));
  expect(changes(linesOf(Number.POSITIVE_INFINITY))).toHaveLength(1);
  expect(changes(linesOf(80)).every((line) => line.length <= 80)).toBe(true);
});

it('a Markdown comparison stays within the length of a comment on GitHub and counts what it left out', () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `snapshot-${index}`);
  const text = [...renderComparisonMarkdown(comparisonOf(names), UTC)].join('');
  expect(text.length).toBeLessThan(65_536);
  expect(text).toContain('4900 more rows are in the text and JSON formats.');
});
