import { Duration, TimeZone } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge';
import { grantKey } from './encryption';
import { checkSchedule } from './schedule-expression';
import { schedulerRole } from './scheduler-role';

/** When the report function is to run, and for what. */
export interface ReportScheduleProps {
  readonly description: string;
  /** The event. */
  readonly input: Readonly<Record<string, unknown>>;
  /** `cron(…)` or `rate(…)`; anything else throws a RetentionError. */
  readonly expression: string;
  /** IANA name of the zone in which the expression is read. */
  readonly timezone: string;
  readonly target: IFunction;
  /** Where an invocation goes that could not be handed over. */
  readonly deadLetters: IQueue;
}

/**
 * The event of a report: its scheduled time, the same however often it is delivered, is what makes a run idempotent.
 */
export const REPORT_EVENT = { scheduledTime: ContextAttribute.scheduledTime } as const;

/** The event of the hourly check that makes the first report. */
export const FIRST_REPORT_EVENT = { check: 'first-report', scheduledTime: ContextAttribute.scheduledTime } as const;

/** How often the first report is checked. A rate starts with the deployment. */
export const FIRST_REPORT_RATE = 'rate(1 hour)';

/** A schedule that invokes the function with an event, and keeps what could not be handed over. */
export function reportSchedule(scope: Construct, id: string, props: ReportScheduleProps): Schedule {
  const { description, input, expression, timezone, target, deadLetters } = props;
  const role = schedulerRole(scope, `${id}Role`, 'Lets EventBridge Scheduler start the report function.');
  acknowledgeWildcard(role, target.functionArn, ':*', 'Versions and aliases of the one function that is started.');
  if (deadLetters.encryptionMasterKey) grantKey(deadLetters.encryptionMasterKey, role);
  const schedule = new Schedule(scope, id, {
    description,
    schedule: ScheduleExpression.expression(checkSchedule(expression), TimeZone.of(timezone)),
    target: new LambdaInvoke(target, {
      role,
      input: ScheduleTargetInput.fromObject(input),
      // Retries cover the hand-over to Lambda alone; the function has its own. Later than an hour, the next report is
      // worth more.
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      deadLetterQueue: deadLetters,
    }),
  });
  // A rate starts at once, which its role must allow by then: CloudFormation takes the policy for a thing of its own.
  schedule.node.addDependency(role);
  return schedule;
}
