import {
  type DurableExecutionClient,
  DurableExecutionInvocationInputWithClient,
  type DurableLambdaHandler,
  InvocationStatus,
  OperationAction,
  OperationStatus,
  OperationType,
} from '@aws/durable-execution-sdk-js';
import type { Context } from 'aws-lambda';

const executionArn = (name: string, id = '0001'): string =>
  `arn:aws:lambda:us-east-1:123456789012:function:lightsail-deletion:1/durable-execution/${name}/${id}`;
export const EXECUTION = executionArn('20261123T080000Z-1a2b3c4d');
const ALIAS = 'arn:aws:lambda:us-east-1:123456789012:function:lightsail-deletion:live';

type Checkpoint = Parameters<DurableExecutionClient['checkpoint']>[0];
type Update = NonNullable<Checkpoint['Updates']>[number];
type Operation = DurableExecutionInvocationInputWithClient['InitialExecutionState']['Operations'][number];

/** One invocation's life: it ends when its promise resolves, and the invocation is never heard of again. */
export interface Life {
  readonly died: Promise<void>;
  /** Called before and after each checkpoint is stored; may die there by never resolving. */
  point(name: string): Promise<void>;
}

export interface Ending {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly result: unknown;
  readonly error: string | null;
  readonly invocations: number;
  /** Names of the operations, in order. */
  readonly operations: readonly string[];
  /** Seconds that were to pass before it went on: after an attempt that failed, and in a rest. */
  readonly pauses: readonly number[];
}

const context = (functionArn: string, remaining: () => number): Context => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'lightsail-deletion',
  functionVersion: '1',
  invokedFunctionArn: functionArn,
  memoryLimitInMB: '512',
  awsRequestId: 'request',
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: remaining,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
});

function updated(before: Operation | undefined, update: Update, now: Date): Operation {
  const { Id, ParentId, Name, Type, SubType, Action, Payload, Error: error, StepOptions } = update;
  const base = { ...before, Id, ParentId, Name, Type, SubType, StartTimestamp: before?.StartTimestamp ?? now };
  const attempt = before?.StepDetails?.Attempt ?? 0;
  const ended = { EndTimestamp: now };
  switch (Action) {
    case OperationAction.START:
      return Type === OperationType.WAIT
        ? { ...base, Status: OperationStatus.STARTED, WaitDetails: { ScheduledEndTimestamp: now } }
        : { ...base, Status: OperationStatus.STARTED, StepDetails: { Attempt: attempt } };
    case OperationAction.SUCCEED:
      return {
        ...base,
        ...ended,
        Status: OperationStatus.SUCCEEDED,
        StepDetails: { Attempt: attempt + 1, Result: Payload },
      };
    case OperationAction.FAIL:
      return { ...base, ...ended, Status: OperationStatus.FAILED, StepDetails: { Attempt: attempt + 1, Error: error } };
    case OperationAction.RETRY: {
      const NextAttemptTimestamp = new Date(now.getTime() + (StepOptions?.NextAttemptDelaySeconds ?? 1) * 1_000);
      return {
        ...base,
        Status: OperationStatus.PENDING,
        StepDetails: { Attempt: attempt + 1, Error: error, NextAttemptTimestamp },
      };
    }
    default:
      throw new Error(`this engine knows no ${String(Action)}`);
  }
}

/**
 * Lambda's durable engine in memory: it keeps what is checkpointed, and invokes again whatever suspended, failed to
 * answer, or died. No time passes: a timer has run out when the next invocation begins.
 */
export async function runExecution(
  handlerOf: (life: Life) => DurableLambdaHandler,
  payload: unknown,
  lifeOf: (invocation: number) => Life,
  options: {
    readonly most?: number;
    readonly functionArn?: string;
    readonly name?: string;
    /** Of the execution, where another one had the name before. */
    readonly id?: string;
    readonly remaining?: () => number;
    /**
     * Gets the client that answers the calls of an invocation, whose event then has no client, and only the first of
     * the operations.
     */
    readonly serve?: (client: DurableExecutionClient) => void;
  } = {},
): Promise<Ending> {
  const { most = 400, functionArn = ALIAS, name, id, remaining = () => 900_000, serve } = options;
  const pauses: number[] = [];
  const now = (): Date => new Date();
  const operations = new Map<string, Operation>([
    [
      'execution',
      {
        Id: 'execution',
        Type: OperationType.EXECUTION,
        StartTimestamp: now(),
        Status: OperationStatus.STARTED,
        ExecutionDetails: { InputPayload: JSON.stringify(payload) },
      },
    ],
  ]);
  const names = (): string[] => [...operations.values()].flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
  let tokens = 0;
  for (let invocation = 1; invocation <= most; invocation += 1) {
    const life = lifeOf(invocation);
    let current = true;
    const client: DurableExecutionClient = {
      async getExecutionState() {
        return { Operations: [...operations.values()].slice(1) };
      },
      async checkpoint({ Updates = [] }) {
        const what = Updates.map(({ Name, Action }) => `${Name ?? ''} ${String(Action)}`).join(', ');
        await life.point(`before ${what}`);
        if (!current) return new Promise(() => undefined);
        const changed = Updates.map((update) => {
          const operation = updated(operations.get(update.Id ?? ''), update, now());
          operations.set(update.Id ?? '', operation);
          const pause = update.StepOptions?.NextAttemptDelaySeconds ?? update.WaitOptions?.WaitSeconds;
          if (pause !== undefined) pauses.push(pause);
          return operation;
        });
        await life.point(`after ${what}`);
        tokens += 1;
        return { CheckpointToken: `token-${tokens}`, NewExecutionState: { Operations: changed } };
      },
    };
    const stored = structuredClone([...operations.values()]);
    const input = {
      DurableExecutionArn: name === undefined ? EXECUTION : executionArn(name, id),
      CheckpointToken: `token-${tokens}`,
      InitialExecutionState:
        serve === undefined || stored.length === 1
          ? { Operations: stored }
          : { Operations: stored.slice(0, 1), NextMarker: 'more' },
    };
    serve?.(client);
    const event =
      serve === undefined
        ? new DurableExecutionInvocationInputWithClient(input, client)
        : JSON.parse(JSON.stringify(input));
    const output = await Promise.race([
      handlerOf(life)(event, context(functionArn, remaining)).catch((): null => null),
      life.died.then((): null => null),
    ]);
    current = false;
    if (output !== null && output.Status !== InvocationStatus.PENDING) {
      const end = { invocations: invocation, operations: names(), pauses };
      return output.Status === InvocationStatus.SUCCEEDED
        ? { ...end, status: 'SUCCEEDED', result: output.Result ? JSON.parse(output.Result) : undefined, error: null }
        : { ...end, status: 'FAILED', result: undefined, error: output.Error?.ErrorMessage ?? '' };
    }
    for (const [id, operation] of operations) {
      if (operation.Type === OperationType.WAIT && operation.Status === OperationStatus.STARTED)
        operations.set(id, { ...operation, Status: OperationStatus.SUCCEEDED, EndTimestamp: now() });
      if (operation.Status === OperationStatus.PENDING)
        operations.set(id, { ...operation, Status: OperationStatus.READY });
    }
  }
  throw new Error(`the execution did not end in ${most} invocations: ${names().join(', ')}`);
}

/** A life that nothing ends. */
export const immortal = (): Life => ({ died: new Promise(() => undefined), point: async () => undefined });

/** A life that ends at the first point of which `isEnd` says so. */
export function mortal(isEnd: (point: string) => boolean): Life {
  let die: () => void = () => undefined;
  let dead = false;
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  return {
    died,
    async point(name) {
      if (!dead && isEnd(name)) {
        dead = true;
        die();
      }
      if (dead) await new Promise(() => undefined);
    },
  };
}

/** Lives that share a count of points: the one that passes the `killAt`-th dies there. Null: it never comes so far. */
export function mortals(killAt: number): {
  readonly lifeOf: () => Life;
  readonly killed: () => string | null;
  readonly points: () => number;
} {
  let points = 0;
  let killed: string | null = null;
  return {
    killed: () => killed,
    points: () => points,
    lifeOf: () =>
      mortal((name) => {
        points += 1;
        if (points === killAt) killed = name;
        return points === killAt;
      }),
  };
}
