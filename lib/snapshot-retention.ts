import { Duration, Stack, Token } from 'aws-cdk-lib';
import type { Alarm, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Schedule } from 'aws-cdk-lib/aws-scheduler';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BUILT_IN, formatConfigProblems, parseConfig } from '../lambda/config';
import type { Config } from '../lambda/core/config';
import { RetentionError } from '../lambda/core/errors';
import { optionalEnv } from '../lambda/env';
import type { Measure } from '../lambda/metrics';
import type { BundledConfiguration } from '../lambda/stage-function';
import { acknowledge } from './acknowledge';
import type { DeletionSetting } from './context';
import { deletionAlarms } from './deletion-alarms';
import { DeletionFunction } from './deletion-function';
import { deletionSchedule } from './deletion-schedule';
import { RetentionGrants } from './grants';
import { Monitoring, type MonitoringLevel } from './monitoring';
import { ReportFunction } from './report-function';
import { REPORT_EVENT, reportSchedule } from './report-schedule';
import { ReportStore } from './report-store';
import { retentionMetric } from './retention-metric';
import { checkSchedule, DEFAULT_SCHEDULE, longestInterval } from './schedule-expression';

/** A validated configuration to deploy with, and its time zone, in which the schedule is read as well. */
export interface DeployedConfiguration extends BundledConfiguration {
  /** IANA name. */
  readonly timezone: string;
}

/** What to report on, when and to whom. */
export interface SnapshotRetentionProps {
  /** What `readConfiguration` gives. */
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
   * A topic of yours to announce reports and alarms on, in the stack's region. An imported one must allow CloudWatch to publish.
   *
   * @default - a topic that takes TLS only
   */
  readonly topic?: ITopic;
  /**
   * A bucket of yours to keep reports in, under `reports/`, `plans/` and `runs/`.
   *
   * @default - a private, encrypted, versioned bucket that outlives the stack
   */
  readonly bucket?: IBucket;
  /**
   * The key that encrypts the topic and the bucket that are made here; its policy is extended by what alarms need.
   *
   * @default - the bucket is encrypted with the key of S3, the topic is not encrypted at rest: its messages are mail
   */
  readonly encryptionKey?: IKey;
  /**
   * How long reports are kept in the bucket.
   *
   * @default - 400 days
   */
  readonly keepReportsFor?: Duration;
  /**
   * How long nobody can remove or replace what is written (S3 Object Lock, governance mode). To be chosen at the first deployment.
   *
   * @default - not locked
   */
  readonly lockReportsFor?: Duration;
  /**
   * How long the function's logs are kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
  /**
   * Whether alarms and a dashboard are deployed (`full`), alarms alone (`alarms`), or neither (`off`).
   *
   * @default - `full`
   */
  readonly monitoring?: MonitoringLevel;
  /**
   * Whether snapshots can be deleted: by a person who approves a report's plan (`approve`), or also by a schedule, once every report of the
   * grace period has listed them (`automatic`).
   *
   * @default - `off`: nothing is deployed that could delete
   */
  readonly deletion?: DeletionSetting;
}

/** A configuration that may delete, validated. Throws a RetentionError for the built-in one, which nobody wrote. */
function deletableConfig({ origin, config }: DeployedConfiguration): Config {
  if (origin === BUILT_IN)
    throw new RetentionError(
      'config.built-in',
      'operator',
      'cannot deploy deletion with the built-in starter policy: write a retention.yaml with your own policies, or leave deletion out',
    );
  const result = parseConfig(config, origin);
  if (result.ok) return result.config;
  throw new RetentionError('config.invalid', 'operator', `cannot use the configuration\n${formatConfigProblems(result.errors, origin)}`);
}

/**
 * Reports on the Lightsail snapshots of an account, on a schedule, by e-mail. Nothing in it can delete a snapshot, unless `deletion` says so:
 * then another function with another role.
 */
export class SnapshotRetention extends Construct {
  /** Where reports and alarms are announced. */
  readonly topic: ITopic;
  /** Where reports are kept. */
  readonly bucket: IBucket;
  /** Where runs go that could not be started. */
  readonly deadLetters: Queue;
  /** The function that reports, its role and its logs. */
  readonly report: ReportFunction;
  /** When it reports. */
  readonly schedule: Schedule;
  /** Empty without monitoring. */
  readonly alarms: readonly Alarm[];
  /** What carries out plans; null where deletion is off. */
  readonly deletion: DeletionFunction | null;
  /** What others may be allowed to do. */
  readonly grants: RetentionGrants;

  constructor(scope: Construct, id: string, props: SnapshotRetentionProps) {
    super(scope, id);
    const {
      configuration,
      emails = [],
      schedule = DEFAULT_SCHEDULE,
      monitoring = 'full',
      deletion = 'off',
      logRetention,
      encryptionKey,
    } = props;
    const expression = checkSchedule(schedule);
    if (deletion !== 'off') deletableConfig(configuration);

    this.topic = props.topic ? this.ownTopic(props.topic) : this.makeTopic(encryptionKey);
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));

    const { bucket, keepReportsFor, lockReportsFor } = props;
    const store = new ReportStore(this, 'Store', {
      ...(bucket && { bucket }),
      ...(encryptionKey && { encryptionKey }),
      ...(keepReportsFor && { keepReportsFor }),
      ...(lockReportsFor && { lockReportsFor }),
    });
    this.bucket = store.bucket;

    // Encrypted by SQS itself, whatever the key: its letters are a time and an error, and the scheduler then needs no key.
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'SQS3', 'It is the dead-letter queue of the schedules.');

    this.report = new ReportFunction(this, 'Report', {
      configuration,
      topic: this.topic,
      store,
      ...(logRetention && { logRetention }),
    });

    this.schedule = reportSchedule(this, 'Schedule', {
      description: 'Reports on Lightsail snapshots',
      input: REPORT_EVENT,
      expression,
      timezone: configuration.timezone,
      target: this.report.function,
      deadLetters: this.deadLetters,
    });

    this.grants = new RetentionGrants(store, this.report.function);
    this.alarms =
      monitoring === 'off'
        ? []
        : new Monitoring(this, 'Monitoring', {
            report: this.report,
            deadLetters: this.deadLetters,
            topic: this.topic,
            interval: longestInterval(expression),
            dashboard: monitoring === 'full',
          }).alarms;
    this.deletion = deletion === 'off' ? null : this.makeDeletion(deletion, store, props);
  }

  private makeDeletion(
    mode: Exclude<DeletionSetting, 'off'>,
    store: ReportStore,
    { configuration, logRetention, monitoring }: SnapshotRetentionProps,
  ): DeletionFunction {
    const deletion = new DeletionFunction(this, 'Deletion', {
      mode,
      configuration,
      config: deletableConfig(configuration),
      topic: this.topic,
      store,
      deadLetters: this.deadLetters,
      ...(logRetention && { logRetention }),
    });
    const { alias } = deletion;
    const settings = optionalEnv({ deletionFunction: alias.functionArn, deletionMode: mode });
    for (const [name, value] of Object.entries(settings)) this.report.function.addEnvironment(name, value);
    if (monitoring !== 'off') deletionAlarms(deletion, deletion.function, this.topic);
    if (mode === 'automatic')
      deletionSchedule(this, 'DeletionSchedule', { timezone: configuration.timezone, alias, deadLetters: this.deadLetters });
    return deletion;
  }

  /** What reports measure: by default the largest value of a period, which for a report is its value. */
  metric(measure: Measure, options?: MetricOptions): Metric {
    return retentionMetric(this.report.function, measure, options);
  }

  private makeTopic(masterKey: IKey | undefined): Topic {
    return new Topic(this, 'Topic', { displayName: 'Lightsail snapshots', enforceSSL: true, ...(masterKey && { masterKey }) });
  }

  /** Functions and alarms publish in their own region alone. */
  private ownTopic(topic: ITopic): ITopic {
    const [theirs, ours] = [topic.env.region, Stack.of(this).region];
    if (theirs === ours || Token.isUnresolved(theirs) || Token.isUnresolved(ours)) return topic;
    throw new RetentionError(
      'props.topic',
      'operator',
      `cannot announce reports on a topic of another region: got one in ${theirs}, expected ${ours}, where the stack is`,
    );
  }
}
