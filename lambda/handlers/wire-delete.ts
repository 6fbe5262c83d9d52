import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { makeIsDeployed } from '../aws/deployed-version';
import { durableSteps } from '../aws/durable-steps';
import { PATIENT, UPLOADING, withLimits } from '../aws/http-limits';
import { makeLightsailClients } from '../aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../aws/lightsail-deletion';
import { makeReadInventory } from '../aws/lightsail-inventory';
import { s3Store } from '../aws/s3-store';
import { snsChannel } from '../channels/sns';
import { compactInstant } from '../core/time/instant';
import { RETRY_SETTINGS, type RetrySettings } from '../deletion/backoff';
import { readOrder } from '../deletion/parse-event';
import {
  type DeletionPorts,
  type DeletionResult,
  RunFailed,
  type RunLimits,
  runDeletion,
} from '../deletion/run-deletion-job';
import { allowsRaisedCaps } from '../deletion/verify-plan';
import { snapshotKinds } from '../kinds/registry';
import type { Clock } from '../ports/ports';
import { ALIAS, aliasArn, invokeCommand } from '../render/deletion-commands';
import { digestOf, sha256Of } from '../runtime/digest';
import { parseDeletionEnv } from '../runtime/env';
import { busOf } from './event-bus-of';
import { lockRecorded } from './object-lock';
import { readBundledConfig } from './read-bundled-config';

const FUNCTION_MINUTE = 60_000;

/**
 * An invocation has 15 minutes: no deletion begins after 8. Those in flight then have 5, which is enough for all that
 * the pace allows; what takes longer, because the service does not answer, is left to the next invocation. Of the 2
 * that are left, a delete on its way can take half a minute.
 */
export const LIMITS: RunLimits = {
  inventory: 6 * FUNCTION_MINUTE,
  invocation: 8 * FUNCTION_MINUTE,
  closing: 2 * FUNCTION_MINUTE,
  run: 23 * 60 * FUNCTION_MINUTE,
  invocations: 200,
};

/**
 * Less patient than by hand: a snapshot that takes longer is reported as failed, and looked at again by the next plan.
 */
export const DEPLOYED_RETRY_SETTINGS: RetrySettings = {
  ...RETRY_SETTINGS,
  giveUpMs: 3 * FUNCTION_MINUTE,
  confirmMs: FUNCTION_MINUTE,
  attempts: 8,
};

type Log = (event: string, keys: Readonly<Record<string, unknown>>) => void;

/** What a test may set: everything else is as deployed. */
export type DeletionTuning = Partial<
  Pick<DeletionPorts, 'clock' | 'monotonic' | 'retrySettings' | 'limits' | 'timeout' | 'sleep'>
>;

/** The ports of a run that call Lightsail, from the deployed region. */
function lightsailPorts(
  firstRegion: string,
  account: string | null,
  clock: Clock,
): Pick<DeletionPorts, 'readInventory' | 'deletion'> {
  const readers = makeLightsailClients();
  return {
    readInventory: makeReadInventory({ clients: readers, firstRegion, account, kinds: snapshotKinds, clock }),
    deletion: makeSnapshotDeletion({
      readers,
      deleters: makeDeleteClients(),
      kinds: snapshotKinds(),
      firstRegion,
      clock,
    }),
  };
}

/** Composes the deletion function: configuration and environment are parsed before anything is read. */
export function wireDeletion(
  environment: NodeJS.ProcessEnv,
  folder: string,
  tuning: DeletionTuning = {},
): (event: unknown, context: DurableContext, measure: (result: object) => void, log?: Log) => Promise<DeletionResult> {
  const config = readBundledConfig(folder);
  const env = parseDeletionEnv(environment);
  const forcePathStyle = environment.AWS_ENDPOINT_URL !== undefined || environment.AWS_ENDPOINT_URL_S3 !== undefined;
  return async (event, context, measure, log) => {
    const { lambdaContext } = context;
    const { invokedFunctionArn, functionVersion } = lambdaContext;
    const order = readOrder(event, env.mode);
    const clock = tuning.clock ?? Date.now;
    const account = invokedFunctionArn.split(':')[4] ?? null;
    const timeout = tuning.timeout ?? ((ms) => AbortSignal.timeout(ms));
    const ports: DeletionPorts = {
      clock,
      monotonic: () => performance.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      timeout,
      beforeEnd: (ms) => timeout(Math.max(0, lambdaContext.getRemainingTimeInMillis() - ms)),
      retrySettings: DEPLOYED_RETRY_SETTINGS,
      limits: LIMITS,
      ...tuning,
      store: s3Store(
        new S3Client({ forcePathStyle, requestHandler: withLimits(UPLOADING) }),
        env.bucket,
        lockRecorded(env.objectLock, clock),
      ),
      evidence: { hashText: sha256Of, keptForDays: env.keptDays ?? null },
      channel: snsChannel(new SNSClient({ requestHandler: withLimits(PATIENT) }), env.topicArn),
      ...busOf(env, environment),
      digest: digestOf,
      ...lightsailPorts(env.region, account, clock),
      config,
      ...(env.reportSchedule !== undefined && { reportSchedule: env.reportSchedule }),
      allowsRaisedCaps: allowsRaisedCaps(env.mode, config),
      onOutcome: (plan, { name, kind, region, outcome, code, requestId }) =>
        log?.('deletion.snapshot', { plan, name, kind, region, outcome, code, requestId }),
      account,
      isDeployed: makeIsDeployed({ functionArn: invokedFunctionArn, version: functionVersion, alias: ALIAS }),
      again: (plan) => ({
        command: invokeCommand(plan, aliasArn(invokedFunctionArn), { name: `${plan.id}-${compactInstant(clock())}` }),
        region: env.region,
      }),
    };
    try {
      const result = await runDeletion(durableSteps(context), ports, order);
      measure(result);
      return result;
    } catch (error) {
      if (error instanceof RunFailed) measure(error.sent);
      throw error;
    }
  };
}
