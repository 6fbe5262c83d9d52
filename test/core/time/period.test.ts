import fc from 'fast-check';
import type { CountRule, WithinRule } from '../../../lambda/core/policy/policy';
import { type Duration, parseDuration } from '../../../lambda/core/time/duration';
import {
  dayLabel,
  dayOf,
  subtractDuration as earlier,
  endOfDay,
  instantOfWallClock,
  addDuration as later,
  makePeriodOf,
  periodLabel,
  wallClock,
} from '../../../lambda/core/time/period';
import { UTC } from '../../../lambda/core/time/zone';
import { makeZone } from '../../../lambda/runtime/iana-zone';

const berlin = makeZone('Europe/Berlin');
const newYork = makeZone('America/New_York');
const lordHowe = makeZone('Australia/Lord_Howe');
const apia = makeZone('Pacific/Apia');

const at = (text: string): number => Date.parse(text);
const iso = (instant: number): string => new Date(instant).toISOString().replace('.000', '');
const duration = (text: string): Duration => {
  const result = parseDuration(text);
  if (!result.ok) throw new Error(result.expected);
  return result.value;
};
const label = (rule: CountRule | WithinRule, instant: string, zone = UTC): string => {
  const period = makePeriodOf(rule);
  return period === null ? '' : periodLabel(rule, period(wallClock(at(instant), zone)));
};

describe('buckets', () => {
  test.each([
    ['2026-01-01T12:00:00Z', '2026-W01'],
    ['2025-12-29T00:00:00Z', '2026-W01'],
    ['2025-12-28T23:59:59Z', '2025-W52'],
    ['2020-12-31T12:00:00Z', '2020-W53'],
    ['2021-01-03T23:59:59Z', '2020-W53'],
    ['2021-01-04T00:00:00Z', '2021-W01'],
    ['2026-12-31T12:00:00Z', '2026-W53'],
    ['2027-01-03T12:00:00Z', '2026-W53'],
    ['1970-01-01T00:00:00Z', '1970-W01'],
    ['1969-12-28T12:00:00Z', '1969-W52'],
  ])('the ISO week of %s is %s', (instant, week) => {
    expect(label('weekly', instant)).toBe(week);
    expect(label('withinWeekly', instant)).toBe(week);
  });

  test.each<[CountRule, string, string]>([
    ['hourly', '2026-11-20T13:59:59Z', '2026-11-20 13:00'],
    ['daily', '2024-02-29T23:59:59Z', '2024-02-29'],
    ['daily', '2100-02-28T12:00:00Z', '2100-02-28'],
    ['daily', '1969-12-31T23:59:59Z', '1969-12-31'],
    ['monthly', '2024-02-29T12:00:00Z', '2024-02'],
    ['monthly', '2026-12-31T23:59:59Z', '2026-12'],
    ['monthly', '2027-01-01T00:00:00Z', '2027-01'],
    ['yearly', '2026-12-31T23:59:59Z', '2026'],
    ['yearly', '2000-02-29T00:00:00Z', '2000'],
    ['last', '2026-12-31T23:59:59Z', ''],
  ])('%s: %s falls into %s', (rule, instant, period) => {
    expect(label(rule, instant)).toBe(period);
  });

  test('are cut by the wall clock of the zone', () => {
    expect(label('yearly', '2026-12-31T23:30:00Z', berlin)).toBe('2027');
    expect(label('daily', '2026-11-20T04:30:00Z', newYork)).toBe('2026-11-19');
    expect(label('weekly', '2026-12-27T23:30:00Z', berlin)).toBe('2026-W53');
  });

  test('an hour that occurs twice is one period', () => {
    expect(label('hourly', '2026-10-25T00:30:00Z', berlin)).toBe('2026-10-25 02:00');
    expect(label('hourly', '2026-10-25T01:30:00Z', berlin)).toBe('2026-10-25 02:00');
    expect(label('hourly', '2026-10-25T02:30:00Z', berlin)).toBe('2026-10-25 03:00');
  });

  test('agree with the calendar of the platform on every day', () => {
    fc.assert(
      fc.property(fc.integer({ min: at('1600-01-01T00:00:00Z'), max: at('2999-12-31T23:59:59Z') }), (instant) => {
        const text = new Date(instant).toISOString();
        expect(label('yearly', text)).toBe(text.slice(0, 4));
        expect(label('monthly', text)).toBe(text.slice(0, 7));
        expect(label('daily', text)).toBe(text.slice(0, 10));
        expect(dayLabel(dayOf(instant))).toBe(text.slice(0, 10));
        expect(label('hourly', text)).toBe(`${text.slice(0, 10)} ${text.slice(11, 13)}:00`);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('instants of wall clocks', () => {
  const wall = (text: string): number => at(`${text}Z`);

  test.each([
    ['an ordinary time', '2026-07-01T12:00:00', berlin, '2026-07-01T10:00:00Z'],
    ['a time that occurs twice is the earlier one', '2026-10-25T02:30:00', berlin, '2026-10-25T00:30:00Z'],
    ['a time that is skipped moves forward by the gap', '2026-03-29T02:30:00', berlin, '2026-03-29T01:30:00Z'],
    ['the last moment before the gap', '2026-03-29T01:59:59', berlin, '2026-03-29T00:59:59Z'],
    ['the first moment after the gap', '2026-03-29T03:00:00', berlin, '2026-03-29T01:00:00Z'],
    ['twice, west of Greenwich', '2026-11-01T01:30:00', newYork, '2026-11-01T05:30:00Z'],
    ['skipped, west of Greenwich', '2026-03-08T02:30:00', newYork, '2026-03-08T07:30:00Z'],
    ['a gap of half an hour', '2026-10-04T02:15:00', lordHowe, '2026-10-03T15:45:00Z'],
    ['an overlap of half an hour', '2026-04-05T01:45:00', lordHowe, '2026-04-04T14:45:00Z'],
    ['the day that Samoa skipped', '2011-12-30T12:00:00', apia, '2011-12-30T22:00:00Z'],
    ['the day before it', '2011-12-29T23:59:59', apia, '2011-12-30T09:59:59Z'],
    ['the day after it', '2011-12-31T00:00:00', apia, '2011-12-30T10:00:00Z'],
  ])('%s', (_, local, zone, instant) => {
    expect(iso(instantOfWallClock(wall(local), zone))).toBe(instant);
  });

  test('are the earliest that show this wall clock, wherever one does', () => {
    const zone = fc.constantFrom(
      berlin,
      newYork,
      lordHowe,
      makeZone('America/St_Johns'),
      makeZone('Africa/Casablanca'),
    );
    fc.assert(
      fc.property(
        zone,
        fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2037-12-31T00:00:00Z') }),
        (place, instant) => {
          const local = wallClock(instant, place);
          const found = instantOfWallClock(local, place);
          expect(wallClock(found, place)).toBe(local);
          expect(found).toBeLessThanOrEqual(instant);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a duration before an instant', () => {
  test.each([
    ['31 May − 1 month overflows to 1 May', '2026-05-31T12:00:00Z', '1mo', UTC, '2026-05-01T12:00:00Z'],
    ['31 March − 1 month overflows to 3 March', '2026-03-31T12:00:00Z', '1mo', UTC, '2026-03-03T12:00:00Z'],
    ['29 February − 1 year overflows to 1 March', '2024-02-29T12:00:00Z', '1y', UTC, '2023-03-01T12:00:00Z'],
    ['29 February − 4 years is a leap day again', '2024-02-29T12:00:00Z', '4y', UTC, '2020-02-29T12:00:00Z'],
    ['over the turn of a year', '2026-01-15T12:00:00Z', '1mo', UTC, '2025-12-15T12:00:00Z'],
    ['weeks are seven days', '2026-03-10T12:00:00Z', '2w', UTC, '2026-02-24T12:00:00Z'],
    [
      'days follow the wall clock through the spring night',
      '2026-03-29T10:00:00Z',
      '1d',
      berlin,
      '2026-03-28T11:00:00Z',
    ],
    ['hours are absolute through the same night', '2026-03-29T10:00:00Z', '24h', berlin, '2026-03-28T10:00:00Z'],
    [
      'hours come last, after the gap has moved the day',
      '2026-03-30T00:30:00Z',
      '1d1h',
      berlin,
      '2026-03-29T00:30:00Z',
    ],
    ['into the gap: moved forward', '2026-03-30T00:30:00Z', '1d', berlin, '2026-03-29T01:30:00Z'],
    ['into the overlap: the earlier', '2026-10-26T01:30:00Z', '1d', berlin, '2026-10-25T00:30:00Z'],
    ['everything at once', '2026-11-23T08:00:00Z', '1y6mo2w3d4h', UTC, '2025-05-06T04:00:00Z'],
    ['years before 100 are not the 1900s', '1026-01-01T00:00:00Z', '1000y', UTC, '0026-01-01T00:00:00Z'],
  ])('%s', (_, from, amount, zone, instant) => {
    expect(iso(earlier(at(from), duration(amount), zone))).toBe(instant);
  });

  test('is undone by the same duration after it, for days and hours', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: at('2037-12-31T00:00:00Z') }),
        fc.nat(2_000),
        fc.integer({ min: 1, max: 2_000 }),
        (instant, days, hours) => {
          const amount: Duration = { years: 0, months: 0, days, hours, text: '' };
          expect(later(earlier(instant, amount, UTC), amount, UTC)).toBe(instant);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

test('a local day is over at the next local midnight', () => {
  expect(iso(endOfDay('2026-12-31', berlin))).toBe('2026-12-31T23:00:00Z');
  expect(iso(endOfDay('2026-03-29', berlin))).toBe('2026-03-29T22:00:00Z');
  expect(iso(endOfDay('2011-12-29', apia))).toBe('2011-12-30T10:00:00Z');
});
