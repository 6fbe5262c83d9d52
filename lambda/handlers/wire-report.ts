import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import type { Context } from 'aws-lambda';
import { type BillReaderOptions, makeReadBills } from '../aws/cost-explorer';
import { type HttpLimits, PATIENT, UPLOADING, withLimits } from '../aws/http-limits';
import { makeLightsailClients } from '../aws/lightsail-client';
import { makeReadInventory } from '../aws/lightsail-inventory';
import { s3Store } from '../aws/s3-store';
import { chatChannel } from '../channels/chat';
import { snsChannel } from '../channels/sns';
import type { Config } from '../core/policy/config';
import { nextScheduledDay } from '../core/time/report-schedule';
import { snapshotKinds } from '../kinds/registry';
import type { Store } from '../ports/ports';
import { checkFirstReport } from '../reporting/first-report';
import { makeReadSpend } from '../reporting/read-spend';
import { pausesOfEvent, reportAge } from '../reporting/report-age';
import { type RunPorts, type RunRequest, type RunResult, runReport } from '../reporting/run-report-job';
import { runSchedule } from '../reporting/send-lock';
import { digestOf, sha256Of } from '../runtime/digest';
import { parseEnv, type ReportEnv } from '../runtime/env';
import { newReportId } from '../runtime/report-id';
import { busOf } from './event-bus-of';
import { lockRecorded } from './object-lock';
import { readBundledConfig } from './read-bundled-config';
import { checkOf, scheduledTimeOf } from './read-report-event';

/** Time (ms) kept back from a function's end: to decide, to store the files, and to send the report. */
const TIME_TO_REPORT = 90_000;

/** Time (ms) of that kept back from storing: to claim the run and to send. */
const TIME_TO_SEND = 50_000;

type Log = (event: string, keys: Readonly<Record<string, unknown>>) => void;

/** The result of a check that made no report. */
type CheckResult =
  | Awaited<ReturnType<typeof reportAge>>
  | { readonly check: 'first-report'; readonly firstReport: 'waiting' | 'done' };

/** What a report knows of its function, the schedule, the dashboard and the deletion. */
function knownOf(
  { deletion, reportSchedule, dashboard }: ReportEnv,
  { zone }: Config,
  { invokedFunctionArn }: Context,
  { now, scheduledAt }: { readonly now: number; readonly scheduledAt: number | null },
): Pick<RunRequest, 'functionName' | 'nextReport' | 'deletion' | 'dashboard'> {
  const functionName = invokedFunctionArn.split(':')[6];
  const after = Math.max(now, scheduledAt ?? now);
  const nextReport = reportSchedule === undefined ? null : nextScheduledDay(reportSchedule, zone, after, scheduledAt);
  return {
    ...(functionName !== undefined && { functionName }),
    ...(nextReport !== null && { nextReport }),
    ...(dashboard !== undefined && { dashboard }),
    ...(deletion && { deletion: { ...deletion, ...(reportSchedule !== undefined && { reportSchedule }) } }),
  };
}

/** Reads the bill where the configuration says so; final bills are kept in the bucket. */
function billPort(
  { report }: Config,
  store: Store,
  of: Pick<BillReaderOptions, 'account' | 'region'>,
): Pick<RunPorts, 'readSpend'> {
  if (!report.spend) return {};
  const readBills = makeReadBills({ ...of, config: {} });
  return { readSpend: makeReadSpend({ readBills, store }) };
}

/** What a test may set: everything else is as deployed. */
export interface ReportTuning {
  readonly storeLimits?: HttpLimits;
}

/**
 * Composes the report function, which also tells the age of the newest report: configuration and environment are parsed
 * before anything is read.
 */
export function wireReport(
  environment: NodeJS.ProcessEnv,
  folder: string,
  tuning: ReportTuning = {},
): (event: unknown, context: Context, log: Log) => Promise<RunResult | CheckResult> {
  const config = readBundledConfig(folder);
  const env = parseEnv(environment);
  return async (event, context, log) => {
    const clock = Date.now;
    const forcePathStyle = environment.AWS_ENDPOINT_URL !== undefined || environment.AWS_ENDPOINT_URL_S3 !== undefined;
    const store = s3Store(
      new S3Client({ forcePathStyle, requestHandler: withLimits(tuning.storeLimits ?? UPLOADING) }),
      env.bucket,
      lockRecorded(env.objectLock, Date.now),
    );
    const check = checkOf(event);
    if (check === 'age') return reportAge(store, clock(), pausesOfEvent(event));
    const sns = new SNSClient({ requestHandler: withLimits(PATIENT) });
    const channel = snsChannel(sns, env.topicArn);
    const isFirst = check === 'first-report';
    const first = isFirst ? await checkFirstReport(store, channel) : 'due';
    if (first !== 'due') return { check: 'first-report', firstReport: first };
    const now = clock();
    const scheduledAt = runSchedule(scheduledTimeOf(event), now);
    const account = context.invokedFunctionArn.split(':')[4] ?? null;
    const readInventory = makeReadInventory({
      clients: makeLightsailClients(),
      firstRegion: env.region,
      account,
      kinds: snapshotKinds,
      clock,
    });
    const ports = {
      clock,
      digest: digestOf,
      readInventory,
      store,
      channel,
      ...billPort(config, store, { account, region: env.region }),
      evidence: { hashText: sha256Of, keptForDays: env.keptDays ?? null },
      ...(env.chatTopicArn === undefined ? {} : { chat: chatChannel(sns, env.chatTopicArn) }),
      ...busOf(env, environment),
    };
    const remaining = context.getRemainingTimeInMillis();
    const request = {
      reportId: newReportId(scheduledAt ?? now),
      config,
      scheduledAt,
      region: env.region,
      deadline: clock() + Math.max(0, remaining - TIME_TO_REPORT),
      storeUntil: clock() + Math.max(remaining / 2, remaining - TIME_TO_SEND),
      isFirstCheck: isFirst,
      ...knownOf(env, config, context, { now, scheduledAt: isFirst ? null : scheduledAt }),
    };
    log('report.started', { reportId: request.reportId, config: config.origin, digest: config.digest });
    return runReport(ports, request, (progress) => {
      if (progress.event === 'scope') log('inventory.scope', progress);
    });
  };
}
