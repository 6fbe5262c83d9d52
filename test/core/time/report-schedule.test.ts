import { nextScheduledDay } from '../../../lambda/core/time/report-schedule';
import { UTC } from '../../../lambda/core/time/zone';
import { makeZone } from '../../../lambda/runtime/iana-zone';

const at = (text: string): number => Date.parse(text);

describe('the day of the next report', () => {
  test.each([
    ['a week later, at the minute of this one', 'cron(0 8 ? * MON *)', '2026-11-23T08:00:00Z', '2026-11-30'],
    ['the same day, before its time', 'cron(0 8 ? * MON *)', '2026-11-23T07:59:00Z', '2026-11-23'],
    ['the next month', 'cron(0 8 1 * ? *)', '2026-11-23T08:00:00Z', '2026-12-01'],
    ['the next leap day', 'cron(0 8 29 2 ? *)', '2026-11-23T08:00:00Z', '2028-02-29'],
  ])('is %s', (_, expression, now, day) => {
    expect(nextScheduledDay(expression, UTC, at(now), null)).toBe(day);
  });

  test('is local', () => {
    const auckland = makeZone('Pacific/Auckland');
    expect(nextScheduledDay('cron(30 0 * * ? *)', auckland, at('2026-11-23T11:29:00Z'), null)).toBe('2026-11-24');
  });

  test('counts a rate from a time at which it fired, and is not known without one', () => {
    const now = at('2026-11-23T08:05:00Z');
    expect(nextScheduledDay('rate(3 days)', UTC, now, at('2026-11-23T08:00:00Z'))).toBe('2026-11-26');
    expect(nextScheduledDay('rate(3 days)', UTC, now, null)).toBeNull();
  });

  test('is not known where a schedule never fires again, or is no schedule', () => {
    expect(nextScheduledDay('cron(0 8 1 1 ? 2026)', UTC, at('2026-11-23T08:00:00Z'), null)).toBeNull();
    expect(nextScheduledDay('weekly', UTC, at('2026-11-23T08:00:00Z'), null)).toBeNull();
  });
});
