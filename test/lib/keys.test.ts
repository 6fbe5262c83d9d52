import { App, Aws, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { isAllowed, statementsOfRole } from '../support/policy-evaluator';
import { PROPS } from './synthesized';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const HOME = 'arn:aws:kms:eu-central-1:123456789012';
const REAL = `${HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const ROLES = ['Lists Lightsail', 'Deletes the Lightsail snapshots'];
const USES = ['kms:Decrypt', 'kms:GenerateDataKey'];

/** An app without feature flags: an app of a reader may have none. */
const bare = (): App => new App({ context: { 'aws:cdk:bundling-stacks': [] } });

function deployed(props: (stack: Stack) => Partial<SnapshotRetentionProps>, env: object = { env: ENV }) {
  const stack = new Stack(bare(), 'Mine', env);
  const retention = new SnapshotRetention(stack, 'Retention', { ...PROPS, deletion: 'approve', ...props(stack) });
  return { stack, retention };
}

/** Where a key can be given. */
const PLACES: readonly [string, (stack: Stack, key: IKey) => Partial<SnapshotRetentionProps>][] = [
  ['as encryptionKey', (_, encryptionKey) => ({ encryptionKey })],
  ['with a topic that is made here', (stack, masterKey) => ({ topic: new Topic(stack, 'Topic', { masterKey }) })],
  [
    'with an imported topic',
    (stack, { keyArn }) => ({
      topic: Topic.fromTopicAttributes(stack, 'Topic', {
        topicArn: 'arn:aws:sns:eu-central-1:123456789012:mine',
        keyArn,
      }),
    }),
  ],
  [
    'with an imported bucket',
    (stack, encryptionKey) => ({
      bucket: Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'mine', encryptionKey }),
    }),
  ],
];

/** Every way to name the alias `alias/mine` of a key that nothing here knows. */
const BY_ALIAS: readonly [string, (stack: Stack) => IKey][] = [
  ['Alias.fromAliasName', (stack) => Alias.fromAliasName(stack, 'Key', 'alias/mine')],
  ['Key.fromKeyArn of its ARN', (stack) => Key.fromKeyArn(stack, 'Key', `${HOME}:alias/mine`)],
  [
    'Key.fromKeyArn of an ARN of this stack',
    (stack) => Key.fromKeyArn(stack, 'Key', `arn:${Aws.PARTITION}:kms:${Aws.REGION}:${Aws.ACCOUNT_ID}:alias/mine`),
  ],
];

// CDK prints every warning; that of a policy which cannot be changed has tests of its own.
beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

describe.each(PLACES)('a key that is imported by an alias, %s', (_, place) => {
  test.each(BY_ALIAS)('may be used by both roles, and no other key, whatever their name: %s', (_name, key) => {
    const { stack } = deployed((own) => place(own, key(own)));
    const template = Template.fromStack(stack).toJSON();
    for (const role of ROLES)
      for (const action of USES) {
        const statements = statementsOfRole(template, role);
        const call = { action, resource: REAL, context: { 'kms:ResourceAliases': ['alias/other', 'alias/mine'] } };
        expect([role, action, isAllowed(statements, call)]).toEqual([role, action, true]);
        expect(isAllowed(statements, { ...call, context: { 'kms:ResourceAliases': ['alias/other'] } })).toBe(false);
        expect(isAllowed(statements, { ...call, context: {} })).toBe(false);
      }
  });
});

describe.each(PLACES)('a key that is imported by its own ARN, %s', (_, place) => {
  test('may be used by both roles, and no other key', () => {
    const { stack } = deployed((own) => place(own, Key.fromKeyArn(own, 'Key', REAL)));
    const template = Template.fromStack(stack).toJSON();
    for (const role of ROLES)
      for (const action of USES) {
        const statements = statementsOfRole(template, role);
        expect([role, action, isAllowed(statements, { action, resource: REAL })]).toEqual([role, action, true]);
        expect(isAllowed(statements, { action, resource: `${HOME}:key/other` })).toBe(false);
      }
  });
});

test('an ARN that is known at deployment only is taken for that of a key', () => {
  const { stack } = deployed((own) => ({ encryptionKey: Key.fromKeyArn(own, 'Key', Fn.importValue('KeyArn')) }));
  expect(JSON.stringify(statementsOfRole(Template.fromStack(stack).toJSON(), 'Lists'))).toContain(
    '"Fn::ImportValue":"KeyArn"',
  );
});

test.each<[string, (stack: Stack, key: Key) => IKey]>([
  ['new Alias', (stack, targetKey) => new Alias(stack, 'Alias', { aliasName: 'alias/mine', targetKey })],
  ['Key.addAlias', (_, key) => key.addAlias('alias/mine')],
  [
    'Alias.fromAliasAttributes',
    (stack, aliasTargetKey) => Alias.fromAliasAttributes(stack, 'Alias', { aliasName: 'alias/mine', aliasTargetKey }),
  ],
])('an alias of this app stands for its key, of which alarms may make use too: %s', (_, alias) => {
  const { stack } = deployed((own) => ({ encryptionKey: alias(own, new Key(own, 'Key')) }));
  const template = Template.fromStack(stack);
  const [key = '', { Properties } = { Properties: {} }] =
    Object.entries(template.findResources('AWS::KMS::Key'))[0] ?? [];
  for (const role of ROLES)
    for (const action of USES)
      expect(isAllowed(statementsOfRole(template.toJSON(), role), { action, resource: `<${key}.Arn>` })).toBe(true);
  expect(JSON.stringify(Properties.KeyPolicy)).toContain('cloudwatch.amazonaws.com');
  template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: { 'Fn::GetAtt': [key, 'Arn'] } });
});

test('an alias whose name is known at deployment only is named by it', () => {
  const { stack } = deployed(
    (own) => ({ encryptionKey: Alias.fromAliasName(own, 'Key', new CfnParameter(own, 'KeyAlias').valueAsString) }),
    {},
  );
  const call = { action: 'kms:Decrypt', resource: REAL, context: { 'kms:ResourceAliases': ['<KeyAlias>'] } };
  for (const role of ROLES)
    expect(isAllowed(statementsOfRole(Template.fromStack(stack).toJSON(), role), call)).toBe(true);
});

test('a reader of reports may decrypt with the key of the alias, and nothing else with it', () => {
  const { stack, retention } = deployed((own) => ({ encryptionKey: Alias.fromAliasName(own, 'Key', 'alias/mine') }));
  retention.grants.readReports(
    new Role(stack, 'Reader', { assumedBy: new ServicePrincipal('ec2.amazonaws.com'), description: 'Reader' }),
  );
  const statements = statementsOfRole(Template.fromStack(stack).toJSON(), 'Reader');
  const context = { 'kms:ResourceAliases': ['alias/mine'] };
  expect(isAllowed(statements, { action: 'kms:Decrypt', resource: REAL, context })).toBe(true);
  expect(isAllowed(statements, { action: 'kms:GenerateDataKey', resource: REAL, context })).toBe(false);
});

test.each<[string, (stack: Stack) => IKey]>([
  ['without its alias/', (stack) => Alias.fromAliasName(stack, 'Key', 'mine')],
  [
    'inside an expression',
    (stack) => Key.fromKeyArn(stack, 'Key', Fn.join(':', ['arn:aws:kms', Fn.importValue('Home'), 'alias/mine'])),
  ],
])('refuses an alias that no policy can name, in one sentence: %s', (_, key) => {
  expect(() => deployed((stack) => ({ encryptionKey: key(stack) }))).toThrow(
    expect.objectContaining({
      code: 'props.encryptionKey',
      message: expect.stringMatching(
        /^encryptionKey: got [^\n]*expected a key, or an alias by its name: Alias\.fromAliasName\([^\n]*$/,
      ),
    }),
  );
});
