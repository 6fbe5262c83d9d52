import { GetFunctionCommand, type GetFunctionCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { paginateListSubscriptionsByTopic, SNSClient, type Subscription } from '@aws-sdk/client-sns';
import { readDelivery, runTime } from '../lambda/app/claim-run';
import { awaitedSince, newestReport } from '../lambda/app/report-age';
import { PATIENT, withLimits } from '../lambda/aws/http-limits';
import { s3Store } from '../lambda/aws/s3-store';
import { isConfirmed, isPerson } from '../lambda/channels/subscribers';
import { awsCommand } from '../lambda/core/command-line';
import type { Config } from '../lambda/core/config';
import { localMinute } from '../lambda/core/period';
import type { Zone } from '../lambda/core/zone';
import { overdueSince, scheduleFault } from '../lib/schedule-expression';
import type { Caller } from './aws';
import { DEPLOY, type Deployment } from './doctor-stack';
import { type Finding, failed, notRead, ok, warning } from './finding';

const HOUR = 3_600_000;

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
  /** When reports are made; null where that is not known. */
  readonly expression: string | null;
}

/** Whether the schedule is on, and starts a report again after `now` (epoch ms). */
export async function checkSchedule(caller: Caller, { scheduleName }: Deployment, now: number): Promise<Scheduled> {
  const client = new SchedulerClient({ ...caller, requestHandler: withLimits(PATIENT) });
  const wrong = (said: string, remedy: string): Scheduled => ({ finding: failed('schedule', said, remedy), expression: null });
  try {
    const {
      State,
      ScheduleExpression = '',
      ScheduleExpressionTimezone = 'UTC',
    } = await client.send(new GetScheduleCommand({ Name: scheduleName }));
    const when = `${ScheduleExpression} in ${ScheduleExpressionTimezone}`;
    if (State !== 'ENABLED')
      return wrong(`${when} is ${State ?? 'in no known state'}`, 'enable it in EventBridge Scheduler, or deploy again');
    const fault = scheduleFault(ScheduleExpression, now);
    if (fault !== null)
      return wrong(
        `${when} starts no reports from now on: ${fault}`,
        "deploy again with another: npx cdk deploy -c schedule='cron(0 8 ? * MON *)'",
      );
    return { finding: ok('schedule', when), expression: ScheduleExpression };
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return wrong(`${scheduleName} is gone`, 'destroy the stack and deploy it again: its schedule was removed by hand');
    return { finding: notRead('schedule', error, 'scheduler:GetSchedule'), expression: null };
  } finally {
    client.destroy();
  }
}

/** What stands in the way of a start; null: nothing. */
function functionFault(name: string, { region, told }: Caller, { Configuration, Concurrency }: GetFunctionCommandOutput): Finding | null {
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = Configuration ?? {};
  if (Concurrency?.ReservedConcurrentExecutions === 0)
    return failed(
      'function',
      'it may not run: its reserved concurrency is 0',
      `if that is no longer meant: ${awsCommand(['lambda', 'delete-function-concurrency', '--function-name', name], region, told)}`,
    );
  if (State === 'Failed')
    return failed('function', `it cannot run: ${StateReason ?? 'Lambda does not say why'}`, 'mend the cause, then deploy again');
  if (State === 'Pending') return warning('function', 'it is being made', 'run doctor again in a minute');
  if (State === 'Inactive')
    return warning('function', 'it was idle for long, and its next start can fail once', 'make a report by hand: docs/runbook.md says how');
  if (State !== 'Active')
    return failed('function', `it is ${State ?? 'in no known state'}`, 'look at it in the Lambda console, or deploy again');
  if (LastUpdateStatus === 'Failed')
    return warning(
      'function',
      `its last update failed, so earlier code runs: ${LastUpdateStatusReason ?? 'Lambda does not say why'}`,
      'deploy again',
    );
  return null;
}

/** Whether the report function is there and can run. */
export async function checkFunction(caller: Caller, { functionName }: Deployment): Promise<Finding> {
  const client = new LambdaClient({ ...caller, requestHandler: withLimits(PATIENT) });
  try {
    const answer = await client.send(new GetFunctionCommand({ FunctionName: functionName }));
    return functionFault(functionName, caller, answer) ?? ok('function', `${functionName} can run`);
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return failed('function', `${functionName} is gone`, 'destroy the stack and deploy it again: its function was removed by hand');
    return notRead('function', error, 'lambda:GetFunction');
  } finally {
    client.destroy();
  }
}

/** Whether a person would get what is published. */
export async function checkSubscribers(caller: Caller, { topicArn }: Deployment): Promise<Finding> {
  const client = new SNSClient({ ...caller, requestHandler: withLimits(PATIENT) });
  try {
    const all: Subscription[] = [];
    for await (const { Subscriptions } of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn }))
      all.push(...(Subscriptions ?? []));
    const people = all.filter(isPerson);
    const confirmed = people.filter(isConfirmed).length;
    const [pending, machines] = [people.length - confirmed, all.length - people.length];
    const others = `${pending === 0 ? '' : `, ${pending} not confirmed`}${machines === 0 ? '' : `, beside ${machines} that no person reads (queues, functions and the like)`}`;
    const subscribe = awsCommand(
      ['sns', 'subscribe', '--topic-arn', topicArn, '--protocol', 'email'],
      topicArn.split(':')[3] || caller.region,
      caller.told,
    );
    if (confirmed === 0)
      return failed(
        'subscribers',
        `nobody would get a report: no e-mail address or phone is confirmed${others}`,
        `${pending === 0 ? '' : 'follow the link of the confirmation mail (look in the spam folder too); '}a new link, valid for two days: ${subscribe} --notification-endpoint ADDRESS`,
      );
    if (pending > 0)
      return warning('subscribers', `${confirmed} confirmed${others}`, 'ask them to follow the link of the confirmation mail');
    return ok('subscribers', `${confirmed} confirmed${others}`);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundException') return failed('subscribers', 'the topic is gone', DEPLOY);
    return notRead('subscribers', error, 'sns:ListSubscriptionsByTopic');
  } finally {
    client.destroy();
  }
}

/** What a bucket without a report means: nothing yet, or that reports stopped so long ago that none of them is kept. */
function noReport(
  since: number | null,
  isMissed: (since: number) => boolean,
  functionName: string,
  { region, told }: Caller,
  zone: Zone,
): Finding {
  const invoke = ['lambda', 'invoke', '--function-name', functionName, '--invocation-type', 'Event', '/dev/null'];
  const make = `make one now: ${awsCommand(invoke, region, told)}`;
  if (since !== null && isMissed(since))
    return failed(
      'last report',
      `there is none, and one is awaited since ${localMinute(since, zone)} (${zone.name})`,
      `${make}; docs/runbook.md#report-missing`,
    );
  return warning('last report', 'none was made yet', make);
}

/** How old the last report is, whether its schedule has missed the next one, and whether it was e-mailed. */
export async function checkLastReport(
  caller: Caller,
  { bucket, functionName }: Deployment,
  expression: string | null,
  now: number,
  zone: Zone,
): Promise<Finding> {
  const client = new S3Client({ ...caller, requestHandler: withLimits(PATIENT) });
  try {
    const store = s3Store(client, bucket);
    const isMissed = (since: number): boolean => expression !== null && now - since > overdueSince(expression, since) * HOUR;
    const newest = await newestReport(store, now);
    if (newest === null) return noReport(await awaitedSince(store), isMissed, functionName, caller, zone);
    const age = (now - newest.at) / HOUR;
    const said = `${newest.reportId}, ${age < 48 ? `${Math.max(0, Math.round(age))} hours` : `${Math.floor(age / 24)} days`} old`;
    if (isMissed(newest.at))
      return failed('last report', `${said}: one is missing`, "look at the function's log: docs/runbook.md#report-missing");
    const delivery = await readDelivery(store, runTime(newest.reportId));
    if (delivery === 'failed')
      return failed(
        'last report',
        `${said}: it was stored, and could not be e-mailed`,
        "the newest ERROR in the function's log says why; mend that, then make a report: docs/runbook.md#report-failed",
      );
    return ok('last report', delivery === 'sent' ? `${said}, e-mailed` : `${said}, not e-mailed: switched off, or under way`);
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
