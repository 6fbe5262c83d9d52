import { App, CfnParameter, Duration, Lazy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RetentionError } from '../../lambda/core/util/errors';
import { faultOfCode } from '../../lambda/core/util/faults';
import { checkProps } from '../../lib/check-props';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS } from './synthesized';

/** As somebody who writes JavaScript may call it. */
type Given = Readonly<Partial<Record<keyof SnapshotRetentionProps, unknown>>>;

function built(given: Given): Stack {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Stack');
  new SnapshotRetention(stack, 'Retention', { ...PROPS, ...given } as SnapshotRetentionProps);
  return stack;
}

function refusal(given: Given): RetentionError {
  try {
    built(given);
  } catch (error) {
    if (error instanceof RetentionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const config = (deletion: object): Given => ({
  configuration: { origin: 'retention.yaml', config: { version: 1, deletion } },
});

describe('a property that is wrong', () => {
  const HALF_A_DAY = Duration.hours(12);
  const LATER = Duration.days(Lazy.number({ produce: () => 30 }));

  test.each<[string, Given, string]>([
    [
      'props.unknown',
      { deletions: 'approve' } as Given,
      'got an unknown property deletions, expected one of configuration, emails, schedule, topic, bucket, ' +
        'encryptionKey, keepReportsFor, lockReportsFor, objectLock, logRetention, monitoring, runbookUrl, okActions, ' +
        'events, deletion, spend, approval, organization; did you mean deletion?',
    ],
    ['props.runbookUrl', { runbookUrl: 'wiki' }, 'got "wiki", expected the https address of a page'],
    ['props.runbookUrl', { runbookUrl: 'https://example.com/#a' }, 'got "https://example.com/#a", expected the https'],
    ['props.runbookUrl', { runbookUrl: 7 }, 'got number, expected the https address'],
    ['props.okActions', { okActions: 'yes' }, 'got "yes", expected true or false'],
    [
      'props.events',
      { events: 'on' },
      'got "on", expected true, false, or an event bus, such as EventBus.fromEventBusName(',
    ],
    ['props.events', { events: { eventBusName: 'mine' } }, 'got a Object, expected true, false, or an event bus'],
    ['props.unknown', { colour: 1 } as Given, 'got an unknown property colour, expected one of configuration'],
    [
      'props.emails',
      { emails: 'a@example.com' },
      `got "a@example.com", expected a list of addresses, such as ['you@example.com']`,
    ],
    ['props.emails', { emails: { to: 'a@example.com' } }, 'got a Object, expected a list'],
    ['props.emails', { emails: ['a@example.com', 'b@localhost'] }, 'got "b@localhost", expected an e-mail address'],
    [
      'props.emails',
      { emails: ['a@example.com,b@example.com'] },
      'got "a@example.com,b@example.com", expected an e-mail address',
    ],
    ['props.emails', { emails: [''] }, 'got "", expected an e-mail address'],
    ['props.emails', { emails: [null] }, 'got null, expected an e-mail address'],
    ['context.schedule', { schedule: 'daily' }, 'schedule "daily": expected cron'],
    ['context.schedule', { schedule: 'cron(0 8 31 2 ? *)' }, 'it would never fire'],
    [
      'context.schedule',
      { schedule: 'rate(1 minute)' },
      'expected at least 15 minutes between two reports, but it leaves 1',
    ],
    ['context.schedule', { schedule: 7 }, 'schedule "7": expected cron'],
    ['props.keepReportsFor', { keepReportsFor: 400 }, 'got 400, expected a Duration, such as Duration.days(400)'],
    ['props.keepReportsFor', { keepReportsFor: HALF_A_DAY }, 'got 12 hours, expected whole days from 1 to 36500'],
    ['props.keepReportsFor', { keepReportsFor: Duration.days(0) }, 'expected whole days from 1'],
    ['props.keepReportsFor', { keepReportsFor: Duration.days(36_501) }, 'expected whole days from 1 to 36500'],
    ['props.keepReportsFor', { keepReportsFor: LATER }, 'known at deployment only'],
    ['props.lockReportsFor', { lockReportsFor: '30d' }, 'got "30d", expected a Duration'],
    ['props.lockReportsFor', { lockReportsFor: HALF_A_DAY }, 'got 12 hours, expected whole days'],
    ['props.lockReportsFor', { lockReportsFor: Duration.days(0) }, 'expected whole days from 1'],
    ['props.lockReportsFor', { lockReportsFor: LATER }, 'known at deployment only'],
    ['props.objectLock', { objectLock: Duration.days(9) }, 'expected { retention: Duration.days(400) }'],
    ['props.objectLock', { objectLock: { retention: '9d' } }, 'got "9d", expected a Duration'],
    [
      'props.objectLock',
      { objectLock: { retention: Duration.days(9), mode: 'legal' } },
      'expected one of governance, compliance',
    ],
    [
      'props.logRetention',
      { logRetention: 42 },
      'got 42, expected one of RetentionDays, such as RetentionDays.THREE_MONTHS',
    ],
    ['props.logRetention', { logRetention: Duration.days(30) }, 'got a Duration, expected one of RetentionDays'],
    ['props.logRetention', { logRetention: 'ONE_MONTH' }, 'got "ONE_MONTH", expected one of RetentionDays'],
    [
      'props.topic',
      { topic: 'arn:aws:sns:us-east-1:123456789012:mine' },
      'got "arn:aws:sns:us-east-1:123456789012:mine", expected a topic, such as',
    ],
    [
      'props.topic',
      { topic: { topicArn: 'arn:aws:sns:us-east-1:123456789012:mine' } },
      'got a Object, expected a topic, such as Topic.fromTopicArn(',
    ],
    [
      'props.bucket',
      { bucket: 'mine' },
      `got "mine", expected a bucket, such as Bucket.fromBucketName(this, 'Bucket', 'mine')`,
    ],
    ['props.bucket', { bucket: true }, 'got true, expected a bucket'],
    [
      'props.encryptionKey',
      { encryptionKey: 'alias/mine' },
      'got "alias/mine", expected a key, such as Key.fromKeyArn(',
    ],
    ['props.monitoring', { monitoring: 'on' }, 'got "on", expected one of full, alarms, off'],
    ['props.approval', { approval: true as never }, 'got true, expected one of off, dashboard'],
    ['props.deletion', { deletion: 'yes' }, 'got "yes", expected one of off, approve, automatic'],
    ['props.deletion', { deletion: true }, 'got true, expected one of off, approve, automatic'],
    ['props.configuration', { configuration: undefined }, 'got undefined, expected what readConfiguration('],
    [
      'props.configuration',
      { configuration: 'retention.yaml' },
      'got "retention.yaml", expected what readConfiguration(',
    ],
    ['props.configuration', { configuration: { config: { version: 1 } } }, 'expected what readConfiguration('],
  ])('is refused with %s: %j', (code, given, text) => {
    const refused = refusal(given);
    expect({ code: refused.code, fault: faultOfCode(refused.code) }).toEqual({ code, fault: 'operator' });
    expect(refused.message).toContain(text);
    expect(refused.message).not.toMatch(/\n|\.$/);
  });

  test.each(['topic', 'bucket', 'encryptionKey'] as const)('is refused where another thing is given as %s', (prop) => {
    expect(refusal({ [prop]: new Stack() }).message).toMatch(new RegExp(`^${prop}: got a \\w+, expected a `));
  });

  test.each(['off', 'approve'] as const)(
    'in the configuration is refused with all of its errors, deletion %s',
    (deletion) => {
      const configuration = {
        origin: 'mine.yaml',
        config: { version: 1, timezone: 'Europe/Berlim', default: 'nobody' },
      };
      const { code, message } = refusal({ configuration, deletion });
      expect(code).toBe('config.invalid');
      expect(message).toContain('mine.yaml');
      expect(message).toContain('Europe/Berlim');
      expect(message).toContain('nobody');
    },
  );
});

describe('addresses', () => {
  test('are subscribed once each, whatever their case and the blanks around them', () => {
    const emails = ['a@example.com', 'A@Example.com ', ' b@example.com', 'a@example.com'];
    const endpoints = Object.values(Template.fromStack(built({ emails })).findResources('AWS::SNS::Subscription'));
    expect(endpoints.map(({ Properties }) => Properties.Endpoint)).toEqual(['a@example.com', 'b@example.com']);
  });

  test('may be known at deployment only', () => {
    const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Stack');
    const emails = [new CfnParameter(stack, 'Email').valueAsString];
    new SnapshotRetention(stack, 'Retention', { ...PROPS, emails });
    Template.fromStack(stack).hasResourceProperties('AWS::SNS::Subscription', { Endpoint: { Ref: 'Email' } });
  });
});

test.each(Object.values(RetentionDays).filter((days) => typeof days === 'number'))(
  'logs may be kept for %d days',
  (logRetention) => {
    expect(() => checkProps({ ...PROPS, logRetention })).not.toThrow();
  },
);

describe('how long reports are kept', () => {
  const rulesOf = (given: Given): readonly { readonly Id: string; readonly ExpirationInDays?: number }[] => {
    const [bucket] = Object.values(Template.fromStack(built(given)).findResources('AWS::S3::Bucket'));
    return bucket?.Properties.LifecycleConfiguration.Rules;
  };
  const daysOf = (given: Given, isOf: (id: string) => boolean): unknown => [
    ...new Set(rulesOf(given).flatMap(({ Id, ExpirationInDays }) => (isOf(Id) ? (ExpirationInDays ?? []) : []))),
  ];
  const kept = (given: Given): unknown => daysOf(given, (id) => id !== 'results');

  test.each<[string, number, Given]>([
    ['the next weekly report compares itself with it, some hours late', 8, {}],
    ['the next daily report compares itself with it', 2, { schedule: 'rate(1 day)' }],
    ['the next yearly report compares itself with it', 367, { schedule: 'cron(0 8 1 1 ? *)' }],
    ['a plan is valid', 61, { deletion: 'approve', ...config({ planValidFor: '60d' }) }],
    ['a plan is valid, in months of 31 days', 63, { deletion: 'approve', ...config({ planValidFor: '2mo' }) }],
    [
      'automatic deletion looks back over the grace period, to a report before it',
      38,
      { deletion: 'automatic', ...config({ grace: '30d' }) },
    ],
    ['automatic deletion looks back, with daily reports', 9, { deletion: 'automatic', schedule: 'rate(1 day)' }],
  ])('must be so long that it is there when %s: %d days', (_, days, given) => {
    expect(kept({ ...given, keepReportsFor: Duration.days(days) })).toEqual([days]);
    const { code, message } = refusal({ ...given, keepReportsFor: Duration.days(days - 1) });
    expect(code).toBe('props.keepReportsFor');
    expect(message).toContain(`got ${days - 1} days, expected at least ${days}: `);
  });

  test('does not depend on a plan or a grace period where there is no deletion', () => {
    expect(kept({ ...config({ planValidFor: '90d', grace: '90d' }), keepReportsFor: Duration.days(8) })).toEqual([8]);
  });

  test('is 400 days where nobody says so, and longer where that would be too short', () => {
    expect(kept({})).toEqual([400]);
    expect(kept({ schedule: 'cron(0 8 29 2 ? *)' })).toEqual([1462]);
    expect(kept({ deletion: 'automatic', ...config({ grace: '2y' }) })).toEqual([2 * 366 + 8]);
  });

  test.each(['approve', 'automatic'] as const)(
    'is shorter than results are kept, with deletion: %s, so that no result is removed before its report',
    (deletion) => {
      const results = (given: Given): unknown => daysOf({ ...given, deletion }, (id) => id === 'results');
      expect(results({})).toEqual([430]);
      expect(results({ keepReportsFor: Duration.days(90) })).toEqual([120]);
      expect(results({ keepReportsFor: Duration.hours(24 * 90) })).toEqual([120]);
      expect(results({ keepReportsFor: Duration.days(3_650) })).toEqual([3_680]);
    },
  );

  test('is not set for results where deletion is off: those of an earlier deployment stay', () => {
    const prefixes = (given: Given): unknown => rulesOf(given).map((rule) => (rule as { Prefix?: string }).Prefix);
    expect(prefixes({ deletion: 'approve' })).toEqual(['reports/', 'plans/', 'runs/', undefined, 'results/']);
    expect(prefixes({ deletion: 'off' })).toEqual(['reports/', 'plans/', 'runs/', undefined]);
    // The rule without prefix removes old versions only.
    const [leftovers] = rulesOf({ deletion: 'off' }).filter(({ Id }) => Id === 'leftovers');
    expect(leftovers).not.toHaveProperty('ExpirationInDays');
  });

  test('can be given in other units', () => {
    expect(kept({ keepReportsFor: Duration.hours(240) })).toEqual([10]);
  });
});

describe('a schedule', () => {
  // CDK prints every warning.
  beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
  afterEach(() => jest.restoreAllMocks());

  test.each(['rate(15 minutes)', 'cron(0/20 8-17 ? * MON-FRI *)'])(
    'of less than an hour comes with a warning: %s',
    (schedule) => {
      Annotations.fromStack(built({ schedule })).hasWarning(
        '*',
        Match.stringLikeRegexp('a mail, every (15|20) minutes'),
      );
    },
  );

  test.each(['rate(1 hour)', 'cron(0 8,9 * * ? *)'])('of an hour or more comes without: %s', (schedule) => {
    Annotations.fromStack(built({ schedule })).hasNoWarning('*', Match.stringLikeRegexp('a mail, every'));
  });
});

describe('a schedule of reports beside automatic deletion', () => {
  beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
  afterEach(() => jest.restoreAllMocks());

  const WARNING = Match.stringLikeRegexp('can still be in work when automatic deletion starts at 13:47');

  test.each(['cron(47 13 * * ? *)', 'cron(32 13 ? * MON *)', 'cron(45 8,13 1 * ? *)', 'rate(15 minutes)'])(
    'comes with a warning where a report can still be in work when that starts: %s',
    (schedule) => {
      Annotations.fromStack(built({ schedule, deletion: 'automatic' })).hasWarning('*', WARNING);
      Annotations.fromStack(built({ schedule, deletion: 'approve' })).hasNoWarning('*', WARNING);
    },
  );

  test.each(['cron(31 13 * * ? *)', 'cron(48 13 * * ? *)', 'cron(0 * * * ? *)', 'rate(1 hour)', 'rate(7 days)'])(
    'comes without where none can, or that is not known: %s',
    (schedule) => {
      Annotations.fromStack(built({ schedule, deletion: 'automatic' })).hasNoWarning('*', WARNING);
    },
  );
});

describe('a rule that can match nothing', () => {
  beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
  afterEach(() => jest.restoreAllMocks());

  const rules = (second: object) => ({
    configuration: {
      origin: 'retention.yaml',
      config: {
        version: 1,
        policies: { short: { expireAfter: '14d' }, forever: { keep: 'all' } },
        rules: [
          { name: 'everything', match: { source: '*' }, policy: 'short' },
          { name: 'contract', match: second, policy: 'forever' },
        ],
      },
    },
  });

  test('comes with a warning of each synth that names both rules', () => {
    Annotations.fromStack(built(rules({ source: 'contract-*' }))).hasWarning(
      '*',
      Match.stringLikeRegexp(
        'rule "contract" can match nothing, because rule "everything" before it covers it.*LESS IS KEPT',
      ),
    );
  });

  test('comes without where it can match', () => {
    Annotations.fromStack(built(rules({ fromAutoSnapshot: true }))).hasNoWarning(
      '*',
      Match.stringLikeRegexp('can match nothing'),
    );
  });
});
