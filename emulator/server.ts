import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountData } from './account';
import { answerCostExplorer, billRowsFor, costExplorerError } from './cost-explorer';
import { type Hook, makeEffects, refuseStruck } from './effects';
import { answerEventBus, type ReceivedEvent } from './event-bus';
import type { FaultInput } from './fault';
import { type Call, faultEngine, type Struck } from './faults';
import { type Incoming, looksLike, readIncoming } from './incoming';
import { answerLightsail } from './lightsail';
import { OrganizationWorld } from './organization';
import { hasRegionEndpoint } from './regions';
import { keepBusy, type Reply, send, sendHalf } from './reply';
import { type RequestLog, requestLog } from './request-log';
import { answerS3, type S3World } from './s3';
import type { S3Object } from './s3-types';
import { parseFaults, type Scenario, type ScenarioSettings } from './scenario';
import { type ErrorForm, lightsailError, type ServiceError, ServiceRefusal, statusOf } from './service-error';
import { answerSns, type PublishedMessage, type Topic } from './sns';
import { answerSts } from './sts';
import { openWorld, type World } from './world';
import { queryError, s3Error } from './xml';

/** The default bucket and topic. */
export const DEFAULT_BUCKET = 'lightsail-retention';
export const defaultTopicArn = (accountId: string): string => `arn:aws:sns:us-east-1:${accountId}:lightsail-retention`;

const JSON_TYPE = 'application/x-amz-json-1.1';

/** A running emulator: its address, and everything in it to look at and to change. */
export interface Emulator {
  readonly url: string;
  readonly port: number;
  readonly world: World;
  /** The state of an account of the organization. */
  worldOf(accountId: string): World;
  readonly requests: RequestLog;
  /** How many connections were opened since the start. */
  connections(): number;
  /** Messages that SNS took, in order. */
  readonly published: PublishedMessage[];
  /** Events that EventBridge accepted, in order. */
  readonly events: ReceivedEvent[];
  /** Objects by bucket, then by key. */
  readonly objects: ReadonlyMap<string, Map<string, S3Object>>;
  /** Milliseconds by which the service's clock is ahead; settable. */
  clockOffset: number;
  /** Rows on a page of a list; settable. */
  pageSize: number;
  /** How Lightsail's errors are written; settable. */
  errorForm: ErrorForm;
  /** Replaces all faults and starts counting again. */
  setFaults(faults: readonly FaultInput[]): void;
  setTopics(topics: readonly Topic[]): void;
  /** Calls back before (after) the work of each call of an operation, `*` for all. Returns what ends that. */
  before(operation: string, hook: Hook): () => void;
  after(operation: string, hook: Hook): () => void;
  /** Stops at once: open connections are cut. */
  close(): Promise<void>;
}

export interface EmulatorOptions extends ScenarioSettings {
  readonly account: AccountData | Scenario;
  /** Default: any free port. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Epoch milliseconds; default the machine's clock. */
  readonly clock?: (() => number) | undefined;
}

/** Starts the embedded Lightsail (with the other services' calls that the handlers make) on a loopback address. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const scenario: Scenario = 'account' in options.account ? options.account : { account: options.account };
  const set = <Key extends keyof ScenarioSettings>(key: Key): ScenarioSettings[Key] => options[key] ?? scenario[key];
  const clock = options.clock ?? Date.now;
  const now = (): number => clock() + emulator.clockOffset;
  const seed = set('seed') ?? 1;
  const world = openWorld(scenario.account, now);
  const s3: S3World = {
    writeOnce: set('writeOnce') ?? [],
    buckets: new Map((set('buckets') ?? [DEFAULT_BUCKET]).map((name) => [name, new Map()])),
    versions: new Map(),
    uploads: new Map(),
    now,
  };
  const published: PublishedMessage[] = [];
  const events: ReceivedEvent[] = [];
  const requests = requestLog();
  const effects = makeEffects();
  const organization = new OrganizationWorld(world.accountId, scenario.organization, now);
  const accounts = new Map(
    [world, ...(scenario.organization?.members ?? []).map(({ account }) => openWorld(account, now))].map((each) => [
      each.accountId,
      { world: each, pages: new Map<string, { readonly version: number; readonly body: string }>() },
    ]),
  );
  const accountOf = (accountId: string) => {
    const found = accounts.get(accountId);
    if (found === undefined) throw new Error(`there is no account ${accountId}`);
    return found;
  };
  const standard = [
    {
      arn: defaultTopicArn(world.accountId),
      subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com', confirmed: true }],
    },
  ];
  let topics: readonly Topic[] = (set('topics') ?? standard).map((topic) => ({
    arn: topic.arn,
    subscriptions: (topic.subscriptions ?? []).map((each) => ({ ...each, confirmed: each.confirmed ?? true })),
  }));
  let strike = faultEngine(parseFaults(set('faults') ?? []), seed);

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });

  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });

  let closing: Promise<void> | undefined;
  const emulator: Emulator = {
    url: '',
    port: 0,
    world,
    worldOf: (accountId) => accountOf(accountId).world,
    requests,
    connections: () => connections,
    published,
    events,
    objects: s3.buckets,
    clockOffset: set('clockOffset') ?? 0,
    pageSize: set('pageSize') ?? 50,
    errorForm: set('errorForm') ?? 'plain',
    setFaults(faults) {
      strike = faultEngine(parseFaults(faults), seed);
    },
    setTopics(next) {
      topics = next;
    },
    before: (operation, hook) => effects.on('before', operation, hook),
    after: (operation, hook) => effects.on('after', operation, hook),
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const log = (call: Call, error: string | null) =>
      requests.add({ ...call, at: now(), error, struck: struck.faults });
    let incoming: Incoming;
    let caller = organization.callerOf('');
    try {
      incoming = await readIncoming(request, (key) => {
        caller = organization.callerOf(key);
        return caller.accountId;
      });
    } catch (error) {
      return send(response, refusal(error, looksLike(request), requestId, request.url), requestId, now());
    }
    const { call } = incoming;
    const { world: own } = accountOf(call.account);
    const struck = strike(call);
    const later = struck.all('latency').reduce((sum, fault) => sum + fault.ms, 0);
    if (later > 0) await new Promise((resolve) => setTimeout(resolve, later).unref());
    const hang = struck.first('hang')?.when;
    if (hang === 'busy') keepBusy(response);
    if (hang === 'before' || hang === 'busy') return log(call, 'hang');
    const cut = struck.first('reset')?.when;
    if (
      cut === 'before' ||
      (call.service === 'lightsail' && !hasRegionEndpoint(call.region) && !own.regions.includes(call.region))
    ) {
      log(call, 'reset');
      request.socket.resetAndDestroy();
      return;
    }
    let reply: Reply;
    let failed: string | null = null;
    try {
      refuseStruck(struck, call);
      await effects.run('before', call, struck, own);
      reply = work(incoming, request, struck, requestId, caller);
      await effects.run('after', call, struck, own);
    } catch (error) {
      reply = refusal(error, call.service, requestId, request.url);
      failed = error instanceof ServiceRefusal ? error.error.code : 'InternalFailure';
    }
    const ended = cut === undefined ? failed : 'reset';
    log(call, hang === undefined ? ended : 'hang');
    if (cut === 'after') {
      request.socket.resetAndDestroy();
      return;
    }
    const instead = struck.first('answer');
    const sent = instead
      ? { status: instead.status, headers: { 'content-type': instead.contentType }, body: instead.body }
      : reply;
    if (hang === 'during') return sendHalf(response, sent, requestId, 'hang');
    if (cut === 'during') return sendHalf(response, sent, requestId, 'cut');
    send(response, sent, requestId, now());
  }

  function work(
    { call, input, form, s3: object }: Incoming,
    request: IncomingMessage,
    struck: Struck,
    requestId: string,
    caller: ReturnType<OrganizationWorld['callerOf']>,
  ): Reply {
    const inJson = (body: string): Reply => ({ status: 200, headers: { 'content-type': JSON_TYPE }, body });
    const inXml = (body: string): Reply => ({ status: 200, headers: { 'content-type': 'text/xml' }, body });
    switch (call.service) {
      case 'lightsail': {
        const { world: own, pages } = accountOf(call.account);
        const { pageSize } = emulator;
        return inJson(answerLightsail({ call, input, struck, world: own, pageSize, cache: pages }));
      }
      case 'ce': {
        const { pageSize } = emulator;
        const bill = {
          rows: billRowsFor(scenario, call.account),
          accountId: call.account,
          now: now(),
          pageSize,
          struck,
        };
        return inJson(answerCostExplorer({ ...call, input }, bill));
      }
      case 'events': {
        const receive = (event: ReceivedEvent) => events.push(event);
        const body = answerEventBus(call.operation, input, { struck, region: call.region, receive, now });
        return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
      }
      case 'sns':
        return inXml(
          answerSns(
            form,
            { topics, region: call.region, publish: (message) => published.push(message), now },
            requestId,
          ),
        );
      case 'sts':
        return inXml(answerSts(form, caller, organization, requestId));
      case 'organizations': {
        const body = organization.answer(call.operation, input, call.account);
        return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
      }
      case 's3':
        return answerS3({ operation: call.operation, headers: request.headers, ...object }, s3);
    }
  }

  function refusal(error: unknown, service: Call['service'], requestId: string, resource = '/'): Reply {
    // A defect of the emulator is answered as the service answers its own, and says what it was.
    const known: ServiceError =
      error instanceof ServiceRefusal
        ? error.error
        : {
            code: 'InternalFailure',
            message: `the emulator failed: ${error instanceof Error ? error.message : error}`,
          };
    const status = statusOf(known);
    if (service === 'lightsail' || service === 'organizations' || service === 'events')
      return {
        status,
        headers: { 'content-type': JSON_TYPE },
        body: lightsailError(known, emulator.errorForm),
      };
    if (service === 'ce') return { status, headers: { 'content-type': JSON_TYPE }, body: costExplorerError(known) };
    const body = service === 's3' ? s3Error(known, resource, requestId) : queryError(known, requestId);
    return { status, headers: { 'content-type': service === 's3' ? 'application/xml' : 'text/xml' }, body };
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return Object.assign(emulator, { port, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` });
}
