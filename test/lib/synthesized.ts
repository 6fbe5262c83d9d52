import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations, App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RetentionStack } from '../../lib/retention-stack';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';

const FLAGS = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')).context as Record<
  string,
  unknown
>;

/** An app with the feature flags that are deployed, which builds no bundles. */
export const quickApp = (): App => new App({ context: { ...FLAGS, 'aws:cdk:bundling-stacks': [] } });

/** Properties of the smallest stack. */
export const PROPS: SnapshotRetentionProps = {
  configuration: { origin: 'retention.yaml', config: { version: 1, timezone: 'Europe/Berlin' } },
  emails: ['a@example.com'],
};

/** Properties of a stack, as they differ from the smallest one's: also with what is made in it, or brought into it. */
export type GivenProps = Partial<SnapshotRetentionProps> | ((stack: Stack) => Partial<SnapshotRetentionProps>);

/** The template of a stack with these properties instead of the smallest one's. */
export function synthesized(given: GivenProps = {}): Template {
  if (typeof given !== 'function')
    return Template.fromStack(new RetentionStack(quickApp(), 'LightsailRetention', { ...PROPS, ...given }));
  const stack = new Stack(quickApp(), 'LightsailRetention', {
    env: { account: '123456789012', region: 'eu-central-1' },
  });
  // That a policy from elsewhere is not changed has a test of its own.
  for (const what of ['key', 'topic', 'bucket', 'log-key'])
    Annotations.of(stack).acknowledgeWarning(`lightsail-retention:${what}`);
  new SnapshotRetention(stack, 'Retention', { ...PROPS, ...given(stack) });
  return Template.fromStack(stack);
}

const keyArn = (id: string): string => `arn:aws:kms:eu-central-1:123456789012:key/${id}`;
/** Keys that were made elsewhere. */
export const BUCKET_KEY = keyArn('00000000-0000-4000-a000-00000000b0ce');
export const TOPIC_KEY = keyArn('00000000-0000-4000-a000-0000000070b1');

/** A bucket and a topic that were made elsewhere, each encrypted with a key of its own. */
export const elsewhere = (stack: Stack): Partial<SnapshotRetentionProps> => ({
  bucket: Bucket.fromBucketAttributes(stack, 'Bucket', {
    bucketName: 'mine',
    encryptionKey: Key.fromKeyArn(stack, 'BucketKey', BUCKET_KEY),
  }),
  topic: Topic.fromTopicAttributes(stack, 'Topic', {
    topicArn: 'arn:aws:sns:eu-central-1:123456789012:mine',
    keyArn: TOPIC_KEY,
  }),
});

/** A key that encrypts the bucket and the topic which are made here. */
export const ownKey = (stack: Stack): Partial<SnapshotRetentionProps> => ({
  encryptionKey: Key.fromKeyArn(stack, 'Key', BUCKET_KEY),
});

/** One statement of a policy, as far as tests look at it. */
export interface Statement {
  readonly Sid?: string;
  readonly Principal?: unknown;
  readonly Effect: string;
  readonly Action?: string | string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

/**
 * Every policy statement of a template, whatever it is attached to: policies, roles' own and trust, topics, queues,
 * buckets.
 */
export function statementsOf(value: unknown): readonly Statement[] {
  if (Array.isArray(value)) return value.flatMap(statementsOf);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Effect' in value ? [value as Statement] : [];
  return [...own, ...Object.values(value).flatMap(statementsOf)];
}

/** The actions of a statement as a list. */
export const actionsOf = (statement: Statement): readonly string[] => [statement.Action ?? []].flat();
