import { type MonthlyBill, parseAmount, type Spend } from '../../lambda/core/report/spend';
import type { ReadBills } from '../../lambda/ports/spend-ports';
import { resultSentence } from '../../lambda/render/result-text';
import { hasDeleted, makeReadSpend } from '../../lambda/reporting/read-spend';
import { billFile, INDEX_JSON } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { anOutcome, aResult } from '../support/result-builder';

const NOW = Date.UTC(2026, 10, 23, 8);
const TOTALS: Readonly<Record<string, string>> = { '2026-08': '52', '2026-09': '47.5', '2026-10': '41.2000000001' };

const billFor = (month: string, final = true): MonthlyBill => ({
  month,
  final,
  total: parseAmount(TOTALS[month] ?? '1') ?? 0n,
  byRegion: new Map([['eu-central-1', parseAmount(TOTALS[month] ?? '1') ?? 0n]]),
});

const DELETED = 'Of 1 planned snapshot: 1 deleted. Freed: at most $2.00/month.';
const MONTHS = ['2026-07', '2026-08', '2026-09', '2026-10'];

/** Cost Explorer: what was asked for, and its bills. */
function costExplorer(final = true): { readonly asked: string[]; readonly readBills: ReadBills } {
  const asked: string[] = [];
  return {
    asked,
    readBills: async (first, last) => {
      asked.push(`${first} to ${last}`);
      const months = MONTHS.filter((month) => month >= first && month <= last);
      return { state: 'read', bills: months.map((month) => billFor(month, final)) };
    },
  };
}

const indexWith = (...deletions: readonly (readonly [at: string, outcome: string])[]): string =>
  JSON.stringify({
    schemaVersion: 1,
    reports: [],
    deletions: deletions.map(([at, outcome], index) => ({ planId: `p${index}`, at, outcome })),
  });

const read = (spend: Spend): Extract<Spend, { state: 'read' }> => {
  if (spend.state === 'unread') throw new Error(spend.cause);
  return spend;
};

describe('the outcome of a deletion in the index of reports', () => {
  test.each([
    ['all were deleted', ['deleted', 'deleted'], true],
    ['some were deleted', ['deleted', 'failed', 'spared'], true],
    ['none was deleted', ['spared', 'failed'], false],
  ] as const)('tells whether a snapshot was deleted: %s', (_, outcomes, expected) => {
    const items = outcomes.map((outcome, index) => anOutcome(`web-${index}`, { outcome }));
    expect(hasDeleted(resultSentence(aResult('p1', items)))).toBe(expected);
  });
});

describe('the bill of a report', () => {
  test('is requested once, and later read from the store', async () => {
    const objects = new Map<string, string>();
    const { asked, readBills } = costExplorer();
    const readSpend = makeReadSpend({ readBills, store: memoryStore(objects) });
    expect(read(await readSpend(NOW))).toEqual({ state: 'read', bill: billFor('2026-10'), change: null });
    expect(read(await readSpend(NOW + 1))).toEqual({ state: 'read', bill: billFor('2026-10'), change: null });
    expect(asked).toEqual(['2026-10 to 2026-10']);
    expect(JSON.parse(objects.get(billFile('2026-10')) ?? '')).toEqual({
      schemaVersion: 1,
      month: '2026-10',
      currency: 'USD',
      total: '41.2000000001',
      byRegion: { 'eu-central-1': '41.2000000001' },
    });
  });

  test.each([
    ['Cost Explorer calls it estimated', NOW, false],
    ['its month ended a few days ago', Date.UTC(2026, 10, 7), true],
  ])('is not stored while it can change: %s', async (_, now, final) => {
    const objects = new Map<string, string>();
    const { asked, readBills } = costExplorer(final);
    const readSpend = makeReadSpend({ readBills, store: memoryStore(objects) });
    await readSpend(now);
    expect(read(await readSpend(now)).bill.final).toBe(final);
    expect([...objects.keys()]).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['no JSON', 'half a fi'],
    [
      'another month',
      JSON.stringify({ schemaVersion: 1, month: '2026-09', currency: 'USD', total: '1', byRegion: {} }),
    ],
    ['no amount', JSON.stringify({ schemaVersion: 1, month: '2026-10', currency: 'USD', total: 'x', byRegion: {} })],
    [
      'another currency',
      JSON.stringify({ schemaVersion: 1, month: '2026-10', currency: 'EUR', total: '1', byRegion: {} }),
    ],
  ])('is requested again where the stored one is not as it was written: %s', async (_, text) => {
    const { asked, readBills } = costExplorer();
    const store = memoryStore(new Map([[billFile('2026-10'), text]]));
    expect(read(await makeReadSpend({ readBills, store })(NOW)).bill).toEqual(billFor('2026-10'));
    expect(asked).toHaveLength(1);
  });

  test('is read on the command line without a store', async () => {
    const { asked, readBills } = costExplorer();
    expect(read(await makeReadSpend({ readBills, store: null })(NOW)).bill).toEqual(billFor('2026-10'));
    expect(asked).toEqual(['2026-10 to 2026-10']);
  });

  test('says what it was in the month before a deletion, with one request for all months', async () => {
    const objects = new Map([
      [
        INDEX_JSON,
        indexWith([
          '2026-09-14T09:00:00Z',
          'Of 26 planned snapshots: 22 deleted, 2 failed. Freed: at most $60.00/month.',
        ]),
      ],
    ]);
    const { asked, readBills } = costExplorer();
    const readSpend = makeReadSpend({ readBills, store: memoryStore(objects) });
    const spend = read(await readSpend(NOW));
    expect(spend.change).toEqual({ month: '2026-09', before: billFor('2026-08') });
    expect(read(await readSpend(NOW))).toEqual(spend);
    expect(asked).toEqual(['2026-08 to 2026-10']);
    expect([...objects.keys()].sort()).toEqual(['2026-08', '2026-09', '2026-10'].map(billFile).concat(INDEX_JSON));
  });

  test.each([
    ['in the month of the bill, which has it in part', '2026-10-30T09:00:00Z', DELETED],
    ['this month', '2026-11-02T09:00:00Z', DELETED],
    ['too long ago', '2026-06-30T09:00:00Z', DELETED],
    [
      'that deleted nothing',
      '2026-09-14T09:00:00Z',
      'Of 26 planned snapshots: 0 deleted, 26 skipped. Freed: at most $0.00/month.',
    ],
    ['that was refused', '2026-09-14T09:00:00Z', 'Refused: plan.expired'],
    ['without a time', 'yesterday', DELETED],
  ])('is compared with no earlier one after a deletion %s', async (_, at, outcome) => {
    const { asked, readBills } = costExplorer();
    const store = memoryStore(new Map([[INDEX_JSON, indexWith([at, outcome])]]));
    expect(read(await makeReadSpend({ readBills, store })(NOW)).change).toBeNull();
    expect(asked).toEqual(['2026-10 to 2026-10']);
  });

  test('is in the report also where it cannot be stored', async () => {
    const store = { ...memoryStore(), put: () => Promise.reject(new Error('no access')) };
    const { readBills } = costExplorer();
    expect(read(await makeReadSpend({ readBills, store })(NOW)).bill).toEqual(billFor('2026-10'));
  });

  test('is not read, and nothing fails, where Cost Explorer or the store fails', async () => {
    const unread = { state: 'unread', cause: 'denied', remedy: 'allow it' } as const;
    const store = memoryStore();
    expect(await makeReadSpend({ readBills: async () => unread, store })(NOW)).toEqual(unread);
    const failing = { ...store, get: () => Promise.reject(new Error('no bucket')) };
    expect(await makeReadSpend({ readBills: costExplorer().readBills, store: failing })(NOW)).toEqual({
      state: 'unread',
      cause: 'no bucket',
      remedy: 'the next report asks again',
    });
  });
});
