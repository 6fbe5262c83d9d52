/** Where a deployment's metrics are; their one dimension is `service`, the name of the function that emits them. */
export const METRIC_NAMESPACE = 'LightsailRetention';

/**
 * Every metric, by the member of a result that it is taken from; `by` is the function that emits it. Names and units
 * live here and nowhere else.
 */
export const METRICS = {
  snapshots: { name: 'Snapshots', unit: 'Count', by: 'report' },
  expiring: { name: 'Expiring', unit: 'Count', by: 'report' },
  held: { name: 'Held', unit: 'Count', by: 'report' },
  problems: { name: 'Problems', unit: 'Count', by: 'report' },
  sizeGb: { name: 'SizeGb', unit: 'Gigabytes', by: 'report' },
  monthlyCostCeiling: { name: 'MonthlyCostCeiling', unit: 'None', by: 'report' },
  scopesFailed: { name: 'ScopesFailed', unit: 'Count', by: 'report' },
  incomplete: { name: 'Incomplete', unit: 'Count', by: 'report' },
  seconds: { name: 'RunSeconds', unit: 'Seconds', by: 'report' },
  deleted: { name: 'Deleted', unit: 'Count', by: 'deletion' },
  deletionsFailed: { name: 'DeletionsFailed', unit: 'Count', by: 'deletion' },
  accountsMissed: { name: 'AccountsMissed', unit: 'Count', by: 'organization' },
  reportAgeHours: { name: 'ReportAgeHours', unit: 'None', by: 'report' },
} as const;
export type Measure = keyof typeof METRICS;

export interface Measurement {
  readonly name: string;
  readonly unit: (typeof METRICS)[Measure]['unit'];
  readonly value: number;
}

/**
 * What a run's result measures: a number for each member that is a metric; false counts 0, true 1. A duplicate delivery
 * measures nothing.
 */
export function measurementsOf(result: object): readonly Measurement[] {
  const values: Readonly<Record<string, unknown>> = { ...result };
  if (values.delivery === 'already-sent') return [];
  return Object.entries(METRICS).flatMap(([member, { name, unit }]) => {
    const value = values[member];
    return typeof value === 'number' || typeof value === 'boolean' ? [{ name, unit, value: Number(value) }] : [];
  });
}
