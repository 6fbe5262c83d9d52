import { type DurableLambdaHandler, withDurableExecution } from '@aws/durable-execution-sdk-js';
import type { AccountData } from '../../emulator/account';
import { instanceRow } from '../../emulator/rows';
import { durableSteps } from '../../lambda/aws/durable-steps';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { readOrder } from '../../lambda/deletion/parse-event';
import { type DeletionPorts, runDeletion } from '../../lambda/deletion/run-deletion-job';
import type { Channel, Message, Store } from '../../lambda/ports/ports';
import { digestOf } from '../../lambda/runtime/digest';
import { planFile } from '../../lambda/storage/keys';
import { ACCOUNT, aged, aSpec, CONFIG, HERE, type Rig, startRig, upTo } from '../deletion/rig';
import { memoryStore } from '../fakes/memory-store';
import { type Ending, immortal, type Life, runExecution } from './durable-engine';

/** A deployed deletion, but for the engine and the bucket, against an emulated account over HTTP. */
export interface Bench {
  readonly rig: Rig;
  readonly objects: Map<string, string>;
  readonly mails: Message[];
  /** The event that approves the plan of a fresh report. */
  approve(config?: typeof CONFIG): Promise<{ readonly plan: string; readonly digest: string }>;
  handler(overrides?: Partial<DeletionPorts>): (life: Life) => DurableLambdaHandler;
  run(event: unknown, overrides?: Partial<DeletionPorts>): Promise<Ending>;
  result(plan: string): ApplyResult;
}

/** Every effect on the world is a point at which the invocation may die: before it happened, and after. */
function pointed<T>(life: Life, name: string, effect: () => Promise<T>): Promise<T> {
  return (async () => {
    await life.point(`before ${name}`);
    const done = await effect();
    await life.point(`after ${name}`);
    return done;
  })();
}

export async function withBench(test: (bench: Bench) => Promise<void>, account?: AccountData): Promise<void> {
  const rig = await startRig(account);
  const objects = new Map<string, string>();
  const mails: Message[] = [];
  const bucket = memoryStore(objects);
  const channel: Channel = {
    send: async (message) => void mails.push(message),
    confirmedSubscribers: async () => 1,
  };
  const ports = (life: Life, overrides: Partial<DeletionPorts>): DeletionPorts => {
    const store: Store = {
      ...(overrides.store ?? bucket),
      put: (object) => pointed(life, `put ${object.key}`, () => (overrides.store ?? bucket).put(object)),
      putIfAbsent: (object) =>
        pointed(life, `claim ${object.key}`, () => (overrides.store ?? bucket).putIfAbsent(object)),
      replaceIf: (object, version) =>
        pointed(life, `replace ${object.key}`, () => (overrides.store ?? bucket).replaceIf(object, version)),
    };
    return {
      clock: Date.now,
      monotonic: () => performance.now(),
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      timeout: () => new AbortController().signal,
      beforeEnd: () => new AbortController().signal,
      retrySettings: RETRY_SETTINGS,
      limits: { inventory: 60_000, invocation: 60_000, closing: 60_000, run: 3_600_000, invocations: 200 },
      digest: digestOf,
      readInventory: rig.readInventory,
      config: CONFIG,
      account: ACCOUNT,
      isDeployed: async () => true,
      again: ({ id }) => ({ command: `go on with ${id}`, region: 'us-east-1' }),
      ...overrides,
      store,
      channel: {
        ...(overrides.channel ?? channel),
        send: (message) => pointed(life, 'send', () => (overrides.channel ?? channel).send(message)),
      },
      deletion: {
        ...(overrides.deletion ?? rig.deletion),
        deleteSnapshot: (named, maySend) =>
          pointed(life, `delete ${named.name}`, () =>
            (overrides.deletion ?? rig.deletion).deleteSnapshot(named, maySend),
          ),
      },
    };
  };
  const handler: Bench['handler'] =
    (overrides = {}) =>
    (life) =>
      withDurableExecution((event, context) =>
        runDeletion(durableSteps(context), ports(life, overrides), readOrder(event, 'automatic')),
      );
  try {
    await test({
      rig,
      objects,
      mails,
      async approve(config = CONFIG) {
        const { plan, text } = await rig.plan(config);
        objects.set(planFile(plan.id), text);
        return { plan: plan.id, digest: plan.digest };
      },
      handler,
      run: (event, overrides) => runExecution(handler(overrides), event, immortal),
      result: (plan) => JSON.parse(objects.get(`results/${plan}.json`) ?? 'null') as ApplyResult,
    });
  } finally {
    await rig.close();
  }
}

/** The snapshots that the policy keeps, and those that a plan lists. */
export const KEPT = ['data-01', 'data-02', 'data-03', 'web-01', 'web-02', 'web-03'];
export const PLANNED = ['data-04', 'data-05', 'web-04', 'web-05', 'web-06'];

/** The ARN of a snapshot that is not in the plan. */
export const ANOTHER = `arn:aws:lightsail:${HERE}:${ACCOUNT}:InstanceSnapshot/00000000-0000-4000-a000-00000000a04e`;

/** One instance with five snapshots. */
export const small = () => {
  const web = aSpec('web');
  return {
    accountId: ACCOUNT,
    regions: [HERE],
    data: { [HERE]: { instances: [instanceRow(web)], instanceSnapshots: aged(web, upTo(5)) } },
  };
};

/** Invocations that end with their first snapshots, one in each region: none is deleted before all of them are. */
export function shortInvocations(rig: Rig): Pick<DeletionPorts, 'timeout' | 'deletion'> {
  let controller = new AbortController();
  const waiting: (() => void)[] = [];
  const regionsLeft = (): number =>
    new Set(PLANNED.filter((name) => rig.names().includes(name)).map((name) => name.slice(0, -3))).size;
  return {
    timeout: () => {
      controller = new AbortController();
      return controller.signal;
    },
    deletion: {
      ...rig.deletion,
      async deleteSnapshot(named, maySend) {
        const all = new Promise<void>((resolve) => waiting.push(resolve));
        if (waiting.length === regionsLeft()) {
          controller.abort();
          for (const go of waiting.splice(0)) go();
        }
        await all;
        return rig.deletion.deleteSnapshot(named, maySend);
      },
    },
  };
}
