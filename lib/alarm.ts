import { Alarm, ComparisonOperator, type IMetric, type TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** Whom alarms tell, and the page that explains them. */
export interface AlarmAudience {
  readonly topic: ITopic;
  /** The page of the alarms' sections, without an anchor. */
  readonly runbook: string;
  /** Whether the end of an alarm is announced too. */
  readonly okActions: boolean;
}

/** When an alarm is raised, and what it says. */
export interface AlarmFacts {
  /** The section of the runbook. */
  readonly section: string;
  /** What happened, as a sentence. */
  readonly what: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly periods: number;
  /** How many of the periods have to be at or past the threshold; all where this is absent. */
  readonly atLeast?: number;
  readonly missing: TreatMissingData;
  /** Whether the loss of all data is announced too. Data that never came is not lost: a new alarm announces nothing. */
  readonly tellsSilence?: true;
}

export function makeAlarm(
  scope: Construct,
  id: string,
  { section, what, metric, threshold, periods, atLeast, missing, tellsSilence }: AlarmFacts,
  { topic, runbook, okActions }: AlarmAudience,
): Alarm {
  const alarm = new Alarm(scope, id, {
    alarmDescription: `${what} What to do: ${runbook}#${section}`,
    metric,
    threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: periods,
    ...(atLeast !== undefined && { datapointsToAlarm: atLeast }),
    treatMissingData: missing,
  });
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  if (tellsSilence === true) alarm.addInsufficientDataAction(action);
  if (okActions) alarm.addOkAction(action);
  return alarm;
}
