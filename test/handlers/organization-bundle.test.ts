import '../support/one-realm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableLambdaHandler } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { runBundle } from '../../cli/run-bundle';
import { sampleAccount } from '../../emulator/sample-account';
import { memberNamed, SAMPLE_ROLE, sampleOrganization } from '../../emulator/sample-organization';
import { startEmulator } from '../../emulator/server';
import { buildEnv } from '../../lambda/runtime/env';
import { stageFunction } from '../../lambda/runtime/stage-function';
import { WRITE_ONCE } from '../../lambda/storage/keys';
import { pointSdkTo } from '../support/aws-env';
import { bundleOf } from '../support/built-programs';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const CONFIG = {
  version: 1,
  policies: { short: { expireAfter: '60d', keep: { last: 3 } } },
  default: 'short',
  report: { spend: true },
  organization: { accounts: { include: ['client-b*', 'client-kennel'] } },
};

describe('the bundles of the functions of an organization', () => {
  const work = mkdtempSync(join(tmpdir(), 'organization-bundle-'));
  const staged = (name: 'organization' | 'accounts'): string => join(work, name);

  beforeAll(async () => {
    for (const name of ['organization', 'accounts'] as const) {
      stageFunction(bundleOf(name), { origin: 'retention.yaml', config: CONFIG }, staged(name));
    }
    await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });
  });
  afterAll(async () => {
    await LocalDurableTestRunner.teardownTestEnvironment();
    rmSync(work, { recursive: true, force: true });
  });

  it('list the accounts, read them in a batch, and send one message, as they are deployed', async () => {
    const now = Date.now();
    const organization = sampleOrganization(now);
    const emulator = await startEmulator({
      account: { account: sampleAccount(now), organization },
      topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
      buckets: [BUCKET],
      writeOnce: WRITE_ONCE,
    });
    const putBack = pointSdkTo(emulator.url);
    const sdk = {
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    Object.assign(process.env, buildEnv({ topicArn: TOPIC, bucket: BUCKET, batchFunction: 'batch' }), {
      POWERTOOLS_METRICS_DISABLED: 'true',
    });
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { handler } = require(join(staged('organization'), 'index.js')) as { readonly handler: DurableLambdaHandler };
    const runner = new LocalDurableTestRunner({ handlerFunction: handler });
    runner.registerFunction('batch', async (event: unknown) => {
      const member = {
        memberRole: `arn:aws:iam::{account}:role/${SAMPLE_ROLE.name}`,
        externalId: SAMPLE_ROLE.externalId,
      };
      const env = { ...buildEnv({ topicArn: TOPIC, bucket: BUCKET, ...member }), ...sdk };
      const answer = await runBundle({
        folder: staged('accounts'),
        event,
        env,
        timeout: 120_000,
        log: () => undefined,
      });
      if (answer.ok) return answer.result;
      throw new Error(answer.error);
    });
    try {
      const execution = await runner.run({ payload: { scheduledTime: new Date(now - 3_600_000).toISOString() } });
      expect(execution.getStatus()).toBe('SUCCEEDED');
      expect(execution.getResult()).toMatchObject({
        delivery: 'sent',
        accounts: 4,
        accountsUnread: 1,
        batchesFailed: 0,
      });
      const stored = [...(emulator.objects.get(BUCKET) ?? [])];
      const summary = stored.find(([key]) => key.endsWith('/summary.json'))?.[1].body.toString() ?? '{}';
      const { accounts, spend } = JSON.parse(summary);
      expect(accounts.map(({ status }: { readonly status: string }) => status).sort()).toEqual([
        'no-role',
        'read',
        'read',
        'read',
      ]);
      expect(spend.byAccount[memberNamed(organization, 'client-bakery')]).toBeGreaterThan(0);
      expect(emulator.published.map(({ subject }) => subject)).toEqual([
        '[Lightsail] INCOMPLETE: 1 of 4 accounts could not be read',
      ]);
      expect(written.mock.calls.join('')).toContain('organization.finished');
    } finally {
      written.mockRestore();
      putBack();
      await emulator.close();
    }
  }, 120_000);
});
