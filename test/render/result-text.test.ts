import { type ApplyResult, countOutcomes, type ItemResult, type Outcome } from '../../lambda/core/plan/outcome';
import { outcomeLine, renderResultText, resultEnd, resultSentence } from '../../lambda/render/result-text';
import { APPROVED } from '../support/run-origin';

const item = (name: string, outcome: Outcome, given: Partial<ItemResult> = {}): ItemResult => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}`,
  name,
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2026-10-01T00:00:00.000Z',
  source: 'web',
  sizeGb: 40,
  monthlyCostCeiling: 2,
  policy: 'standard',
  reasons: [{ code: 'expireAfter', text: '30d old since 2026-10-31' }],
  requestId: null,
  outcome,
  code: outcome,
  text: outcome,
  at: '2026-11-23T08:00:00.000Z',
  ...given,
});

const result = (items: readonly ItemResult[], requested = items.length): ApplyResult => ({
  schemaVersion: 1,
  plan: { id: '20261123T080000Z-1a2b3c4d', digest: 'sha256:0', count: requested },
  account: '123456789012',
  approvedBy: APPROVED,
  config: { origin: 'retention.yaml', digest: `sha256:${'1'.repeat(64)}` },
  report: '20261123T080000Z-1a2b3c4d',
  status: items.length === requested ? 'finished' : 'unfinished',
  startedAt: '2026-11-23T08:00:00.000Z',
  updatedAt: '2026-11-23T08:05:00.000Z',
  totals: countOutcomes(requested, items),
  items,
});

const ALL = [
  item('web-1', 'deleted'),
  item('web-2', 'spared', { code: 'hold', text: 'held without end by tag retention:hold on the snapshot' }),
  item('web-3', 'failed', { code: 'InUse', text: 'the operation failed: it is being copied' }),
  item('web-4', 'changed', { code: 'snapshot.changed', text: 'not the snapshot that was planned' }),
  item('web-5', 'already-gone', {
    code: 'snapshot.gone',
    text: 'it was deleted before this run',
    source: null,
    monthlyCostCeiling: null,
  }),
  item('web-6', 'deleted', {
    monthlyCostCeiling: 3.5,
    text: 'an earlier run had set out to delete it, and it is gone',
  }),
];

const textOf = (of: ApplyResult, columns: number): string =>
  [...renderResultText(of, columns)].join('') + resultEnd(of, columns);

describe('the outcome as text', () => {
  it('says what was done in one sentence, with the ceiling of what was freed: that of the deleted ones alone', () => {
    expect(resultSentence(result(ALL))).toBe(
      'Of 6 planned snapshots: 2 deleted, 1 already gone, 2 skipped, 1 failed. Freed: at most $5.50/month.',
    );
    const unknown = ALL.map((each) => ({ ...each, monthlyCostCeiling: null }));
    expect(resultSentence(result(unknown))).toMatch(/Freed: at most \$0\.00\/month and 2 of unknown size\.$/);
    expect(resultSentence(result([]))).toBe('Of 0 planned snapshots: 0 deleted. Freed: at most $0.00/month.');
  });

  it('lists what needs a person first, and every item with its reason and code', () => {
    expect(textOf(result(ALL), 200)).toBe(`
Failed: still there, or not known (1)
  - web-3 of web (instance, us-east-1): the operation failed: it is being copied [InUse]

Changed: no longer the snapshot that was planned, not deleted (1)
  - web-4 of web (instance, us-east-1): not the snapshot that was planned [snapshot.changed]

Skipped: held or changed since the plan was made (1)
  - web-2 of web (instance, us-east-1): held without end by tag retention:hold on the snapshot [hold]

Already gone before this run could delete it (1)
  - web-5 (instance, us-east-1): it was deleted before this run [snapshot.gone]

Deleted (2)
  - web-1 of web (instance, us-east-1): at most $2.00/month
  - web-6 of web (instance, us-east-1): an earlier run had set out to delete it, and it is gone [deleted]

Of 6 planned snapshots: 2 deleted, 1 already gone, 2 skipped, 1 failed. Freed: at most $5.50/month.
`);
  });

  it('says that an unfinished plan can be continued', () => {
    expect(textOf(result(ALL.slice(0, 1), 3), 200)).toMatch(
      /apply it again to continue\.\nOf 3 planned snapshots: 1 deleted, 2 not processed\. [^\n]*\n$/,
    );
  });

  it('writes names that would break a line or hide text as what they are', () => {
    const hostile = item('a\nb\u202e\u001b[31m', 'spared', { text: 'x\r\ny', source: '\u0007' });
    for (const text of [outcomeLine(hostile), textOf(result([hostile]), 80)]) {
      for (const unsafe of ['\r', '\u202e', '\u001b', '\u0007', 'a\nb']) expect(text).not.toContain(unsafe);
    }
  });

  it('breaks no line beyond the width of the terminal, splits no word, and wraps nothing without a width', () => {
    const long = item('x'.repeat(150), 'failed', { text: 'word '.repeat(60) });
    const lines = textOf(result([...ALL, long]), 60).split('\n');
    for (const line of lines) expect(line.length <= 60 || /^ {2}- x{150}$/.test(line)).toBe(true);
    const unlimited = textOf(result([long]), Number.POSITIVE_INFINITY);
    expect(unlimited.split('\n').filter((line) => line.includes('word'))).toHaveLength(1);
  });
});
