import '../support/one-realm';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableLambdaHandler } from '@aws/durable-execution-sdk-js';
import { type Emulator, startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import { DETAIL_TYPES } from '../../lambda/core/report/retention-event';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { renderPlanJson } from '../../lambda/render/plan';
import { makeReport } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { buildEnv } from '../../lambda/runtime/env';
import { stageFunction } from '../../lambda/runtime/stage-function';
import { DELETION_WRITES_ONCE, planFile } from '../../lambda/storage/keys';
import { DELETION_QUESTIONS } from '../../lib/saved-queries';
import { ACCOUNT, HERE, smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { bundleOf } from '../support/built-programs';
import { aConfig } from '../support/config-builder';
import { validateEvent } from '../support/event-schema';
import { fieldsOfLines } from '../support/log-fields';
import { runCli, unwrapped } from '../support/terminal';
import { type DurableEndpoint, durableEndpoint } from './durable-endpoint';
import { EXECUTION, immortal, runExecution } from './durable-engine';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const CONFIG = {
  version: 1,
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
  caps: { maxShare: 0.9 },
};

describe('the bundle of the deletion function', () => {
  const work = mkdtempSync(join(tmpdir(), 'delete-bundle-'));
  const folder = join(work, 'function');
  beforeAll(() => {
    stageFunction(bundleOf('delete'), { origin: 'retention.yaml', config: CONFIG }, folder);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  interface Deployed {
    readonly emulator: Emulator;
    readonly handler: DurableLambdaHandler;
    /** The plan of a report over the account, in the bucket. */
    readonly plan: { readonly id: string; readonly digest: string };
    readonly left: () => readonly string[];
    /** What Lambda's control plane was asked. */
    readonly asked: string[];
    /** What serves the engine of an execution over HTTP. */
    readonly engine: DurableEndpoint;
    /** The names of the executions that were started through Lambda. */
    readonly started: string[];
    /** What the function wrote on its standard output. */
    readonly logs: () => string;
  }

  /**
   * Runs a test on the bundle, over an account, a bucket, a topic and a control plane that answers what the alias leads
   * to.
   */
  async function withBundle(
    mode: 'approve' | 'automatic',
    alias: (response: ServerResponse) => void,
    test: (deployed: Deployed) => Promise<void>,
  ): Promise<void> {
    const asked: string[] = [];
    const started: string[] = [];
    const executions: Promise<unknown>[] = [];
    const bundle = (): DurableLambdaHandler =>
      (require(join(folder, 'index.js')) as { readonly handler: DurableLambdaHandler }).handler;
    const engine = durableEndpoint();
    const lambda = createServer(async (request, response) => {
      if (await engine.answer(request, response)) return;
      asked.push(`${request.method} ${request.url}`);
      if (request.method === 'GET') return alias(response);
      let body = '';
      for await (const chunk of request) body += chunk;
      const name = String(request.headers['x-amz-durable-execution-name']);
      // A name starts one execution, however often it is asked for.
      if (!started.includes(name)) executions.push(runExecution(bundle, JSON.parse(body), immortal, { name }));
      started.push(name);
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
    const emulator = await startEmulator({
      writeOnce: DELETION_WRITES_ONCE,
      account: smallAccount(),
      topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
      buckets: [BUCKET],
    });
    const restore = pointSdkTo(emulator.url);
    Object.assign(process.env, buildEnv({ topicArn: TOPIC, bucket: BUCKET, deletionMode: mode }), {
      AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
      POWERTOOLS_METRICS_DISABLED: 'true',
    });
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const failures = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const clients = makeLightsailClients();
      const { plan } = await makeReport(
        {
          clock: Date.now,
          digest: digestOf,
          readInventory: makeReadInventory({
            clients,
            firstRegion: HERE,
            account: ACCOUNT,
            kinds: snapshotKinds,
            clock: Date.now,
          }),
        },
        {
          reportId: '20261123T080000Z-1a2b3c4d',
          config: aConfig(CONFIG),
          at: null,
          inventory: { regions: 'all', kinds: ['instance', 'disk', 'database'], deadline: null },
          previous: null,
        },
      );
      emulator.objects.get(BUCKET)?.set(planFile(plan.id), {
        body: Buffer.from([...renderPlanJson(plan)].join('')),
        contentType: 'application/json',
        metadata: {},
        etag: '"plan"',
        lastModified: Date.now(),
      });
      const left = (): readonly string[] =>
        (['instanceSnapshots', 'diskSnapshots'] as const)
          .flatMap((list) =>
            emulator.world.regions.flatMap((region) =>
              emulator.world.rows(region, list).map(({ name }) => String(name)),
            ),
          )
          .sort();
      await test({
        emulator,
        handler: bundle(),
        plan,
        left,
        asked,
        engine,
        started,
        logs: () => written.mock.calls.map(([text]) => String(text)).join(''),
      });
    } finally {
      await Promise.all(executions);
      written.mockRestore();
      failures.mockRestore();
      delete process.env.AWS_ENDPOINT_URL_LAMBDA;
      restore();
      await emulator.close();
      lambda.closeAllConnections();
      lambda.close();
    }
  }

  const leadsTo =
    (answer: object, status = 200) =>
    (response: ServerResponse): void => {
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(status === 200 ? {} : { 'x-amzn-errortype': 'AccessDeniedException' }),
      });
      response.end(JSON.stringify(answer));
    };
  const ALL = [
    'data-01',
    'data-02',
    'data-03',
    'data-04',
    'data-05',
    'web-01',
    'web-02',
    'web-03',
    'web-04',
    'web-05',
    'web-06',
  ];

  it.each(['approve', 'automatic'] as const)(
    'carries out an approved plan over HTTP, records it in the bucket and mails it (%s)',
    (mode) =>
      withBundle(mode, leadsTo({ FunctionVersion: '1' }), async ({ emulator, handler, plan, left, asked }) => {
        const refused = await runExecution(() => handler, { scheduledTime: 'now' }, immortal);
        expect(refused.status).toBe('FAILED');
        const { status, result } = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal);
        expect([status, result]).toEqual([
          'SUCCEEDED',
          expect.objectContaining({ state: 'finished', deleted: 5, delivery: 'sent' }),
        ]);
        expect(left()).toEqual(['data-01', 'data-02', 'data-03', 'web-01', 'web-02', 'web-03']);
        const stored = (key: string): unknown =>
          JSON.parse(emulator.objects.get(BUCKET)?.get(key)?.body.toString() ?? 'null');
        expect(stored(`results/${plan.id}.json`)).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
        expect(stored(`results/${plan.id}/ended-20261123T080000Z-1a2b3c4d.json`)).toEqual({
          digest: plan.digest,
          run: expect.stringMatching(/^20261123T080000Z-1a2b3c4d-./),
          end: { state: 'finished' },
        });
        expect(emulator.published.map(({ subject }) => subject)).toEqual([
          expect.stringMatching(/^\[Lightsail\] 5 of 5 snapshots deleted/),
        ]);
        for (const sent of emulator.requests.list().filter(({ service }) => service === 'lightsail'))
          expect(sent.operation).toMatch(/^(Get|Delete(Instance|Disk|RelationalDatabase)Snapshot$)/);
        const name = encodeURIComponent('arn:aws:lambda:us-east-1:123456789012:function:lightsail-deletion');
        expect(asked).toEqual([`GET /2015-03-31/functions/${name}/aliases/live`]);
      }),
    60_000,
  );

  it('logs one line for each snapshot, and the fields that the saved queries ask for', () =>
    withBundle('approve', leadsTo({ FunctionVersion: '1' }), async ({ handler, plan, logs }) => {
      await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal);
      await runExecution(() => handler, { plan: plan.id, digest: `sha256:${'a'.repeat(64)}` }, immortal);
      for (const { message, fields } of DELETION_QUESTIONS) {
        const known = fieldsOfLines(logs(), message);
        expect([message, fields.filter((field) => !known.has(field))]).toEqual([message, []]);
      }
      const lines = logs()
        .split('\n')
        .flatMap((line) => (line.includes('deletion.snapshot') ? [JSON.parse(line)] : []));
      expect(lines.map(({ name, outcome }) => `${name} ${outcome}`).sort()).toEqual(
        ['data-04', 'data-05', 'web-04', 'web-05', 'web-06'].map((name) => `${name} deleted`),
      );
    }));

  it('puts events of its start and its end on the bus, as the published schema has them', () =>
    withBundle('approve', leadsTo({ FunctionVersion: '1' }), async ({ emulator, handler, plan }) => {
      const bus = 'arn:aws:events:eu-central-1:123456789012:event-bus/default';
      process.env.EVENT_BUS = bus;
      try {
        const { result } = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal);
        expect(result).toMatchObject({ state: 'finished', events: 'sent' });
      } finally {
        delete process.env.EVENT_BUS;
      }
      expect(emulator.events).toMatchObject([
        { bus, detailType: DETAIL_TYPES['deletion-started'], detail: { planId: plan.id, approvedBy: 'caller' } },
        { bus, detailType: DETAIL_TYPES['deletion-ended'], detail: { state: 'finished', totals: { deleted: 5 } } },
      ]);
      expect(emulator.events.flatMap(({ detail }) => validateEvent(detail))).toEqual([]);
    }));

  it('refuses the event of a schedule where it is deployed for approvals, before it reads anything', () =>
    withBundle('approve', leadsTo({ FunctionVersion: '1' }), async ({ emulator, handler, left }) => {
      const before = emulator.requests.total();
      for (const event of [
        { scheduledTime: new Date().toISOString() },
        { scheduledTime: '2026-11-23T08:00:00Z' },
        { scheduledTime: null },
      ]) {
        const { status, error } = await runExecution(() => handler, event, immortal);
        expect([status, JSON.stringify(error)]).toEqual([
          'FAILED',
          expect.stringContaining('cannot delete: got the event'),
        ]);
      }
      expect(emulator.requests.total()).toBe(before);
      expect(left()).toEqual(ALL);
    }));

  it('deletes where the count of the approval is that of the plan, and refuses every other count', () =>
    withBundle('approve', leadsTo({ FunctionVersion: '1' }), async ({ emulator, handler, plan, left }) => {
      const approval = { plan: plan.id, digest: plan.digest };
      for (const count of ['5', 5.5, -1, null]) {
        const { status, error } = await runExecution(() => handler, { ...approval, count }, immortal);
        expect([status, JSON.stringify(error)]).toEqual([
          'FAILED',
          expect.stringContaining('cannot delete: got the event'),
        ]);
      }
      const { result } = await runExecution(() => handler, { ...approval, count: 4 }, immortal);
      expect(result).toMatchObject({ state: 'refused', code: 'plan.count' });
      expect([left(), emulator.published]).toEqual([
        ALL,
        [expect.objectContaining({ subject: '[Lightsail] Nothing deleted: plan.count' })],
      ]);
      expect((await runExecution(() => handler, { ...approval, count: 5 }, immortal)).result).toMatchObject({
        state: 'finished',
        deleted: 5,
      });
    }));

  it('keeps and reads its checkpoints by the client that it brings, and goes on by them in the next invocation', () => {
    let looks = 0;
    const once = (response: ServerResponse): void => {
      looks += 1;
      if (looks === 1) leadsTo({ message: 'not authorized to perform lambda:GetAlias' }, 403)(response);
      else leadsTo({ FunctionVersion: '1' })(response);
    };
    return withBundle('approve', once, async ({ emulator, handler, plan, left, engine }) => {
      const { serve, calls } = engine;
      const ending = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal, { serve });
      expect(ending).toMatchObject({
        status: 'SUCCEEDED',
        result: { state: 'finished', deleted: 5, delivery: 'sent' },
        invocations: 2,
      });
      expect(ending.operations).toEqual(['start', 'approve', 'invocation-1', 'record', 'evidence', 'report']);
      expect(left()).toHaveLength(6);
      expect(emulator.published).toHaveLength(1);
      // The first invocation is told all; the second one reads what its event leaves out, once, before it checkpoints
      // anything.
      const states = calls.flatMap(({ what }, index) => (what === 'GET state' ? [index] : []));
      expect(states).toHaveLength(1);
      expect(calls.length).toBeGreaterThan(4);
      expect(new Set(calls.map(({ what }) => what))).toEqual(new Set(['POST checkpoint', 'GET state']));
      expect(new Set(calls.map(({ execution }) => execution))).toEqual(new Set([EXECUTION]));
      // Each has the token of the answer before it.
      const before = (index: number): number => index - states.filter((state) => state < index).length;
      expect(calls.map(({ token }) => token)).toEqual(calls.map((_, index) => `token-${before(index)}`));
    });
  }, 60_000);

  it.each([
    ['another version', { FunctionVersion: '2' }],
    ['this version and another', { FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.1 } } }],
  ])(
    'deletes nothing where the alias leads to %s',
    (_, answer) =>
      withBundle('approve', leadsTo(answer), async ({ emulator, handler, plan, left }) => {
        const { status, result } = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal);
        expect([status, result]).toEqual([
          'SUCCEEDED',
          expect.objectContaining({ state: 'stopped', code: 'run.superseded', deleted: 0 }),
        ]);
        expect(left()).toEqual(ALL);
        expect(emulator.published.map(({ subject }) => subject)).toEqual([
          '[Lightsail] Nothing deleted: run.superseded',
        ]);
      }),
    60_000,
  );

  it.each([
    ['may not be read', leadsTo({ message: 'not authorized to perform lambda:GetAlias' }, 403), 'AccessDenied'],
    ['is answered without a version', leadsTo({}), 'an answer without a version'],
    ['cannot be reached', (response: ServerResponse) => void response.destroy(), 'cannot tell whether this version'],
  ])(
    'deletes nothing and fails where the alias %s',
    (_, alias, message) =>
      withBundle('approve', alias, async ({ emulator, handler, plan, left }) => {
        const { status, error } = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal);
        expect([status, error]).toEqual(['FAILED', expect.stringContaining(message)]);
        expect(left()).toEqual(ALL);
        expect(emulator.published.map(({ subject }) => subject)).toEqual(['[Lightsail] Nothing deleted: run.failed']);
      }),
    60_000,
  );

  it(
    'is started by apply, which shows what it refuses, and carries out the plan when it is applied again',
    () =>
      withBundle('approve', leadsTo({ FunctionVersion: '1' }), async ({ emulator, plan, left, started }) => {
        const address = `s3://${BUCKET}/plans/${plan.id}.json`;
        const apply = () =>
          runCli(
            ['apply', address, '--digest', plan.digest, '--function', 'lightsail-deletion', '--yes', '5', '--quiet'],
            process.env,
          );
        emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]);
        const refused = await apply();
        expect(refused).toMatchObject({
          code: 4,
          err: expect.stringMatching(/not everything can be read now.*\[inventory\.incomplete\]/),
        });
        expect(left()).toEqual(ALL);
        emulator.setFaults([]);
        const { code, out } = await apply();
        expect(code).toBe(0);
        expect(unwrapped(out)).toContain('Of 5 planned snapshots: 5 deleted.');
        expect(left()).toHaveLength(6);
        expect(started).toEqual([plan.id, expect.stringMatching(new RegExp(`^${plan.id}-\\d{8}T\\d{6}Z$`))]);
        expect(await apply()).toMatchObject({ code: 4, err: expect.stringContaining('[plan.applied]') });
      }),
    120_000,
  );

  it(
    'logs on one line why an automatic deletion took nothing, and returns it',
    () =>
      withBundle('automatic', leadsTo({ FunctionVersion: '1' }), async ({ handler, left, logs }) => {
        const { status, result } = await runExecution(
          () => handler,
          { scheduledTime: new Date().toISOString() },
          immortal,
        );
        const nothing = { state: 'nothing', code: 'auto.no-report', text: 'there is no report' };
        expect([status, result]).toEqual(['SUCCEEDED', nothing]);
        const lines = logs()
          .split('\n')
          .filter((line) => line.includes('"deletion.finished"'))
          .map((line) => JSON.parse(line));
        expect(lines).toEqual([expect.objectContaining({ level: 'INFO', message: 'deletion.finished', ...nothing })]);
        expect(left()).toEqual(ALL);
      }),
    60_000,
  );
});
