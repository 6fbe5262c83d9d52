import { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Schedule } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { BundledConfiguration } from '../lambda/stage-function';
import { acknowledge } from './acknowledge';
import { ReportFunction } from './report-function';
import { reportSchedule } from './report-schedule';
import { ReportStore } from './report-store';
import { DEFAULT_SCHEDULE } from './schedule-expression';

/** A validated configuration to deploy with, and its time zone, in which the schedule is read as well. */
export interface DeployedConfiguration extends BundledConfiguration {
  /** IANA name. */
  readonly timezone: string;
}

/** What to report on, when and to whom. */
export interface SnapshotRetentionProps {
  readonly configuration: DeployedConfiguration;
  /**
   * Who gets the report. Each address has to confirm its subscription.
   *
   * @default - nobody is subscribed: subscribe to `topic` yourself
   */
  readonly emails?: readonly string[];
  /**
   * When to report: `cron(…)` or `rate(…)` of EventBridge Scheduler, in the configuration's time zone.
   *
   * @default - Mondays at eight
   */
  readonly schedule?: string;
  /**
   * How long reports are kept in the bucket.
   *
   * @default - 400 days
   */
  readonly keepReportsFor?: Duration;
  /**
   * How long the function's logs are kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
}

/** Reports on the Lightsail snapshots of an account, on a schedule, by e-mail. Nothing in it can delete a snapshot. */
export class SnapshotRetention extends Construct {
  /** Where reports are announced. */
  readonly topic: Topic;
  /** Where reports are kept. */
  readonly store: ReportStore;
  /** Where runs go that failed every time. */
  readonly deadLetters: Queue;
  readonly report: ReportFunction;
  readonly schedule: Schedule;

  constructor(scope: Construct, id: string, props: SnapshotRetentionProps) {
    super(scope, id);
    const { configuration, emails = [], schedule = DEFAULT_SCHEDULE, keepReportsFor, logRetention } = props;

    this.topic = new Topic(this, 'Topic', { displayName: 'Lightsail snapshots', enforceSSL: true });
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));

    this.store = new ReportStore(this, 'Store', { ...(keepReportsFor && { keepReportsFor }) });

    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'SQS3', 'It is the dead-letter queue: of the schedule and of the function.');

    this.report = new ReportFunction(this, 'Report', {
      configuration,
      topic: this.topic,
      store: this.store,
      deadLetters: this.deadLetters,
      ...(logRetention && { logRetention }),
    });

    this.schedule = reportSchedule(this, 'Schedule', {
      expression: schedule,
      timezone: configuration.timezone,
      target: this.report.function,
      deadLetters: this.deadLetters,
    });
  }
}
