import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { DeletionFunction } from './deletion-function';
import { LAMBDA_PERIOD, retentionMetric } from './retention-metric';

/** Alarms over a deletion function, made beside it; the text of each names its section of docs/runbook.md. */
export function deletionAlarms(deletion: DeletionFunction, topic: ITopic): readonly Alarm[] {
  const target = deletion.function;
  const alarm = (id: string, section: string, what: string, metric: IMetric): Alarm => {
    const made = new Alarm(deletion, id, {
      alarmDescription: `${what} What to do: docs/runbook.md#${section}`,
      metric,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    made.addAlarmAction(new SnsAction(topic));
    return made;
  };
  return [
    alarm(
      'DeletionFailed',
      'deletion-failed',
      'A deletion ended with an error, or ran out of time.',
      failedExecutions(target, LAMBDA_PERIOD),
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
export function failedExecutions(target: IFunction, period: Duration): MathExpression {
  const usingMetrics = {
    failed: target.metric('DurableExecutionFailed', { period, statistic: 'Sum' }),
    late: target.metric('DurableExecutionTimedOut', { period, statistic: 'Sum' }),
    crashed: target.metricErrors({ period }),
  };
  return new MathExpression({
    expression: 'FILL(failed, 0) + FILL(late, 0) + FILL(crashed, 0)',
    usingMetrics,
    period,
    label: 'failed deletions',
  });
}
