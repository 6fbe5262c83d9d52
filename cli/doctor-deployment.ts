import { S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { paginateListSubscriptionsByTopic, SNSClient, type Subscription } from '@aws-sdk/client-sns';
import { PATIENT } from '../lambda/aws/http-limits';
import { s3Store } from '../lambda/aws/s3-store';
import { isConfirmed, isPerson } from '../lambda/channels/subscribers';
import type { Config } from '../lambda/core/policy/config';
import { awsCommand } from '../lambda/core/report/command-line';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { newestReport, reportDueSince } from '../lambda/reporting/report-age';
import { readDelivery } from '../lambda/reporting/send-lock';
import { runTime } from '../lambda/storage/keys';
import { overdueSince, reportsAtDeletionStart, SCHEDULE_APART, scheduleFault } from '../lib/schedule-expression';
import type { Caller } from './aws';
import { type DeletionParts, type Deployment, type FunctionRead, readFunction } from './doctor-names';
import { DEPLOY } from './doctor-stack-state';
import { type DoctorFinding, failed, notRead, ok, unknown, warning } from './finding';

const DOCTOR_HOUR_MS = 3_600_000;

/** Whether the configuration here is the one in force. */
export function checkDeployedConfiguration(config: Config, { configurationDigest }: Deployment): DoctorFinding {
  if (configurationDigest === config.digest) return ok('configuration in force', `${config.origin}, as it is here`);
  if (configurationDigest === null)
    return warning(
      'configuration in force',
      'the deployment does not say which',
      'deploy this version, then run doctor again',
    );
  return warning(
    'configuration in force',
    `another than ${config.origin} here`,
    'deploy again to use the one here: until then reports follow the deployed one',
  );
}

/** What keeps a deployment from a resource that its stack has lost. */
const PART_GONE = 'destroy the stack and deploy it again: it was removed by hand';

interface Scheduled {
  readonly finding: DoctorFinding;
  /** When reports are made; null where that is not known. */
  readonly expression: string | null;
}

/** Whether a schedule is enabled, and starts something again after `now` (epoch ms). `check` names the finding. */
async function checkScheduleNamed(caller: Caller, name: string, now: number, check: string): Promise<Scheduled> {
  const { credentials, region, connection } = caller;
  const client = new SchedulerClient({ credentials, region, requestHandler: connection.withLimits(PATIENT) });
  const wrong = (message: string, remedy: string): Scheduled => ({
    finding: failed(check, message, remedy),
    expression: null,
  });
  try {
    const answer = await client.send(new GetScheduleCommand({ Name: name }));
    const { State, ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC' } = answer;
    const when = `${ScheduleExpression} in ${ScheduleExpressionTimezone}`;
    if (State !== 'ENABLED')
      return wrong(`${when} is ${State ?? 'in no known state'}`, 'enable it in EventBridge Scheduler, or deploy again');
    const fault = scheduleFault(ScheduleExpression, now);
    if (fault !== null)
      return wrong(
        `${when} starts no reports from now on: ${fault}`,
        "deploy again with another: npx cdk deploy -c schedule='cron(0 8 ? * MON *)'",
      );
    return { finding: ok(check, when), expression: ScheduleExpression };
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return wrong(`${name} is gone`, PART_GONE);
    return { finding: notRead(check, error, 'scheduler:GetSchedule'), expression: null };
  } finally {
    client.destroy();
  }
}

/** Whether the schedule is enabled, and starts a report again after `now` (epoch ms). */
export async function checkDeployedSchedule(
  caller: Caller,
  { scheduleName }: Deployment,
  now: number,
): Promise<Scheduled> {
  if (scheduleName !== null) return checkScheduleNamed(caller, scheduleName, now, 'schedule');
  return { finding: failed('schedule', 'the stack has no schedule of reports', PART_GONE), expression: null };
}

/** What keeps a function from starting; null: nothing. */
function functionFault(
  check: string,
  name: string,
  { region, told }: Caller,
  { Configuration, Concurrency }: Extract<FunctionRead, { state: 'read' }>['answer'],
): DoctorFinding | null {
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = Configuration ?? {};
  if (Concurrency?.ReservedConcurrentExecutions === 0)
    return failed(
      check,
      'it may not run: its reserved concurrency is 0',
      `to let it run again: ${awsCommand(['lambda', 'delete-function-concurrency', '--function-name', name], region, told)}`,
    );
  if (State === 'Failed')
    return failed(
      check,
      `it cannot run: ${StateReason ?? 'Lambda does not say why'}`,
      'fix the cause, then deploy again',
    );
  if (State === 'Pending') return warning(check, 'it is being made', 'run doctor again in a minute');
  if (State === 'Inactive')
    return warning(
      check,
      'it was idle for long, and its next start can fail once',
      'make a report by hand: docs/runbook.md says how',
    );
  if (State !== 'Active')
    return failed(check, `it is ${State ?? 'in no known state'}`, 'check it in the Lambda console, or deploy again');
  if (LastUpdateStatus === 'Failed')
    return warning(
      check,
      `its last update failed, so earlier code runs: ${LastUpdateStatusReason ?? 'Lambda does not say why'}`,
      'deploy again',
    );
  return null;
}

function functionFinding(caller: Caller, check: string, name: string | null, read: FunctionRead): DoctorFinding {
  if (name === null) return failed(check, 'the stack has no such function', PART_GONE);
  if (read.state === 'absent') return failed(check, `${name} is gone`, PART_GONE);
  if (read.state === 'unknown') return { ...read.finding, check };
  const fault = functionFault(check, name, caller, read.answer);
  if (fault !== null) return fault;
  if (read.isWhole) return ok(check, `${name} can run`);
  return unknown(
    check,
    `${name} can run, unless its reserved concurrency is 0, which could not be checked: lambda:GetFunction is denied`,
    'allow lambda:GetFunction to these credentials, or run doctor with others',
  );
}

/** Whether the report function is there and can run. */
export const checkFunction = (caller: Caller, { functionName, report }: Deployment): DoctorFinding =>
  functionFinding(caller, 'function', functionName, report);

/**
 * Whether the deletion function is there and can run, and in automatic mode whether its schedule is enabled and apart
 * from that of the reports (`reports`; null: not known).
 */
export async function checkDeletion(
  caller: Caller,
  { functionName, target, scheduleName }: DeletionParts,
  now: number,
  reports: string | null,
): Promise<readonly DoctorFinding[]> {
  const name = functionName ?? target;
  const found = functionFinding(caller, 'deletion function', name, await readFunction(caller, name));
  if (scheduleName === null) return [found];
  const near = reports === null ? null : reportsAtDeletionStart(reports);
  const { finding } = await checkScheduleNamed(caller, scheduleName, now, 'deletion schedule');
  return [found, finding, ...(near === null ? [] : [warning('deletion schedule', near, SCHEDULE_APART)])];
}

/** A name that the stack does not have, and that only the function's environment says. */
function unnamedPart(check: string, what: string, { report }: Deployment): DoctorFinding {
  if (report.state === 'read' && report.answer.Configuration?.Environment?.Variables !== undefined)
    return failed(
      check,
      `the environment of the function names no ${what}`,
      'deploy again: its environment was changed',
    );
  return unknown(
    check,
    `could not be checked: the ${what} is not in the stack, and the function that names it could not be read`,
    'allow lambda:GetFunctionConfiguration to these credentials, or run doctor with others',
  );
}

/** Whether a person would get what is published. */
export async function checkSubscribers(caller: Caller, deployment: Deployment): Promise<DoctorFinding> {
  const { topicArn } = deployment;
  if (topicArn === null) return unnamedPart('subscribers', 'topic', deployment);
  const { credentials, connection, told } = caller;
  const region = topicArn.split(':')[3] || caller.region;
  const client = new SNSClient({ credentials, region, requestHandler: connection.withLimits(PATIENT) });
  try {
    const all: Subscription[] = [];
    for await (const { Subscriptions } of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn }))
      all.push(...(Subscriptions ?? []));
    const people = all.filter(isPerson);
    const confirmed = people.filter(isConfirmed).length;
    const [pending, machines] = [people.length - confirmed, all.length - people.length];
    const notYet = pending === 0 ? '' : `, ${pending} not confirmed`;
    const others = `${notYet}${machines === 0 ? '' : `, beside ${machines} that no person reads (queues, functions and the like)`}`;
    const subscribe = awsCommand(['sns', 'subscribe', '--topic-arn', topicArn, '--protocol', 'email'], region, told);
    if (confirmed === 0)
      return failed(
        'subscribers',
        `no one would get a report: no e-mail address or phone is confirmed${others}`,
        `${pending === 0 ? '' : 'follow the link of the confirmation mail (check the spam folder too); '}a new link, valid for two days: ${subscribe} --notification-endpoint ADDRESS`,
      );
    if (pending > 0)
      return warning(
        'subscribers',
        `${confirmed} confirmed${others}`,
        'ask them to follow the link of the confirmation mail',
      );
    return ok('subscribers', `${confirmed} confirmed${others}`);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundException')
      return failed('subscribers', 'the topic is gone', DEPLOY);
    return notRead('subscribers', error, 'sns:ListSubscriptionsByTopic');
  } finally {
    client.destroy();
  }
}

/** What a bucket without a report means: nothing yet, or that reports stopped so long ago that none of them is kept. */
function noReport(
  since: number | null,
  isMissed: (since: number) => boolean,
  { functionName }: Deployment,
  { region, told }: Caller,
  zone: Zone,
): DoctorFinding {
  const invoke = [
    'lambda',
    'invoke',
    '--function-name',
    functionName ?? 'FUNCTION',
    '--invocation-type',
    'Event',
    '/dev/null',
  ];
  const make = `make one now: ${awsCommand(invoke, region, told)}`;
  if (since !== null && isMissed(since))
    return failed(
      'last report',
      `there is none, and one is awaited since ${localMinute(since, zone)} (${zone.name})`,
      `${make}; docs/runbook.md#report-missing`,
    );
  return warning('last report', 'none was made yet', make);
}

const ageText = (hours: number): string =>
  hours < 48 ? `${Math.max(0, Math.round(hours))} hours` : `${Math.floor(hours / 24)} days`;

/** How old the last report is, whether its schedule has missed the next one, and whether it was e-mailed. */
export async function checkLastReport(
  caller: Caller,
  deployment: Deployment,
  expression: string | null,
  now: number,
  zone: Zone,
): Promise<DoctorFinding> {
  const { bucket } = deployment;
  if (bucket === null) return unnamedPart('last report', 'bucket', deployment);
  const { credentials, region, connection, forcePathStyle } = caller;
  const requestHandler = connection.withLimits(PATIENT);
  const client = new S3Client({ credentials, region, forcePathStyle, followRegionRedirects: true, requestHandler });
  try {
    const store = s3Store(client, bucket);
    const isMissed = (since: number): boolean =>
      expression !== null && now - since > overdueSince(expression, since) * DOCTOR_HOUR_MS;
    const newest = await newestReport(store, now);
    if (newest === null) return noReport(await reportDueSince(store), isMissed, deployment, caller, zone);
    const message = `${newest.reportId}, ${ageText((now - newest.at) / DOCTOR_HOUR_MS)} old`;
    if (isMissed(newest.at))
      return failed(
        'last report',
        `${message}: one is missing`,
        "read the function's log: docs/runbook.md#report-missing",
      );
    const delivery = await readDelivery(store, runTime(newest.reportId));
    if (delivery === 'failed')
      return failed(
        'last report',
        `${message}: it was stored, and could not be e-mailed`,
        "the newest ERROR in the function's log says why; fix that, then make a report: docs/runbook.md#report-failed",
      );
    return ok(
      'last report',
      delivery === 'sent' ? `${message}, e-mailed` : `${message}, not e-mailed: switched off, or under way`,
    );
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (cause instanceof Error && cause.name === 'NoSuchBucket')
      return failed('last report', `the bucket ${bucket} is gone`, DEPLOY);
    return notRead('last report', cause, 's3:ListBucket and s3:GetObject');
  } finally {
    client.destroy();
  }
}
