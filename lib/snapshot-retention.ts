import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import type { Alarm, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Schedule } from 'aws-cdk-lib/aws-scheduler';
import { type ITopic, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MESSAGE_SCOPES } from '../lambda/core/report/message-scope';
import { type DeployedDeletion, optionalEnv } from '../lambda/runtime/env';
import { METRICS, type Measure } from '../lambda/runtime/metrics';
import type { BundledConfiguration } from '../lambda/runtime/stage-function';
import { acknowledge, writeSuppressions } from './acknowledge';
import { ApprovalFunctions } from './approval-functions';
import { checkLifecycle } from './bucket-lifecycle';
import { accountsOutside } from './check-organization';
import { type CheckedProps, checkProps } from './check-props';
import type { ApprovalSetting, DeletionSetting } from './context';
import { nameOfDashboard } from './dashboard';
import { DeletionFunction } from './deletion-function';
import { deletionSchedule } from './deletion-schedule';
import { type KeyUse, requireNameable, targetOf } from './encryption';
import { busFor } from './event-bus';
import { RetentionGrants } from './grants';
import { keyForLogs } from './log-key';
import { MemberRoles, type OrganizationProps } from './member-roles';
import { Monitoring, type MonitoringLevel } from './monitoring';
import { OrganizationFunction } from './organization-function';
import { completeBucketPolicy, completeKeyPolicy, completeTopicPolicy } from './other-accounts';
import { checkOverlap, type Reach } from './overlap';
import { requireRegion, requireStandard, requireUnshared } from './own-resources';
import { refusedProperty } from './refused-property';
import { ReportFunction } from './report-function';
import { FIRST_REPORT_EVENT, FIRST_REPORT_RATE, REPORT_EVENT, reportSchedule } from './report-schedule';
import { ReportStore, storedPatterns } from './report-store';
import { retentionMetric } from './retention-metric';
import {
  overdueAfter,
  pausesOf,
  reportsAtDeletionStart,
  SCHEDULE_APART,
  shortestInterval,
} from './schedule-expression';

/** A configuration to deploy with. It is validated again; its time zone is that of the schedule as well. */
export type DeployedConfiguration = BundledConfiguration;

/** How evidence, plans and results are locked (S3 Object Lock). */
export interface ObjectLockProps {
  /** How long no version of them can be removed, in whole days, counted from when it is written. */
  readonly retention: Duration;
  /**
   * Who can end a lock before: with `governance` those who have `s3:BypassGovernanceRetention`, with `compliance` no
   * one, not even the root user.
   *
   * @default governance
   */
  readonly mode?: 'governance' | 'compliance';
}

/** What to report on, when and to whom. */
export interface SnapshotRetentionProps {
  /** What `readConfiguration` gives. */
  readonly configuration: DeployedConfiguration;
  /**
   * Who gets the report. Each address has to confirm its subscription; one that stands there twice, in whatever case,
   * is subscribed once.
   *
   * @default - nobody is subscribed: subscribe to `topic` yourself
   */
  readonly emails?: readonly string[];
  /**
   * When to report: `cron(…)` or `rate(…)` of EventBridge Scheduler, in the configuration's time zone; at most every
   * quarter of an hour, which is what a run may take.
   *
   * @default - Mondays at eight
   */
  readonly schedule?: string;
  /**
   * A topic of yours to announce reports and alarms on: a standard one, in the stack's region. An imported one must
   * allow CloudWatch to publish; where it is encrypted, import it by `Topic.fromTopicAttributes` with its `keyArn`, or
   * nothing may use its key. One of another account that the app makes is opened to this account; for an imported one a
   * warning says what its policy must allow.
   *
   * @default - a topic that takes TLS only
   */
  readonly topic?: ITopic;
  /**
   * A bucket of yours to keep reports in, for one deployment alone, in the stack's region: under `reports/`, `plans/`,
   * `runs/` and `evidence/`, with deletion `results/`, and with `report.spend` `bills/`. What its lifecycle removes must be as old as
   * `keepReportsFor` would have to be. The policy of one that the app makes is completed: TLS alone, and this account
   * where the bucket is of another; for an imported one a warning says what it must have.
   *
   * @default - a private, encrypted, versioned bucket that outlives the stack
   */
  readonly bucket?: IBucket;
  /**
   * The key that encrypts the topic, the bucket, the logs and the dead-letter queue that are made here. The policy of a
   * key that the app makes gets what alarms and logs need. A key that is imported, also by an alias, or of another
   * account encrypts the topic and the bucket alone, and a warning says what its policy must allow.
   *
   * @default - the bucket is encrypted with the key of S3, the topic is not encrypted at rest: its messages are mail
   */
  readonly encryptionKey?: IKey;
  /**
   * How long reports are kept in the bucket, and the plans and notes of runs that belong to them, in whole days: longer
   * than the schedule leaves between two reports, and than deletion needs its plans. Results are kept 30 days longer,
   * and indefinitely once deletion is off.
   *
   * @default - 400 days, a year and a month, so that a report can be compared with that of a year ago; more where more
   * is needed
   */
  readonly keepReportsFor?: Duration;
  /**
   * How long nobody can remove or replace what is written (S3 Object Lock, governance mode). To be chosen at the first
   * deployment.
   *
   * @default - not locked
   */
  readonly lockReportsFor?: Duration;
  /**
   * Locks evidence, plans and results, and nothing else: the functions send the lock with each object, because a
   * default retention of the bucket would cover every object. To be chosen at the first deployment.
   *
   * @default - not locked
   */
  readonly objectLock?: ObjectLockProps;
  /**
   * How long the functions' logs are kept.
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
   * The page that alarms and the dashboard link to: one with the sections of docs/runbook.md as anchors, such as
   * `#report-failed`.
   *
   * @default - the page of this version in the repository of the package
   */
  readonly runbookUrl?: string;
  /**
   * Whether the end of an alarm is announced on the topic too.
   *
   * @default false
   */
  readonly okActions?: boolean;
  /**
   * Whether reports, plans, deletions and failures of accounts put events on an event bus: `true` for the default bus,
   * or a bus of yours in the stack's region. Events have totals and ids, no names. docs/events.md lists them.
   *
   * @default false
   */
  readonly events?: boolean | IEventBus;
  /**
   * Whether snapshots can be deleted: by a person who approves a report's plan (`approve`), or also by a schedule, once
   * every report of the grace period has listed them (`automatic`).
   *
   * @default - `off`: nothing is deployed that could delete
   */
  readonly deletion?: DeletionSetting;
  /**
   * Whether the bill may be read (`ce:GetCostAndUsage`, one request of $0.01 a run), by the report function, or by that of
   * the organization. It has to agree with `report.spend` of the configuration, which makes the report read it.
   *
   * @default - as `report.spend` of the configuration says
   */
  readonly spend?: boolean;
  /**
   * Whether a person can also approve a plan on the dashboard (`dashboard`), with `deletion: 'approve'` and full
   * monitoring.
   *
   * @default - `off`: plans are approved by a command
   */
  readonly approval?: ApprovalSetting;
  /**
   * The accounts of an organization that one report covers: `{ targets: ['arn:aws:organizations::…'] }` with the root or
   * organizational units, in the management account or a delegated administrator. Excludes `deletion`.
   *
   * @default - this account alone
   */
  readonly organization?: OrganizationProps;
}

/** What the log groups of all functions share. */
type Logs = Pick<SnapshotRetentionProps, 'logRetention'> & { readonly logKey?: IKey };

/** Marks every deployment of an app: it may hold two copies of this library, one as a module and one not. */
const MARK = Symbol.for('lightsail-retention.SnapshotRetention');

/**
 * Reports on the Lightsail snapshots of an account, on a schedule, by e-mail. Nothing in it can delete a snapshot,
 * unless `deletion` says so: then another function with another role.
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
  /** All that is watched, deletion included; empty without monitoring. */
  readonly alarms: readonly Alarm[];
  /** What carries out plans; null where deletion is off. */
  readonly deletion: DeletionFunction | null;
  /** What shows and approves plans on the dashboard; null where that is off. */
  readonly approval: ApprovalFunctions | null;
  /** What reports on all accounts of an organization; null where this account alone is covered. */
  readonly organization: OrganizationFunction | null;
  /** The read roles of the other accounts; null where there are none. */
  readonly members: MemberRoles | null;
  /** What others may be allowed to do. */
  readonly grants: RetentionGrants;
  /** What it reads, for other deployments of the app. */
  readonly reach: Reach;
  /** Stands in every report that is made with this configuration. */
  readonly configurationDigest: string;

  constructor(scope: Construct, id: string, props: SnapshotRetentionProps) {
    super(scope, id);
    const checked = checkProps(props);
    const { config, emails, schedule, monitoring } = checked;
    const { configuration, bucket, encryptionKey, logRetention } = props;
    if (bucket) this.checkBucket(bucket, checked);
    if (encryptionKey) this.checkOwnKey(encryptionKey);
    const logKey = encryptionKey ? this.logKeyOf(encryptionKey, props) : null;
    const logs: Logs = { ...(logKey && { logKey }), ...(logRetention && { logRetention }) };
    this.configurationDigest = config.digest;
    this.reach = {
      account: Stack.of(this).account,
      regions: config.regions,
      kinds: config.kinds,
      deletes: checked.deletion !== 'off',
    };
    this.warnOfMail(schedule);
    this.warnOfSettings(checked);

    this.topic = props.topic ? this.ownTopic(props.topic) : this.makeTopic(encryptionKey);
    this.subscribe(emails, checked.organization !== null);

    const store = this.makeStore(props, checked);
    this.bucket = store.bucket;
    Object.defineProperty(this, MARK, { value: true });
    const others = this.others();
    requireUnshared(this, others);
    checkOverlap(this, this.reach, others);

    this.deadLetters = this.makeDeadLetters(logKey);
    const eventBus = busFor(this, props.events);
    this.report = new ReportFunction(this, 'Report', {
      configuration,
      topic: this.topic,
      store,
      parts: checked.parts,
      readsMembers: checked.organization !== null,
      // On an organization, the function that sends its report puts the events.
      ...(eventBus && checked.organization === null && { eventBus }),
      ...logs,
    });
    this.tellReport({ configurationDigest: config.digest, reportSchedule: schedule });
    this.members = checked.organization === null ? null : this.makeMembers(checked.organization);
    this.organization =
      this.members === null ? null : this.makeOrganization(store, eventBus, configuration, checked, logs);
    this.schedule = this.makeSchedule(checked);

    // An organization's first report waits: at the deployment hardly a read role is made yet.
    if (this.organization === null) this.checkFirstReport();
    this.grants = new RetentionGrants(store, this.started);
    this.deletion =
      checked.deletion === 'off'
        ? null
        : this.makeDeletion(checked.deletion, store, eventBus, configuration, logs, checked);
    this.approval = checked.approval === 'off' ? null : this.makeApproval(store, configuration, logs);
    this.alarms = monitoring === 'off' ? [] : this.makeMonitoring(checked).alarms;
    writeSuppressions(this);
  }

  /** What makes a report when it is invoked. */
  private get started(): IFunction {
    // A cast for exactOptionalPropertyTypes: to it, CDK's own alias is no IFunction.
    return (this.organization?.alias ?? this.report.function) as IFunction;
  }

  private makeSchedule({ config, schedule: expression }: CheckedProps): Schedule {
    return reportSchedule(this, 'Schedule', {
      description: 'Reports on Lightsail snapshots',
      input: REPORT_EVENT,
      expression,
      timezone: config.zone.name,
      target: this.started,
      deadLetters: this.deadLetters,
    });
  }

  /** Makes the first report at the deployment, and when a subscription is confirmed. */
  private checkFirstReport(): void {
    reportSchedule(this, 'FirstReport', {
      description: 'Makes the first report on Lightsail snapshots when a subscription is confirmed',
      input: FIRST_REPORT_EVENT,
      expression: FIRST_REPORT_RATE,
      timezone: 'UTC',
      target: this.report.function,
      deadLetters: this.deadLetters,
    });
  }

  /** The key of the logs and the queue; null: none. Refuses a key that then encrypts nothing. */
  private logKeyOf(key: IKey, { bucket, topic }: SnapshotRetentionProps): IKey | null {
    const logKey = keyForLogs(this, key);
    if (logKey !== null || bucket === undefined || topic === undefined) return logKey;
    throw refusedProperty(
      'encryptionKey',
      'encryptionKey: there is nothing to encrypt with it: the bucket and the topic are yours, and logs need a key ' +
        'that this app makes; give the bucket and the topic their keys where they are made',
    );
  }

  private makeDeadLetters(key: IKey | null): Queue {
    const queue = new Queue(this, 'DeadLetters', {
      ...(key === null
        ? { encryption: QueueEncryption.SQS_MANAGED }
        : { encryption: QueueEncryption.KMS, encryptionMasterKey: key }),
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(queue, 'SQS3', 'It is the dead-letter queue of the schedules.');
    return queue;
  }

  /** Sets variables of the function that sends reports, as far as it is made. */
  private tellReport(settings: Parameters<typeof optionalEnv>[0]): void {
    const target = this.organization?.function ?? this.report.function;
    for (const [name, value] of Object.entries(optionalEnv(settings))) target.addEnvironment(name, value);
  }

  private makeStore(
    { bucket, encryptionKey, lockReportsFor }: SnapshotRetentionProps,
    { keepReportsFor, least, objectLock }: CheckedProps,
  ): ReportStore {
    return new ReportStore(this, 'Store', {
      ...(bucket && { bucket }),
      ...(encryptionKey && { encryptionKey }),
      keepReportsFor,
      ...(lockReportsFor && { lockReportsFor }),
      // The lifecycle of a bucket of one's own is not known: it keeps what is needed at least.
      keptDays: bucket ? least.days : keepReportsFor.toDays(),
      ...(objectLock && { objectLock }),
    });
  }

  private checkBucket(bucket: IBucket, { parts, least }: CheckedProps): void {
    requireRegion(this, 'bucket', bucket);
    const patterns = storedPatterns(parts);
    completeBucketPolicy(this, bucket, patterns, least.days);
    checkLifecycle(this, bucket, patterns, least);
    if (bucket.encryptionKey) this.checkKey('bucket', bucket.encryptionKey);
  }

  private checkOwnKey(key: IKey): void {
    requireRegion(this, 'encryptionKey', key);
    this.checkKey('encryptionKey', key);
  }

  private makeMonitoring({ schedule, monitoring, runbook, okActions }: CheckedProps): Monitoring {
    const dashboard = monitoring === 'full';
    const dashboardName = nameOfDashboard(this);
    if (dashboard) this.tellReport({ dashboard: dashboardName });
    return new Monitoring(this, 'Monitoring', {
      report: this.report,
      deletion: this.deletion,
      approval: this.approval,
      organization: this.organization,
      deadLetters: this.deadLetters,
      topic: this.topic,
      overdue: overdueAfter(schedule),
      pauses: pausesOf(schedule),
      dashboardName: dashboard ? dashboardName : null,
      runbook,
      okActions,
    });
  }

  private checkKey(prop: KeyUse, key: IKey): void {
    requireNameable(this, prop, key);
    completeKeyPolicy(this, prop, key);
  }

  private makeMembers(organization: OrganizationProps): MemberRoles {
    const members = new MemberRoles(this, 'Members', { ...organization, hubRole: this.report.role });
    const same = this.others().find((other) => other.members?.roleName === members.roleName);
    if (same !== undefined)
      throw refusedProperty(
        'organization',
        `organization: ${same.node.path} makes the role ${members.roleName} in every account too; expected a roleNameQualifier of its own`,
      );
    this.report.readMembers(members);
    return members;
  }

  private makeOrganization(
    store: ReportStore,
    eventBus: IEventBus | null,
    configuration: BundledConfiguration,
    { schedule, parts }: CheckedProps,
    logs: Logs,
  ): OrganizationFunction {
    return new OrganizationFunction(this, 'Organization', {
      configuration,
      report: this.report,
      topic: this.topic,
      store,
      spend: parts.spend,
      reportSchedule: schedule,
      deadLetters: this.deadLetters,
      ...(eventBus && { eventBus }),
      ...logs,
    });
  }

  private makeDeletion(
    mode: DeployedDeletion,
    store: ReportStore,
    eventBus: IEventBus | null,
    configuration: BundledConfiguration,
    logs: Logs,
    { config, schedule }: CheckedProps,
  ): DeletionFunction {
    const deletion = new DeletionFunction(this, 'Deletion', {
      mode,
      configuration,
      config,
      topic: this.topic,
      store,
      deadLetters: this.deadLetters,
      reportSchedule: schedule,
      ...(eventBus && { eventBus }),
      ...logs,
    });
    const { alias } = deletion;
    this.tellReport({ deletionFunction: alias.functionArn, deletionMode: mode });
    if (mode === 'automatic') {
      const starts = { timezone: config.zone.name, alias, deadLetters: this.deadLetters };
      const { scheduleName } = deletionSchedule(this, 'DeletionSchedule', starts);
      this.tellReport({ deletionSchedule: scheduleName });
    }
    return deletion;
  }

  private makeApproval(store: ReportStore, configuration: BundledConfiguration, logs: Logs): ApprovalFunctions | null {
    if (this.deletion === null) return null;
    const { alias } = this.deletion;
    this.tellReport({ approval: 'dashboard' });
    return new ApprovalFunctions(this, 'Approval', { configuration, store, deletion: alias, ...logs });
  }

  /**
   * What runs measure: by default the largest value of a period, which for a report is its value. Throws a
   * RetentionError for what deletions measure where none is deployed.
   */
  metric(measure: Measure, options?: MetricOptions): Metric {
    const { by } = METRICS[measure];
    const emitters = {
      report: this.organization?.function ?? this.report.function,
      organization: this.organization?.function,
      deletion: this.deletion?.function,
    };
    const target = emitters[by];
    if (target) return retentionMetric(target, measure, options);
    if (by === 'organization')
      throw refusedProperty(
        'organization',
        `organization: cannot give the metric ${measure}: nothing emits it for one account; expected organization`,
      );
    throw refusedProperty(
      'deletion',
      `deletion: cannot give the metric ${measure}: nothing emits it while deletion is off; expected approve or automatic`,
    );
  }

  /** Those of the same app, as far as they are made. */
  private others(): readonly SnapshotRetention[] {
    return this.node.root.node
      .findAll()
      .filter((each): each is SnapshotRetention => MARK in each && 'reach' in each && each !== this);
  }

  /** Whom another construct subscribed to the same topic gets every mail already. */
  private subscribe(emails: readonly string[], isOrganization: boolean): void {
    const known = this.topic.node.children.map(({ node }) => node.id.toLowerCase());
    // Alarms have no attributes: they pass, and messages about one account do not.
    const scope = new SubscriptionFilter([MESSAGE_SCOPES.organization, { exists: false }]);
    const filtered = isOrganization ? { filterPolicy: { scope } } : {};
    for (const email of emails)
      if (!known.includes(email.toLowerCase())) this.topic.addSubscription(new EmailSubscription(email, filtered));
  }

  private makeTopic(masterKey: IKey | undefined): Topic {
    return new Topic(this, 'Topic', {
      displayName: 'Lightsail snapshots',
      enforceSSL: true,
      ...(masterKey && { masterKey: targetOf(masterKey) }),
    });
  }

  private ownTopic(topic: ITopic): ITopic {
    requireStandard(topic);
    requireRegion(this, 'topic', topic);
    completeTopicPolicy(this, topic);
    if (topic.masterKey) this.checkKey('topic', topic.masterKey);
    return topic;
  }

  /** Warns of rules that can match nothing, and of settings that have no effect here or do not go together. */
  private warnOfSettings({ config, organization, deletion, schedule }: CheckedProps): void {
    const near = deletion === 'automatic' ? reportsAtDeletionStart(schedule) : null;
    if (near !== null)
      Annotations.of(this).addWarningV2(
        'lightsail-retention:deletion-start',
        `schedule "${schedule}": ${near}; ${SCHEDULE_APART}`,
      );
    for (const { code, message } of config.hiddenRules)
      Annotations.of(this).addWarningV2(`lightsail-retention:${code}`, message);
    const { accountMessages, costTag } = config.organization;
    const unused = [...(accountMessages ? ['accountMessages'] : []), ...(costTag === undefined ? [] : ['costTag'])];
    if (organization === null && unused.length > 0)
      Annotations.of(this).addWarningV2(
        'lightsail-retention:organization',
        `organization.${unused.join(' and organization.')} has no effect on a report on this account alone: deploy with the property organization`,
      );
    const outside = organization && accountsOutside(organization, config.organization.accounts);
    if (outside !== null) Annotations.of(this).addWarningV2('lightsail-retention:organization-targets', outside);
  }

  /** Warns of a schedule that sends more than one e-mail an hour. */
  private warnOfMail(schedule: string): void {
    const hours = shortestInterval(schedule);
    if (hours >= 1) return;
    Annotations.of(this).addWarningV2(
      'lightsail-retention:schedule',
      `schedule "${schedule}" makes a report, and a mail, every ${Math.round(hours * 60)} minutes: once a day is plenty for snapshots`,
    );
  }
}
