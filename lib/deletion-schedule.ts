import { Duration, TimeZone } from 'aws-cdk-lib';
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { DELETION_START } from '../lambda/core/plan/deletion-start';
import { grantKey } from './encryption';
import { schedulerRole } from './scheduler-role';

/** Daily, so that one falls within the 24 hours after each report, at a minute at which hardly a report is made. */
export const DELETION_SCHEDULE = `cron(${DELETION_START.minute} ${DELETION_START.hour} * * ? *)`;

/** What starts automatic deletion. */
export interface DeletionScheduleProps {
  /** IANA name of the zone in which the expression is read. */
  readonly timezone: string;
  readonly alias: Alias;
  /** Where a start goes that could not be handed over. */
  readonly deadLetters: IQueue;
}

/**
 * Starts automatic deletion daily; most days there is nothing to do. One that cannot be handed over is not tried again:
 * the next day's is.
 */
export function deletionSchedule(
  scope: Construct,
  id: string,
  { timezone, alias, deadLetters }: DeletionScheduleProps,
): Schedule {
  const role = schedulerRole(scope, `${id}Role`, 'Lets EventBridge Scheduler start the deletion function.');
  if (deadLetters.encryptionMasterKey) grantKey(deadLetters.encryptionMasterKey, role);
  const schedule = new Schedule(scope, id, {
    description: 'Deletes the Lightsail snapshots that every report of the grace period listed',
    schedule: ScheduleExpression.expression(DELETION_SCHEDULE, TimeZone.of(timezone)),
    // A cast for exactOptionalPropertyTypes: to it, CDK's own alias is no IFunction.
    target: new LambdaInvoke(alias as IFunction, {
      role,
      input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
      retryAttempts: 0,
      maxEventAge: Duration.minutes(15),
      deadLetterQueue: deadLetters,
    }),
  });
  // Its policy too, which CloudFormation takes for a thing of its own.
  schedule.node.addDependency(role);
  return schedule;
}
