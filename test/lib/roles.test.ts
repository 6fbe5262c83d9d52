import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Alias } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS, quickApp } from './synthesized';

/** IAM counts the characters of all inline policies of a role, without blanks. */
const INLINE_LIMIT = 10_240;

const longestArn = (service: string, length: number): string =>
  `arn:aws-us-gov:${service}:ap-southeast-2:123456789012:${'n'.repeat(length)}`;

/** What a reference can be at its longest, by what it leads to. */
function longest(reference: string): string {
  if (reference.includes('Bucket')) return `arn:aws-us-gov:s3:::${'b'.repeat(63)}`;
  if (reference.includes('Function')) return longestArn('lambda:function', 64);
  if (reference.includes('DeadLetters')) return longestArn('sqs', 80);
  // A stack's name of 128 characters, a logical id and a random end.
  return longestArn('service', 200);
}

/** A document as IAM gets it, each reference as long as it can be. */
function sizeOf(value: unknown): number {
  const text = JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null) return each;
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': joined } = each as Readonly<Record<string, unknown>>;
    if (Ref === 'AWS::AccountId') return '123456789012';
    if (Ref === 'AWS::Partition') return 'aws-us-gov';
    if (Ref === 'AWS::Region') return 'ap-southeast-2';
    if (typeof Ref === 'string' || Array.isArray(attribute)) return longest(String(Ref ?? attribute));
    if (Array.isArray(joined)) return { join: joined[1] };
    return each;
  });
  return text.replaceAll(/\{"join":\[|\]\}|"null"/g, '').length;
}

function inlineSizes(template: Template): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy')))
    for (const { Ref } of Properties.Roles) sizes.set(Ref, (sizes.get(Ref) ?? 0) + sizeOf(Properties.PolicyDocument));
  return sizes;
}

const holdTags = (count: number, length: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${i}`.padStart(length, 'k'));

describe.each(['approve', 'automatic'] as const)(
  'with 20 hold tags of 128 characters and the longest prefix, %s',
  (deletion) => {
    const config = { version: 1, tagPrefix: 'p'.repeat(115), holdTags: holdTags(20, 128) };
    const deployed = (props: (stack: Stack) => Partial<SnapshotRetentionProps>): Template => {
      const stack = new Stack(quickApp(), 'Mine', { env: { account: '123456789012', region: 'ap-southeast-2' } });
      new SnapshotRetention(stack, 'Retention', {
        ...PROPS,
        configuration: { origin: 'retention.yaml', config },
        deletion,
        ...props(stack),
      });
      return Template.fromStack(stack);
    };

    beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
    afterEach(() => jest.restoreAllMocks());

    test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
      ['with what is made here', () => ({})],
      [
        'with what was made elsewhere, and a key each by the longest alias',
        (stack) => ({
          topic: Topic.fromTopicAttributes(stack, 'Topic', {
            topicArn: longestArn('sns', 256),
            keyArn: `arn:aws:kms:ap-southeast-2:123456789012:alias/${'t'.repeat(250)}`,
          }),
          bucket: Bucket.fromBucketAttributes(stack, 'Bucket', {
            bucketName: 'b'.repeat(63),
            encryptionKey: Alias.fromAliasName(stack, 'Key', `alias/${'b'.repeat(250)}`),
          }),
        }),
      ],
    ])('the inline policies of each role fit IAM: %s', (_, props) => {
      const template = deployed(props);
      const sizes = inlineSizes(template);
      expect(sizes.size).toBeGreaterThan(2);
      for (const [role, size] of sizes) expect([role, size < INLINE_LIMIT, size]).toEqual([role, true, size]);
      template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
    });
  },
);

test('more than 20 hold tags are refused, in one sentence', () => {
  const configuration = { origin: 'retention.yaml', config: { version: 1, holdTags: holdTags(21, 8) } };
  expect(() => new SnapshotRetention(new Stack(quickApp(), 'Mine'), 'Retention', { ...PROPS, configuration })).toThrow(
    /holdTags: got a list of 21, expected at most 20 tag keys/,
  );
});

describe('an app that brings its roles', () => {
  const ROLES = [
    'Report/Role',
    'ScheduleRole',
    'Deletion/Role',
    'DeletionScheduleRole',
    'Monitoring/AgeCheckRole',
    'FirstReportRole',
    'Approval/ViewRole',
    'Approval/ApproveRole',
  ];

  test.each([{ deletion: 'automatic' }, { deletion: 'approve', approval: 'dashboard' }] as const)(
    'gets no role and no policy, and a report of every statement that each role needs: %j',
    (settings) => {
      const app = quickApp();
      Role.customizeRoles(app, {
        usePrecreatedRoles: Object.fromEntries(
          ROLES.map((path) => [`Mine/Retention/${path}`, path.replaceAll('/', '')]),
        ),
      });
      const stack = new Stack(app, 'Mine');
      new SnapshotRetention(stack, 'Retention', { ...PROPS, ...settings });
      const { directory } = app.synth();
      const template = JSON.parse(readFileSync(join(directory, 'Mine.template.json'), 'utf8'));
      const types = Object.values<{ Type: string }>(template.Resources).map(({ Type }) => Type);
      expect(types.filter((type) => type.startsWith('AWS::IAM::'))).toEqual([]);
      const { roles } = JSON.parse(readFileSync(join(directory, 'iam-policy-report.json'), 'utf8'));
      const deletion = roles.find(({ roleName }: { roleName: string }) => roleName === 'DeletionRole');
      for (const action of [
        'lambda:CheckpointDurableExecution',
        'lambda:GetAlias',
        'lightsail:DeleteDiskSnapshot',
        'sqs:SendMessage',
      ])
        expect(JSON.stringify(deletion.identityPolicyStatements)).toContain(action);
    },
  );
});
