import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { LightsailClient, type LightsailClientConfig } from '@aws-sdk/client-lightsail';
import { checkAnswers } from './check-answers';
import { PATIENT, withLimits } from './http-limits';
import { DEFAULT_PACE, makeRetryStrategy, type RetryPace } from './retry';

/**
 * What a region is asked for. Counting automatic snapshots decides nothing, so what it is throttled must not hold up
 * the lists, which do.
 */
export type Purpose = 'lists' | 'automatic';

/**
 * The client of a region for a purpose (lists): always the same one, because it knows how much its region throttles.
 */
export type LightsailClients = (region: string, purpose?: Purpose) => LightsailClient;

/** A pool of connections. */
export interface AgentPool {
  readonly keepAlive: boolean;
  /** Connections per endpoint. */
  readonly maxSockets: number;
}

/** The agents that open the connections of a client. */
export interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/** A pool, and the certificates (PEM) that are trusted instead of the default ones. */
export type AgentSettings = AgentPool & { readonly ca?: string };

/** Makes agents that connect directly. */
export const directAgents = (settings: AgentSettings): Agents => ({
  httpAgent: new HttpAgent(settings),
  httpsAgent: new HttpsAgent(settings),
});

/** Makes the agents of a pool. `makeDirect` makes those that connect without a proxy. */
export type MakeAgents = (pool: AgentPool, makeDirect?: (settings: AgentSettings) => Agents) => Agents;

export interface LightsailClientOptions {
  /** Credentials, profile, endpoint; without them the SDK's own chain and `AWS_ENDPOINT_URL*` count. */
  readonly config?: Pick<LightsailClientConfig, 'credentials' | 'profile' | 'endpoint' | 'logger'>;
  readonly pace?: Partial<RetryPace>;
  /** Connections per endpoint (default 128); further calls wait for a free one. */
  readonly maxSockets?: number;
  /** Milliseconds after which a call without an answer is given up and asked again (default 10,000). */
  readonly requestTimeout?: number;
  /** Milliseconds after its beginning in which an answer must be complete (default 20,000). */
  readonly answerTimeout?: number;
  /** Makes the agents of a pool (default: direct ones). */
  readonly agents?: MakeAgents;
}

const MAX_SOCKETS = 128;
const MAX_ANSWER_MS = 20_000;

/**
 * Makes clients for all regions over one pool of kept-alive connections and one set of credentials. Errors are retried
 * as `retry.ts` says.
 */
export function makeLightsailClients(options: LightsailClientOptions = {}): LightsailClients {
  const pool = { keepAlive: true, maxSockets: options.maxSockets ?? MAX_SOCKETS };
  const wait = options.requestTimeout ?? PATIENT.answer;
  const requestHandler = {
    ...(options.agents ?? directAgents)(pool),
    ...withLimits({ ...PATIENT, answer: wait, silence: wait }),
  };
  const pace = { ...DEFAULT_PACE, ...options.pace };
  const clients = new Map<string, LightsailClient>();
  let shared: LightsailClientConfig['credentials'];
  return (region, purpose = 'lists') => {
    const key = `${region} ${purpose}`;
    let client = clients.get(key);
    if (client === undefined) {
      client = new LightsailClient({
        ...options.config,
        ...(shared === undefined ? {} : { credentials: shared }),
        region,
        requestHandler,
        retryStrategy: makeRetryStrategy(pace),
      });
      // It walks through every answer to hide what is sensitive, and tells nobody where there is no logger.
      if (options.config?.logger === undefined) client.middlewareStack.remove('loggerMiddleware');
      checkAnswers(client, options.answerTimeout ?? MAX_ANSWER_MS);
      shared ??= client.config.credentials;
      clients.set(key, client);
    }
    return client;
  };
}
