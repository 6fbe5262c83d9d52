import type { Totals } from '../../lambda/core/report/report-model';

/** Totals of an account, all zero but for those that are given. */
export const someTotals = (given: Partial<Totals>): Totals => ({
  snapshots: 0,
  keep: 0,
  expire: 0,
  held: 0,
  unmanaged: 0,
  problems: 0,
  sizeGb: 0,
  expireSizeGb: 0,
  monthlyCostCeiling: 0,
  expireMonthlyCostCeiling: 0,
  currency: 'USD',
  ...given,
});
