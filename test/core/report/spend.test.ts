import fc from 'fast-check';
import {
  amountInCents,
  amountText,
  billedRegion,
  billOf,
  lastMonth,
  monthAfter,
  parseAmount,
} from '../../../lambda/core/report/spend';

const amount = (text: string): bigint => {
  const parsed = parseAmount(text);
  if (parsed === null) throw new Error(`${text} is no amount`);
  return parsed;
};

describe('an amount of a bill', () => {
  test.each([
    ['41.2', '41.2', 41.2],
    ['0', '0', 0],
    ['-0.5', '-0.5', -0.5],
    ['0.005', '0.005', 0.01],
    ['0.0049999999', '0.0049999999', 0],
    ['1E-7', '0.0000001', 0],
    ['1.5e3', '1500', 1500],
    ['.5', null, null],
    ['52.1704862871', '52.1704862871', 52.17],
    ['+7.', '7', 7],
    ['0.1234567890123456789', '0.123456789012345678', 0.12],
  ])('%s is read as %s, and shown as %d', (text, exact, cents) => {
    const parsed = parseAmount(text);
    expect(parsed === null ? null : amountText(parsed)).toBe(exact);
    expect(parsed === null ? null : amountInCents(parsed)).toBe(cents);
  });

  test.each(['', 'NaN', '1,5', '$1', '1e', '--1', '0x1', 'Infinity', '1e999', '1 '])('%j is none', (text) => {
    expect(parseAmount(text)).toBeNull();
  });

  test('adds up without an error of floating point', () => {
    expect(amountText(amount('0.1') + amount('0.2'))).toBe('0.3');
    const many = Array.from({ length: 1000 }, () => amount('0.0000000001'));
    expect(amountText(many.reduce((sum, each) => sum + each, 0n))).toBe('0.0000001');
  });

  test('is written as a text that reads back as the same amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (size) => amount(amountText(size)) === size),
    );
  });
});

describe('a month of a bill', () => {
  test.each([
    [Date.UTC(2026, 10, 1), '2026-10'],
    [Date.UTC(2026, 9, 31, 23, 59), '2026-09'],
    [Date.UTC(2027, 0, 15), '2026-12'],
  ])('is the last one that is over in UTC', (now, month) => {
    expect(lastMonth(now)).toBe(month);
  });

  test('has months before and after it across years', () => {
    expect(monthAfter('2026-12', 1)).toBe('2027-01');
    expect(monthAfter('2026-01', -1)).toBe('2025-12');
    expect(monthAfter('2026-03', -14)).toBe('2025-01');
  });
});

describe('a usage type', () => {
  test.each([
    ['EUC1-SnapshotUsage', 'eu-central-1'],
    ['EU-SnapshotUsage', 'eu-west-1'],
    ['SnapshotUsage', 'us-east-1'],
    ['APS3-SnapshotUsage', 'ap-south-1'],
    ['USW2-DB-SnapshotUsage', 'us-west-2'],
    ['ZZZ9-SnapshotUsage', 'ZZZ9'],
    ['constructor-SnapshotUsage', 'constructor'],
    ['EUC1-BundleUsage:2GB', null],
    ['EUC1-SnapshotUsage:Other', null],
  ])('%s bills snapshots of %s', (usageType, region) => {
    expect(billedRegion(usageType)).toBe(region);
  });

  test('that is not known stays in the total under its own name', () => {
    const bill = billOf('2026-10', true, [
      ['USE1-SnapshotUsage', amount('1.10')],
      ['SnapshotUsage', amount('2.20')],
      ['ZZZ9-SnapshotUsage', amount('0.03')],
      ['USE1-BundleUsage:2GB', amount('100')],
    ]);
    expect(amountText(bill.total)).toBe('3.33');
    expect([...bill.byRegion].map(([region, size]) => [region, amountText(size)])).toEqual([
      ['ZZZ9', '0.03'],
      ['us-east-1', '3.3'],
    ]);
  });
});
