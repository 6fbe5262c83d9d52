import * as fc from 'fast-check';
import { monthlyCostCeiling, roundMoney, snapshotGb } from '../../../lambda/core/policy/cost';
import { aSnapshot } from '../../support/report-builder';

const PRICING = { default: 0.05, regions: new Map([['eu-central-1', 0.06]]) };
const disk = (sizeGb: number | null, system = false) => ({ name: 'data', path: null, sizeGb, system });

describe('cost ceilings', () => {
  test('count attached disks, and the system disk only once', () => {
    expect(snapshotGb(aSnapshot({ sizeGb: 40, attachedDisks: [disk(40, true), disk(64)] }))).toBe(104);
  });

  test('are not known where a size is not known', () => {
    expect(monthlyCostCeiling(aSnapshot({ sizeGb: null }), PRICING)).toBeNull();
    expect(monthlyCostCeiling(aSnapshot({ attachedDisks: [disk(null)] }), PRICING)).toBeNull();
    expect(monthlyCostCeiling(aSnapshot({ sizeGb: 40, attachedDisks: [disk(null, true)] }), PRICING)).toBe(2);
  });

  test("use the region's price where there is one", () => {
    expect(monthlyCostCeiling(aSnapshot({ region: 'eu-central-1' }), PRICING)).toBe(2.4);
    expect(monthlyCostCeiling(aSnapshot({ region: 'us-east-1' }), PRICING)).toBe(2);
  });

  test('are whole cents, never less than the price, and no cent more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 1000 }), (gb, mills) => {
        const exact = (gb * mills) / 10;
        expect(roundMoney(gb * (mills / 1000))).toBe(Math.ceil(exact) / 100);
      }),
    );
  });
});
