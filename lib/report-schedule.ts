import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge';
import { checkSchedule } from './schedule-expression';

/** When a function is to run. */
export interface ReportScheduleProps {
  /** `cron(…)` or `rate(…)`; anything else throws a RetentionError. */
  readonly expression: string;
  /** IANA name of the zone in which the expression is read. */
  readonly timezone: string;
  readonly target: IFunction;
  /** Where an invocation goes that could not be handed over. */
  readonly deadLetters: IQueue;
}

/** A schedule that invokes the function with `{ "scheduledTime": … }`, the same however often it is delivered: what makes a run idempotent. */
export function reportSchedule(scope: Construct, id: string, props: ReportScheduleProps): Schedule {
  const { expression, timezone, target, deadLetters } = props;
  const stack = Stack.of(scope);
  const role = new Role(scope, `${id}Role`, {
    description: 'Lets EventBridge Scheduler start the report function.',
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: {
          'aws:SourceAccount': stack.account,
          'aws:SourceArn': stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: 'default' }),
        },
      },
    }),
  });
  acknowledgeWildcard(role, target, ':*', 'Versions and aliases of the one function that is started.');
  return new Schedule(scope, id, {
    description: 'Reports on Lightsail snapshots',
    schedule: ScheduleExpression.expression(checkSchedule(expression), TimeZone.of(timezone)),
    target: new LambdaInvoke(target, {
      role,
      input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
      // Retries cover the hand-over to Lambda alone; the function has its own. Later than an hour, the next report is worth more.
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      deadLetterQueue: deadLetters,
    }),
  });
}
