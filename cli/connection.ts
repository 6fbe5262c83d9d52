import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { type HttpLimits, withLimits } from '../lambda/aws/http-limits';
import {
  type AgentPool,
  type AgentSettings,
  type Agents,
  directAgents,
  type MakeAgents,
} from '../lambda/aws/lightsail-client';
import { irregularAt } from '../lambda/config/regular-file';
import type { CodeIn } from '../lambda/core/util/error-codes';
import { RetentionError } from '../lambda/core/util/errors';
import { isHttpAddress } from './endpoints';
import { type ProxySettings, type ProxyVariable, proxyFor, proxyName } from './proxy-settings';

/** How the clients of the command line reach AWS: through which proxies, and whose certificates they trust. */
export interface Connection {
  readonly proxies: ProxySettings;
  /** The file of trusted certificates; null: those that Node.js trusts. */
  readonly caBundle: string | null;
  /** The settings of a client's request handler. */
  readonly withLimits: (limits: HttpLimits) => ReturnType<typeof withLimits> & Partial<Agents>;
  /** The agents of a client that has a pool of its own. */
  readonly agents: MakeAgents;
}

const POOL: AgentPool = { keepAlive: true, maxSockets: 50 };
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * Reads a file of certificates. Throws `connection.ca-bundle` for one that is absent, unreadable or without a
 * certificate.
 */
function readCertificates(file: string): string {
  const refuse = (why: string, cause?: unknown): RetentionError =>
    new RetentionError(
      'connection.ca-bundle',
      `cannot use the CA bundle ${file}: ${why}; correct AWS_CA_BUNDLE, or ca_bundle in the profile, to a ` +
        `PEM file with certificates`,
      { cause },
    );
  const there = irregularAt(file);
  if (there !== null) throw refuse(`it is ${there}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw refuse(code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`, cause);
  }
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw refuse('it contains no certificate in PEM format');
  for (const [index, certificate] of found.entries())
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw refuse(`certificate ${index + 1} of ${found.length} in it cannot be read`, cause);
    }
  return text;
}

const proxyFailure = (code: CodeIn<'connection'>, proxy: ProxyVariable, why: string, cause?: unknown): RetentionError =>
  new RetentionError(`connection.${code}`, `the proxy of ${proxyName(proxy)} ${why}`, { cause });

const unreachable = (proxy: ProxyVariable, cause: unknown): RetentionError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  // Without a code the proxy closed the connection before it answered.
  const known = code === undefined ? Object.assign(new Error(message), { code: 'ECONNRESET' }) : cause;
  return proxyFailure('proxy-unreachable', proxy, `cannot be reached: ${code ?? message}`, known);
};

function connectionRefusal(proxy: ProxyVariable, status: number, text: string): RetentionError {
  if (status === 407)
    return proxyFailure('proxy-authentication', proxy, 'asks for a user name and a password (HTTP 407)');
  // A proxy that answers with a server error may answer otherwise in a moment.
  const cause = status >= 500 ? Object.assign(new Error(text), { code: 'ECONNRESET' }) : undefined;
  return proxyFailure('proxy-refused', proxy, `refuses the connection (HTTP ${status} ${text.trim()})`, cause);
}

/**
 * Waits until the connection through a tunnel is encrypted: a request must not wait in the buffer of one that is being
 * made.
 */
async function secured<T extends Duplex>(socket: T): Promise<T> {
  if (socket instanceof TLSSocket) await once(socket, 'secureConnect');
  return socket;
}

/**
 * Reaches HTTPS endpoints by a tunnel through a proxy. An answer of the proxy itself is an error, never the answer of
 * AWS.
 */
class TunnelAgent extends HttpsProxyAgent<string> {
  constructor(
    private readonly variable: ProxyVariable,
    private readonly pool: AgentSettings,
  ) {
    super(variable.url, pool);
  }

  override isSecureEndpoint(): boolean {
    return true;
  }

  override async connect(
    request: ClientRequest,
    options: AgentConnectOpts,
  ): ReturnType<HttpsProxyAgent<string>['connect']> {
    const answer = { status: 200, text: '' };
    request.once('proxyConnect', ({ statusCode, statusText }: { statusCode: number; statusText: string }) => {
      Object.assign(answer, { status: statusCode, text: statusText });
    });
    // The certificates of an agent are those of its connection to the proxy alone.
    const { ca } = this.pool;
    const target = ca === undefined ? options : Object.assign({ ...options }, { ca });
    const socket = await super.connect(request, target).catch((cause: unknown) => {
      throw unreachable(this.variable, cause);
    });
    if (answer.status === 200) return secured(socket);
    socket.destroy();
    throw connectionRefusal(this.variable, answer.status, answer.text);
  }
}

/** Reaches HTTP endpoints through a proxy. */
class ForwardAgent extends HttpProxyAgent<string> {
  constructor(
    private readonly variable: ProxyVariable,
    options: AgentPool & { readonly ca?: string },
  ) {
    super(variable.url, options);
  }

  override isSecureEndpoint(): boolean {
    return false;
  }

  override async connect(
    request: Parameters<HttpProxyAgent<string>['connect']>[0],
    options: AgentConnectOpts,
  ): ReturnType<HttpProxyAgent<string>['connect']> {
    return super.connect(request, options).catch((cause: unknown) => {
      throw unreachable(this.variable, cause);
    });
  }
}

function checkProxy(proxy: ProxyVariable): void {
  if (isHttpAddress(proxy.url)) return;
  throw proxyFailure('proxy-invalid', proxy, 'is no address of an HTTP proxy');
}

/** Hands each request to the agent of its endpoint: a direct one, or that of a proxy. */
class RoutedAgent extends Agent {
  private proxied: TunnelAgent | ForwardAgent | null = null;

  constructor(
    private readonly scheme: 'http' | 'https',
    private readonly proxies: ProxySettings,
    private readonly pool: AgentSettings,
    private readonly direct: HttpAgent,
  ) {
    // A request asks the agent that it is given whether its connection is kept; plain ones through a proxy are not.
    super({ keepAlive: scheme === 'https' && pool.keepAlive });
  }

  override isSecureEndpoint(): boolean {
    return this.scheme === 'https';
  }

  override connect(_: ClientRequest, { host, port }: AgentConnectOpts): HttpAgent {
    const proxy = proxyFor(this.proxies, this.scheme, host ?? 'localhost', Number(port));
    if (proxy === null) return this.direct;
    checkProxy(proxy);
    this.proxied ??= this.scheme === 'https' ? new TunnelAgent(proxy, this.pool) : new ForwardAgent(proxy, this.pool);
    return this.proxied;
  }

  override destroy(): void {
    this.direct.destroy();
    this.proxied?.destroy();
    super.destroy();
  }
}

/** Makes the connection settings of a run. Throws `connection.ca-bundle` where the CA bundle cannot be used. */
export function makeConnection(proxies: ProxySettings, caBundle: string | null): Connection {
  const ca = caBundle === null ? {} : { ca: readCertificates(caBundle) };
  const isOrdinary = caBundle === null && proxies.http === null && proxies.https === null;
  const agents: MakeAgents = (pool, makeDirect = directAgents) => {
    const options = { ...pool, ...ca };
    const direct = makeDirect(options);
    if (isOrdinary) return direct;
    // A cast: an agent that routes is no agent of https, and Node.js asks for its protocol alone.
    const httpsAgent = new RoutedAgent('https', proxies, options, direct.httpsAgent) as unknown as HttpsAgent;
    return { httpAgent: new RoutedAgent('http', proxies, options, direct.httpAgent), httpsAgent };
  };
  const connected = (limits: HttpLimits) => ({ ...withLimits(limits), ...(isOrdinary ? {} : agents(POOL)) });
  return { proxies, caBundle, withLimits: connected, agents };
}
