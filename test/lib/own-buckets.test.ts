import { type App, Aws, CfnParameter, Duration, type Environment, Fn, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { isAllowed } from '../support/policy-evaluator';
import { PROPS, quickApp, statementsOf } from './synthesized';

const OURS: Environment = { account: '123456789012', region: 'eu-central-1' };
const THEIRS: Environment = { account: '999999999999', region: 'eu-central-1' };

// CDK prints every warning; those that matter are asserted below.
beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

const retention = (stack: Stack, props: Partial<SnapshotRetentionProps>, id = 'Retention'): SnapshotRetention =>
  new SnapshotRetention(stack, id, { ...PROPS, ...props });

function warnings(stack: Stack): readonly string[] {
  return Annotations.fromStack(stack)
    .findWarning('*', Match.stringLikeRegexp('^(bucket|topic|encryptionKey): '))
    .map(({ entry }) => String(entry.data));
}

describe('a bucket that the app makes', () => {
  test.each<[string, (app: App, stack: Stack) => Stack]>([
    ['in the same stack', (_, stack) => stack],
    ['in another stack', (app) => new Stack(app, 'Buckets', { env: OURS })],
  ])('gets a policy that denies requests without TLS, %s, and comes without a warning', (_, home) => {
    const app = quickApp();
    const stack = new Stack(app, 'Mine', { env: OURS });
    const place = home(app, stack);
    retention(stack, { bucket: new Bucket(place, 'Bucket', { bucketName: 'mine' }) as IBucket });
    Template.fromStack(place).hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
    expect(warnings(stack)).toEqual([]);
  });

  test('says so once where it denies them already', () => {
    const stack = new Stack(quickApp(), 'Mine', { env: OURS });
    retention(stack, { bucket: new Bucket(stack, 'Bucket', { enforceSSL: true }) as IBucket });
    const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::S3::BucketPolicy'));
    expect(policy?.Properties.PolicyDocument.Statement).toHaveLength(1);
  });

  test.each(['off', 'approve'] as const)(
    'in another account lets the account of the stack use its prefixes alone, deletion %s',
    (deletion) => {
      const app = quickApp();
      const [buckets, stack] = [new Stack(app, 'Buckets', { env: THEIRS }), new Stack(app, 'Mine', { env: OURS })];
      const encryptionKey = new Key(buckets, 'Key', { alias: 'alias/theirs' });
      retention(stack, { deletion, bucket: new Bucket(buckets, 'Bucket', { bucketName: 'theirs' }) as IBucket });
      const template = Template.fromStack(buckets);
      const allows = statementsOf(template.findResources('AWS::S3::BucketPolicy')).filter(
        ({ Effect }) => Effect === 'Allow',
      );
      for (const statement of allows) expect(JSON.stringify(statement)).toContain(':iam::123456789012:root');
      const [id = ''] = Object.keys(template.findResources('AWS::S3::Bucket'));
      const may = (action: string, key: string): boolean =>
        isAllowed(allows, { action, resource: `<${id}.Arn>${key}` });
      expect(['reports', 'plans', 'runs', 'results'].map((prefix) => may('s3:PutObject', `/${prefix}/1`))).toEqual([
        true,
        true,
        true,
        deletion !== 'off',
      ]);
      expect([may('s3:ListBucket', ''), may('s3:GetObject', '/reports/1'), may('s3:GetObject', '/others/1')]).toEqual([
        true,
        true,
        false,
      ]);
      expect(warnings(stack)).toEqual([]);
      expect(encryptionKey.keyArn).toBeDefined();
    },
  );

  test('comes with a warning where its lifecycle removes reports before they are compared with', () => {
    const stack = new Stack(quickApp(), 'Mine', { env: OURS });
    const bucket = new Bucket(stack, 'Bucket');
    retention(stack, { bucket: bucket as IBucket });
    bucket.addLifecycleRule({ prefix: 'reports/', expiration: Duration.days(3) });
    bucket.addLifecycleRule({ prefix: 'others/', expiration: Duration.days(1) });
    expect(warnings(stack)).toEqual([
      expect.stringMatching(/^bucket: its lifecycle removes reports\/\* after 3 days, expected at least 8: /),
    ]);
  });

  test('comes without a warning where its lifecycle keeps them long enough', () => {
    const stack = new Stack(quickApp(), 'Mine', { env: OURS });
    retention(stack, {
      bucket: new Bucket(stack, 'Bucket', { lifecycleRules: [{ expiration: Duration.days(8) }] }) as IBucket,
    });
    expect(warnings(stack)).toEqual([]);
  });
});

describe('an imported bucket comes with one warning that says what has to be set where it is made', () => {
  test.each<[string, (stack: Stack) => IBucket]>([
    ['by name', (stack) => Bucket.fromBucketName(stack, 'Bucket', 'mine')],
    ['by ARN', (stack) => Bucket.fromBucketArn(stack, 'Bucket', 'arn:aws:s3:::mine')],
    [
      'by attributes',
      (stack) => Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'mine', account: '123456789012' }),
    ],
    ['by a name that is known later', (stack) => Bucket.fromBucketName(stack, 'Bucket', Fn.importValue('BucketName'))],
  ])('%s: TLS, and how long objects are kept', (_, bucket) => {
    const stack = new Stack(quickApp(), 'Mine', { env: OURS });
    retention(stack, { bucket: bucket(stack) });
    expect(warnings(stack)).toEqual([
      expect.stringMatching(
        /^bucket: .* its policy must deny requests without TLS, and its lifecycle must keep objects for at least 8 days/,
      ),
    ]);
  });

  test('of another account: access for the account of the stack too', () => {
    const stack = new Stack(quickApp(), 'Mine', { env: OURS });
    retention(stack, {
      deletion: 'approve',
      bucket: Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'theirs', account: '999999999999' }),
    });
    const [warning, ...others] = warnings(stack);
    expect(others).toEqual([]);
    for (const part of [
      'deny requests without TLS',
      'allow account 123456789012 s3:ListBucket',
      's3:PutObject on reports/*, plans/*, runs/*, results/*',
    ])
      expect(warning).toContain(part);
  });

  test('of an account that may be another, where that of the stack is not known', () => {
    const stack = new Stack(quickApp(), 'Mine');
    retention(stack, {
      bucket: Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'theirs', account: '999999999999' }),
    });
    expect(warnings(stack)).toEqual([expect.stringMatching(/if it is of another account/)]);
  });
});

describe('what else is of another account', () => {
  const keyArn = 'arn:aws:kms:eu-central-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  test.each<[string, RegExp, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    [
      'an imported topic',
      /^topic: its policy is not changed from here: it must allow account 123456789012 sns:Publish, sns:ListSubscriptionsByTopic/,
      (stack) => ({ topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:999999999999:theirs') }),
    ],
    [
      'an imported key',
      /^encryptionKey: its key's policy is not changed from here: it must allow account 123456789012 kms:Decrypt and kms:GenerateDataKey/,
      (stack) => ({ encryptionKey: Key.fromKeyArn(stack, 'Key', keyArn) }),
    ],
  ])('comes with a warning: %s', (_, warning, props) => {
    const stack = new Stack(quickApp(), 'Mine', { env: OURS });
    retention(stack, props(stack));
    expect(warnings(stack)).toContainEqual(expect.stringMatching(warning));
  });

  test('is allowed to the account of the stack where the app makes it', () => {
    const app = quickApp();
    const [theirs, stack] = [new Stack(app, 'Theirs', { env: THEIRS }), new Stack(app, 'Mine', { env: OURS })];
    retention(stack, { topic: new Topic(theirs, 'Topic', { topicName: 'theirs' }) });
    const text = JSON.stringify(Template.fromStack(theirs).findResources('AWS::SNS::TopicPolicy'));
    expect(text).toContain(':iam::123456789012:root');
    expect(text).toContain('sns:ListSubscriptionsByTopic');
    expect(warnings(stack)).toEqual([]);
  });
});

describe('one bucket for two deployments', () => {
  const two = (first: Stack, second: Stack, bucket: (stack: Stack, id: string) => IBucket) => (): void => {
    retention(first, { bucket: bucket(first, 'Bucket') });
    retention(second, { bucket: bucket(second, 'Bucket2') }, 'Second');
  };
  const stacks = (one: Environment = {}, other: Environment = {}): [Stack, Stack] => {
    const app = quickApp();
    return [new Stack(app, 'First', { env: one }), new Stack(app, 'Second', { env: other })];
  };
  const WEST: Environment = { account: '123456789012', region: 'eu-west-1' };
  const named = (name: (stack: Stack) => string) => (stack: Stack, id: string) =>
    Bucket.fromBucketName(stack, id, name(stack));

  test.each<[string, Environment, Environment, (stack: Stack, id: string) => IBucket]>([
    ['the same name', OURS, THEIRS, named(() => 'mine')],
    ['the same import', OURS, OURS, named(() => Fn.importValue('BucketName'))],
    ['the same import, wherever that is', {}, {}, named(() => Fn.importValue('BucketName'))],
    ['an import of its ARN', OURS, OURS, (stack, id) => Bucket.fromBucketArn(stack, id, Fn.importValue('BucketArn'))],
    ['the same pattern', OURS, OURS, named(() => `reports-${Aws.ACCOUNT_ID}-${Aws.REGION}`)],
    ['the same pattern, wherever that is', {}, {}, named(() => `reports-${Aws.ACCOUNT_ID}`)],
    [
      'a pattern and its value',
      OURS,
      OURS,
      named((stack) => `reports-${stack.node.id === 'First' ? Aws.ACCOUNT_ID : '123456789012'}`),
    ],
    [
      'a name that is made, and the same that is imported',
      OURS,
      OURS,
      (stack, id) =>
        stack.node.id === 'First'
          ? (new Bucket(stack, id, { bucketName: 'mine' }) as IBucket)
          : Bucket.fromBucketName(stack, id, 'mine'),
    ],
  ])('is refused: %s', (_, one, other, bucket) => {
    expect(two(...stacks(one, other), bucket)).toThrow(
      expect.objectContaining({ code: 'props.bucket', message: expect.stringContaining('First/Retention') }),
    );
  });

  test.each<[string, Environment, Environment, (stack: Stack, id: string) => IBucket]>([
    ['the same pattern in two accounts', OURS, THEIRS, named(() => `reports-${Aws.ACCOUNT_ID}`)],
    ['the same pattern in two regions', OURS, WEST, named(() => `reports-${Aws.REGION}`)],
    ['the same pattern of a stack', OURS, THEIRS, named((stack) => `reports-${stack.account}`)],
    ['the same import in two accounts', OURS, THEIRS, named(() => Fn.importValue('BucketName'))],
    ['the same import in two regions', OURS, WEST, named(() => Fn.importValue('BucketName'))],
    ['a bucket of the same logical id', OURS, OURS, (stack) => new Bucket(stack, 'Bucket') as IBucket],
    ['a parameter of the same name', OURS, OURS, named((stack) => new CfnParameter(stack, 'Name').valueAsString)],
    ['the same name in two partitions', OURS, { account: '123456789012', region: 'cn-north-1' }, named(() => 'mine')],
    [
      'what a lookup has still to find',
      OURS,
      THEIRS,
      named((stack) => `b${StringParameter.valueFromLookup(stack, 'bucket')}`),
    ],
  ])('is not %s', (_, one, other, bucket) => {
    expect(two(...stacks(one, other), bucket)).not.toThrow();
  });

  test('is not the same pattern in two stages, each for an account', () => {
    const app = quickApp();
    for (const [id, env] of [
      ['Dev', OURS],
      ['Prod', THEIRS],
    ] as const) {
      const stack = new Stack(new Stage(app, id, { env }), 'Mine');
      retention(stack, { bucket: Bucket.fromBucketName(stack, 'Bucket', `reports-${Aws.ACCOUNT_ID}`) });
    }
    expect(() => app.synth()).not.toThrow();
  });
});
