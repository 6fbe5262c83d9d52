import fc from 'fast-check';
import { parseDuration } from '../../../lambda/core/time/duration';

const parts = (text: string) => {
  const result = parseDuration(text);
  if (!result.ok) throw new Error(`${text}: ${result.expected}`);
  const { years, months, days, hours } = result.value;
  return [years, months, days, hours];
};

const expected = (text: string) => {
  const result = parseDuration(text);
  return result.ok ? `accepted ${text}` : result.expected;
};

test.each([
  ['36h', [0, 0, 0, 36]],
  ['30d', [0, 0, 30, 0]],
  ['2w', [0, 0, 14, 0]],
  ['6mo', [0, 6, 0, 0]],
  ['1y6mo', [1, 6, 0, 0]],
  ['1y2mo3w4d5h', [1, 2, 25, 5]],
  ['007d', [0, 0, 7, 0]],
  ['P30D', [0, 0, 30, 0]],
  ['P1Y2M', [1, 2, 0, 0]],
  ['P2W', [0, 0, 14, 0]],
  ['PT36H', [0, 0, 0, 36]],
  ['P1DT12H', [0, 0, 1, 12]],
  ['1000y', [1000, 0, 0, 0]],
])('reads %s', (text, amounts) => {
  expect(parts(text)).toEqual(amounts);
});

test('a duration keeps its text as written', () => {
  const result = parseDuration('1y6mo');
  expect(result.ok && result.value.text).toBe('1y6mo');
});

test.each([
  ['3m', 'is "m" a month (write mo) or a minute (there are no minutes here)?'],
  ['1y6m', 'is "m" a month'],
  ['30M', 'is "m" a month'],
  ['15min', 'is "m" a month'],
  ['30', 'a number alone has no unit'],
  ['1.5', 'a number alone has no unit'],
  ['1.5d', 'whole numbers only'],
  ['1,5d', 'whole numbers only'],
  ['P0.5D', 'whole numbers only'],
  ['-3d', 'not negative'],
  ['0d', 'longer than nothing'],
  ['0y0mo0w0d0h', 'longer than nothing'],
  ['P0D', 'longer than nothing'],
  ['1d0h', 'leave out a unit of 0'],
  ['1y0mo', 'leave out a unit of 0'],
  ['00y1d', 'leave out a unit of 0'],
  ['P1Y0M', 'leave out a unit of 0'],
  ['P1DT0H', 'leave out a unit of 0'],
  ['1d1d', 'each at most once'],
  ['1d2w', 'the largest first'],
  ['1001y', 'at most 1000y'],
  [`${'9'.repeat(400)}d`, 'at most 366000d'],
  ['', 'units y mo w d h'],
  ['P', 'units y mo w d h'],
  ['PT', 'units y mo w d h'],
  ['P1DT', 'units y mo w d h'],
  ['PT5M', 'units y mo w d h'],
  ['30 d', 'units y mo w d h'],
  [' 30d', 'units y mo w d h'],
  ['30d\n', 'units y mo w d h'],
  ['30D', 'units y mo w d h'],
  ['3٣d', 'units y mo w d h'],
  ['thirty days', 'units y mo w d h'],
])('refuses %j, and says what would have been right', (text, reason) => {
  expect(expected(text)).toContain(reason);
  expect(expected(text)).toMatch(/^a duration such as 36h, 30d/);
});

test('a duration has the same value in short form and in ISO 8601, for every descending combination', () => {
  const amount = fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined });
  fc.assert(
    fc.property(amount, amount, amount, amount, amount, (y, mo, w, d, h) => {
      fc.pre([y, mo, w, d, h].some((value) => value !== undefined));
      const write = (value: number | undefined, unit: string) => (value === undefined ? '' : `${value}${unit}`);
      const short = write(y, 'y') + write(mo, 'mo') + write(w, 'w') + write(d, 'd') + write(h, 'h');
      const iso = `P${write(y, 'Y')}${write(mo, 'M')}${write(w, 'W')}${write(d, 'D')}${h === undefined ? '' : `T${h}H`}`;
      const amounts = [y ?? 0, mo ?? 0, (w ?? 0) * 7 + (d ?? 0), h ?? 0];
      expect(parts(short)).toEqual(amounts);
      expect(parts(iso)).toEqual(amounts);
    }),
    { numRuns: 1_000 },
  );
});

test('the parser of durations answers any text and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9PTYMWDHymowdh.-]{0,12}$/)), (text) => {
      const result = parseDuration(text);
      if (!result.ok) return expect(result.expected).not.toBe('');
      const { years, months, days, hours } = result.value;
      return expect(
        [years, months, days, hours].every((value) => Number.isSafeInteger(value) && value >= 0) &&
          years + months + days + hours > 0,
      ).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
