import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import { newestReport } from '../lambda/app/report-age';
import { s3Store } from '../lambda/aws/s3-store';
import type { Config } from '../lambda/core/config';
import { longestInterval } from '../lib/schedule-expression';
import type { Caller } from './aws';
import { type Finding, failed, notRead, ok, warning } from './finding';

/** What a deployment says of itself by its outputs. */
export interface Deployment {
  readonly topicArn: string;
  readonly bucket: string;
  readonly scheduleName: string;
  readonly functionName: string | null;
  /** Digest of the configuration that was deployed; null where an output is missing. */
  readonly configurationDigest: string | null;
}

const DEPLOY = 'deploy it: npx cdk deploy -c email=you@example.com';
const HOUR = 3_600_000;

/** Hours beyond the longest time between two reports: what tries and a clock that is put back may take. */
const SLACK_HOURS = 3;

/** The deployed stack. Null beside a finding that failed: nothing of it can be looked at. */
export async function findDeployment(
  caller: Caller,
  stack: string,
): Promise<{ readonly finding: Finding; readonly deployment: Deployment | null }> {
  const client = new CloudFormationClient({ ...caller });
  try {
    const found = (await client.send(new DescribeStacksCommand({ StackName: stack }))).Stacks?.[0];
    const outputs = new Map((found?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
    const [topicArn, bucket, scheduleName] = ['TopicArn', 'BucketName', 'ScheduleName'].map((name) => outputs.get(name));
    const status = found?.StackStatus ?? 'unknown';
    if (!topicArn || !bucket || !scheduleName) {
      const said = `${stack} in ${caller.region} (${status}) has no outputs TopicArn, BucketName and ScheduleName`;
      return {
        finding: failed('stack', said, 'name the stack that has them with --stack NAME, or deploy this version again'),
        deployment: null,
      };
    }
    const settled = /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status);
    const finding = settled
      ? ok('stack', `${stack} in ${caller.region}`)
      : warning('stack', `${stack} in ${caller.region} is ${status}`, 'look at its events in CloudFormation, then deploy again');
    return {
      finding,
      deployment: {
        topicArn,
        bucket,
        scheduleName,
        functionName: outputs.get('FunctionName') ?? null,
        configurationDigest: outputs.get('ConfigurationDigest') ?? null,
      },
    };
  } catch (error) {
    const absent = error instanceof Error && /does not exist/.test(error.message);
    const finding = absent
      ? failed('stack', `there is no ${stack} in ${caller.region}`, `${DEPLOY}; or name another with --stack NAME and AWS_REGION`)
      : notRead('stack', error, 'cloudformation:DescribeStacks');
    return { finding, deployment: null };
  } finally {
    client.destroy();
  }
}

/** Whether the configuration here is the one in force. */
export function checkDeployedConfiguration(config: Config, { configurationDigest }: Deployment): Finding {
  if (configurationDigest === config.digest) return ok('configuration in force', `${config.origin}, as it is here`);
  return warning(
    'configuration in force',
    configurationDigest === null ? 'the stack does not say which' : `another than ${config.origin} here`,
    'deploy again if the one here is meant: until then reports follow the deployed one',
  );
}

interface Scheduled {
  readonly finding: Finding;
  /** The most hours between two reports; null where that is not known. */
  readonly hours: number | null;
}

/** Whether the schedule is on. */
export async function checkSchedule(caller: Caller, { scheduleName }: Deployment): Promise<Scheduled> {
  const client = new SchedulerClient({ ...caller });
  try {
    const {
      State,
      ScheduleExpression = '',
      ScheduleExpressionTimezone = 'UTC',
    } = await client.send(new GetScheduleCommand({ Name: scheduleName }));
    const when = `${ScheduleExpression} in ${ScheduleExpressionTimezone}`;
    if (State === 'ENABLED') return { finding: ok('schedule', when), hours: longestInterval(ScheduleExpression) };
    return {
      finding: failed('schedule', `${when} is ${State ?? 'in no known state'}`, 'enable it in EventBridge Scheduler, or deploy again'),
      hours: null,
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return {
        finding: failed('schedule', `${scheduleName} is gone`, 'destroy the stack and deploy it again: its schedule was removed by hand'),
        hours: null,
      };
    return { finding: notRead('schedule', error, 'scheduler:GetSchedule'), hours: null };
  } finally {
    client.destroy();
  }
}

/** Whether anybody would get what is published. */
export async function checkSubscribers(caller: Caller, { topicArn }: Deployment): Promise<Finding> {
  const client = new SNSClient({ ...caller });
  try {
    const arns: (string | undefined)[] = [];
    for await (const { Subscriptions } of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn }))
      arns.push(...(Subscriptions ?? []).map(({ SubscriptionArn }) => SubscriptionArn));
    const confirmed = arns.filter((arn) => arn?.startsWith('arn:')).length;
    const pending = arns.length - confirmed;
    const waiting = pending === 0 ? '' : `, ${pending} not confirmed`;
    if (confirmed === 0)
      return failed(
        'subscribers',
        `nobody would get a report: none confirmed${waiting}`,
        `${pending === 0 ? '' : 'follow the link of the confirmation mail (look in the spam folder too); '}a new link, valid for two days: aws sns subscribe --topic-arn ${topicArn} --protocol email --notification-endpoint ADDRESS`,
      );
    if (pending > 0)
      return warning('subscribers', `${confirmed} confirmed${waiting}`, 'ask them to follow the link of the confirmation mail');
    return ok('subscribers', `${confirmed} confirmed`);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundException') return failed('subscribers', 'the topic is gone', DEPLOY);
    return notRead('subscribers', error, 'sns:ListSubscriptionsByTopic');
  } finally {
    client.destroy();
  }
}

/** How old the last report is, against the `hours` that a schedule leaves between two of them. */
export async function checkLastReport(
  caller: Caller,
  { bucket, functionName }: Deployment,
  hours: number | null,
  options: { readonly now: number; readonly forcePathStyle: boolean },
): Promise<Finding> {
  const client = new S3Client({ ...caller, forcePathStyle: options.forcePathStyle });
  try {
    const newest = await newestReport(s3Store(client, bucket));
    if (newest === null)
      return warning(
        'last report',
        'none was made yet',
        `make one now: aws lambda invoke --function-name ${functionName ?? 'NAME'} --invocation-type Event /dev/null`,
      );
    const age = (options.now - newest.at) / HOUR;
    const said = `${newest.reportId}, ${age < 48 ? `${Math.max(0, Math.round(age))} hours` : `${Math.floor(age / 24)} days`} old`;
    if (hours !== null && age > hours + SLACK_HOURS)
      return failed('last report', `${said}: one is missing`, "look at the function's log: docs/runbook.md#report-missing");
    return ok('last report', said);
  } catch (error) {
    return notRead(
      'last report',
      error instanceof Error && error.cause !== undefined ? error.cause : error,
      's3:ListBucket and s3:GetObject',
    );
  } finally {
    client.destroy();
  }
}
