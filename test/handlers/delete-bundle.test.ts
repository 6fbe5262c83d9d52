import '../support/one-realm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableLambdaHandler } from '@aws/durable-execution-sdk-js';
import { startEmulator } from '../../emulator/server';
import { makeReport } from '../../lambda/app/make-report';
import { planFile } from '../../lambda/app/store-report';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import { digestOf } from '../../lambda/digest';
import { buildEnv } from '../../lambda/env';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { renderPlan } from '../../lambda/render/plan';
import { stageFunction } from '../../lambda/stage-function';
import { bundleHandler } from '../../scripts/bundle';
import { ACCOUNT, HERE, smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { aConfig } from '../support/config-builder';
import { immortal, runExecution } from './durable-engine';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const CONFIG = { version: 1, policies: { standard: { keep: { last: 3 } } }, default: 'standard', caps: { maxShare: 0.9 } };

describe('the bundle of the deletion function', () => {
  const work = mkdtempSync(join(tmpdir(), 'delete-bundle-'));
  const folder = join(work, 'function');
  beforeAll(() => {
    bundleHandler('delete', join(work, 'built'));
    stageFunction(join(work, 'built'), { origin: 'retention.yaml', config: CONFIG }, folder);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(['approve', 'automatic'] as const)(
    'carries out an approved plan over HTTP, records it in the bucket and mails it (%s)',
    async (mode) => {
      const emulator = await startEmulator({
        account: smallAccount(),
        topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
        buckets: [BUCKET],
      });
      const restore = pointSdkTo(emulator.url);
      Object.assign(process.env, buildEnv({ topicArn: TOPIC, bucket: BUCKET, deletionMode: mode }), {
        POWERTOOLS_LOG_LEVEL: 'SILENT',
        POWERTOOLS_METRICS_DISABLED: 'true',
      });
      try {
        const clients = makeLightsailClients();
        const { plan } = await makeReport(
          {
            clock: Date.now,
            digest: digestOf,
            readInventory: makeReadInventory({ clients, firstRegion: HERE, account: ACCOUNT, kinds: snapshotKinds, clock: Date.now }),
          },
          {
            reportId: '20261123T080000Z-1a2b3c4d',
            config: aConfig(CONFIG),
            at: null,
            inventory: { regions: 'all', kinds: ['instance', 'disk', 'database'], deadline: null },
            previous: null,
          },
        );
        const text = [...renderPlan(plan)].join('');
        emulator.objects.get(BUCKET)?.set(planFile(plan.id), {
          body: Buffer.from(text),
          contentType: 'application/json',
          metadata: {},
          etag: '"plan"',
          lastModified: Date.now(),
        });
        const { handler } = require(join(folder, 'index.js')) as { readonly handler: DurableLambdaHandler };
        const refused = await runExecution(() => handler, { scheduledTime: 'now' }, immortal);
        expect(refused.status).toBe('FAILED');
        const { status, result } = await runExecution(() => handler, { plan: plan.id, digest: plan.digest }, immortal);
        expect([status, result]).toEqual(['SUCCEEDED', expect.objectContaining({ state: 'finished', deleted: 5, delivery: 'sent' })]);
        const left = (['instanceSnapshots', 'diskSnapshots'] as const).flatMap((list) =>
          emulator.world.regions.flatMap((region) => emulator.world.rows(region, list).map(({ name }) => name)),
        );
        expect(left.sort()).toEqual(['data-01', 'data-02', 'data-03', 'web-01', 'web-02', 'web-03']);
        const stored = emulator.objects.get(BUCKET)?.get(`results/${plan.id}.json`)?.body.toString() ?? '';
        expect(JSON.parse(stored)).toMatchObject({ status: 'finished', totals: { deleted: 5 } });
        expect(emulator.published.map(({ subject }) => subject)).toEqual([
          expect.stringMatching(/^\[Lightsail\] 5 of 5 planned snapshots deleted/),
        ]);
        for (const sent of emulator.requests.list().filter(({ service }) => service === 'lightsail'))
          expect(sent.operation).toMatch(/^(Get|Delete(Instance|Disk|RelationalDatabase)Snapshot$)/);
      } finally {
        restore();
        await emulator.close();
      }
    },
    60_000,
  );
});
