import { rhythmOf, sourceRhythms } from '../../../lambda/core/policy/source-rhythm';
import type { Snapshot } from '../../../lambda/core/snapshot/snapshot';
import { aSnapshot, aSource, DAY, NOW } from '../../support/report-builder';
import { sources } from '../../support/snapshot-builder';

const HOUR = DAY / 24;
const ago = (...days: readonly number[]): readonly number[] => days.map((each) => NOW - each * DAY);
const every = (days: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => NOW - (i + 1) * days * DAY);

describe('the rhythm of snapshots', () => {
  it.each([
    ['four times a day', every(0.25, 12), 'hourly'],
    ['every day', every(1, 30), 'daily'],
    ['every other day', every(2, 10), 'daily'],
    ['every week', every(7, 10), 'weekly'],
    ['every two weeks', every(14, 4), 'weekly'],
    ['every month', every(30, 12), 'monthly'],
    ['every quarter', every(91, 6), 'occasional'],
    ['at irregular times', ago(2, 4, 34, 43, 98, 102), 'occasional'],
    ['once', ago(3), 'occasional'],
    ['twice', ago(3, 4), 'occasional'],
  ] as const)('is found where they are made %s', (_, times, rhythm) => {
    expect(rhythmOf(times).rhythm).toBe(rhythm);
  });

  it('is that of the newest ones, because older ones may have been thinned out', () => {
    expect(rhythmOf(ago(1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 60, 90, 120)).rhythm).toBe('daily');
  });

  it('is not changed by a single snapshot in between', () => {
    expect(rhythmOf(ago(1, 8, 9.5, 15, 22, 29)).rhythm).toBe('weekly');
  });

  it('counts snapshots of one hour as one', () => {
    const burst = Array.from({ length: 6 }, (_, i) => NOW - 90 * DAY - (i * HOUR) / 10);
    expect(rhythmOf(burst).rhythm).toBe('occasional');
  });
});

describe('the sources of an inventory', () => {
  const taken = (name: string, days: readonly number[], more: Partial<Snapshot> = {}): readonly Snapshot[] =>
    days.map((each) =>
      aSnapshot({ name: `${name}-${each}`, createdAt: NOW - each * DAY, source: aSource(name), ...more }),
    );
  const rhythms = (snapshots: readonly Snapshot[], gone: readonly string[] = []) =>
    sourceRhythms(
      { snapshots, sources: sources(Object.fromEntries(gone.map((name) => [aSource(name).arn, { state: 'gone' }]))) },
      NOW,
    );

  it('are named in order, with the number of their snapshots and the newest', () => {
    const found = rhythms([...taken('web', [8, 1, 15]), ...taken('app', [2, 1, 3])]);
    expect(found).toEqual([
      expect.objectContaining({ name: 'app', rhythm: 'daily', state: 'active', snapshots: 3, newestAt: NOW - DAY }),
      expect.objectContaining({ name: 'web', rhythm: 'weekly', state: 'active', snapshots: 3, newestAt: NOW - DAY }),
    ]);
  });

  it('are orphaned where they are in no list, and stopped where three snapshots or two weeks are missing', () => {
    const found = rhythms(
      [
        ...taken('old', [1, 2, 3]),
        ...taken('quiet', [15, 16, 17]),
        ...taken('slow', [40, 70, 100]),
        ...taken('late', [13, 14, 15]),
      ],
      ['old'],
    );
    expect(Object.fromEntries(found.map(({ name, state }) => [name, state]))).toEqual({
      late: 'active',
      old: 'orphaned',
      quiet: 'stopped',
      slow: 'active',
    });
  });

  it('have no rhythm by copies of automatic snapshots, unfinished ones, and ones without a source or a date', () => {
    const ignored = [
      ...taken('web', [1, 2, 3], { fromAutoSnapshot: true }),
      ...taken('web', [4, 5, 6], { state: 'pending' }),
      ...taken('web', [7, 8, 9], { source: null }),
      ...taken('web', [10], { createdAt: null }),
      ...taken('web', [11], { defects: [{ code: 'snapshot.conflict', message: 'two rows' }] }),
    ];
    expect(rhythms(ignored)).toEqual([]);
  });
});
