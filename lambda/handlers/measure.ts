import { Metrics } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE, measurementsOf } from '../runtime/metrics';

/** Emits what a result measures, under the name of the function. */
export function measureRun(result: object, functionName: string): void {
  const measurements = measurementsOf(result);
  if (measurements.length === 0) return;
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: functionName });
  for (const { name, unit, value } of measurements) metrics.addMetric(name, unit, value);
  metrics.publishStoredMetrics();
}
