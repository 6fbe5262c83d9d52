import fc from 'fast-check';
import { AGE_BANDS, simulateOutlook } from '../../../lambda/core/policy/outlook';
import type { Rhythm } from '../../../lambda/core/policy/schedule';
import { runSimulation } from '../../../lambda/core/policy/simulate';
import { parseDuration } from '../../../lambda/core/time/duration';
import { aConfig } from '../../support/config-builder';

/** A Monday. */
const END = Date.UTC(2026, 10, 23, 8);
const DAY = 86_400_000;

function length(text: string) {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

const every = (text: string): Rhythm => ({ every: length(text) });

function outlook(policy: object, rhythm: Rhythm, span: string, end = END, timezone = 'UTC') {
  const config = aConfig({ timezone, policies: { it: policy }, default: 'it' });
  return simulateOutlook({ config, schedule: { rhythm, span: length(span), end }, sizeGb: 40 });
}

describe('the outlook of a policy', () => {
  it('counts what is kept now, in a month and in a year while the schedule goes on', () => {
    // 10 days now; 10 days and 30 in a month; 10 days and a year.
    expect(outlook({ keep: 'all' }, every('1d'), '10d').kept).toEqual({ now: 10, inAMonth: 40, inAYear: 375 });
  });

  it('names the restore points of each age band, the oldest and the longest gap as they are in a year', () => {
    const { restorePoints, longestGapDays, oldestAgeDays } = outlook(
      { keep: { daily: 10, monthly: 14 } },
      every('1d'),
      '2mo',
    );
    // On 2027-11-23: 14 to 23 November; the last days of September 2026 (the first snapshot that is left) to October.
    expect(AGE_BANDS).toEqual([7, 30, 365, null]);
    expect(restorePoints).toEqual([8, 3, 11, 1]);
    expect(longestGapDays).toBe(31);
    expect(oldestAgeDays).toBe(388);
  });

  it('makes weekly snapshots on the weekday, by the clock of the zone', () => {
    // Sunday 2026-11-22 23:30 in New York is Monday in UTC. Two Sundays are within 8 days: the 15th and the 22nd.
    const end = Date.UTC(2026, 10, 23, 4, 30);
    expect(outlook({ keep: 'all' }, { weekday: 6 }, '8d', end, 'America/New_York').kept.now).toBe(2);
    expect(outlook({ keep: 'all' }, { weekday: 0 }, '8d', end, 'America/New_York').kept.now).toBe(1);
    expect(outlook({ keep: 'all' }, { weekday: 6 }, '8d', end, 'UTC').kept.now).toBe(1);
  });

  it('repeats known instants with their distances', () => {
    const instants = [END - 10 * DAY, END - 9 * DAY, END - 4 * DAY];
    const { kept, longestGapDays } = outlook({ keep: 'all' }, { instants, text: 'as web' }, '11d');
    // A pass takes 9 days: 6 from the first to the last, and the mean distance, 3. So the next one begins yesterday.
    expect(kept.now).toBe(5);
    // 42 passes: the last one ends on the last day.
    expect(kept.inAYear).toBe(42 * 3);
    expect(longestGapDays).toBe(5);
  });

  it('keeps nothing to measure when the policy keeps one snapshot', () => {
    expect(outlook({ expireAfter: '2d', keep: { last: 1 } }, every('1w'), '1mo')).toEqual({
      kept: { now: 1, inAMonth: 1, inAYear: 1 },
      longestGapDays: null,
      oldestAgeDays: 1,
      restorePoints: [1, 0, 0, 0],
    });
  });

  it('counts the same now as the calendar of the same schedule', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            last: fc.integer({ min: 1, max: 9 }),
            daily: fc.integer({ min: 0, max: 9 }),
            weekly: fc.integer({ min: 0, max: 6 }),
            monthly: fc.integer({ min: 0, max: 14 }),
          },
          { requiredKeys: ['last'] },
        ),
        fc.constantFrom('12h', '1d', '2d', '1w', '1mo'),
        fc.integer({ min: 1, max: 150 }),
        (keep, rhythm, span) => {
          const config = aConfig({ timezone: 'Europe/Berlin', policies: { it: { keep } }, default: 'it' });
          const input = { config, sizeGb: 40 };
          const calendar = runSimulation({
            ...input,
            schedule: { rhythm: every(rhythm), span: length(`${span}d`), end: END },
          });
          const { kept, restorePoints } = simulateOutlook({
            ...input,
            schedule: { rhythm: every(rhythm), span: length(`${span}d`), end: END },
          });
          expect(kept.now).toBe(calendar.kept);
          expect(restorePoints.reduce((sum, count) => sum + count, 0)).toBe(kept.inAYear);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses a schedule of more snapshots than anybody means', () => {
    expect(() => outlook({ keep: { last: 1 } }, every('1h'), '5y')).toThrow(
      /every 1h for 5y and the time that follows is more than 20000 snapshots or days/,
    );
  });
});
