import { Annotations, type IResource, Stack, Token } from 'aws-cdk-lib';
import { AccountPrincipal, AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { targetOf } from './encryption';

/** Whether a resource is of another account than the stack's; `unknown` where it may be. */
export function otherAccount(scope: Construct, { env: { account } }: IResource): boolean | 'unknown' {
  const stack = Stack.of(scope);
  if (
    account === stack.account ||
    JSON.stringify(stack.resolve(account)) === JSON.stringify(stack.resolve(stack.account))
  )
    return false;
  return Token.isUnresolved(account) || Token.isUnresolved(stack.account) ? 'unknown' : true;
}

/** The account as it stands in a sentence. */
const ours = (scope: Construct): string => {
  const { account } = Stack.of(scope);
  return Token.isUnresolved(account) ? "the stack's account" : `account ${account}`;
};

const warn = (scope: Construct, id: string, message: string): void =>
  Annotations.of(scope).addWarningV2(`lightsail-retention:${id}`, message);

/**
 * Puts into the policy of a bucket of one's own what it needs: TLS alone, and the stack's account where the bucket is
 * of another. Warns, once, of all that has to be set where the bucket is made, if its policy cannot be changed from
 * here.
 */
export function completeBucketPolicy(
  scope: Construct,
  bucket: IBucket,
  patterns: readonly string[],
  leastDays: number,
): void {
  const isOther = otherAccount(scope, bucket);
  const tlsOnly = new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:*'],
    resources: [bucket.bucketArn, bucket.arnForObjects('*')],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  });
  const { statementAdded } = bucket.addToResourcePolicy(tlsOnly);
  if (statementAdded && isOther === true) {
    const principals = [new AccountPrincipal(Stack.of(scope).account)];
    const resources = patterns.map((pattern) => bucket.arnForObjects(pattern));
    bucket.addToResourcePolicy(
      new PolicyStatement({ principals, actions: ['s3:GetObject', 's3:PutObject'], resources }),
    );
    bucket.addToResourcePolicy(
      new PolicyStatement({ principals, actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
    );
  }
  if (statementAdded && isOther !== 'unknown') return;
  const access = `allow ${ours(scope)} s3:ListBucket, and s3:GetObject and s3:PutObject on ${patterns.join(', ')}`;
  const needs = [
    ...(statementAdded ? [] : ['deny requests without TLS']),
    ...(isOther === false ? [] : [isOther === true ? access : `${access}, if it is of another account`]),
  ];
  const lifecycle = statementAdded ? '' : `, and its lifecycle must keep objects for at least ${leastDays} days`;
  warn(
    scope,
    'bucket',
    `bucket: its settings are not changed from here: its policy must ${needs.join(', and ')}${lifecycle}`,
  );
}

/**
 * Lets the stack's account use a key of another, for a bucket or a topic that it encrypts. Warns where the key's policy
 * cannot be changed from here.
 */
export function completeKeyPolicy(scope: Construct, what: string, given: IKey): void {
  const key = targetOf(given);
  const isOther = otherAccount(scope, key);
  if (isOther === false) return;
  const actions = ['kms:Decrypt', 'kms:GenerateDataKey'];
  const allowed = new PolicyStatement({
    principals: [new AccountPrincipal(Stack.of(scope).account)],
    actions,
    resources: ['*'],
  });
  if (isOther === true && key.addToResourcePolicy(allowed).statementAdded) return;
  const condition = isOther === true ? '' : ', if it is of another account';
  warn(
    scope,
    `${what}-key`,
    `${what}: its key's policy is not changed from here: it must allow ${ours(scope)} ${actions.join(' and ')}${condition}`,
  );
}

/** Lets the stack's account use a topic of another. Warns where the topic's policy cannot be changed from here. */
export function completeTopicPolicy(scope: Construct, topic: ITopic): void {
  const isOther = otherAccount(scope, topic);
  if (isOther !== true) return;
  const actions = ['sns:Publish', 'sns:ListSubscriptionsByTopic', 'sns:Subscribe'];
  const allowed = new PolicyStatement({
    principals: [new AccountPrincipal(Stack.of(scope).account)],
    actions,
    resources: [topic.topicArn],
  });
  if (topic.addToResourcePolicy(allowed).statementAdded) return;
  warn(
    scope,
    'topic-account',
    `topic: its policy is not changed from here: it must allow ${ours(scope)} ${actions.join(', ')}`,
  );
}
