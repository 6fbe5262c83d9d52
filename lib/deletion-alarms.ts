import { Duration } from 'aws-cdk-lib';
import { type Alarm, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type AlarmAudience, makeAlarm } from './alarm';
import type { DeletionFunction } from './deletion-function';
import { LAMBDA_PERIOD, retentionMetric } from './retention-metric';

/** The label of deletions that ended without success. */
export const FAILED_DELETIONS = 'failed deletions';

/** Alarms over a deletion function, made beside it. */
export function deletionAlarms(deletion: DeletionFunction, audience: AlarmAudience): readonly Alarm[] {
  const target = deletion.function;
  const often = { threshold: 1, periods: 1, missing: TreatMissingData.NOT_BREACHING };
  const alarm = (id: string, section: string, what: string, metric: IMetric): Alarm =>
    makeAlarm(deletion, id, { section, what, metric, ...often }, audience);
  return [
    alarm(
      'DeletionFailed',
      'deletion-failed',
      'A deletion ended with an error, or ran out of time.',
      failedExecutions(target, LAMBDA_PERIOD, FAILED_DELETIONS),
    ),
    alarm(
      'DeletionsFailed',
      'deletions-failed',
      'Snapshots of a plan could not be deleted; the e-mail of its outcome names them.',
      retentionMetric(target, 'deletionsFailed', { period: Duration.hours(1) }),
    ),
  ];
}

/**
 * Executions that failed or timed out, and invocations that crashed: an execution whose handler threw is no error of
 * its invocation.
 */
export function failedExecutions(target: IFunction, period: Duration, label: string): MathExpression {
  const usingMetrics = {
    failed: target.metric('DurableExecutionFailed', { period, statistic: 'Sum' }),
    late: target.metric('DurableExecutionTimedOut', { period, statistic: 'Sum' }),
    crashed: target.metricErrors({ period }),
  };
  return new MathExpression({
    expression: 'FILL(failed, 0) + FILL(late, 0) + FILL(crashed, 0)',
    usingMetrics,
    period,
    label,
  });
}
