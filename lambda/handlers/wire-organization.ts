import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { makeReadAccountBills } from '../aws/cost-explorer';
import { durableBatches } from '../aws/durable-steps';
import { PATIENT, UPLOADING, withLimits } from '../aws/http-limits';
import { makeJsonCalls } from '../aws/json-call';
import { listAccounts, organizationsEndpoint } from '../aws/list-accounts';
import { s3Store } from '../aws/s3-store';
import { snsChannel } from '../channels/sns';
import { globMatches } from '../config/globs';
import type { Config } from '../core/policy/config';
import type { FollowedRollUp } from '../core/report/account-changes';
import { dashboardLink, s3ObjectLink } from '../core/report/console-links';
import { MESSAGE_SCOPES } from '../core/report/message-scope';
import { rollUpEvents } from '../core/report/retention-event';
import { nextScheduledDay } from '../core/time/report-schedule';
import { malformedEvent } from '../core/util/malformed-event';
import { oneLine } from '../core/util/safe-text';
import { missedAccounts } from '../organization/follow-accounts';
import { makeReadAccountsSpend } from '../organization/read-accounts-spend';
import { type OrganizationPorts, type OrganizationResult, runOrganization } from '../organization/run-organization-job';
import type { ListedAccount } from '../organization/select-accounts';
import { sendEvents } from '../ports/event-bus';
import type { Channel, Clock, Store } from '../ports/ports';
import { accountChangeLines } from '../render/account-changes';
import { dayInWords } from '../render/day-text';
import { rollUpAttributes } from '../render/message-attributes';
import { evidenceLines } from '../render/phrases';
import { renderRollUpEmail } from '../render/roll-up-email';
import { pausesOfEvent, reportAge } from '../reporting/report-age';
import { runSchedule, wasSent } from '../reporting/send-lock';
import type { Delivery } from '../reporting/send-report';
import { sendRollUp, wantsRollUp } from '../reporting/send-roll-up';
import { storeRollUp } from '../reporting/store-roll-up';
import { digestOf, sha256Of } from '../runtime/digest';
import { type OrganizationEnv, parseOrganizationEnv } from '../runtime/env';
import { newReportId } from '../runtime/report-id';
import { reportFiles, summaryFile } from '../storage/keys';
import { busOf } from './event-bus-of';
import { lockRecorded } from './object-lock';
import { readBundledConfig } from './read-bundled-config';
import { checkOf, scheduledTimeOf } from './read-report-event';

/** Time (ms) after which accounts are no longer listed: 10,000 of them are 500 calls. */
const LISTING_LIMIT = 5 * 60_000;

/** Lists the accounts by a call that has no client of its own: that of STS signs it. */
function accountLister(
  environment: NodeJS.ProcessEnv,
  region: string,
  clock: Clock,
): () => Promise<readonly ListedAccount[]> {
  const service = organizationsEndpoint(region);
  const endpoint = environment.AWS_ENDPOINT_URL_ORGANIZATIONS ?? environment.AWS_ENDPOINT_URL ?? service.endpoint;
  const call = makeJsonCalls(new STSClient({ requestHandler: withLimits(PATIENT) }), {
    endpoint,
    signingName: 'organizations',
    region: service.region,
    target: 'AWSOrganizationsV20161128',
  });
  return () =>
    listAccounts((token) => call('ListAccounts', token === null ? {} : { NextToken: token }), {
      deadline: clock() + LISTING_LIMIT,
      clock,
    });
}

/** Time (ms) for all events of a report: those of 5,000 accounts are 500 calls. */
const EVENTS_LIMIT = 2 * 60_000;

interface Sender {
  readonly store: Store;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly config: Config;
  readonly env: OrganizationEnv;
}

async function sendMessage(
  { store, channel, clock, config, env }: Sender,
  rollUp: FollowedRollUp,
  scheduledAt: number | null,
  evidenceHead: string | null | undefined,
): Promise<Delivery> {
  if (!wantsRollUp(rollUp, config.report.send)) return 'switched-off';
  const after = Math.max(clock(), scheduledAt ?? 0);
  const { reportSchedule, region, dashboard } = env;
  const nextReport =
    reportSchedule === undefined ? null : nextScheduledDay(reportSchedule, config.zone, after, scheduledAt);
  const page = store.locate(reportFiles(rollUp.reportId).html);
  const link = s3ObjectLink(page, region);
  const email = renderRollUpEmail(rollUp, {
    places: [
      {
        text: `Every account, with its report (choose Open):${link === null ? ` ${page}` : ''}`,
        ...(link !== null && { link }),
      },
      ...(dashboard === undefined ? [] : [{ text: 'Dashboard:', link: dashboardLink(dashboard, region) }]),
    ],
    changes: accountChangeLines(rollUp, missedAccounts(rollUp)),
    footer: [
      `Configuration ${oneLine(config.origin)}, ${config.digest.slice(0, 23)}.${nextReport === null ? '' : ` Next report: ${dayInWords(nextReport)}.`}`,
      ...evidenceLines(evidenceHead),
    ],
  });
  return sendRollUp(
    { store, channel, clock },
    {
      reportId: rollUp.reportId,
      digest: digestOf(rollUp),
      scheduledAt,
      message: { ...email, attributes: { ...rollUpAttributes(rollUp), scope: MESSAGE_SCOPES.organization } },
      confirmedSubscribers: await channel.confirmedSubscribers(),
    },
  );
}

/** Reads the bill where the configuration says so; final bills are kept in the bucket. */
function accountsBillPort(
  { report }: Config,
  store: Store,
  { own, region }: { readonly own: string | null; readonly region: string },
): Pick<OrganizationPorts, 'readSpend'> {
  if (!report.spend) return {};
  const readBills = makeReadAccountBills({ region, config: {} });
  return { readSpend: makeReadAccountsSpend({ readBills, store, own }) };
}

/** Puts the events of a roll-up on the bus; none: events are off. */
function announcing(
  { store, config, env }: Sender,
  environment: NodeJS.ProcessEnv,
): Pick<OrganizationPorts, 'announce'> {
  const { putEvents } = busOf(env, environment, { limitMs: EVENTS_LIMIT });
  if (putEvents === undefined) return {};
  return {
    announce: (rollUp, email) => {
      const location = store.locate(summaryFile(rollUp.reportId));
      return sendEvents(putEvents, rollUpEvents(rollUp, { location, email, config: config.digest }));
    },
  };
}

type AgeResult = Awaited<ReturnType<typeof reportAge>>;

/** Composes the function that reports on an organization, which also tells the age of the newest report. */
export function wireOrganization(
  environment: NodeJS.ProcessEnv,
  folder: string,
): (event: unknown, context: DurableContext) => Promise<OrganizationResult | AgeResult> {
  const config = readBundledConfig(folder);
  const env = parseOrganizationEnv(environment);
  return async (event, context) => {
    const clock = Date.now;
    const forcePathStyle = environment.AWS_ENDPOINT_URL !== undefined || environment.AWS_ENDPOINT_URL_S3 !== undefined;
    const store = s3Store(
      new S3Client({ forcePathStyle, requestHandler: withLimits(UPLOADING) }),
      env.bucket,
      lockRecorded(env.objectLock, Date.now),
    );
    const check = checkOf(event);
    if (check === 'age') return reportAge(store, clock(), pausesOfEvent(event));
    if (check !== null) throw malformedEvent('run', 'check', check, '"age", or none for a report');
    const channel = snsChannel(new SNSClient({ requestHandler: withLimits(PATIENT) }), env.topicArn);
    const sender = { store, channel, clock, config, env };
    const own = context.lambdaContext.invokedFunctionArn?.split(':')[4] ?? null;
    return runOrganization(
      durableBatches(context),
      {
        clock,
        store,
        newReportId,
        listAccounts: accountLister(environment, env.region, clock),
        matches: globMatches,
        wasSent: (at) => wasSent(store, at),
        storeViews: (rollUp) => storeRollUp(store, rollUp, missedAccounts(rollUp), config, env.region),
        runSchedule,
        ...accountsBillPort(config, store, { own, region: env.region }),
        evidence: { hashText: sha256Of, keptForDays: env.keptDays ?? null },
        send: (rollUp, scheduledAt, evidenceHead) => sendMessage(sender, rollUp, scheduledAt, evidenceHead),
        ...announcing(sender, environment),
      },
      {
        scheduledAt: scheduledTimeOf(event),
        accounts: config.organization.accounts,
        costTag: config.organization.costTag,
        batchFunction: env.batchFunction,
      },
    );
  };
}
