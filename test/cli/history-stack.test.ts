import { S3Client } from '@aws-sdk/client-s3';
import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { openHistory } from '../../cli/history-store';
import { DEFAULT_BUCKET, type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import { RetentionStack } from '../../lib/retention-stack';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { smallAccount } from '../deletion/rig';
import { PROPS, quickApp } from '../lib/synthesized';
import { pointSdkTo } from '../support/aws-env';
import { type ControlPlane, startControlPlane } from '../support/control-plane';
import { anOutcome, aResult, storedResult } from '../support/result-builder';
import { deployedStacks } from '../support/synthesized-stacks';
import { runCli } from '../support/terminal';

const ENV = { account: '123456789012', region: 'us-east-1' };

describe('the history of a stack', () => {
  let control: ControlPlane;
  let emulator: Emulator;
  let putBack: () => void;
  const terminal = { out: process.stdout, err: { write: () => true }, env: process.env } as never;

  // CDK prints every warning.
  beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
  afterEach(() => jest.restoreAllMocks());
  beforeAll(async () => {
    control = await startControlPlane({ stacks: [], functions: {}, schedules: {} });
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(control.url);
    process.env.AWS_REGION = 'us-east-1';
    process.env.AWS_ENDPOINT_URL_S3 = emulator.url;
  });
  afterAll(async () => {
    delete process.env.AWS_ENDPOINT_URL_S3;
    putBack();
    await control.close();
    await emulator.close();
  });

  it('is read in the bucket that the stack makes', async () => {
    control.deployed = deployedStacks(new RetentionStack(quickApp(), 'LightsailRetention', { ...PROPS, env: ENV }));
    const { where } = await openHistory({ stack: 'LightsailRetention' }, terminal);
    expect(where).toMatch(/^s3:\/\/LightsailRetention-RetentionStoreBucket[0-9a-f]{8}$/i);
  });

  it('is read in the bucket that was given to the construct', async () => {
    const stack = new Stack(quickApp(), 'Backups', { env: ENV });
    new SnapshotRetention(stack, 'Retention', {
      ...PROPS,
      bucket: Bucket.fromBucketName(stack, 'Mine', DEFAULT_BUCKET),
    });
    control.deployed = deployedStacks(stack);
    const store = s3Store(
      new S3Client({
        endpoint: emulator.url,
        forcePathStyle: true,
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      }),
      DEFAULT_BUCKET,
    );
    await store.put(storedResult(aResult('20261123T080000Z-a', [anOutcome('web-1')])));
    const { code, out } = await runCli(['history', '--stack', 'Backups', '--format', 'json'], process.env);
    expect({ code, names: JSON.parse(out).map(({ name }: { name: string }) => name) }).toEqual({
      code: 0,
      names: ['web-1'],
    });
  });

  it('is refused in one sentence where there is no such stack', async () => {
    control.deployed = { stacks: [], functions: {}, schedules: {} };
    const { code, out, err } = await runCli(['history', '--stack', 'Nothing'], process.env);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n').at(-1)).toMatch(
      /^error: cannot read the history of the stack Nothing: there is no Nothing in us-east-1; pass --store s3:\/\/BUCKET \[history\.no-store\]$/,
    );
  });
});
