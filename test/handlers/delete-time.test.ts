import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { type Emulator, startEmulator } from '../../emulator/server';
import { durableSteps } from '../../lambda/aws/durable-steps';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { type DeletionPorts, runDeletion } from '../../lambda/deletion/run-deletion-job';
import { DEPLOYED_RETRY_SETTINGS, LIMITS, wireDeletion } from '../../lambda/handlers/wire-delete';
import type { CallFailure, CallResult, SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { renderPlanJson } from '../../lambda/render/plan';
import { makeReport } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { buildEnv } from '../../lambda/runtime/env';
import { type Measurement, measurementsOf } from '../../lambda/runtime/metrics';
import { writeConfiguration } from '../../lambda/runtime/stage-function';
import { planFile } from '../../lambda/storage/keys';
import { ACCOUNT, smallAccount, startRig } from '../deletion/rig';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { pointSdkTo } from '../support/aws-env';
import { aConfig } from '../support/config-builder';
import { aSnapshot, aSource, DAY, NOW } from '../support/report-builder';
import { APPROVED } from '../support/run-origin';
import { type Ending, immortal, runExecution } from './durable-engine';
import { virtualTime } from './virtual-time';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** What Lambda gives an invocation. */
const INVOCATION = 15 * MINUTE;

const WRITTEN = {
  version: 1,
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
  caps: { maxShare: 0.9 },
};

/**
 * How the service behaves at a time (ms) after the first invocation began: how long a call takes, and what it then
 * says.
 */
interface Service {
  readonly inventory: number;
  read(at: number): { readonly takes: number; readonly failure?: CallFailure };
  remove(at: number): { readonly takes: number; readonly failure?: CallFailure; readonly goes: boolean };
  /** What becomes of the operation of a delete. */
  readonly operation: 'done' | 'pending';
}

const GOOD: Service = {
  inventory: 30 * SECOND,
  read: () => ({ takes: SECOND }),
  remove: () => ({ takes: 55 * SECOND, goes: true }),
  operation: 'done',
};
const UNANSWERED: CallFailure = { class: 'transient', code: 'TimeoutError', message: 'no answer' };
/** Nine attempts of half a minute each, and the pauses between them. */
const HOLE = 290 * SECOND;
const THROTTLED: CallFailure = { class: 'throttled', code: 'ThrottlingException', message: 'slow down' };

/**
 * Carries out a plan of 12 snapshots of one source as the deployed function does, but for the service and the bucket,
 * in virtual time.
 */
async function carryOut(service: Service) {
  const time = virtualTime(NOW);
  const { clock, sleep, timeout } = time;
  const config = aConfig(WRITTEN);
  const names = Array.from({ length: 15 }, (_, index) => `web-${String(index + 1).padStart(2, '0')}`);
  const all = new Map<string, Snapshot>(
    names.map((name, index) => [name, aSnapshot({ name, createdAt: NOW - (index + 2) * DAY, source: aSource('web') })]),
  );
  const starts: number[] = [];
  const deletes: { readonly invocation: number; readonly minute: number }[] = [];
  let last = 0;
  const into = (): number => clock() - (starts.at(-1) ?? NOW);
  const took = async <T>(ms: number, answer: () => T): Promise<T> => {
    await sleep(ms);
    return answer();
  };
  const readAs = <T>(value: () => T): Promise<CallResult<T>> => {
    const { takes, failure } = service.read(clock() - (starts[0] ?? 0));
    return took(takes, () => (failure === undefined ? { ok: true, value: value() } : { ok: false, failure }));
  };
  const deletion: SnapshotDeletion = {
    readSnapshot: ({ name }) => readAs(() => all.get(name) ?? null),
    readSource: () => readAs(() => null),
    readOperation: (_, id) => readAs(() => ({ id, state: service.operation, code: null, details: null })),
    readClock: async () => ({ ok: true, value: { service: clock(), machine: clock() } }),
    deleteSnapshot({ name }) {
      deletes.push({ invocation: starts.length, minute: into() / MINUTE });
      const { takes, failure, goes } = service.remove(clock() - (starts[0] ?? 0));
      if (goes) all.delete(name);
      const operation = { id: 'an-operation', state: service.operation, code: null, details: null };
      return took(takes, () => (failure === undefined ? { ok: true, value: [operation] } : { ok: false, failure }));
    },
  };
  const deadlines: (number | null)[] = [];
  const objects = new Map<string, string>();
  const store = memoryStore(objects);
  const channel = fakeChannel();
  const ports: DeletionPorts = {
    clock,
    monotonic: clock,
    sleep,
    timeout,
    beforeEnd: (ms) => timeout(INVOCATION - into() - ms),
    retrySettings: DEPLOYED_RETRY_SETTINGS,
    limits: LIMITS,
    store: {
      ...store,
      async put(object) {
        last = Math.max(last, into() / MINUTE);
        return store.put(object);
      },
    },
    channel,
    digest: digestOf,
    readInventory: async (request) => {
      starts.push(clock());
      deadlines.push(request.deadline === null ? null : request.deadline - clock());
      await sleep(service.inventory);
      return fakeInventory(anInventory({ snapshots: [...all.values()] }))(request);
    },
    deletion,
    config,
    account: ACCOUNT,
    isDeployed: async () => true,
    again: () => ({ command: '', region: 'us-east-1' }),
  };
  const request = {
    reportId: '20261123T080000Z-1a2b3c4d',
    config,
    at: null,
    inventory: { regions: 'all', kinds: ['instance'], deadline: null },
    previous: null,
  } as const;
  const { plan } = await time.until(makeReport(ports, request));
  deadlines.length = 0;
  starts.length = 0;
  objects.set(planFile(plan.id), [...renderPlanJson(plan)].join(''));
  const handler = withDurableExecution((_: unknown, context) =>
    runDeletion(durableSteps(context), ports, {
      kind: 'approved',
      plan: plan.id,
      digest: plan.digest,
      approvedBy: APPROVED,
    }),
  );
  const end = await time.until(runExecution(() => handler, {}, immortal));
  const result = JSON.parse(objects.get(`results/${plan.id}.json`) ?? 'null') as ApplyResult;
  return {
    end,
    result,
    deletes,
    deadlines,
    last,
    isGone: (name: string) => !all.has(name),
    invocations: starts.length,
  };
}

const HANGS_AT = 7 * MINUTE + 30 * SECOND;
const inHole = (at: number): boolean => at >= HANGS_AT && at < INVOCATION;

describe('an invocation of the deployed deletion, by its own limits and pace', () => {
  it.each<[string, Service, string]>([
    ['is as it should be', GOOD, 'deleted'],
    ['takes as long to list as it may', { ...GOOD, inventory: 6 * MINUTE - SECOND }, 'deleted'],
    [
      'never ends an operation',
      { ...GOOD, remove: () => ({ takes: SECOND, goes: false }), operation: 'pending' },
      'operation.timeout',
    ],
    [
      'throttles every delete',
      { ...GOOD, remove: () => ({ takes: SECOND, goes: false, failure: THROTTLED }) },
      'ThrottlingException',
    ],
    [
      'no longer answers from a delete on, which it carried out',
      {
        ...GOOD,
        read: (at) => (inHole(at) ? { takes: HOLE, failure: UNANSWERED } : { takes: SECOND }),
        remove: (at) =>
          at + MINUTE >= HANGS_AT && at < INVOCATION
            ? { takes: Math.max(30 * SECOND, HANGS_AT - at), goes: true, failure: UNANSWERED }
            : { takes: 55 * SECOND, goes: true },
      },
      'deleted',
    ],
  ])('begins no delete after 8 minutes and has ended by 14, where the service %s', async (_, service, code) => {
    const { end, result, deletes, deadlines, last, isGone, invocations } = await carryOut(service);
    expect([end.status, end.result]).toEqual(['SUCCEEDED', expect.objectContaining({ state: 'finished', open: 0 })]);
    expect(invocations).toBeGreaterThan(1);
    expect(Math.max(...deletes.map(({ minute }) => minute))).toBeLessThanOrEqual(8);
    expect(last).toBeLessThanOrEqual(14);
    expect(new Set(deadlines)).toEqual(new Set([6 * MINUTE]));
    expect(new Set(result.items.map((item) => item.code))).toEqual(new Set([code]));
    for (const { name, outcome } of result.items) expect([name, isGone(name)]).toEqual([name, outcome === 'deleted']);
  });
});

describe('the deletion function as it is wired', () => {
  const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
  const folder = mkdtempSync(join(tmpdir(), 'delete-time-'));
  beforeAll(() => writeConfiguration(folder, { origin: 'retention.yaml', config: WRITTEN }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the wired function on the plan of a small account whose deletes never end, in virtual time. */
  async function withWired(
    functionAccount: string,
    test: (ended: Ending, service: Emulator, mails: readonly string[], measured: readonly Measurement[]) => void,
    alias = '{"FunctionVersion":"1"}',
  ): Promise<void> {
    const lambda = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(alias),
    );
    await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
    const rig = await startRig();
    const emulator = await startEmulator({
      account: smallAccount(),
      topics: [{ arn: TOPIC, subscriptions: [] }],
      buckets: ['reports'],
    });
    const restore = pointSdkTo(emulator.url);
    const { port } = lambda.address() as AddressInfo;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_LIGHTSAIL: rig.emulator.url,
      AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
    });
    try {
      const { plan, text } = await rig.plan(aConfig(WRITTEN));
      const stored = {
        body: Buffer.from(text),
        contentType: 'application/json',
        metadata: {},
        etag: '"plan"',
        lastModified: Date.now(),
      };
      emulator.objects.get('reports')?.set(planFile(plan.id), stored);
      rig.emulator.setFaults([{ fault: 'operation', operations: 'DeleteInstanceSnapshot', polls: 'never' }]);
      rig.emulator.requests.clear();
      const measured: Measurement[] = [];
      const begun = Date.now();
      let slept = 0;
      const clock = () => Date.now() + slept;
      const environment = {
        ...process.env,
        ...buildEnv({ topicArn: TOPIC, bucket: 'reports', deletionMode: 'approve' }),
      };
      const run = wireDeletion(environment, folder, {
        clock,
        async sleep(ms) {
          // Time passes here for all regions at once: the other one has sent its deletes by then.
          while (rig.names().some((name) => /^data-0[45]$/.test(name)))
            await new Promise((resolve) => setTimeout(resolve, 5));
          slept += ms;
          rig.emulator.clockOffset += ms;
        },
        timeout: () => new AbortController().signal,
      });
      const handler = withDurableExecution((event: unknown, context) =>
        run(event, context, (result) => void measured.push(...measurementsOf(result))),
      );
      const functionArn = `arn:aws:lambda:us-east-1:${functionAccount}:function:lightsail-deletion:live`;
      const remaining = () => INVOCATION - (clock() - begun);
      const ended = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal, {
        functionArn,
        remaining,
      });
      test(
        ended,
        rig.emulator,
        emulator.published.map(({ message }) => message),
        measured,
      );
    } finally {
      delete process.env.AWS_ENDPOINT_URL_LIGHTSAIL;
      delete process.env.AWS_ENDPOINT_URL_LAMBDA;
      restore();
      await emulator.close();
      await rig.close();
      lambda.closeAllConnections();
      lambda.close();
    }
  }

  it('gives up an operation that hangs after 3 minutes', () =>
    withWired(ACCOUNT, ({ result }, _, mails) => {
      expect(result).toMatchObject({ state: 'finished', deleted: 2, deletionsFailed: 3 });
      expect(mails.join()).toMatch(
        /NOT KNOWN: 3 \(a delete may have been sent\)\n- web-04: the operation \S+ did not … \(operation\.timeout\)/,
      );
    }));

  it('measures a run that failed, and what it had done', () =>
    withWired(
      ACCOUNT,
      ({ status }, _, mails, measured) => {
        expect([status, mails.length]).toEqual(['FAILED', 1]);
        expect(measured.map(({ name, value }) => [name, value])).toEqual([
          ['Deleted', 0],
          ['DeletionsFailed', 0],
        ]);
      },
      '{}',
    ));

  it('refuses the plan of another account than its own before it asks anything', () =>
    withWired('999999999999', ({ result }, service) => {
      expect(result).toMatchObject({ state: 'refused', code: 'plan.account' });
      expect(service.requests.total()).toBe(0);
    }));
});
