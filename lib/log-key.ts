import { Annotations, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { targetOf } from './encryption';
import { otherAccount } from './other-accounts';

/**
 * Lets CloudWatch Logs use a key for the log groups of this account. Returns the key for the logs and the dead-letter
 * queue; null, with a warning, if its policy cannot be changed from here: a log group with such a key fails to deploy.
 */
export function keyForLogs(scope: Construct, given: IKey): IKey | null {
  const key = targetOf(given);
  const stack = Stack.of(scope);
  const groups = stack
    .formatArn({ service: 'logs', resource: 'log-group', resourceName: '*' })
    .replace('group/', 'group:');
  const encrypts = new PolicyStatement({
    sid: 'LogsMayEncrypt',
    principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
    actions: ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    resources: ['*'],
    conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
  });
  if (otherAccount(scope, key) === false && key.addToResourcePolicy(encrypts).statementAdded) return key;
  Annotations.of(scope).addWarningV2(
    'lightsail-retention:log-key',
    'encryptionKey: it does not encrypt the log groups and the dead-letter queue, because its policy is not changed from here; expected a key that this app makes in the account of the stack',
  );
  return null;
}
