import { Duration, Fn, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS, quickApp, statementsOf } from './synthesized';

/** What CloudFormation is asked to check of regions before it deploys anything. */
const regionRules = (template: Template): readonly unknown[] =>
  Object.values(template.toJSON().Rules as Record<string, { Assertions: readonly { Assert: object }[] }>)
    .flatMap(({ Assertions }) => Assertions)
    .filter(({ Assert }) => 'Fn::Equals' in Assert);

function built(props: (stack: Stack) => Partial<SnapshotRetentionProps>, region?: string) {
  const stack = new Stack(quickApp(), 'Mine', region === undefined ? {} : { env: { account: '123456789012', region } });
  return { stack, retention: new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props(stack) }) };
}

function deployed(...args: Parameters<typeof built>) {
  const { stack } = built(...args);
  return { stack, template: Template.fromStack(stack) };
}

// CDK prints every warning; those that matter are asserted below.
beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

describe('a topic of your own', () => {
  const imported = (stack: Stack) => ({
    topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine'),
  });

  test('takes the place of ours, and the addresses are subscribed to it', () => {
    const { template } = deployed(imported, 'eu-central-1');
    template.resourceCountIs('AWS::SNS::Topic', 0);
    template.hasResourceProperties('AWS::SNS::Subscription', {
      TopicArn: 'arn:aws:sns:eu-central-1:123456789012:mine',
    });
  });

  test('is refused in another region: neither functions nor alarms could publish', () => {
    expect(() => built(imported, 'us-east-1')).toThrow(
      'cannot announce reports on a topic of another region: got one in eu-central-1, expected us-east-1, where the stack is',
    );
  });

  test('is checked by CloudFormation, before it deploys anything, where the region of the stack is not known here', () => {
    expect(regionRules(deployed(imported).template)).toEqual([
      {
        Assert: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
        AssertDescription:
          'cannot announce reports on a topic of another region: it is in eu-central-1; deploy this stack there, or give another',
      },
    ]);
  });

  test("comes with a warning where it does not say its region, and with none where it is the stack's", () => {
    const unknown = deployed(
      (stack) => ({ topic: Topic.fromTopicArn(stack, 'Topic', Fn.importValue('TheTopic')) }),
      'eu-central-1',
    );
    Annotations.fromStack(unknown.stack).hasWarning('*', Match.stringLikeRegexp('topic: its region is not known here'));
    for (const region of [undefined, 'eu-central-1']) {
      const known = deployed((stack) => ({ topic: new Topic(stack, 'Topic') }), region);
      Annotations.fromStack(known.stack).hasNoWarning('*', Match.stringLikeRegexp('region'));
      expect(regionRules(known.template)).toEqual([]);
    }
  });

  test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    ['made here', (stack) => ({ topic: new Topic(stack, 'Topic', { fifo: true }) })],
    [
      'imported',
      (stack) => ({ topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine.fifo') }),
    ],
    ['without addresses', (stack) => ({ topic: new Topic(stack, 'Topic', { fifo: true }), emails: [] })],
  ])('is refused when it is a FIFO one, which takes neither e-mail nor alarms: %s', (_, props) => {
    expect(() => built(props, 'eu-central-1')).toThrow(
      expect.objectContaining({ code: 'props.topic', message: expect.stringContaining('give a standard one') }),
    );
  });

  test('gets an address that two deployments name once', () => {
    const { stack, retention } = built((own) => ({ topic: new Topic(own, 'Topic') }));
    new SnapshotRetention(stack, 'Other', {
      ...PROPS,
      topic: retention.topic,
      emails: ['A@Example.com', 'b@example.com'],
    });
    const subscriptions = Object.values(Template.fromStack(stack).findResources('AWS::SNS::Subscription'));
    expect(subscriptions.map(({ Properties }) => Properties.Endpoint)).toEqual(['a@example.com', 'b@example.com']);
  });

  test('lets the roles use its key where it is imported with it', () => {
    const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const topicArn = 'arn:aws:sns:eu-central-1:123456789012:mine';
    const { template } = deployed(
      (stack) => ({ topic: Topic.fromTopicAttributes(stack, 'Topic', { topicArn, keyArn }) }),
      'eu-central-1',
    );
    const uses = statementsOf(Object.values(template.findResources('AWS::IAM::Policy'))).filter(
      ({ Resource }) => Resource === keyArn,
    );
    expect(uses.map(({ Action }) => Action)).toEqual([['kms:Decrypt', 'kms:GenerateDataKey']]);
  });

  test('comes with a warning that its policy must let alarms publish', () => {
    const { stack } = deployed(imported, 'eu-central-1');
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('must allow cloudwatch.amazonaws.com sns:Publish'),
    );
  });

  test('comes without a warning where the policy is extended, or nothing is watched', () => {
    const made = deployed((stack) => ({ topic: new Topic(stack, 'Topic') }));
    Annotations.fromStack(made.stack).hasNoWarning('*', Match.stringLikeRegexp('cloudwatch'));
    made.template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Principal: { Service: 'cloudwatch.amazonaws.com' } })]),
      },
    });
    const unwatched = deployed((stack) => ({ ...imported(stack), monitoring: 'off' }), 'eu-central-1');
    Annotations.fromStack(unwatched.stack).hasNoWarning('*', Match.stringLikeRegexp('cloudwatch'));
  });
});

describe('a key that AWS manages', () => {
  const managed = (stack: Stack): IKey => Alias.fromAliasName(stack, 'Managed', 'alias/aws/sns');

  test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    ['of a topic of yours', (stack) => ({ topic: new Topic(stack, 'Topic', { masterKey: managed(stack) }) })],
    ['given as the key', (stack) => ({ encryptionKey: managed(stack) })],
  ])('comes with a warning to take one of yours: its policy cannot be changed, %s', (_, props) => {
    const { stack } = deployed(props);
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('a key that AWS manages.*encrypt it with a key of yours'),
    );
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('the policy of your key'));
  });

  test('is told from an imported one of yours, whose policy you can change', () => {
    const { stack } = deployed((own) => ({ encryptionKey: Alias.fromAliasName(own, 'Mine', 'alias/mine') }));
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('the policy of your key .* must allow cloudwatch.amazonaws.com kms:'),
    );
  });
});

describe('a bucket of your own, or a key', () => {
  test.each<[string, string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    [
      'bucket',
      'cannot keep reports in a bucket of another region',
      (stack) => ({
        bucket: Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'mine', region: 'eu-central-1' }),
      }),
    ],
    [
      'encryptionKey',
      'cannot encrypt with a key of another region',
      (stack) => ({
        encryptionKey: Key.fromKeyArn(
          stack,
          'Key',
          'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        ),
      }),
    ],
  ])(
    '%s is refused in another region, by CloudFormation where that of the stack is not known here',
    (prop, text, props) => {
      expect(() => built(props, 'us-east-1')).toThrow(
        expect.objectContaining({
          code: `props.${prop}`,
          message: `${text}: got one in eu-central-1, expected us-east-1, where the stack is`,
        }),
      );
      expect(() => built(props, 'eu-central-1')).not.toThrow();
      expect(JSON.stringify(regionRules(deployed(props).template))).toContain(`${text}: it is in eu-central-1`);
    },
  );
});

describe('a bucket of your own', () => {
  const imported = (stack: Stack) => ({ bucket: Bucket.fromBucketName(stack, 'Bucket', 'mine') });

  test('takes the place of ours, and the role may use the same prefixes of it', () => {
    const { template } = deployed(imported);
    template.resourceCountIs('AWS::S3::Bucket', 0);
    const [statement] = statementsOf(template.toJSON()).filter(({ Action }) =>
      [Action].flat().includes('s3:PutObject'),
    );
    expect(JSON.stringify(statement?.Resource).match(/:s3:::mine\/\w+\/\*/g)).toEqual([
      ':s3:::mine/evidence/*',
      ':s3:::mine/plans/*',
      ':s3:::mine/reports/*',
      ':s3:::mine/runs/*',
    ]);
  });

  test.each([{ keepReportsFor: Duration.days(1) }, { lockReportsFor: Duration.days(1) }])(
    'is refused together with settings that it would not get: %j',
    (setting) => {
      expect(() => built((stack) => ({ ...imported(stack), ...setting }))).toThrow(/bucket of yours/);
    },
  );

  test.each<[string, (stack: Stack) => [IBucket, IBucket]]>([
    [
      'imported twice',
      (stack) => [Bucket.fromBucketName(stack, 'One', 'mine'), Bucket.fromBucketName(stack, 'Two', 'mine')],
    ],
    [
      'made here',
      (stack) => {
        const bucket = new Bucket(stack, 'One') as IBucket;
        return [bucket, bucket];
      },
    ],
  ])('is refused for a second deployment, whose mails would count as those of the first: %s', (_, buckets) => {
    const app = quickApp();
    const [first, second] = [new Stack(app, 'First'), new Stack(app, 'Second')];
    const [one, two] = buckets(first);
    new SnapshotRetention(first, 'Retention', { ...PROPS, bucket: one });
    expect(() => new SnapshotRetention(second, 'Retention', { ...PROPS, bucket: two })).toThrow(
      expect.objectContaining({
        code: 'props.bucket',
        message: expect.stringMatching(
          /^bucket: got the one of First\/Retention, expected one for this deployment alone: [^\n]+$/,
        ),
      }),
    );
  });

  test('is refused where it was made by another deployment', () => {
    const stack = new Stack(quickApp(), 'Mine');
    const { bucket } = new SnapshotRetention(stack, 'First', PROPS);
    expect(() => new SnapshotRetention(stack, 'Second', { ...PROPS, bucket })).toThrow('got the one of Mine/First');
  });

  test('may be another for each of several deployments', () => {
    const stack = new Stack(quickApp(), 'Mine');
    const named = (name: string): IBucket => Bucket.fromBucketName(stack, name, name);
    for (const id of ['first', 'second'])
      new SnapshotRetention(stack, id.toUpperCase(), { ...PROPS, bucket: named(id) });
    for (const id of ['Third', 'Fourth']) new SnapshotRetention(stack, id, PROPS);
    Template.fromStack(stack).resourceCountIs('AWS::S3::Bucket', 2);
  });

  test('keeps its own lifecycle when there is deletion', () => {
    const { template } = deployed((stack) => ({ bucket: new Bucket(stack, 'Bucket') as IBucket, deletion: 'approve' }));
    template.hasResourceProperties('AWS::S3::Bucket', { LifecycleConfiguration: Match.absent() });
  });

  test('and a topic of your own leave nothing to encrypt: an imported key is refused', () => {
    expect(() =>
      built((stack) => ({
        ...imported(stack),
        topic: new Topic(stack, 'Topic'),
        encryptionKey: Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/1'),
      })),
    ).toThrow(expect.objectContaining({ code: 'props.encryptionKey' }));
  });

  test('and a topic of your own leave the logs and the queue to a key that the app makes', () => {
    const { template } = deployed((stack) => ({
      bucket: new Bucket(stack, 'Bucket') as IBucket,
      topic: new Topic(stack, 'Topic'),
      encryptionKey: new Key(stack, 'Key'),
    }));
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.anyValue() });
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: Match.anyValue() });
  });
});

describe('a key of your own', () => {
  const { template } = deployed((stack) => ({ encryptionKey: new Key(stack, 'Key') }));
  const [key] = Object.keys(template.findResources('AWS::KMS::Key'));

  test('encrypts the topic and the bucket', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
    });
  });

  test('may be used by alarms of this account, or their mail is lost without a word', () => {
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
  });

  test('may be used by what reports and by what starts a report, and no role names another key', () => {
    const uses = statementsOf(Object.values(template.findResources('AWS::IAM::Policy'))).filter((statement) =>
      JSON.stringify(statement.Action).includes('kms:'),
    );
    const use = {
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: { 'Fn::GetAtt': [key, 'Arn'] },
    };
    expect(uses).toEqual(['report', 'schedule', 'first report', 'daily check'].map(() => use));
  });
});

test('what is written can be locked for a while, in governance mode', () => {
  deployed(() => ({ lockReportsFor: Duration.days(30) })).template.hasResourceProperties('AWS::S3::Bucket', {
    ObjectLockEnabled: true,
    ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } },
  });
});

describe('evidence', () => {
  test('cannot be removed or replaced by anyone, while the policy of the bucket is as it was made', () => {
    const { template } = deployed(() => ({}));
    const [policy] = Object.values(template.findResources('AWS::S3::BucketPolicy'));
    const statements = statementsOf(policy === undefined ? [] : [policy]);
    const denied = statements.filter(({ Sid }) => Sid === 'KeepEvidence' || Sid === 'WriteEvidenceOnce');
    expect(denied.map(({ Effect, Principal, Action }) => [Effect, Principal, Action])).toEqual([
      ['Deny', { AWS: '*' }, ['s3:DeleteObject', 's3:DeleteObjectVersion']],
      ['Deny', { AWS: '*' }, 's3:PutObject'],
    ]);
    expect(denied.every(({ Resource }) => JSON.stringify(Resource).includes('/evidence/*'))).toBe(true);
    expect(denied[1]?.Condition).toEqual({
      Null: { 's3:if-none-match': 'true' },
      Bool: { 's3:ObjectCreationOperation': 'true' },
    });
  });

  test('is removed by no lifecycle rule', () => {
    const { template } = deployed(() => ({ deletion: 'approve' }));
    const [bucket] = Object.values(template.findResources('AWS::S3::Bucket'));
    const expiring = (
      (bucket?.Properties.LifecycleConfiguration.Rules ?? []) as { Prefix?: string; ExpirationInDays?: number }[]
    )
      .filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
      .map(({ Prefix }) => Prefix);
    expect(expiring).toEqual(['reports/', 'plans/', 'runs/', 'results/']);
  });

  test('can be locked with plans and results, by the functions and not by a default of the bucket', () => {
    const objectLock = { retention: Duration.days(365), mode: 'compliance' } as const;
    const { template } = deployed(() => ({ objectLock, deletion: 'approve' }));
    template.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: Match.absent(),
    });
    const locking = statementsOf(Object.values(template.findResources('AWS::IAM::Policy'))).filter(({ Action }) =>
      [Action].flat().includes('s3:PutObjectRetention'),
    );
    const folders = locking.map(({ Resource }) =>
      [...JSON.stringify(Resource).matchAll(/"\/([a-z]+)\/\*"/g)].map(([, name]) => name).sort(),
    );
    expect(folders).toEqual([
      ['evidence', 'plans'],
      ['evidence', 'results'],
    ]);
    for (const handler of Object.values(template.findResources('AWS::Lambda::Function')))
      expect(handler.Properties.Environment.Variables).toMatchObject({
        OBJECT_LOCK: 'COMPLIANCE 365',
        KEPT_DAYS: '400',
      });
  });
});

test('others can be allowed to read reports, or to ask for one, and get nothing else', () => {
  const { stack, retention } = built(() => ({}));
  const role = new Role(stack, 'Reader', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  retention.grants.readReports(role);
  retention.grants.report(role);
  const template = Template.fromStack(stack);
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles[0].Ref.startsWith('Reader'),
  );
  expect(statementsOf(policies).map(({ Action }) => Action)).toEqual([
    's3:GetObject',
    's3:ListBucket',
    'lambda:InvokeFunction',
  ]);
  expect(JSON.stringify(policies)).not.toContain('runs/');
});
