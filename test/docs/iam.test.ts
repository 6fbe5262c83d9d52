import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamPage } from '../../scripts/iam-docs';
import { synthesized } from '../lib/synthesized';

const DOCS = join(__dirname, '..', '..', 'docs');
const whole = synthesized({ deletion: 'automatic' });
const page = readFileSync(join(DOCS, 'iam.md'), 'utf8');

test('docs/iam.md names the roles of the template as they are: run "npm run docs" when this fails', () => {
  expect(page).toBe(iamPage(page));
});

test('docs/iam.md accounts for every role of the template', () => {
  const roles = Object.keys(whole.findResources('AWS::IAM::Role')).map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  expect(roles.length).toBeGreaterThan(1);
  for (const role of roles) expect(page).toContain(`### ${role}\n`);
});

describe('docs/deploy-policy.json', () => {
  interface Statement {
    readonly Sid: string;
    readonly Action: string | string[];
    readonly Resource: string;
  }
  const { Statement: statements } = JSON.parse(readFileSync(join(DOCS, 'deploy-policy.json'), 'utf8')) as { Statement: Statement[] };
  const actions = statements.flatMap(({ Action }) => [Action].flat());

  /** What makes and removes a resource of each type. */
  const NEEDED: Readonly<Record<string, readonly string[]>> = {
    'AWS::CloudWatch::Alarm': ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
    'AWS::CloudWatch::Dashboard': ['cloudwatch:PutDashboard', 'cloudwatch:DeleteDashboards'],
    'AWS::IAM::Policy': ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
    'AWS::IAM::Role': ['iam:CreateRole', 'iam:DeleteRole', 'iam:PassRole'],
    'AWS::Lambda::Alias': ['lambda:CreateAlias', 'lambda:DeleteAlias', 'lambda:UpdateAlias'],
    'AWS::Lambda::EventInvokeConfig': ['lambda:PutFunctionEventInvokeConfig', 'lambda:DeleteFunctionEventInvokeConfig'],
    'AWS::Lambda::Function': ['lambda:CreateFunction', 'lambda:DeleteFunction', 'lambda:UpdateFunctionCode'],
    'AWS::Lambda::Version': ['lambda:PublishVersion', 'lambda:ListVersionsByFunction'],
    'AWS::Logs::LogGroup': ['logs:CreateLogGroup', 'logs:DeleteLogGroup', 'logs:PutRetentionPolicy'],
    'AWS::S3::Bucket': ['s3:CreateBucket'],
    'AWS::S3::BucketPolicy': ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy'],
    'AWS::SNS::Subscription': ['sns:Subscribe', 'sns:Unsubscribe'],
    'AWS::SNS::Topic': ['sns:CreateTopic', 'sns:DeleteTopic'],
    'AWS::SNS::TopicPolicy': ['sns:SetTopicAttributes'],
    'AWS::SQS::Queue': ['sqs:CreateQueue', 'sqs:DeleteQueue'],
    'AWS::SQS::QueuePolicy': ['sqs:SetQueueAttributes'],
    'AWS::Scheduler::Schedule': ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
  };

  test('allows what makes and removes every resource of the stack', () => {
    const { Resources } = whole.toJSON() as { Resources: Record<string, { Type: string }> };
    const types = [...new Set(Object.values(Resources).map(({ Type }) => Type))].sort();
    expect(types).toEqual(Object.keys(NEEDED).sort());
    for (const needed of Object.values(NEEDED)) for (const action of needed) expect(actions).toContain(action);
  });

  test('can delete neither the bucket nor what is in it, and cannot touch Lightsail', () => {
    expect(actions.filter((action) => /^s3:(Delete(Bucket$|Object)|\*)|^lightsail:|^\*$/.test(action))).toEqual([]);
  });

  test('reaches beyond the names of the stack only to find logs and alarms', () => {
    expect(statements.filter(({ Resource }) => Resource === '*').map(({ Sid }) => Sid)).toEqual(['FindLogs', 'FindAlarms']);
  });

  test('fits into a managed policy', () => {
    expect(JSON.stringify({ Statement: statements }).length).toBeLessThan(6_144);
  });
});
