import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { iamPage } from '../../scripts/iam-docs';
import { actionsOf, PROPS, quickApp, statementsOf, synthesized } from '../lib/synthesized';

const DOCS = join(__dirname, '..', '..', 'docs');
const whole = synthesized({ deletion: 'automatic' });
const dashboard = synthesized({ deletion: 'approve', approval: 'dashboard' });
const page = readFileSync(join(DOCS, 'iam.md'), 'utf8');

test('docs/iam.md names the roles of the template as they are: run "npm run docs" when this fails', async () => {
  expect(page).toBe(await iamPage(page));
});

test('docs/iam.md accounts for every role of the template', () => {
  const ids = [whole, dashboard].flatMap((each) => Object.keys(each.findResources('AWS::IAM::Role')));
  const roles = ids.map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  expect(roles.length).toBeGreaterThan(1);
  for (const role of roles) expect(page).toContain(`### ${role}\n`);
});

test('docs/iam.md says what a condition lets pass that binds only requests which have a prefix', () => {
  const listings = statementsOf(whole.toJSON()).filter((statement) => actionsOf(statement).includes('s3:ListBucket'));
  expect(listings.map(({ Condition }) => Object.keys(Condition ?? {}))).toEqual([
    ['StringLikeIfExists'],
    ['StringLikeIfExists'],
  ]);
  expect(page).toContain('a request without any prefix is allowed too');
});

test('README and SECURITY name all that the report role may do', () => {
  const words: Readonly<Record<string, readonly string[]>> = {
    'list Lightsail': ['lightsail:Get'],
    'read and write its own folders of one bucket': ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
    'publish to one topic and list its subscriptions': ['sns:Publish', 'sns:ListSubscriptionsByTopic'],
    'write its logs, and nothing else': ['logs:CreateLogStream', 'logs:PutLogEvents'],
  };
  const policies = Object.values(synthesized().findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles[0].Ref.startsWith('RetentionReportRole'),
  );
  const named = Object.values(words).flat();
  expect(statementsOf(policies).flatMap(actionsOf)).not.toEqual([]);
  expect(
    statementsOf(policies)
      .flatMap(actionsOf)
      .filter((action) => !named.some((known) => action.startsWith(known))),
  ).toEqual([]);
  for (const file of ['README.md', 'SECURITY.md']) {
    const text = readFileSync(join(DOCS, '..', file), 'utf8').replace(/\s+/g, ' ');
    for (const phrase of Object.keys(words)) expect(text).toContain(phrase);
  }
});

test('docs/iam.md says of the grants of the construct what they allow', () => {
  const stack = new Stack(quickApp(), 'Mine');
  const { grants } = new SnapshotRetention(stack, 'Retention', {
    ...PROPS,
    deletion: 'approve',
    encryptionKey: new Key(stack, 'Key'),
  });
  const reader = new Role(stack, 'Reader', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  grants.readReports(reader);
  grants.report(reader);
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles[0].Ref.startsWith('Reader'),
  );
  const sentence =
    /`retention\.grants\.readReports\(role\)` lets a role list and read\s+([^;]*), and nothing else in it \(and decrypt/.exec(
      page,
    )?.[1];
  const prefixes = [...(sentence ?? '').matchAll(/`([a-z]+\/)`/g)].map(([, prefix]) => `${prefix}*`);
  const [read, list, ...more] = statementsOf(policies)
    .toSorted((a, b) => String(a.Action).localeCompare(String(b.Action)))
    .filter(({ Action }) => String(Action).startsWith('s3:'));
  expect([read?.Action, list?.Action, more]).toEqual(['s3:GetObject', 's3:ListBucket', []]);
  expect(
    JSON.stringify(read?.Resource)
      .match(/(?<=")\/[a-z]+\/\*/g)
      ?.map((path) => path.slice(1))
      .sort(),
  ).toEqual(prefixes.toSorted());
  expect(list?.Condition?.StringLike?.['s3:prefix']).toEqual(prefixes);
  expect([...new Set(statementsOf(policies).flatMap(actionsOf))].sort()).toEqual([
    'kms:Decrypt',
    'lambda:InvokeFunction',
    's3:GetObject',
    's3:ListBucket',
  ]);
});

test('docs/iam.md names every call of doctor', () => {
  const cli = join(DOCS, '..', 'cli');
  const called = readdirSync(cli)
    .filter((name) => name.startsWith('doctor-'))
    .flatMap((name) => [
      ...readFileSync(join(cli, name), 'utf8').matchAll(/notRead\([^;]*?'([a-z0-9]+:\w+)(?: and ([a-z0-9]+:\w+))?'/g),
    ])
    .flatMap(([, ...actions]) => actions.filter((action) => action !== undefined));
  const row = page.split('\n').find((line) => line.startsWith('| `doctor` |'));
  expect(called.length).toBeGreaterThan(5);
  for (const action of called.filter((action) => action !== 'lightsail:GetRegions'))
    expect(row).toContain(`\`${action}\``);
});

describe('the policies for who deploys', () => {
  interface Statement {
    readonly Sid: string;
    readonly Action: string | string[];
    readonly Resource: string | string[];
  }
  const statementsIn = (file: string): readonly Statement[] =>
    JSON.parse(readFileSync(join(DOCS, file), 'utf8')).Statement;
  const actionsIn = (all: readonly Statement[]): readonly string[] => all.flatMap(({ Action }) => [Action].flat());
  const statements = statementsIn('deploy-policy.json');
  const actions = actionsIn(statements);
  const ofOrganization = statementsIn('deploy-policy-organization.json');
  const organization = synthesized({
    organization: { targets: ['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'] },
  });

  const typesOf = (...templates: readonly Template[]): readonly string[] => {
    const all = templates.flatMap((each) => Object.values<{ readonly Type: string }>(each.toJSON().Resources));
    return [...new Set(all.map(({ Type }) => Type))].sort();
  };

  /** What CloudFormation's handlers call to make, look at and remove a resource of each type. */
  const NEEDED: Readonly<Record<string, readonly string[]>> = {
    'AWS::CloudWatch::Alarm': ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
    'AWS::CloudWatch::Dashboard': ['cloudwatch:PutDashboard', 'cloudwatch:DeleteDashboards'],
    'AWS::IAM::Policy': ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
    'AWS::IAM::Role': [
      'iam:CreateRole',
      'iam:DeleteRole',
      'iam:GetRole',
      'iam:PassRole',
      // It takes every policy off before it deletes the role, so it has to list them, at a rollback too.
      'iam:DeleteRolePolicy',
      'iam:DetachRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
    ],
    'AWS::Lambda::Alias': ['lambda:CreateAlias', 'lambda:DeleteAlias', 'lambda:UpdateAlias'],
    'AWS::Lambda::EventInvokeConfig': ['lambda:PutFunctionEventInvokeConfig', 'lambda:DeleteFunctionEventInvokeConfig'],
    'AWS::Lambda::Function': [
      'lambda:CreateFunction',
      'lambda:DeleteFunction',
      'lambda:GetFunction',
      'lambda:GetFunctionCodeSigningConfig',
      'lambda:GetFunctionRecursionConfig',
      'lambda:GetRuntimeManagementConfig',
      'lambda:UpdateFunctionCode',
      'lambda:UpdateFunctionConfiguration',
    ],
    'AWS::Lambda::Version': [
      'lambda:GetFunctionConfiguration',
      'lambda:GetFunctionScalingConfig',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:GetRuntimeManagementConfig',
      'lambda:ListVersionsByFunction',
      'lambda:PublishVersion',
    ],
    'AWS::Logs::LogGroup': ['logs:CreateLogGroup', 'logs:DeleteLogGroup', 'logs:PutRetentionPolicy'],
    'AWS::Logs::QueryDefinition': [
      'logs:DeleteQueryDefinition',
      'logs:DescribeQueryDefinitions',
      'logs:PutQueryDefinition',
    ],
    'AWS::S3::Bucket': ['s3:CreateBucket'],
    'AWS::S3::BucketPolicy': ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy'],
    'AWS::SNS::Subscription': ['sns:Subscribe', 'sns:Unsubscribe'],
    'AWS::SNS::Topic': ['sns:CreateTopic', 'sns:DeleteTopic'],
    'AWS::SNS::TopicPolicy': ['sns:SetTopicAttributes'],
    'AWS::SQS::Queue': ['sqs:CreateQueue', 'sqs:DeleteQueue'],
    'AWS::SQS::QueuePolicy': ['sqs:SetQueueAttributes'],
    'AWS::Scheduler::Schedule': ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
  };

  test('allow what makes, looks at and removes every resource of the stack', () => {
    expect(typesOf(whole, dashboard)).toEqual(Object.keys(NEEDED).sort());
    expect(Object.values(NEEDED).flatMap((needed) => needed.filter((action) => !actions.includes(action)))).toEqual([]);
  });

  test('can delete neither the bucket nor what is in it, and cannot touch Lightsail', () => {
    const all = [...actions, ...actionsIn(ofOrganization)];
    expect(all.filter((action) => /^s3:(Delete(Bucket$|Object)|\*)|^lightsail:|^\*$/.test(action))).toEqual([]);
  });

  test('reach beyond the names of the stack only to find logs and alarms, and for saved queries', () => {
    expect(statements.filter(({ Resource }) => Resource === '*').map(({ Sid }) => Sid)).toEqual([
      'Queries',
      'FindLogs',
      'FindAlarms',
    ]);
  });

  test('allow an organization what its one more resource needs, the stack set, and no more', () => {
    expect(typesOf(organization)).toContain('AWS::CloudFormation::StackSet');
    expect(typesOf(organization).filter((type) => NEEDED[type] === undefined)).toEqual([
      'AWS::CloudFormation::StackSet',
    ]);
    // What the handlers of the type call, without PassRole: the roles of a service-managed stack set are those of AWS.
    const [make, look, update, remove] = [
      ['CreateStackInstances', 'CreateStackSet', 'GetTemplateSummary', 'ListStackSetOperationResults', 'TagResource'],
      ['DescribeStackInstance', 'DescribeStackSet', 'DescribeStackSetOperation', 'ListStackInstances'],
      ['UntagResource', 'UpdateStackInstances', 'UpdateStackSet'],
      ['DeleteStackInstances', 'DeleteStackSet'],
    ] as const;
    expect(actionsIn(ofOrganization).toSorted()).toEqual(
      [...make, ...look, ...update, ...remove].map((action) => `cloudformation:${action}`).sort(),
    );
  });

  test('reach the stack set by its name, and what it makes by its type', () => {
    const [stackSet] = Object.values(organization.findResources('AWS::CloudFormation::StackSet'));
    const types = Object.values<{ readonly Type: string }>(JSON.parse(stackSet?.Properties.TemplateBody).Resources);
    const [named, any, ...more] = ofOrganization;
    expect(more).toEqual([]);
    // A stack set of a delegated administrator is in the management account.
    expect(named?.Resource).toEqual([
      'arn:aws:cloudformation:<region>:*:stackset/LightsailRetention-read-*',
      'arn:aws:cloudformation:*:*:stackset-target/LightsailRetention-read-*',
      ...types.map(({ Type }) => `arn:aws:cloudformation:*:*:type/resource/${Type.replaceAll('::', '-')}`),
    ]);
    expect(stackSet?.Properties.StackSetName).toMatch(/^LightsailRetention-read-/);
    // IAM knows no resource of these two.
    expect([any?.Action, any?.Resource]).toEqual([
      ['cloudformation:CreateStackSet', 'cloudformation:GetTemplateSummary'],
      '*',
    ]);
  });

  test('fit into managed policies', () => {
    for (const each of [statements, ofOrganization])
      expect(JSON.stringify({ Statement: each }).length).toBeLessThan(6_144);
  });
});
