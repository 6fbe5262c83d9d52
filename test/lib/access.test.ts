import { type App, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import {
  actionsOf,
  elsewhere,
  type GivenProps,
  ownKey,
  PROPS,
  quickApp,
  statementsOf,
  synthesized,
} from './synthesized';

/** Design section 8: what a report calls. Written out here, so that a change of the role shows in review. */
const READS = [
  'lightsail:GetAutoSnapshots',
  'lightsail:GetDisk',
  'lightsail:GetDiskSnapshots',
  'lightsail:GetDisks',
  'lightsail:GetInstance',
  'lightsail:GetInstanceSnapshots',
  'lightsail:GetInstances',
  'lightsail:GetRegions',
  'lightsail:GetRelationalDatabase',
  'lightsail:GetRelationalDatabaseSnapshots',
  'lightsail:GetRelationalDatabases',
];

const VARIANTS: Readonly<Record<string, GivenProps>> = {
  smallest: {},
  'without subscribers': { emails: [] },
  'every day': { schedule: 'rate(1 day)' },
  'not watched': { monitoring: 'off' },
  locked: { lockReportsFor: Duration.days(30) },
  'with locked evidence': { objectLock: { retention: Duration.days(30) } },
  'with the bill': {
    configuration: { origin: 'retention.yaml', config: { version: 1, report: { spend: true } } },
  },
  'with a key': ownKey,
  'with a bucket and a topic from elsewhere': elsewhere,
};

describe.each(Object.entries(VARIANTS))('the policies of the stack, %s', (_, given) => {
  const template = synthesized(given);
  const statements = statementsOf(template.toJSON());
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');

  test('name the reads of a report and no other Lightsail action, in any spelling', () => {
    const lightsail = statements.flatMap(actionsOf).filter((action) => /^lightsail:/i.test(action));
    expect(lightsail.sort()).toEqual(READS);
    expect(
      JSON.stringify(template.toJSON())
        .match(/lightsail:[\w*]+/gi)
        ?.sort(),
    ).toEqual(READS);
  });

  test('allow nothing by wildcard or by exclusion, and attach no policy that is written elsewhere', () => {
    expect(allowed.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
    expect(statements.filter((statement) => 'NotAction' in statement || 'NotResource' in statement)).toEqual([]);
    expect(JSON.stringify(template.toJSON())).not.toContain('ManagedPolicyArns');
  });

  test('let nobody delete an object, a topic, a queue or a log', () => {
    expect(allowed.flatMap(actionsOf).filter((action) => /delete|terminate|remove/i.test(action))).toEqual([]);
  });
});

test('the report role reads Lightsail, publishes to its topic, reads and writes its prefixes, writes its logs and its dead letters', () => {
  const template = synthesized();
  const idOf = (type: string): string => Object.keys(template.findResources(type))[0] ?? '';
  const arnOf = (type: string): unknown => ({ 'Fn::GetAtt': [idOf(type), 'Arn'] });
  const objects = (pattern: string): unknown => ({ 'Fn::Join': ['', [arnOf('AWS::S3::Bucket'), pattern]] });

  const isReport = ({ Properties }: { Properties: { Description: string } }): boolean =>
    Properties.Description.startsWith('Lists Lightsail');
  const roles = Object.entries(template.findResources('AWS::IAM::Role')) as [
    string,
    { Properties: { Description: string } },
  ][];
  const role = roles.find(([, resource]) => isReport(resource))?.[0];
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(
    ({ Properties }) => Properties.Roles[0].Ref === role,
  );

  expect(statementsOf(policies)).toEqual([
    { Effect: 'Allow', Action: READS, Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['sns:ListSubscriptionsByTopic', 'sns:Publish'],
      Resource: { Ref: idOf('AWS::SNS::Topic') },
    },
    { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: arnOf('AWS::Logs::LogGroup') },
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [objects('/evidence/*'), objects('/plans/*'), objects('/reports/*'), objects('/runs/*')],
    },
    {
      Sid: 'WriteOnce',
      Effect: 'Deny',
      Action: 's3:PutObject',
      Resource: ['/evidence/*', '/plans/*', '/reports/????????T??????Z-*/*', '/runs/????????T??????Z/*'].map(objects),
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: arnOf('AWS::S3::Bucket'),
      Condition: { StringLikeIfExists: { 's3:prefix': ['reports/*', 'plans/*', 'runs/*', 'evidence/*'] } },
    },
  ]);
});

describe('the AwsSolutions pack', () => {
  afterEach(() => jest.restoreAllMocks());

  const imported = (stack: Stack) => Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine');

  const checked = (): App => {
    const app = quickApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks());
    return app;
  };

  test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    ['smallest', () => ({})],
    ['with a key of its own', (stack) => ({ encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) })],
    [
      'with what was made elsewhere',
      (stack) => ({
        topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine'),
        bucket: Bucket.fromBucketName(stack, 'Bucket', 'mine'),
      }),
    ],
    [
      'with what was made beside it',
      (stack) => ({
        topic: new Topic(stack, 'Topic', { enforceSSL: true }),
        bucket: new Bucket(stack, 'Bucket', { enforceSSL: true, serverAccessLogsPrefix: 'logs/' }) as IBucket,
      }),
    ],
  ])('finds nothing in a stack %s', (_, props) => {
    jest.spyOn(console, 'error').mockReturnValue();
    const app = checked();
    const stack = new Stack(app, 'LightsailRetention', { env: { account: '123456789012', region: 'eu-central-1' } });
    new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props(stack) });
    expect(() => app.synth()).not.toThrow();
  });

  test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    ['alarms alone', () => ({ monitoring: 'alarms' })],
    [
      'with the bill',
      () => ({ configuration: { origin: 'retention.yaml', config: { version: 1, report: { spend: true } } } }),
    ],
    ['not watched', () => ({ monitoring: 'off' })],
    ['locked', () => ({ lockReportsFor: Duration.days(30), objectLock: { retention: Duration.days(60) } })],
    ['reporting four times an hour', () => ({ schedule: 'rate(15 minutes)' })],
    ['with a topic of a region that CloudFormation has to check', (stack) => ({ topic: imported(stack) })],
  ])('finds nothing in a stack for any region, %s', (_, props) => {
    jest.spyOn(console, 'error').mockReturnValue();
    const app = checked();
    const stack = new Stack(app, 'LightsailRetention');
    new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props(stack) });
    expect(() => app.synth()).not.toThrow();
  });

  test('refuses a queue that nobody gave a reason for', () => {
    const app = checked();
    new Queue(new Stack(app, 'Other'), 'Queue');
    expect(() => app.synth()).toThrow();
  });
});
