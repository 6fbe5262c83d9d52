import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { elsewhere, ownKey, PROPS, quickApp } from './synthesized';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const HOLD_TAGS = Array.from({ length: 20 }, (_, i) => `${i}`.padStart(128, 'k'));

/** Stacks that differ in their resources; `other` makes a second stack of the app. */
const VARIANTS: Readonly<Record<string, (stack: Stack, other: () => Stack) => Partial<SnapshotRetentionProps>>> = {
  Smallest: () => ({}),
  WithoutSubscribers: () => ({ emails: [], schedule: 'rate(1 day)' }),
  Unmonitored: () => ({ monitoring: 'off' }),
  AlarmsOnly: () => ({ monitoring: 'alarms' }),
  Approve: () => ({ deletion: 'approve' }),
  Automatic: () => ({ deletion: 'automatic' }),
  Organization: () => ({
    organization: { targets: ['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'] },
  }),
  HoldTags: () => ({
    deletion: 'automatic',
    configuration: { origin: 'retention.yaml', config: { version: 1, holdTags: HOLD_TAGS } },
  }),
  Locked: () => ({ lockReportsFor: Duration.days(30), keepReportsFor: Duration.days(90) }),
  OwnKey: (stack) => ({ deletion: 'approve', encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) }),
  ImportedKey: (stack) => ({ deletion: 'automatic', ...ownKey(stack) }),
  KeyAlias: (stack) => ({ deletion: 'automatic', encryptionKey: Alias.fromAliasName(stack, 'Key', 'alias/mine') }),
  Imported: (stack) => ({ deletion: 'automatic', ...elsewhere(stack) }),
  OtherStack: (_, other) => {
    const stack = other();
    const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true });
    const topic = new Topic(stack, 'Topic', { enforceSSL: true, masterKey: encryptionKey });
    const bucket = new Bucket(stack, 'Bucket', { enforceSSL: true, encryptionKey });
    return { deletion: 'automatic', topic, bucket: bucket as IBucket };
  },
};

interface PluginReport {
  readonly pluginName: string;
  readonly violations: readonly {
    readonly description: string;
    readonly violatingConstructs: readonly { readonly constructPath: string }[];
  }[];
}

let setting: string | undefined;
beforeEach(() => {
  setting = process.env.CDK_VALIDATION;
  process.env.CDK_VALIDATION = 'true';
  jest.spyOn(console, 'error').mockReturnValue();
});
afterEach(() => {
  process.env.CDK_VALIDATION = setting;
  jest.restoreAllMocks();
});

test('the CloudFormation rules of CDK find a mistake in a stack, and nothing in any variant of ours', () => {
  const app = quickApp();
  for (const [name, props] of Object.entries(VARIANTS)) {
    const stack = new Stack(app, name, { env: ENV });
    const other = (): Stack => new Stack(app, `${name}Other`, { env: ENV });
    new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props(stack, other) });
  }
  // It proves that the rules are applied. All stacks share one start of the rules, which takes seconds.
  const mistaken = new Stack(app, 'Mistaken', { env: ENV });
  new CfnResource(mistaken, 'Queue', { type: 'AWS::SQS::Queue', properties: { DelaySeconds: 'soon' } });
  expect(() => app.synth()).toThrow('DelaySeconds');
  const { pluginReports } = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8'));
  const found = (pluginReports as readonly PluginReport[])
    .filter(({ pluginName }) => pluginName === 'CloudFormation Validate')
    .flatMap(({ violations }) => violations)
    .map(({ description, violatingConstructs }) => [description, violatingConstructs[0]?.constructPath]);
  expect(found).toEqual([[expect.stringContaining('DelaySeconds'), 'Mistaken/Queue']]);
}, 120_000);
