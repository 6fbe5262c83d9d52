import { sourceText } from '../../cli/explain-source';
import { historyText } from '../../cli/history-text';
import { renderSummary } from '../../cli/report-summary';
import type { HistoryItem } from '../../lambda/core/plan/history';
import { UTC } from '../../lambda/core/time/zone';
import { aReport, aSource, DAY, expired, kept, NOW } from '../support/report-builder';
import { Screen } from '../support/screen';

const REGION = 'ap-southeast-2';
const ARN = 'arn:aws:sts::123456789012:assumed-role/an-administrator-of-all-accounts/somebody@example.com';
const source = aSource('client-bakery-database', 'database', REGION);
const made = (index: number) => ({
  ...{ name: `client-bakery-${index}`, kind: 'database' as const, region: REGION, source },
  createdAt: NOW - index * DAY,
});
const ITEMS = [
  ...Array.from({ length: 12 }, (_, index) => kept(made(index + 1))),
  ...Array.from({ length: 3 }, (_, index) => expired(made(index + 40))),
  kept({ name: 'web-1', source: aSource('web') }),
];

const summary = (columns: number): Iterable<string> =>
  renderSummary(
    aReport(ITEMS),
    {
      ...{ fullReport: null, files: [], applyCommand: null, confirmedSubscribers: null, deletionMode: 'off' },
      run: { kind: 'command-line', options: {}, plan: null, at: null },
    },
    columns,
  );

const explained = (columns: number): Iterable<string> =>
  sourceText(
    { ...source, kind: 'database', region: REGION, exists: true, tags: null, items: ITEMS.slice(0, -1) },
    UTC,
    columns,
  );

const entry = (index: number, outcome: 'deleted' | 'spared'): HistoryItem => ({
  entry: {
    ...{ arn: `arn:aws:x:${index}`, name: `client-bakery-${index}`, kind: 'database', account: '123456789012' },
    ...{ region: REGION, createdAt: '2026-10-01T08:00:00.000Z', source: 'client-bakery-database', outcome },
    ...{ at: '2026-11-23T08:00:00.000Z', policy: 'standard', requestId: '00000000-0000-4000-a000-000000000001' },
    reasons: [{ code: 'old', text: '30d old since 2026-10-31' }],
    plan: { id: '20261123T080000Z-1a2b3c4d', digest: 'sha256:x' },
    report: null,
    approvedBy: { kind: 'caller', arn: ARN, claimed: false },
    ...{ code: outcome === 'deleted' ? 'deleted' : 'hold', text: outcome === 'deleted' ? 'deleted' : 'held' },
    mayStillBeDeleted: false,
  },
  sourceArn: null,
});
const history = (columns: number): Iterable<string> =>
  historyText([entry(1, 'deleted'), entry(22, 'deleted'), entry(333, 'spared')], UTC, columns);

/** Where each word of a line begins that follows two blanks or the beginning. */
const cellStarts = (line: string): readonly number[] =>
  [...line.matchAll(/(?:^|(?<= {2}))\S/g)].map(({ index }) => index);

describe.each([
  ['report --summary', summary, /\bKIND +REGION\b/, /\b(?:database|instance) +(?:ap-southeast-2|us-east-1)\b/],
  ['explain of a source', explained, /^SNAPSHOT +MADE\b/, /^client-bakery-\d+ +20/],
  ['history', history, /^WHEN +OUTCOME\b/, /^2026-11-23 08:00 +\w/],
])('the list of %s', (_, render, head, row) => {
  it.each([60, 80, 200])('is a table on a screen of %d columns: cells are below their heads', async (columns) => {
    const screen = new Screen(columns, 100);
    await screen.type([...render(columns)].join(''));
    const lines = await screen.lines();
    const heads = lines.find((line) => head.test(line)) ?? '';
    const rows = lines.filter((line) => row.test(line));
    expect(rows.length).toBeGreaterThanOrEqual(2);
    for (const line of rows) {
      const starts = cellStarts(line);
      expect(cellStarts(heads).slice(0, starts.length)).toEqual(starts);
    }
  });

  it.each([60, 80, 200])('splits no word on a screen of %d columns', async (columns) => {
    const text = [...render(columns)].join('');
    for (const line of text.split('\n')) expect(line.length <= columns || line.includes(ARN)).toBe(true);
    expect(text.includes(ARN)).toBe(render === history);
    const words = (of: string): readonly string[] =>
      of
        .split(/\s+/)
        .filter((word) => word !== '')
        .sort();
    if (render !== summary) expect(words(text)).toEqual(words([...render(Number.POSITIVE_INFINITY)].join('')));
  });
});

test('a list in a pipe has each row on one line', () => {
  const lines = [...history(Number.POSITIVE_INFINITY)].join('').split('\n');
  expect(lines.filter((line) => line.includes('client-bakery-'))).toHaveLength(3);
  expect([...summary(Number.POSITIVE_INFINITY)].join('')).toMatch(
    /^SOURCE +KIND +REGION +SNAPSHOTS +KEPT +EXPIRED +UP TO$/m,
  );
});
