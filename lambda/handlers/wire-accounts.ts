import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import type { Context } from 'aws-lambda';
import { roleCredentials, roleFault } from '../aws/assume-role';
import { errorFacts } from '../aws/aws-errors';
import { PATIENT, UPLOADING, withLimits } from '../aws/http-limits';
import { makeLightsailClients } from '../aws/lightsail-client';
import { makeReadInventory } from '../aws/lightsail-inventory';
import { s3Store } from '../aws/s3-store';
import { snsChannel } from '../channels/sns';
import type { Config } from '../core/policy/config';
import type { MemberAccount } from '../core/policy/policy';
import { hasChanges } from '../core/report/report-diff';
import type { RollUpAccount } from '../core/report/roll-up';
import { instantOfId } from '../core/time/instant';
import { malformedEvent } from '../core/util/malformed-event';
import { snapshotKinds } from '../kinds/registry';
import { mapAccounts } from '../organization/map-accounts';
import { roleIn } from '../organization/role-pattern';
import { reportedAccount, unreadAccount } from '../organization/roll-up';
import { accountsOfBatch, type BatchEvent, readAccounts, storeBatch } from '../organization/run-organization-job';
import { withTagCosts } from '../organization/tag-costs';
import type { Channel, Clock, Store } from '../ports/ports';
import type { DeployedRun } from '../render/report-header';
import { makeAccountReport, storeAccountReport } from '../reporting/account-report';
import { sendAccountReport } from '../reporting/send-account-report';
import { digestOf } from '../runtime/digest';
import { parseBatchEnv } from '../runtime/env';
import { readBundledConfig } from './read-bundled-config';

/** Accounts that one invocation reads at the same time: each holds its snapshots in memory. */
const ACCOUNTS_AT_ONCE = 5;

/** Time (ms) kept back from the end of an invocation: to decide, and to store the reports of its accounts. */
const TIME_TO_STORE = 90_000;

/** The name of the sessions in the CloudTrail of a member. */
const SESSION = 'lightsail-retention';

function batchOf(event: unknown): BatchEvent {
  const { reportId, batch } = (event ?? {}) as { readonly reportId?: unknown; readonly batch?: unknown };
  if (typeof reportId === 'string' && instantOfId(reportId) !== null && Number.isInteger(batch) && Number(batch) >= 0)
    return { reportId, batch: Number(batch) };
  throw malformedEvent('run', null, event, '{ "reportId": "<id>", "batch": 0 } of the function of the organization');
}

type BatchLog = (event: string, keys: Readonly<Record<string, unknown>>) => void;

interface BatchPorts {
  readonly store: Store;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly sts: STSClient;
  readonly log: BatchLog;
}

interface BatchRequest {
  readonly config: Config;
  readonly reportId: string;
  readonly region: string;
  /** The account of the function, which it reads with its own role. */
  readonly own: string | null;
  /** The ARN of the role, with `{account}` in the place of the account. */
  readonly role: string;
  readonly externalId: string;
  readonly deadline: number;
}

/** Reads one account and stores its report. Rejects where that cannot be stored: then the account has failed. */
async function readAccount(
  { store, channel, clock, sts, log }: BatchPorts,
  { config, reportId, region, own, role, externalId, deadline }: BatchRequest,
  account: MemberAccount,
): Promise<RollUpAccount> {
  const roleArn = roleIn(role, account.id);
  const credentials =
    account.id === own ? undefined : roleCredentials(sts, { roleArn, externalId, sessionName: SESSION });
  try {
    await credentials?.();
  } catch (refused) {
    const { status, error } = roleFault(refused, roleArn);
    return unreadAccount(account, status, error);
  }
  const made = await makeAccountReport(
    {
      clock,
      store,
      digest: digestOf,
      readInventory: makeReadInventory({
        clients: makeLightsailClients(credentials && { config: { credentials } }),
        firstRegion: region,
        account: account.id,
        kinds: snapshotKinds,
        clock,
      }),
    },
    { reportId, config, account, deadline },
  );
  const row = withTagCosts(reportedAccount(account, made.report), made.report, config.organization.costTag);
  if (row.reportId === null) return row;
  const run: DeployedRun = { kind: 'deployed', region };
  await storeAccountReport(store, made, account, { tagPrefix: config.tagPrefix, config, deletionMode: 'off', run });
  if (config.organization.accountMessages)
    // The account was read and stored, whether or not its message can be sent.
    await sendAccountReport({ store, channel }, made.report, { account, config, run }).catch((error: unknown) =>
      log('account.message-failed', { account: account.id, ...errorFacts(error) }),
    );
  return { ...row, changed: made.report.changes === null || hasChanges(made.report.changes) };
}

/** The result of a batch: where its accounts are is known by its number. */
export interface BatchOutcome {
  readonly batch: number;
  readonly accounts: number;
  readonly unread: number;
}

/** Composes the function that reads a batch of accounts. */
export function wireAccounts(
  environment: NodeJS.ProcessEnv,
  folder: string,
): (event: unknown, context: Context, log: BatchLog) => Promise<BatchOutcome> {
  const config = readBundledConfig(folder);
  const env = parseBatchEnv(environment);
  return async (event, context, log) => {
    const clock = Date.now;
    const forcePathStyle = environment.AWS_ENDPOINT_URL !== undefined || environment.AWS_ENDPOINT_URL_S3 !== undefined;
    const { reportId, batch } = batchOf(event);
    const store = s3Store(
      new S3Client({ forcePathStyle, requestHandler: withLimits(UPLOADING) }),
      env.bucket,
      () => null,
    );
    const ports: BatchPorts = {
      clock,
      store,
      channel: snsChannel(new SNSClient({ requestHandler: withLimits(PATIENT) }), env.topicArn),
      sts: new STSClient({ requestHandler: withLimits(PATIENT) }),
      log,
    };
    const request: BatchRequest = {
      config,
      reportId,
      region: env.region,
      own: context.invokedFunctionArn.split(':')[4] ?? null,
      role: env.memberRole,
      externalId: env.externalId,
      deadline: clock() + Math.max(0, context.getRemainingTimeInMillis() - TIME_TO_STORE),
    };
    const { selected } = await readAccounts(store, reportId);
    const accounts = accountsOfBatch(selected, batch);
    log('accounts.started', { reportId, batch, accounts: accounts.length });
    const rows = await mapAccounts(
      accounts,
      ACCOUNTS_AT_ONCE,
      async (account) => {
        const row = await readAccount(ports, request, account);
        log('account.finished', { account: account.id, status: row.status, code: row.error?.code });
        return row;
      },
      errorFacts,
    );
    await storeBatch(store, { reportId, batch }, rows);
    return { batch, accounts: rows.length, unread: rows.filter(({ status }) => status !== 'read').length };
  };
}
