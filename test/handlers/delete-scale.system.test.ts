import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { durableSteps } from '../../lambda/aws/durable-steps';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { type DeletionPorts, runDeletion } from '../../lambda/deletion/run-deletion-job';
import { LIMITS } from '../../lambda/handlers/wire-delete';
import type { SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { renderPlanJson } from '../../lambda/render/plan';
import { makeReport } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { planFile } from '../../lambda/storage/keys';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { expectWithinLimits } from '../render/email-limits';
import { aConfig } from '../support/config-builder';
import { aSnapshot, aSource, DAY, NOW } from '../support/report-builder';
import { APPROVED } from '../support/run-origin';
import { runs } from '../support/runs';
import { immortal, runExecution } from './durable-engine';

const ACCOUNT = '123456789012';
/** Deletions of 40 sources. */
const DELETIONS = runs(1_000, 4_000);
/**
 * Invocations are cut by time, not by number: fewer deletions that take longer are as many invocations as 10,000 that
 * take five seconds each.
 */
const SECONDS_EACH = 50_000 / DELETIONS;

test('an execution of 14 hours of deletions stays within a few hundred durable operations, none of them large, and its e-mail within its limit', async () => {
  const config = aConfig({
    policies: { half: { keep: { last: DELETIONS / 40 } } },
    default: 'half',
    caps: { maxDeletions: DELETIONS, maxShare: 0.5 },
  });
  let now = NOW;
  const all = new Map<string, Snapshot>();
  for (let source = 0; source < 40; source += 1)
    for (let age = 1; age <= DELETIONS / 20; age += 1) {
      const name = `before-the-update-of-the-shop-${source}-${age}`;
      all.set(name, aSnapshot({ name, createdAt: NOW - age * DAY, source: aSource(`s${source}`) }));
    }
  const readInventory: DeletionPorts['readInventory'] = (request) =>
    fakeInventory(anInventory({ snapshots: [...all.values()] }))(request);
  let invocationEnds = Number.POSITIVE_INFINITY;
  let invocation = new AbortController();
  const deletion: SnapshotDeletion = {
    readSnapshot: async ({ name }) => ({ ok: true, value: all.get(name) ?? null }),
    readSource: async () => ({ ok: true, value: null }),
    readOperation: async (_, id) => ({ ok: true, value: { id, state: 'done', code: null, details: null } }),
    readClock: async () => ({ ok: true, value: { service: now, machine: now } }),
    deleteSnapshot: async ({ name }) => {
      all.delete(name);
      now += SECONDS_EACH * 1_000;
      if (now >= invocationEnds) invocation.abort();
      return { ok: true, value: [{ id: 'an-operation', state: 'done', code: null, details: null }] };
    },
  };
  const objects = new Map<string, string>();
  const store = memoryStore(objects);
  const channel = fakeChannel();
  const ports: DeletionPorts = {
    clock: () => now,
    monotonic: () => now,
    sleep: async () => undefined,
    timeout: (ms) => {
      invocationEnds = now + ms;
      invocation = new AbortController();
      return invocation.signal;
    },
    beforeEnd: () => new AbortController().signal,
    retrySettings: RETRY_SETTINGS,
    limits: LIMITS,
    store,
    channel,
    digest: digestOf,
    readInventory,
    deletion,
    config,
    account: ACCOUNT,
    isDeployed: async () => true,
    again: () => ({ command: '', region: 'us-east-1' }),
  };
  const inventory = { regions: 'all', kinds: ['instance'], deadline: null } as const;
  const { plan } = await makeReport(ports, {
    reportId: '20261123T080000Z-1a2b3c4d',
    config,
    at: null,
    inventory,
    previous: null,
  });
  expect(plan.items).toHaveLength(DELETIONS);
  objects.set(planFile(plan.id), [...renderPlanJson(plan)].join(''));

  const sizes: number[] = [];
  const handler = withDurableExecution(async (_: unknown, context) => {
    const steps = durableSteps(context);
    const measured: typeof steps = {
      ...steps,
      step: (name, run) =>
        steps.step(name, async () => {
          const result = await run();
          sizes.push(JSON.stringify(result).length);
          return result;
        }),
    };
    return runDeletion(measured, ports, { kind: 'approved', plan: plan.id, digest: plan.digest, approvedBy: APPROVED });
  });
  const { status, result, operations } = await runExecution(() => handler, {}, immortal);
  expect([status, result]).toEqual(['SUCCEEDED', expect.objectContaining({ state: 'finished', deleted: DELETIONS })]);
  expect(all.size).toBe(DELETIONS);
  // 14 hours of deletions, in invocations of at most eight minutes.
  expect(operations.length).toBeGreaterThan(100);
  expect(operations.length).toBeLessThan(300);
  expect(Math.max(...sizes)).toBeLessThan(1_000);
  const [mail] = channel.sent;
  expectWithinLimits({ subject: mail?.subject ?? '', body: mail?.body ?? '' });
  expect(mail?.body).toContain(`\nDELETED: ${DELETIONS.toLocaleString('en-US')} `);
  expect(mail?.body).toMatch(/^Every snapshot and its outcome: memory:results\//m);
}, 300_000);

test('even a run that uses all of its invocations does', () => {
  expect(2 * LIMITS.invocations + 4).toBeLessThan(500);
});
