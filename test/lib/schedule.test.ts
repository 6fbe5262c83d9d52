import { dayGaps } from '../../lambda/core/time/schedule-days';
import {
  checkSchedule,
  longestInterval,
  overdueAfter,
  overdueSince,
  shortestInterval,
} from '../../lib/schedule-expression';

const NOW = Date.parse('2026-11-23T08:00:00Z');

describe('the longest time between two reports', () => {
  test.each([
    ['rate(1 hour)', 1],
    ['rate(90 minutes)', 1.5],
    ['rate(7 days)', 7 * 24],
    ['cron(0 8 * * ? *)', 24],
    ['cron(0 8 ? * MON *)', 7 * 24],
    ['cron(0 8 ? * mon *)', 7 * 24],
    ['cron(0/15 8-17 ? * MON-FRI *)', 3 * 24],
    ['cron(0 8 ? * FRI-MON *)', 4 * 24],
    ['cron(0 8 ? * 2,4 *)', 5 * 24],
    ['cron(0 8 1 * ? *)', 31 * 24],
    ['cron(0 8 31 * ? *)', 61 * 24],
    ['cron(0 8 L * ? *)', 31 * 24],
    ['cron(0 8 1/10 * ? *)', 10 * 24],
    ['cron(0 8 1,15 JAN,JUL ? *)', 170 * 24],
    ['cron(0 8 ? * L *)', 7 * 24],
    ['cron(0 8 ? * 6#1 *)', 35 * 24],
    ['cron(0 8 ? * 6L *)', 35 * 24],
    ['cron(0 8 1 1 ? 2027-2030)', 366 * 24],
    ['cron(0 8 29 2 ? *)', 1461 * 24],
  ])('%s: %d hours', (text, hours) => {
    expect(longestInterval(checkSchedule(text, NOW))).toBe(hours);
  });

  test('days named by the working day next to them fall on working days of their month', () => {
    // A Saturday the 1st moves on to Monday the 3rd, a Sunday at the end of a month back to Friday.
    expect(dayGaps('0 8 1W * ? *'.split(' '))?.longest).toBe(33);
    expect(dayGaps('0 8 LW * ? *'.split(' '))?.longest).toBe(33);
    expect(dayGaps('0 8 15W * ? *'.split(' '))?.longest).toBe(32);
    expect(dayGaps('0 8 31W 2 ? *'.split(' '))).toBeNull();
  });
});

describe('the shortest time between two reports', () => {
  test.each([
    ['rate(15 minutes)', 15],
    ['rate(7 days)', 7 * 24 * 60],
    ['cron(0/15 8-17 ? * MON-FRI *)', 15],
    ['cron(0 8,9 * * ? *)', 60],
    ['cron(0 8 ? * MON *)', 7 * 24 * 60],
    ['cron(0 8 ? * MON,TUE *)', 24 * 60],
    // Over midnight, where the next day is one too.
    ['cron(0,30 0,23 * * ? *)', 30],
    ['cron(45 0,23 * * ? *)', 60],
    ['cron(45 0,23 ? * MON *)', 23 * 60],
  ])('%s: %d minutes', (text, minutes) => {
    expect(shortestInterval(checkSchedule(text, NOW)) * 60).toBeCloseTo(minutes, 6);
  });

  test.each([
    'rate(1 minute)',
    'rate(14 minutes)',
    'cron(* 8 * * ? *)',
    'cron(0,10 8 ? * MON *)',
    'cron(0,55 0,23 * * ? *)',
  ])('is refused where runs would overlap: %s', (text) => {
    expect(() => checkSchedule(text, NOW)).toThrow('expected at least 15 minutes between two reports');
  });
});

test("a report is overdue three hours after the schedule's longest time", () => {
  expect(overdueAfter('rate(90 minutes)')).toBe(5);
  expect(overdueAfter('cron(0 8 ? * MON *)')).toBe(7 * 24 + 3);
});

describe('after a report, or a deployment, the next report', () => {
  const hoursTo = (instant: string): number => (Date.parse(instant) - NOW) / 3_600_000;

  test.each([
    'rate(90 minutes)',
    'rate(7 days)',
    'cron(0 8 ? * MON *)',
    'cron(0 8 1 * ? *)',
    'cron(0 8 23 11 ? *)',
    'cron(0 8 29 2 ? *)',
    'cron(0 8 ? * MON 2026-2030)',
    'cron(0 8 ? * MON 2026,2030)',
  ])('is missed when its schedule has passed: %s', (text) => {
    for (let day = 0; day < 28; day += 1) expect(overdueSince(text, NOW + day * 86_400_000)).toBe(overdueAfter(text));
  });

  test.each([
    ['cron(0 8 ? * MON 2028)', '2028-01-03'],
    ['cron(0 8 1 * ? 2030-2032)', '2030-01-01'],
    ['cron(0 23 L 12 ? 2199)', '2199-12-31'],
  ])('is missed when the first of a later year has passed, in the last of all zones: %s', (text, first) => {
    const missed = overdueSince(text, NOW);
    expect(missed).toBeGreaterThan(hoursTo(`${first}T23:59:00-12:00`));
    expect(missed).toBeLessThan(hoursTo(`${first}T23:59:00-12:00`) + 24);
  });
});

describe('a schedule that never fires', () => {
  test.each([
    'cron(0 8 31 2 ? *)',
    'cron(0 8 30 FEB ? *)',
    'cron(0 8 31 4,6,9,11 ? *)',
    'cron(0 8 ? * MON 2025)',
    'cron(0 8 1 1 ? 2026)',
    'cron(0 8 29 2 ? 2027)',
    'cron(0 8 29 2 ? 2097-2103)',
  ])('is refused: %s', (text) => {
    expect(() => checkSchedule(text, NOW)).toThrow('it would never fire');
  });

  test.each([
    'cron(0 8 29 2 ? 2027-2030)',
    'cron(0 8 1 12 ? 2026)',
    'cron(0 8 23 11 ? 2026)',
    'cron(0 8 29 2 ? 2198/1,2176)',
  ])('is not %s', (text) => {
    expect(checkSchedule(text, NOW)).toBe(text);
  });
});
