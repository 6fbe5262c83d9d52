import { Aws, Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  CustomWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type Metric,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Measure } from '../lambda/runtime/metrics';
import { FAILED_DELETIONS, failedExecutions } from './deletion-alarms';
import { retentionMetric } from './retention-metric';

/** What a dashboard shows. */
export interface ReportDashboardProps {
  readonly name: string;
  /** The report function. */
  readonly target: IFunction;
  /** Null where deletion is off. */
  readonly deletion: IFunction | null;
  /** The function that shows the newest plan, to approve it; null where that is off. */
  readonly approval: IFunction | null;
  readonly deadLetters: IQueue;
  /** Whether its reports cover the accounts of an organization. */
  readonly coversAccounts: boolean;
  readonly alarms: readonly IAlarm[];
  /** The page of the alarms' sections. */
  readonly runbook: string;
}

/**
 * The name of the dashboard of a construct. It is not a reference to the dashboard, whose widgets refer to the report
 * function. Dashboards of all regions share their names.
 */
export const nameOfDashboard = (scope: Construct): string =>
  `${Aws.STACK_NAME}-${Aws.REGION}-${scope.node.addr.slice(-8)}`;

const DASHBOARD_WIDTH = 24;
const about = (runbook: string): string => `# Lightsail snapshots
Each point is a report. Costs are ceilings: snapshots are incremental, so the bill is at most that. For an alarm in red,
the ${runbook.startsWith('http') ? `[runbook](${runbook})` : runbook} says what to do. The full report is in the bucket, under \`reports/\`.`;

type MetricOf = (measure: Measure, label: string) => Metric;

/**
 * One page that answers: is anything wrong, what did the last report say, and where is it going. Three months, a point
 * a report.
 */
export function reportDashboard(
  scope: Construct,
  id: string,
  { name, target, deletion, approval, deadLetters, coversAccounts, alarms, runbook }: ReportDashboardProps,
): Dashboard {
  const period = Duration.days(1);
  const metric: MetricOf = (measure, label) => retentionMetric(target, measure, { period, label });
  return new Dashboard(scope, id, {
    dashboardName: name,
    defaultInterval: Duration.days(90),
    widgets: [
      [new TextWidget({ markdown: about(runbook), width: DASHBOARD_WIDTH, height: 3 })],
      [
        new AlarmStatusWidget({
          title: 'Does anything need you?',
          alarms: [...alarms],
          width: DASHBOARD_WIDTH,
          height: 3,
        }),
      ],
      [latestWidget(metric)],
      ...(approval === null ? [] : [[approvalWidget(approval)]]),
      trendWidgets(metric),
      stateWidgets(metric, { target, deadLetters, coversAccounts }, period),
      ...(deletion === null ? [] : [[deletionWidget(deletion, period)]]),
    ],
  });
}

/** The widget is called again only when the dashboard is refreshed: what it shows does not depend on a time range. */
function approvalWidget(view: IFunction): CustomWidget {
  return new CustomWidget({
    title: 'The newest plan: approve its deletion',
    functionArn: view.functionArn,
    updateOnResize: false,
    updateOnTimeRangeChange: false,
    width: DASHBOARD_WIDTH,
    height: 12,
  });
}

function deletionWidget(deletion: IFunction, period: Duration): GraphWidget {
  return new GraphWidget({
    title: 'Deletions',
    left: [
      // Each plan emits its own count, and a day may see several.
      retentionMetric(deletion, 'deleted', { period, statistic: 'Sum', label: 'snapshots deleted' }),
      retentionMetric(deletion, 'deletionsFailed', {
        period,
        statistic: 'Sum',
        label: 'snapshots that could not be deleted',
      }),
      failedExecutions(deletion, period, FAILED_DELETIONS),
    ],
    leftYAxis: { min: 0 },
    width: DASHBOARD_WIDTH,
  });
}

function latestWidget(metric: MetricOf): SingleValueWidget {
  return new SingleValueWidget({
    title: 'The last report',
    metrics: [
      metric('snapshots', 'snapshots'),
      metric('expiring', 'expired by policy'),
      metric('held', 'held'),
      metric('problems', 'problems'),
      metric('monthlyCostCeiling', 'US dollars a month, at most'),
    ],
    setPeriodToTimeRange: false,
    width: DASHBOARD_WIDTH,
    height: 4,
  });
}

/** How many snapshots there are, and their cost. */
function trendWidgets(metric: MetricOf): GraphWidget[] {
  return [
    new GraphWidget({
      title: 'Snapshots',
      left: [metric('snapshots', 'all'), metric('expiring', 'expired by policy'), metric('held', 'held')],
      leftYAxis: { min: 0 },
      width: DASHBOARD_WIDTH / 2,
    }),
    new GraphWidget({
      title: 'Cost ceiling and size',
      left: [metric('monthlyCostCeiling', 'US dollars a month, at most')],
      right: [metric('sizeGb', 'GB')],
      leftYAxis: { min: 0 },
      rightYAxis: { min: 0 },
      width: DASHBOARD_WIDTH / 2,
    }),
  ];
}

/** What was not read, what failed, and how long runs take. */
function stateWidgets(
  metric: MetricOf,
  { target, deadLetters, coversAccounts }: Pick<ReportDashboardProps, 'target' | 'deadLetters' | 'coversAccounts'>,
  period: Duration,
): GraphWidget[] {
  return [
    new GraphWidget({
      title: 'What was not read, and what has to be looked at',
      left: [
        metric('scopesFailed', 'lists not read'),
        metric('incomplete', 'incomplete reports'),
        metric('problems', 'problems'),
        ...(coversAccounts ? [metric('accountsMissed', 'accounts not read in three reports')] : []),
      ],
      leftYAxis: { min: 0 },
      width: DASHBOARD_WIDTH / 3,
    }),
    new GraphWidget({
      title: 'Failures',
      left: [
        target.metricErrors({ period, label: 'failed runs' }),
        deadLetters.metricApproximateNumberOfMessagesVisible({
          period,
          statistic: 'Maximum',
          label: 'dead letters',
        }),
      ],
      leftYAxis: { min: 0 },
      width: DASHBOARD_WIDTH / 3,
    }),
    new GraphWidget({
      title: 'How long runs take, how old the newest report is',
      left: [metric('seconds', 'seconds')],
      right: [metric('reportAgeHours', 'hours')],
      leftYAxis: { min: 0 },
      rightYAxis: { min: 0 },
      width: DASHBOARD_WIDTH / 3,
    }),
  ];
}
