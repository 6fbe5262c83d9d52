import { Aspects, Stack, Validations } from 'aws-cdk-lib';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AwsSolutionsChecks as AwsSolutionsChecks2 } from 'cdk-nag-2';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS, quickApp } from './synthesized';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const longest = Array.from({ length: 20 }, (_, i) => `${i}`.padStart(128, 'k'));

/** What a stack is made with; another stack of the app is made where it is asked for. */
const STACKS: readonly [string, (stack: Stack, other: () => Stack) => Partial<SnapshotRetentionProps>][] = [
  ['smallest', () => ({})],
  ['approve', () => ({ deletion: 'approve' })],
  ['approve, on the dashboard too', () => ({ deletion: 'approve', approval: 'dashboard' })],
  [
    'approve, on the dashboard too, with a key by its alias',
    (stack) => ({
      deletion: 'approve',
      approval: 'dashboard',
      encryptionKey: Alias.fromAliasName(stack, 'Key', 'alias/mine'),
    }),
  ],
  ['automatic', () => ({ deletion: 'automatic' })],
  [
    'automatic, with as many hold tags as there can be',
    () => ({
      deletion: 'automatic',
      configuration: { origin: 'retention.yaml', config: { version: 1, holdTags: longest } },
    }),
  ],
  [
    'for an organization',
    () => ({ organization: { targets: ['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'] } }),
  ],
  [
    'with a key',
    (stack) => ({ deletion: 'approve', encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) }),
  ],
  [
    'with a key by its alias',
    (stack) => ({ deletion: 'automatic', encryptionKey: Alias.fromAliasName(stack, 'Key', 'alias/mine') }),
  ],
  [
    'with what was made elsewhere',
    (stack) => ({
      deletion: 'automatic',
      topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine'),
      bucket: Bucket.fromBucketName(stack, 'Bucket', 'mine'),
    }),
  ],
  [
    'with what another stack makes',
    (_, make) => {
      const other = make();
      const encryptionKey = new Key(other, 'Key', { enableKeyRotation: true });
      const topic = new Topic(other, 'Topic', { enforceSSL: true, masterKey: encryptionKey });
      const bucket = new Bucket(other, 'Bucket', { enforceSSL: true, serverAccessLogsPrefix: 'logs/', encryptionKey });
      return { deletion: 'automatic', topic, bucket: bucket as IBucket };
    },
  ],
  [
    'with a key that another stack makes',
    (_, make) => ({ deletion: 'approve', encryptionKey: new Key(make(), 'Key', { enableKeyRotation: true }) }),
  ],
];

function built(props: (stack: Stack, other: () => Stack) => Partial<SnapshotRetentionProps>, context: object = {}) {
  const app = quickApp();
  for (const [key, value] of Object.entries(context)) app.node.setContext(key, value);
  const stack = new Stack(app, 'Mine', { env: ENV });
  new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props(stack, () => new Stack(app, 'Other', { env: ENV })) });
  return { app, stack };
}

beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

describe('the AwsSolutions pack of generation 3 finds nothing', () => {
  test.each(STACKS)('in a stack %s', (_, props) => {
    const { app } = built(props);
    Validations.of(app).addPlugins(new AwsSolutionsChecks());
    expect(() => app.synth()).not.toThrow();
  });

  test('where references between stacks are exports', () => {
    const [, props] = STACKS.at(-2) ?? ['', () => ({})];
    const { app } = built(props, { '@aws-cdk/core:defaultCrossStackReferences': 'strong' });
    Validations.of(app).addPlugins(new AwsSolutionsChecks());
    expect(() => app.synth()).not.toThrow();
  });
});

describe('the AwsSolutions pack of generation 2', () => {
  test.each(STACKS)('finds nothing in a stack %s', (_, props) => {
    const { app } = built(props);
    Aspects.of(app).add(new AwsSolutionsChecks2());
    expect(() => app.synth()).not.toThrow();
  });

  test('refuses a queue that no one gave a reason for', () => {
    const { app, stack } = built(() => ({}));
    Aspects.of(app).add(new AwsSolutionsChecks2());
    new Queue(stack, 'Queue');
    expect(() => app.synth()).toThrow(/AwsSolutions-SQS3/);
  });
});
