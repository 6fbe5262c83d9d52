import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Alias, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { statementsOfRole } from '../support/policy-evaluator';
import { PROPS, quickApp } from './synthesized';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** A stack with a key, and the stack that makes the key, where it is another. */
function withKey(make: (stack: Stack, other: Stack) => IKey) {
  const app = quickApp();
  const other = new Stack(app, 'Other', { env: ENV });
  const stack = new Stack(app, 'Mine', { env: ENV });
  new SnapshotRetention(stack, 'Retention', { ...PROPS, deletion: 'automatic', encryptionKey: make(stack, other) });
  return { stack, other, template: Template.fromStack(stack) };
}

// CDK prints every warning.
beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

describe.each<[string, (stack: Stack, other: Stack) => IKey, 'Mine' | 'Other']>([
  ['of the stack', (stack) => new Key(stack, 'Key'), 'Mine'],
  ['of another stack of the app', (_, other) => new Key(other, 'Key'), 'Other'],
  ['of the stack, by its alias', (stack) => new Key(stack, 'Key').addAlias('alias/mine'), 'Mine'],
])('a key %s', (_, make, home) => {
  test('encrypts every log group, the queue, the topic and the bucket', () => {
    const { template } = withKey(make);
    template.resourceCountIs('AWS::Logs::LogGroup', 2);
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.anyValue() });
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: Match.anyValue() });
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    expect(JSON.stringify(template.findResources('AWS::S3::Bucket'))).toContain('"SSEAlgorithm":"aws:kms"');
  });

  test('may be used by CloudWatch Logs, for log groups of this account and region alone', () => {
    const { stack, other } = withKey(make);
    const [policy] = Object.values(
      Template.fromStack(home === 'Mine' ? stack : other).findResources('AWS::KMS::Key'),
    ).map(({ Properties }) => Properties.KeyPolicy.Statement);
    const [statement, ...more] = policy.filter(({ Sid }: { Sid?: string }) => Sid === 'LogsMayEncrypt');
    expect(more).toEqual([]);
    expect(statement).toMatchObject({
      Principal: { Service: 'logs.eu-central-1.amazonaws.com' },
      Action: expect.arrayContaining(['kms:Decrypt*', 'kms:GenerateDataKey*']),
    });
    expect(JSON.stringify(statement.Condition)).toMatch(
      /^\{"ArnLike":\{"kms:EncryptionContext:aws:logs:arn":.*:logs:eu-central-1:123456789012:log-group:\*"/,
    );
  });

  test('may be used by everything that writes to the queue', () => {
    const { template } = withKey(make);
    const senders = Object.values(template.findResources('AWS::IAM::Role')).map(
      ({ Properties }) => Properties.Description,
    );
    expect(senders.length).toBeGreaterThan(4);
    for (const role of new Set<string>(senders)) {
      const statements = statementsOfRole(template.toJSON(), role);
      const text = JSON.stringify(statements);
      if (text.includes('sqs:SendMessage'))
        expect([role, text]).toEqual([role, expect.stringContaining('kms:GenerateDataKey')]);
    }
  });

  test('leaves no warning', () => {
    expect(
      Annotations.fromStack(withKey(make).stack).findWarning('*', Match.stringLikeRegexp('encryptionKey')),
    ).toEqual([]);
  });
});

describe.each<[string, (stack: Stack) => IKey]>([
  ['that is imported', (stack) => Key.fromKeyArn(stack, 'Key', ARN)],
  ['that is imported by an alias', (stack) => Alias.fromAliasName(stack, 'Key', 'alias/mine')],
])('a key %s', (_, make) => {
  test('encrypts neither logs nor the queue, whose deployment would fail, and a warning says so', () => {
    const { stack, template } = withKey(make);
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.absent() });
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: Match.absent(), SqsManagedSseEnabled: true });
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('^encryptionKey: it does not encrypt the log groups and the dead-letter queue'),
    );
  });
});
