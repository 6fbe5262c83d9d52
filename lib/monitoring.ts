import { Duration } from 'aws-cdk-lib';
import { type Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Pause } from '../lambda/core/time/pause';
import { type AlarmAudience, type AlarmFacts, makeAlarm } from './alarm';
import { type ApprovalFunctions, approvalAlarm } from './approval-functions';
import { reportDashboard } from './dashboard';
import { deletionAlarms } from './deletion-alarms';
import type { DeletionFunction } from './deletion-function';
import { letAlarmsPublish } from './encryption';
import { organizationAlarms } from './organization-alarms';
import type { OrganizationFunction } from './organization-function';
import type { ReportFunction } from './report-function';
import { reportSchedule } from './report-schedule';
import { LAMBDA_PERIOD, retentionMetric } from './retention-metric';
import { DELETION_QUESTIONS, REPORT_QUESTIONS, SavedQueries } from './saved-queries';

/** How a deployment is watched: alarms and a dashboard, alarms alone, or not at all. */
export const MONITORING = ['full', 'alarms', 'off'] as const;
export type MonitoringLevel = (typeof MONITORING)[number];

/** The check runs daily, first when it is deployed; a whole day and two hours without any is one that was missed. */
const CHECK_HOURS = 26;

/**
 * The share of the function's time after which a run is slow: what is not read by nine tenths is reported as not read.
 */
const SLOW = 0.8;

/** What is watched, and who is told. */
export interface MonitoringProps extends AlarmAudience {
  readonly report: ReportFunction;
  readonly deadLetters: IQueue;
  /** Hours after a report, or the deployment, at which the next one is missed. */
  readonly overdue: number;
  /** When none is due, because of the schedule's years. */
  readonly pauses: readonly Pause[];
  /** What carries out plans; null where deletion is off. */
  readonly deletion: DeletionFunction | null;
  /** What shows and approves plans on the dashboard; null where that is off. */
  readonly approval: ApprovalFunctions | null;
  /** What reports on an organization, and emits what its reports measure; null where one account is covered. */
  readonly organization: OrganizationFunction | null;
  /** The name of the dashboard; null: there is none. */
  readonly dashboardName: string | null;
}

/**
 * Alarms to the topic on which reports are announced, those of deletion among them; the text of each names its section
 * of docs/runbook.md.
 */
export class Monitoring extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { report, deadLetters, topic, deletion, approval, organization } = props;
    this.alarms = [
      ...this.reportAlarms(props),
      ...(deletion === null ? [] : deletionAlarms(deletion, props)),
      ...(approval === null ? [] : [approvalAlarm(approval, props)]),
      ...(organization === null ? [] : organizationAlarms(organization, props)),
    ];
    letAlarmsPublish(this, topic);
    reportSchedule(this, 'AgeCheck', {
      description: 'Measures daily how old the newest report on Lightsail snapshots is',
      input: { check: 'age', ...(props.pauses.length > 0 && { pauses: props.pauses }) },
      expression: 'rate(1 day)',
      timezone: 'UTC',
      // A cast for exactOptionalPropertyTypes: to it, CDK's own alias is no IFunction.
      target: (organization?.alias ?? report.function) as IFunction,
      deadLetters,
    });
    if (props.dashboardName === null) return;
    new SavedQueries(this, 'ReportQueries', REPORT_QUESTIONS, report.logGroup);
    if (deletion !== null) new SavedQueries(this, 'DeletionQueries', DELETION_QUESTIONS, deletion.logGroup);
    reportDashboard(this, 'Dashboard', {
      name: props.dashboardName,
      target: organization?.function ?? report.function,
      deletion: deletion?.function ?? null,
      approval: approval?.view ?? null,
      deadLetters,
      coversAccounts: organization !== null,
      alarms: this.alarms,
      runbook: props.runbook,
    });
  }

  private reportAlarms(props: MonitoringProps): readonly Alarm[] {
    const { report, deadLetters, overdue, deletion, organization } = props;
    const alarm = (id: string, facts: AlarmFacts): Alarm => makeAlarm(this, id, facts, props);
    const target = report.function;
    const emitter = organization?.function ?? target;
    const timeout = target.timeout?.toSeconds() ?? 900;
    const hour = Duration.hours(1);
    return [
      alarm('ReportFailed', {
        section: 'report-failed',
        what: 'A run of the report function failed.',
        metric: target.metricErrors({ period: LAMBDA_PERIOD }),
        threshold: 1,
        periods: 1,
        missing: TreatMissingData.NOT_BREACHING,
      }),
      alarm('ReportMissing', {
        section: 'report-missing',
        what: `No report was made for ${overdue} hours or more, or the daily check of that does not run.`,
        metric: retentionMetric(emitter, 'reportAgeHours', { period: hour }),
        threshold: overdue,
        periods: CHECK_HOURS,
        atLeast: 1,
        missing: TreatMissingData.MISSING,
        tellsSilence: true,
      }),
      alarm('DeadLetters', {
        section: 'dead-letters',
        what:
          deletion === null
            ? 'A scheduled report, or the daily check, could not be handed to its function: the event waits in the dead-letter queue.'
            : 'A scheduled run could not be handed to its function, or a deletion ended without success: the event waits in the dead-letter queue.',
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({
          period: Duration.minutes(5),
          statistic: 'Maximum',
        }),
        threshold: 1,
        periods: 1,
        // A queue that nothing happens to stops counting after six hours: that does not empty it.
        missing: TreatMissingData.IGNORE,
      }),
      alarm('InventoryIncomplete', {
        section: 'inventory-incomplete',
        what: `A report could not read all of the ${organization === null ? 'account' : 'accounts'}.`,
        metric: retentionMetric(emitter, 'incomplete', { period: hour }),
        threshold: 1,
        periods: 1,
        missing: TreatMissingData.NOT_BREACHING,
      }),
      alarm('ReportSlow', {
        section: 'report-slow',
        what: `A run took ${Math.round((SLOW * timeout) / 60)} of the ${timeout / 60} minutes that it has.`,
        metric: target.metricDuration({ period: LAMBDA_PERIOD, statistic: 'Maximum' }),
        threshold: SLOW * timeout * 1_000,
        periods: 1,
        missing: TreatMissingData.NOT_BREACHING,
      }),
    ];
  }
}
