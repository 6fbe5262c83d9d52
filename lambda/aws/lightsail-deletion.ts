import {
  type DeleteInstanceSnapshotCommand,
  GetOperationCommand,
  GetRegionsCommand,
  LightsailClient,
  type LightsailClientConfig,
} from '@aws-sdk/client-lightsail';
import { parseArn } from '../core/snapshot/arn';
import type { Kind } from '../core/snapshot/snapshot';
import { DELETE_COMMANDS } from '../kinds/delete-commands';
import {
  type CallFailure,
  type CallResult,
  type ClockReading,
  DELETE_TIMEOUT_MS,
  type DeleteResult,
  type Operation,
  type SnapshotDeletion,
  type SnapshotName,
} from '../ports/deletion-ports';
import type { Clock } from '../ports/ports';
import type { CallOptions, SnapshotKind } from '../ports/snapshot-kind';
import {
  classify,
  confirmsAbsence,
  type ErrorClass,
  errorFacts,
  isAccessDenied,
  isCredentialFailure,
  isForeignAnswer,
  isServerFailure,
} from './aws-errors';
import { checkAnswers } from './check-answers';
import { PATIENT, withLimits } from './http-limits';
import { checkedLate, checkLate, lateCheckAgents, NotSent, sendingOnlyWhile } from './late-check';
import type { AgentPool, LightsailClientOptions, LightsailClients } from './lightsail-client';
import { isNeverSent, isUnanswered } from './network-errors';
import { readOperation } from './operations';

export interface DeletionOptions {
  /** Asks patiently. */
  readonly readers: LightsailClients;
  /** Sends once: see `makeDeleteClients`. */
  readonly deleters: LightsailClients;
  readonly kinds: Readonly<Record<Kind, SnapshotKind<LightsailClient>>>;
  /** The region whose clock is read. */
  readonly firstRegion: string;
  readonly clock: Clock;
}

/** As the SDK has it. */
const DELETION_POOL: AgentPool = { keepAlive: true, maxSockets: 50 };

/**
 * Makes the clients that send deletes: one attempt, no retry, and no waiting of the client's own, because time between
 * the check of a snapshot and its delete is time in which another can take its name. Credentials, signing and a
 * connection can take time as well, so whether a request may still be sent is asked when it is signed, and once more
 * when its connection is ready.
 */
export function makeDeleteClients(
  {
    agents,
    ...config
  }: Pick<LightsailClientConfig, 'credentials' | 'endpoint'> & Pick<LightsailClientOptions, 'agents'> = {},
  requestTimeout = DELETE_TIMEOUT_MS,
): LightsailClients {
  const clients = new Map<string, LightsailClient>();
  const late =
    agents === undefined ? lateCheckAgents(DELETION_POOL) : checkedLate(agents(DELETION_POOL, lateCheckAgents));
  return (region) => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const limits = withLimits({ ...PATIENT, answer: requestTimeout, silence: requestTimeout });
    const requestHandler = { ...limits, ...late };
    const client = new LightsailClient({ ...config, region, requestHandler, maxAttempts: 1, retryMode: 'standard' });
    client.middlewareStack.add(
      (next) => (args) => {
        checkLate();
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'checkLate' },
    );
    checkAnswers(client, requestTimeout);
    clients.set(region, client);
    return client;
  };
}

const FAILURE: Readonly<Record<ErrorClass, CallFailure['class']>> = {
  'not-found': 'not-found',
  throttled: 'throttled',
  transient: 'transient',
  'not-set-up': 'refused',
  denied: 'refused',
  'wrong-input': 'refused',
  unknown: 'unknown',
};

/** An operation that failed to execute may have begun. */
const BEGUN: ReadonlySet<string> = new Set(['OperationFailureException', 'OperationFailure']);
/** Transient failures by which the service says no for now: nothing was done. */
const REFUSED_FOR_NOW: ReadonlySet<string> = new Set(['InvalidInputException', 'InvalidInput']);

function classOf(error: unknown, code: string): CallFailure['class'] {
  if (isForeignAnswer(error)) return 'transient';
  if (BEGUN.has(code)) return 'unknown';
  if (isServerFailure(error)) return 'transient';
  if (isCredentialFailure(error)) return 'caller';
  if (isUnanswered(error)) return 'transient';
  const of = classify(error);
  return of === 'not-found' && !confirmsAbsence(error) ? 'transient' : FAILURE[of];
}

function failureOf(error: unknown): CallFailure {
  if (error instanceof NotSent) return { class: 'not-sent', code: 'check.too-old', message: error.message };
  const { code, message, tip } = errorFacts(error);
  const failure: CallFailure = {
    class: classOf(error, code),
    code,
    message: tip === undefined ? message : `${message} (${tip})`,
  };
  if (failure.class !== 'transient') return failure;
  const isRefused = REFUSED_FOR_NOW.has(code) && !isForeignAnswer(error) && !isServerFailure(error);
  return {
    ...failure,
    ...(isRefused || isNeverSent(error) ? { undone: true } : {}),
    ...(isUnanswered(error) ? { unreachable: true } : {}),
  };
}

async function called<T>(call: () => Promise<T>): Promise<CallResult<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** The request id of an answer, or of an error that is one. */
function requestIdOf(answer: unknown): string | undefined {
  const { requestId } = (answer as { readonly $metadata?: { readonly requestId?: unknown } } | null)?.$metadata ?? {};
  return typeof requestId === 'string' && requestId !== '' ? requestId : undefined;
}

const withRequestId = (result: CallResult<readonly Operation[]>, answer: unknown): DeleteResult => {
  const requestId = requestIdOf(answer);
  return requestId === undefined ? result : { ...result, requestId };
};

/** Sends one delete, once. */
async function sendDelete(
  client: LightsailClient,
  { kind, name }: SnapshotName,
  maySend: () => boolean,
): Promise<DeleteResult> {
  try {
    // The client's type takes one command at a time; the three differ in their input alone.
    const command = DELETE_COMMANDS[kind](name) as DeleteInstanceSnapshotCommand;
    const answer = await sendingOnlyWhile(maySend, () => client.send(command));
    return withRequestId({ ok: true, value: (answer.operations ?? []).map(readOperation) }, answer);
  } catch (error) {
    return withRequestId({ ok: false, failure: failureOf(error) }, error);
  }
}

const until = (abortSignal: AbortSignal | undefined): CallOptions => (abortSignal === undefined ? {} : { abortSignal });

/** Returns the failure of a reading whose answer is about something else. */
const otherAnswer = (received: string, expected: string): { readonly ok: false; readonly failure: CallFailure } => ({
  ok: false,
  failure: { class: 'transient', code: 'answer.other', message: `the answer is ${received}, expected ${expected}` },
});

/**
 * Reads one resource by name. Not found is an answer; an answer without the resource, or with one of another name, is
 * none.
 */
async function find<T extends { readonly name: string | null }>(
  what: string,
  name: string,
  call: () => Promise<T | null>,
): Promise<CallResult<T | null>> {
  const answer = await called(call);
  if (!answer.ok) return answer.failure.class === 'not-found' ? { ok: true, value: null } : answer;
  if (answer.value === null)
    return {
      ok: false,
      failure: { class: 'transient', code: 'answer.empty', message: `the service answered without the ${what}` },
    };
  if (answer.value.name === name) return answer;
  return otherAnswer(`the ${what} ${answer.value.name ?? 'without a name'}`, name);
}

async function readClock(client: LightsailClient, clock: Clock): Promise<ClockReading> {
  const command = new GetRegionsCommand({});
  let reading: ClockReading = { service: null, machine: clock() };
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      const at = Date.parse(headers?.date ?? '');
      reading = { service: Number.isNaN(at) ? null : at, machine: clock() };
      return result;
    },
    // Nearer to the wire than what makes an error of an answer.
    { step: 'deserialize', priority: 'low', name: 'readServiceDate' },
  );
  try {
    await client.send(command);
  } catch (error) {
    // The service itself denies: its answer has its clock.
    if (!isAccessDenied(error) || reading.service === null) throw error;
  }
  return reading;
}

/** The three deletes of Lightsail, and the reads that must come before and after each. */
export function makeSnapshotDeletion({
  readers,
  deleters,
  kinds,
  firstRegion,
  clock,
}: DeletionOptions): SnapshotDeletion {
  const kindOfSource = new Map(Object.values(kinds).map((kind) => [kind.sourceType, kind]));
  return {
    readSnapshot: ({ kind, region, name, account }, abortSignal) =>
      find('snapshot', name, () =>
        kinds[kind].readSnapshot(readers(region), name, { region, account }, until(abortSignal)),
      ),
    async readSource(arn, name, abortSignal) {
      const parsed = parseArn(arn);
      const kind = parsed === null ? undefined : kindOfSource.get(parsed.type);
      if (parsed === null || kind === undefined)
        return {
          ok: false,
          failure: { class: 'refused', code: 'source.unread', message: `${arn} names no instance, disk or database` },
        };
      return find('source', name, () => kind.readSource(readers(parsed.region), name, until(abortSignal)));
    },
    deleteSnapshot: (named, maySend) => sendDelete(deleters(named.region), named, maySend),
    async readOperation(region, id, resourceName) {
      const answer = await called(async () => {
        const { operation } = await readers(region).send(new GetOperationCommand({ operationId: id }));
        return operation === undefined ? null : readOperation(operation);
      });
      if (!answer.ok) return answer;
      const { value } = answer;
      if (value === null) return { ok: true, value: { id, state: 'pending', code: null, details: null } };
      if (value.id !== null && value.id !== id) return otherAnswer(`the operation ${value.id}`, id);
      return resourceName !== undefined && value.resourceName !== undefined && value.resourceName !== resourceName
        ? otherAnswer(`an operation of ${value.resourceName}`, `one of ${resourceName}`)
        : { ok: true, value };
    },
    readClock: () => called(() => readClock(readers(firstRegion), clock)),
  };
}
