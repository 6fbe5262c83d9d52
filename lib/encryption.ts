import { Annotations, Stack } from 'aws-cdk-lib';
import { type AddToResourcePolicyResult, type IRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** Lets a role write what a key encrypts and read it again: what a bucket and a topic with that key ask of their callers. */
export function grantKey(key: IKey, role: IRole): void {
  role.addToPrincipalPolicy(new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key.keyArn] }));
}

/** Both calls bear the alarm's account: AWS's own constructs bind topic and key by it. (EventBridge's calls to a key bear none.) */
const alarmsOf = (scope: Construct): ServicePrincipal =>
  new ServicePrincipal('cloudwatch.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } } });

function warnUnless({ statementAdded }: AddToResourcePolicyResult, scope: Construct, what: string, action: string): void {
  if (statementAdded) return;
  Annotations.of(scope).addWarningV2(
    `lightsail-retention:${what}`,
    `the policy of your ${what} is not changed from here: it must allow cloudwatch.amazonaws.com ${action}, or alarms are lost without a word`,
  );
}

/** A key that AWS manages lets no alarm use it, and its policy is nobody's to change. */
const isManagedByAws = (key: IKey): boolean =>
  'aliasName' in key && typeof key.aliasName === 'string' && key.aliasName.startsWith('alias/aws/');

/**
 * Lets this account's CloudWatch alarms publish to a topic, and use the key that encrypts it. A topic with any policy of its own lacks the
 * default one, by which they could. Warns where a policy is not ours to change.
 */
export function letAlarmsPublish(scope: Construct, topic: ITopic): void {
  const publishes = new PolicyStatement({
    sid: 'AlarmsMayPublish',
    principals: [alarmsOf(scope)],
    actions: ['sns:Publish'],
    resources: [topic.topicArn],
  });
  warnUnless(topic.addToResourcePolicy(publishes), scope, 'topic', 'sns:Publish');
  if (!topic.masterKey) return;
  if (isManagedByAws(topic.masterKey)) {
    Annotations.of(scope).addWarningV2(
      'lightsail-retention:key',
      'the topic is encrypted with a key that AWS manages, which no alarm may use: alarms are lost without a word; encrypt it with a key of yours, or not',
    );
    return;
  }
  const encrypts = new PolicyStatement({
    sid: 'AlarmsMayEncrypt',
    principals: [alarmsOf(scope)],
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    resources: ['*'],
  });
  warnUnless(topic.masterKey.addToResourcePolicy(encrypts), scope, 'key', 'kms:Decrypt and kms:GenerateDataKey*');
}
