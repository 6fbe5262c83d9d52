import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { METRIC_NAMESPACE, METRICS, type Measure } from '../lambda/runtime/metrics';

/**
 * For alarms on what AWS/Lambda counts of an invocation: it is stamped with the start, so a shorter period than an
 * invocation may be over before there is anything in it.
 */
export const LAMBDA_PERIOD = Duration.hours(1);

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
