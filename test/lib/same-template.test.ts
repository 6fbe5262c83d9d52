import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { PROPS, quickApp } from './synthesized';

const DAYS = ['2026-11-30T08:00:00Z', '2026-12-31T23:59:59Z', '2027-06-15T12:00:00Z'];

function templateOn(day: string, schedule: string): Template {
  jest.useFakeTimers({
    now: Date.parse(day),
    doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'],
  });
  try {
    const stack = new Stack(quickApp(), 'Mine');
    new SnapshotRetention(stack, 'Retention', { ...PROPS, schedule, deletion: 'automatic' });
    return Template.fromStack(stack);
  } finally {
    jest.useRealTimers();
  }
}

const SCHEDULES = [
  'rate(15 minutes)',
  'rate(7 days)',
  'cron(0 8 ? * MON *)',
  'cron(0 8 29 2 ? *)',
  'cron(0 8 29 2 ? 2027-2040)',
  'cron(0 8 ? * MON 2028)',
  'cron(0 8 ? * MON 2027,2030)',
  'cron(0 8 L * ? 2029-2035)',
  'cron(0 8 1 1 ? 2028/2)',
];

describe('the template', () => {
  beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
  afterEach(() => jest.restoreAllMocks());

  test.each(SCHEDULES)('is the same on every day: %s', (schedule) => {
    const [first, ...later] = DAYS.map((day) => JSON.stringify(templateOn(day, schedule).toJSON()));
    for (const template of later) expect(template === first).toBe(true);
  });

  test.each([
    ['cron(0 8 ? * MON *)', {}],
    ['cron(0 8 ? * MON 2028)', { pauses: [{ from: null, to: '2028-01-03T12:00:00.000Z' }] }],
  ])(
    'tells the daily check when the schedule pauses, and the alarm waits as long as the schedule leaves: %s',
    (schedule, pauses) => {
      const template = templateOn('2026-11-30T08:00:00Z', schedule);
      const inputs = Object.values(template.findResources('AWS::Scheduler::Schedule')).map(
        ({ Properties }) => Properties.Target.Input,
      );
      expect(inputs.map((input) => JSON.parse(input)).filter((input) => input.check === 'age')).toEqual([
        { check: 'age', ...pauses },
      ]);
      template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'ReportAgeHours', Threshold: 171 });
    },
  );
});
