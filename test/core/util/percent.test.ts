import { exactPercentText, percentText } from '../../../lambda/core/util/percent';

test.each<[number, number | undefined, string]>([
  [28 / 173, undefined, '16 %'],
  [28 / 173, 0.1, '16 %'],
  [0.104, 0.1, '10.4 %'],
  [0.1001, 0.1, '10.01 %'],
  [0.296, 0.3, '30 %'],
  [1, 0.5, '100 %'],
])('a share of %d beside a limit of %s is shown as %s', (share, limit, text) => {
  expect(percentText(share, limit)).toBe(text);
});

test('a configured share is shown exactly', () => {
  expect([0.1, 0.125, 0.29, 1].map(exactPercentText)).toEqual(['10 %', '12.5 %', '29 %', '100 %']);
});
