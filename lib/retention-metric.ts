import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { METRIC_NAMESPACE, METRICS, type Measure } from '../lambda/metrics';

/** A metric that the functions emit. */
export function retentionMetric(target: IFunction, measure: Measure, options: MetricOptions = {}): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: METRICS[measure].name,
    dimensionsMap: { service: target.functionName },
    statistic: 'Maximum',
    ...options,
  });
}
