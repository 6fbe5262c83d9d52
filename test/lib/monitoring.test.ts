import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type CfnElement, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { METRIC_NAMESPACE, METRICS, measurementsOf } from '../../lambda/runtime/metrics';
import { defaultRunbook } from '../../lib/runbook';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS, synthesized } from './synthesized';

const template = synthesized();
const deleting = synthesized({ deletion: 'automatic' });

interface Watched {
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Dimensions: readonly unknown[];
}

interface AlarmProperties extends Watched {
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly unknown[];
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly Statistic: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  /** How many of the periods raise the alarm; all where this is absent. */
  readonly DatapointsToAlarm?: number;
  readonly InsufficientDataActions?: readonly unknown[];
  readonly TreatMissingData: string;
  /** Of an alarm on an expression: the metrics that it reads, and the expression itself. */
  readonly Metrics?: readonly {
    readonly Expression?: string;
    readonly Id: string;
    readonly MetricStat?: { readonly Metric: Watched; readonly Stat: string; readonly Period: number };
  }[];
}

/** What an alarm reads, whether by itself or in an expression. */
const readBy = ({
  Metrics,
  ...own
}: AlarmProperties): readonly (Watched & { readonly Stat: string; readonly Period: number })[] =>
  Metrics?.flatMap(({ MetricStat }) => (MetricStat ? [{ ...MetricStat.Metric, ...MetricStat }] : [])) ?? [
    { ...own, Stat: own.Statistic },
  ];

/**
 * An alarm as a line: statistic and metric, each with the time over which it is taken, threshold, periods, and what no
 * data means.
 */
function lineOf(alarm: AlarmProperties): string {
  const watched = readBy(alarm).map(({ Stat, MetricName, Period }) => `${Stat} ${MetricName} in ${Period / 60} min`);
  const { ComparisonOperator, Threshold, EvaluationPeriods, DatapointsToAlarm, TreatMissingData } = alarm;
  const periods = `${DatapointsToAlarm === undefined ? '' : `${DatapointsToAlarm} of `}${EvaluationPeriods}`;
  const compared = ComparisonOperator === 'GreaterThanOrEqualToThreshold' ? '>=' : ComparisonOperator;
  return `${watched.join(' + ')} ${compared} ${Threshold}, ${periods} x, missing ${TreatMissingData}`;
}

const alarmsOf = (from: Template): readonly AlarmProperties[] =>
  Object.values(from.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

const alarmOn = (metric: string, from = template): AlarmProperties => {
  const [alarm, ...more] = alarmsOf(from).filter(({ MetricName }) => MetricName === metric);
  if (alarm === undefined || more.length > 0) throw new Error(`expected one alarm on ${metric}`);
  return alarm;
};

describe('the alarms', () => {
  test('tell the topic that reports go to, those of deletion too', () => {
    const [topic] = Object.keys(deleting.findResources('AWS::SNS::Topic'));
    for (const { AlarmActions } of alarmsOf(deleting)) expect(AlarmActions).toEqual([{ Ref: topic }]);
  });

  test('tell it also when the daily check falls silent, and nothing before its first run, when a new alarm has no data', () => {
    const { AlarmActions, InsufficientDataActions, TreatMissingData } = alarmOn('ReportAgeHours');
    expect([InsufficientDataActions, TreatMissingData]).toEqual([AlarmActions, 'missing']);
    const others = alarmsOf(deleting).filter(({ MetricName }) => MetricName !== 'ReportAgeHours');
    for (const other of others) expect(other.InsufficientDataActions).toBeUndefined();
  });

  test('may publish to it: a topic with a policy of its own lacks the default one', () => {
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
  });

  const OF_REPORTS = [
    'Sum Errors in 60 min >= 1, 1 x, missing notBreaching',
    'Maximum ReportAgeHours in 60 min >= 171, 1 of 26 x, missing missing',
    'Maximum ApproximateNumberOfMessagesVisible in 5 min >= 1, 1 x, missing ignore',
    'Maximum Incomplete in 60 min >= 1, 1 x, missing notBreaching',
    'Maximum Duration in 60 min >= 720000, 1 x, missing notBreaching',
  ];
  const OF_DELETIONS = [
    'Sum DurableExecutionFailed in 60 min + Sum DurableExecutionTimedOut in 60 min + Sum Errors in 60 min >= 1, 1 x, missing notBreaching',
    'Maximum DeletionsFailed in 60 min >= 1, 1 x, missing notBreaching',
  ];

  test('are five, and two more with deletion, and each is a line of this table', () => {
    expect(alarmsOf(template).map(lineOf)).toEqual(OF_REPORTS);
    expect(alarmsOf(deleting).map(lineOf).sort()).toEqual([...OF_REPORTS, ...OF_DELETIONS].sort());
  });

  test('add up what they read in an expression, where what is not there counts as nothing', () => {
    const expressions = alarmsOf(deleting).flatMap(({ Metrics = [] }) =>
      Metrics.flatMap(({ Expression }) => Expression ?? []),
    );
    expect(expressions).toEqual(['FILL(failed, 0) + FILL(late, 0) + FILL(crashed, 0)']);
  });

  test('look back over a whole invocation: AWS/Lambda stamps what it counts of one with its start', () => {
    const timeouts = Object.values(deleting.findResources('AWS::Lambda::Function')).map(({ Properties }) =>
      Number(Properties.Timeout),
    );
    const [longest, untilCounted] = [Math.max(...timeouts), 5 * 60];
    const watched = alarmsOf(deleting).flatMap((alarm) =>
      readBy(alarm).map((read) => ({ ...read, periods: alarm.EvaluationPeriods })),
    );
    const ofLambda = watched.filter(({ Namespace }) => Namespace === 'AWS/Lambda');
    expect(ofLambda.map(({ MetricName }) => MetricName).sort()).toEqual([
      'DurableExecutionFailed',
      'DurableExecutionTimedOut',
      'Duration',
      'Errors',
      'Errors',
    ]);
    for (const { Period, periods } of ofLambda) expect(Period * periods).toBeGreaterThanOrEqual(longest + untilCounted);
  });

  test.each([
    ['rate(1 hour)', 4],
    ['rate(1 day)', 27],
    ['cron(0 8 ? * MON-FRI *)', 75],
    ['cron(0 8 1 * ? *)', 747],
    ['cron(0 8 1 1 ? *)', 8787],
  ])('with the schedule %s a report is missed after %d hours', (schedule, hours) => {
    expect(alarmOn('ReportAgeHours', synthesized({ schedule })).Threshold).toBe(hours);
  });

  test('have the same threshold for a schedule that begins in a later year: the daily check knows the pause until then', () => {
    const { Threshold } = alarmOn('ReportAgeHours', synthesized({ schedule: 'cron(0 8 1 1 ? 2190-2199)' }));
    expect(Threshold).toBe(alarmOn('ReportAgeHours', synthesized({ schedule: 'cron(0 8 1 1 ? *)' })).Threshold);
  });

  test('watch no longer than CloudWatch can: seven days for periods of an hour or more', () => {
    for (const alarm of alarmsOf(deleting))
      for (const { Period } of readBy(alarm))
        expect(Period * alarm.EvaluationPeriods).toBeLessThanOrEqual((Period < 3_600 ? 1 : 7) * 86_400);
  });

  test('look at metrics under the function that emits them', () => {
    const functions = Object.entries(deleting.findResources('AWS::Lambda::Function'));
    const [report, deletion] = [false, true].map(
      (durable) => functions.find(([, { Properties }]) => 'DurableConfig' in Properties === durable)?.[0],
    );
    const read = alarmsOf(deleting)
      .flatMap(readBy)
      .filter(({ Namespace }) => Namespace !== 'AWS/SQS');
    const names = (name: string, id: string | undefined) =>
      read
        .filter(({ Dimensions }) => JSON.stringify(Dimensions) === JSON.stringify([{ Name: name, Value: { Ref: id } }]))
        .map(({ MetricName }) => MetricName);
    expect(names('service', report)).toEqual(['ReportAgeHours', 'Incomplete']);
    expect(names('service', deletion)).toEqual(['DeletionsFailed']);
    expect(names('FunctionName', report)).toEqual(['Errors', 'Duration']);
    expect(names('FunctionName', deletion)).toEqual(['DurableExecutionFailed', 'DurableExecutionTimedOut', 'Errors']);
    expect(read).toHaveLength(8);
  });
});

describe('the daily check', () => {
  test('asks the report function for the age of the newest report', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 day)',
      Target: { Input: '{"check":"age"}', DeadLetterConfig: { Arn: Match.anyValue() } },
    });
  });

  test('comes round within the hours that the alarm looks back', () => {
    const { Period, EvaluationPeriods } = alarmOn('ReportAgeHours');
    expect(Period * EvaluationPeriods).toBeGreaterThan(86_400);
  });
});

describe('the runbook', () => {
  const runbook = readFileSync(join(__dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');
  const sections = new Map(
    runbook
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.split('\n')[0] ?? '', text]),
  );
  const named = alarmsOf(deleting).map(
    ({ AlarmDescription }) => /docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1],
  );

  test('has a section for each alarm, those of deletion among them, and each alarm names one', () => {
    expect(new Set(named).size).toBe(alarmsOf(deleting).length);
    for (const name of named) expect([...sections.keys()]).toContain(name);
  });

  test('says of each alarm what it means, how to check it and what to do', () => {
    for (const name of named) {
      const text = sections.get(name ?? '') ?? '';
      for (const heading of ['**What it means.**', '**How to check.**', '**What to do.**'])
        expect(text).toContain(heading);
    }
  });

  test('explains every metric, and no metric that is not emitted', () => {
    const listed = [...(sections.get('metrics') ?? '').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.values(METRICS).map(({ name }) => name));
  });

  test('tells apart every message that can reach the dead-letter queue', () => {
    const text = sections.get('dead-letters') ?? '';
    const inputs = Object.values(deleting.findResources('AWS::Scheduler::Schedule')).map(({ Properties }) =>
      String(Properties.Target.Input),
    );
    expect(inputs).toHaveLength(4);
    for (const input of inputs) expect(text).toContain(input.replace('"<aws.scheduler.scheduled-time>"', '"…"'));
    const functions = Object.values(deleting.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => 'DeadLetterConfig' in Properties,
    );
    expect(functions).toHaveLength(1);
    expect(text).toContain('{"plan":"…","digest":"…"}');
  });
});

describe('the dashboard', () => {
  const bodyOf = (from: Template): string =>
    JSON.stringify(Object.values(from.findResources('AWS::CloudWatch::Dashboard'))[0]);

  test('draws every metric of reports', () => {
    const body = bodyOf(template);
    for (const { name, by } of Object.values(METRICS)) expect(body.includes(`\\"${name}\\"`)).toBe(by === 'report');
    expect(body).not.toContain('Deletions');
  });

  test('draws every metric where there is deletion, each under the function that emits it', () => {
    const body = bodyOf(deleting);
    const functions = Object.entries(deleting.findResources('AWS::Lambda::Function'));
    for (const { name, by } of Object.values(METRICS).filter((metric) => metric.by !== 'organization')) {
      const [id] = functions.find(([, { Properties }]) => 'DurableConfig' in Properties === (by === 'deletion')) ?? [];
      expect(body).toContain(`\\"${name}\\",\\"service\\",\\"",{"Ref":"${id}"}`);
    }
  });

  test.each([
    ['reports', template],
    ['deletion too', deleting],
  ])('shows the state of every alarm: %s', (_, from) => {
    const [, statuses = ''] = /Does anything need you\?(.*)The last report/.exec(bodyOf(from)) ?? [];
    const ids = Object.keys(from.findResources('AWS::CloudWatch::Alarm'));
    for (const id of ids) expect(statuses).toContain(`{"Fn::GetAtt":["${id}","Arn"]}`);
  });

  test('draws every metric that an alarm watches', () => {
    for (const from of [template, deleting]) {
      // The duration of a run is drawn in seconds, as the run itself measures it.
      const watched = alarmsOf(from)
        .flatMap((alarm) => JSON.stringify(alarm).match(/(?<="MetricName":")\w+/g) ?? [])
        .filter((name) => name !== 'Duration');
      for (const name of watched) expect(bodyOf(from)).toContain(`\\"${name}\\"`);
    }
  });
});

describe('monitoring can be reduced', () => {
  /** CloudWatch bills an alarm by the metrics that it reads. */
  const metricsOf = (alarm: AlarmProperties): number => readBy(alarm).length;

  const count = (from: Template) => ({
    alarms: alarmsOf(from).length,
    metrics: alarmsOf(from).reduce((sum, alarm) => sum + metricsOf(alarm), 0),
    dashboards: Object.keys(from.findResources('AWS::CloudWatch::Dashboard')).length,
    schedules: Object.keys(from.findResources('AWS::Scheduler::Schedule')).length,
  });

  test.each([
    ['full', 'off', { alarms: 5, metrics: 5, dashboards: 1, schedules: 3 }],
    ['alarms', 'off', { alarms: 5, metrics: 5, dashboards: 0, schedules: 3 }],
    ['off', 'off', { alarms: 0, metrics: 0, dashboards: 0, schedules: 2 }],
    ['full', 'approve', { alarms: 7, metrics: 9, dashboards: 1, schedules: 3 }],
    ['alarms', 'automatic', { alarms: 7, metrics: 9, dashboards: 0, schedules: 4 }],
    ['off', 'automatic', { alarms: 0, metrics: 0, dashboards: 0, schedules: 3 }],
  ] as const)('to %s, with deletion %s', (monitoring, deletion, expected) => {
    expect(count(synthesized({ monitoring, deletion }))).toEqual(expected);
  });
});

describe('the construct', () => {
  const built = (props: Partial<SnapshotRetentionProps>) => {
    const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Stack');
    return { stack, retention: new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props }) };
  };

  test.each(['off', 'approve', 'automatic'] as const)('names every alarm of its template, deletion %s', (deletion) => {
    const { stack, retention } = built({ deletion });
    const ids = retention.alarms.map((alarm) => stack.getLogicalId(alarm.node.defaultChild as CfnElement));
    expect(ids.sort()).toEqual(Object.keys(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm')).sort());
  });

  test('gives each metric under the function that emits it', () => {
    const { stack, retention } = built({ monitoring: 'off', deletion: 'approve' });
    const { namespace, metricName, dimensions } = retention.metric('expiring');
    expect({ namespace, metricName }).toEqual({ namespace: METRIC_NAMESPACE, metricName: 'Expiring' });
    expect(stack.resolve(dimensions)).toEqual({ service: stack.resolve(retention.report.function.functionName) });
    expect(stack.resolve(retention.metric('deleted').dimensions)).toEqual({
      service: stack.resolve(retention.deletion?.function.functionName),
    });
  });

  test('refuses a metric of deletions where none is deployed: nothing would ever emit it', () => {
    expect(() => built({}).retention.metric('deleted')).toThrow(expect.objectContaining({ code: 'props.deletion' }));
  });
});

test('the dead-letter alarm speaks of deletion only where there is one', () => {
  const text = (from: Template): string => alarmOn('ApproximateNumberOfMessagesVisible', from).AlarmDescription;
  expect(text(template)).not.toMatch(/delet/);
  expect(text(deleting)).toMatch(/a deletion ended without success/);
});

test('what is no number of a result is not measured', () => {
  expect(measurementsOf({ delivery: 'already-sent', deleted: 3, deletionsFailed: 2 })).toEqual([]);
  expect(measurementsOf({ reportId: 'x', delivery: 'sent', snapshots: 3, incomplete: true, other: 4 })).toEqual([
    { name: 'Snapshots', unit: 'Count', value: 3 },
    { name: 'Incomplete', unit: 'Count', value: 1 },
  ]);
});

describe('an alarm', () => {
  const alarmsOf = (made: Template): readonly Record<string, unknown>[] =>
    Object.values(made.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

  test('links to its section of the page that was given, as the dashboard links to the page', () => {
    const given = synthesized({ deletion: 'automatic', runbookUrl: 'https://wiki.example.com/backups' });
    const alarms = alarmsOf(given);
    expect(alarms.length).toBe(7);
    for (const { AlarmDescription } of alarms)
      expect(AlarmDescription).toMatch(/ What to do: https:\/\/wiki\.example\.com\/backups#[a-z-]+$/);
    expect(JSON.stringify(given.findResources('AWS::CloudWatch::Dashboard'))).toContain(
      '[runbook](https://wiki.example.com/backups)',
    );
  });

  test('links to the repository of the package by default, and names the page where the package has none', () => {
    const repository = { url: 'git+https://example.com/owner/project.git' };
    expect(defaultRunbook({ repository, version: '1.2.3' })).toBe(
      'https://example.com/owner/project/blob/v1.2.3/docs/runbook.md',
    );
    expect(defaultRunbook({ version: '1.2.3' })).toBe('docs/runbook.md');
  });

  test('announces its end only where that was asked for', () => {
    for (const alarm of alarmsOf(deleting)) expect(alarm.OKActions).toBeUndefined();
    for (const alarm of alarmsOf(synthesized({ deletion: 'automatic', okActions: true })))
      expect(alarm.OKActions).toEqual(alarm.AlarmActions);
  });
});
