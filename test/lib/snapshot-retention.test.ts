import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RetentionError } from '../../lambda/core/util/errors';
import { parseEnv } from '../../lambda/runtime/env';
import { synthesized } from './synthesized';

const template = synthesized();
const only = (type: string): Record<string, unknown> => {
  const resources = Object.values(template.findResources(type));
  expect(resources).toHaveLength(1);
  return (resources[0] as { Properties: Record<string, unknown> }).Properties;
};

describe('the schedule', () => {
  test('starts the report function on Mondays at eight in the zone of the configuration', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(0 8 ? * MON *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}' },
    });
  });

  test('caps its retries and keeps what could not be handed over', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      Target: {
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 },
        DeadLetterConfig: { Arn: Match.anyValue() },
      },
    });
  });

  test('takes another expression', () => {
    synthesized({ schedule: 'rate(1 day)' }).hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 day)',
    });
  });

  test('refuses an expression that the scheduler would not take', () => {
    expect(() => synthesized({ schedule: 'daily' })).toThrow(RetentionError);
  });

  test('may start the report function alone, and only for schedules of this account', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' }, 'aws:SourceArn': Match.anyValue() },
            },
          },
        ],
      },
    });
  });
});

test('every schedule is made after the policy of its role: a rate starts at once', () => {
  const whole = synthesized({ deletion: 'automatic' });
  const schedules = Object.values(whole.findResources('AWS::Scheduler::Schedule'));
  expect(schedules).toHaveLength(4);
  for (const { Properties, DependsOn } of schedules) {
    const [role] = Properties.Target.RoleArn['Fn::GetAtt'];
    const policies = Object.entries(
      whole.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } }),
    );
    expect(policies).toHaveLength(1);
    for (const [policy] of policies) expect(DependsOn).toContain(policy);
  }
});

describe('the report function', () => {
  test('runs on the runtime that it was bundled for, and logs JSON to a group that is kept three months', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: 900,
      MemorySize: 512,
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
    });
    expect(only('AWS::Logs::LogGroup')).toEqual({ RetentionInDays: 90 });
  });

  test('is the only function: nothing is deployed that deletes or that CDK adds for itself', () => {
    template.resourceCountIs('AWS::Lambda::Function', 1);
  });

  test('gets the environment that it parses', () => {
    const { Variables } = only('AWS::Lambda::Function').Environment as { Variables: Record<string, unknown> };
    const env = Object.fromEntries(Object.keys(Variables).map((name) => [name, `value of ${name}`]));
    expect(parseEnv({ ...env, KEPT_DAYS: '400', AWS_REGION: 'eu-central-1' })).toEqual({
      keptDays: 400,
      topicArn: 'value of TOPIC_ARN',
      bucket: 'value of BUCKET',
      reportSchedule: 'value of REPORT_SCHEDULE',
      dashboard: 'value of DASHBOARD',
      region: 'eu-central-1',
    });
    expect(Variables.KEPT_DAYS).toBe('400');
    expect(Variables.TOPIC_ARN).toEqual({ Ref: Object.keys(template.findResources('AWS::SNS::Topic'))[0] });
    expect(Variables.BUCKET).toEqual({ Ref: Object.keys(template.findResources('AWS::S3::Bucket'))[0] });
  });

  test('is retried twice within the hour', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 3600,
    });
  });

  test('keeps its logs as long as asked', () => {
    synthesized({ logRetention: RetentionDays.ONE_YEAR }).hasResourceProperties('AWS::Logs::LogGroup', {
      RetentionInDays: 365,
    });
  });
});

describe('the bucket', () => {
  test('is private, encrypted and versioned, and outlives the stack', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
      },
    });
  });

  test('keeps reports, plans and notes of runs for 400 days, earlier versions for 30, and unfinished uploads for one', () => {
    const { Rules } = only('AWS::S3::Bucket').LifecycleConfiguration as { Rules: unknown };
    expect(Rules).toEqual([
      { Id: 'reports', Prefix: 'reports/', Status: 'Enabled', ExpirationInDays: 400 },
      { Id: 'plans', Prefix: 'plans/', Status: 'Enabled', ExpirationInDays: 400 },
      { Id: 'runs', Prefix: 'runs/', Status: 'Enabled', ExpirationInDays: 400 },
      {
        Id: 'leftovers',
        Status: 'Enabled',
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ]);
  });

  test('keeps reports as long as asked', () => {
    synthesized({ keepReportsFor: Duration.days(90) }).hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: Match.arrayWith([Match.objectLike({ Id: 'reports', ExpirationInDays: 90 })]) },
    });
  });
});

describe('the topic and the queue', () => {
  test('every address is subscribed, and none where none is given', () => {
    const emails = ['a@example.com', 'b@example.com'];
    const endpoints = Object.values(synthesized({ emails }).findResources('AWS::SNS::Subscription')).map(
      ({ Properties }) => Properties,
    );
    expect(endpoints).toMatchObject(emails.map((Endpoint) => ({ Endpoint, Protocol: 'email' })));
    synthesized({ emails: [] }).resourceCountIs('AWS::SNS::Subscription', 0);
  });

  test.each(['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'])(
    'a request without TLS is denied by %s',
    (type) => {
      template.hasResourceProperties(type, {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      });
    },
  );

  test('what is in the dead-letter queue is encrypted and kept for two weeks', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
  });
});

test('what holds history keeps its logical id: another one would replace it', () => {
  const ids = (type: string): readonly string[] => Object.keys(template.findResources(type));
  expect({ bucket: ids('AWS::S3::Bucket'), topic: ids('AWS::SNS::Topic') }).toEqual({
    bucket: ['RetentionStoreBucketCC601A1A'],
    topic: ['RetentionTopic189D3939'],
  });
});

test('the outputs say where things are and that the subscription must be confirmed', () => {
  expect(Object.keys(template.findOutputs('*'))).toEqual([
    'TopicArn',
    'BucketName',
    'FunctionName',
    'ScheduleName',
    'ConfigurationDigest',
    'NextStep',
  ]);
  template.hasOutput('NextStep', { Value: Match.stringLikeRegexp('follow its link') });
});
