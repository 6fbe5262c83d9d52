/** Where a deployment's metrics are; their one dimension is `service`, the name of the function that emits them. */
export const METRIC_NAMESPACE = 'LightsailRetention';

/** Every metric that the functions emit, by the member of a result that it is taken from. Names and units live here and nowhere else. */
export const METRICS = {
  snapshots: { name: 'Snapshots', unit: 'Count' },
  expiring: { name: 'Expiring', unit: 'Count' },
  held: { name: 'Held', unit: 'Count' },
  problems: { name: 'Problems', unit: 'Count' },
  sizeGb: { name: 'SizeGb', unit: 'Gigabytes' },
  monthlyCostCeiling: { name: 'MonthlyCostCeiling', unit: 'None' },
  scopesFailed: { name: 'ScopesFailed', unit: 'Count' },
  incomplete: { name: 'Incomplete', unit: 'Count' },
  seconds: { name: 'RunSeconds', unit: 'Seconds' },
  deleted: { name: 'Deleted', unit: 'Count' },
  deletionsFailed: { name: 'DeletionsFailed', unit: 'Count' },
  reportAgeHours: { name: 'ReportAgeHours', unit: 'None' },
} as const;
export type Measure = keyof typeof METRICS;

export interface Measurement {
  readonly name: string;
  readonly unit: (typeof METRICS)[Measure]['unit'];
  readonly value: number;
}

/** What a run's result measures: a number for each member that is a metric; false counts 0, true 1. A duplicate delivery measures nothing. */
export function measurementsOf(result: object): readonly Measurement[] {
  const values: Readonly<Record<string, unknown>> = { ...result };
  return Object.entries(METRICS).flatMap(([member, { name, unit }]) => {
    const value = values[member];
    return typeof value === 'number' || typeof value === 'boolean' ? [{ name, unit, value: Number(value) }] : [];
  });
}
