import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { METRIC_NAMESPACE, METRICS, measurementsOf } from '../../lambda/metrics';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { PROPS, synthesized } from './synthesized';

const template = synthesized();

interface AlarmProperties {
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly unknown[];
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Threshold: number;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly TreatMissingData: string;
  readonly Dimensions: readonly unknown[];
}

const alarmsOf = (from: Template): readonly AlarmProperties[] =>
  Object.values(from.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

const alarmOn = (metric: string, from = template): AlarmProperties => {
  const [alarm, ...more] = alarmsOf(from).filter(({ MetricName }) => MetricName === metric);
  if (alarm === undefined || more.length > 0) throw new Error(`expected one alarm on ${metric}`);
  return alarm;
};

describe('the alarms', () => {
  test('tell the topic that reports go to', () => {
    const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
    for (const { AlarmActions } of alarmsOf(template)) expect(AlarmActions).toEqual([{ Ref: topic }]);
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

  test('are five, and each is a line of this table', () => {
    expect(
      alarmsOf(template).map(
        ({ MetricName, Threshold, Period, EvaluationPeriods, TreatMissingData }) =>
          `${MetricName} >= ${Threshold}, ${EvaluationPeriods} x ${Period / 60} min, missing ${TreatMissingData}`,
      ),
    ).toEqual([
      'Errors >= 1, 1 x 5 min, missing notBreaching',
      'ReportAgeHours >= 171, 26 x 60 min, missing breaching',
      'ApproximateNumberOfMessagesVisible >= 1, 1 x 5 min, missing ignore',
      'Incomplete >= 1, 1 x 60 min, missing notBreaching',
      'Duration >= 720000, 1 x 5 min, missing notBreaching',
    ]);
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

  test('watch no longer than CloudWatch can: seven days for periods of an hour or more', () => {
    for (const { Period, EvaluationPeriods } of alarmsOf(template))
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual((Period < 3_600 ? 1 : 7) * 86_400);
  });

  test('look at metrics under the dimension with which the function emits them', () => {
    const [target] = Object.entries(template.findResources('AWS::Lambda::Function')).map(([id]) => id);
    const own = alarmsOf(template).filter(({ Namespace }) => Namespace === METRIC_NAMESPACE);
    expect(own).toHaveLength(2);
    for (const { Dimensions } of own) expect(Dimensions).toEqual([{ Name: 'service', Value: { Ref: target } }]);
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
  const named = alarmsOf(template).map(({ AlarmDescription }) => /docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1]);

  test('has a section for each alarm, and each alarm names one', () => {
    expect(new Set(named).size).toBe(alarmsOf(template).length);
    for (const name of named) expect([...sections.keys()]).toContain(name);
  });

  test('says of each alarm what it means, how to look and what to do', () => {
    for (const name of named) {
      const text = sections.get(name ?? '') ?? '';
      for (const heading of ['**What it means.**', '**How to look.**', '**What to do.**']) expect(text).toContain(heading);
    }
  });

  test('explains every metric, and no metric that is not emitted', () => {
    const listed = [...(sections.get('metrics') ?? '').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.values(METRICS).map(({ name }) => name));
  });
});

describe('the dashboard', () => {
  const ofDeletion: readonly string[] = [METRICS.deleted.name, METRICS.deletionsFailed.name];

  test('draws every metric of reports', () => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard);
    for (const { name } of Object.values(METRICS)) if (!ofDeletion.includes(name)) expect(body).toContain(`\\"${name}\\"`);
  });
});

describe('monitoring can be reduced', () => {
  const count = (from: Template) => ({
    alarms: alarmsOf(from).length,
    dashboards: Object.keys(from.findResources('AWS::CloudWatch::Dashboard')).length,
    schedules: Object.keys(from.findResources('AWS::Scheduler::Schedule')).length,
  });

  test.each([
    ['full', { alarms: 5, dashboards: 1, schedules: 2 }],
    ['alarms', { alarms: 5, dashboards: 0, schedules: 2 }],
    ['off', { alarms: 0, dashboards: 0, schedules: 1 }],
  ] as const)('to %s', (monitoring, expected) => {
    expect(count(synthesized({ monitoring }))).toEqual(expected);
  });
});

test('a metric of the construct is that of its function', () => {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Stack');
  const retention = new SnapshotRetention(stack, 'Retention', { ...PROPS, monitoring: 'off' });
  const { namespace, metricName, dimensions } = retention.metric('expiring');
  expect({ namespace, metricName }).toEqual({ namespace: METRIC_NAMESPACE, metricName: 'Expiring' });
  expect(stack.resolve(dimensions)).toEqual({ service: stack.resolve(retention.report.function.functionName) });
});

test('what is no number of a result is not measured', () => {
  expect(measurementsOf({ reportId: 'x', delivery: 'sent', snapshots: 3, incomplete: true, other: 4 })).toEqual([
    { name: 'Snapshots', unit: 'Count', value: 3 },
    { name: 'Incomplete', unit: 'Count', value: 1 },
  ]);
});
