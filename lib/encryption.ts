import { Annotations, Stack, Token } from 'aws-cdk-lib';
import {
  type AddToResourcePolicyResult,
  Grant,
  type IGrantable,
  type IRole,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct, IConstruct } from 'constructs';
import type { RetentionError } from '../lambda/core/util/errors';
import { acknowledgeWildcard } from './acknowledge';
import { refusedProperty } from './refused-property';

/** What a key of the construct may encrypt. */
export type KeyUse = 'encryptionKey' | 'topic' | 'bucket';

/** The ARN of an alias, of which the region and account may be known at deployment only. */
const ALIAS_ARN = /^(arn:.+):(alias\/.+)$/;

/** Returns the key that an alias of this app leads to; any other key as it is. */
export function targetOf(key: IKey): IKey {
  if (!('aliasTargetKey' in key)) return key;
  try {
    return targetOf(key.aliasTargetKey as IKey);
  } catch {
    // An alias that is imported by its name throws: nothing here says which key it leads to.
    return key;
  }
}

interface ImportedAlias {
  /** `arn:<partition>:kms:<region>:<account>`. */
  readonly home: string;
  /** With its `alias/`. */
  readonly name: string;
}

/** Returns the alias by which a key is imported; null where the key itself is known. */
function importedAlias(scope: IConstruct, key: IKey): ImportedAlias | null {
  const [, home, name] = ALIAS_ARN.exec(key.keyArn) ?? [];
  if (home !== undefined && name !== undefined) return { home, name };
  if (!('aliasName' in key) || typeof key.aliasName !== 'string') return null;
  return {
    home: Stack.of(scope).formatArn({ service: 'kms', resource: '' }).replace(/[:/]$/, ''),
    name: key.aliasName,
  };
}

/** Refuses an alias that no policy could name: without its `alias/`, or inside an expression of CloudFormation. */
export function requireNameable(scope: Construct, prop: KeyUse, given: IKey): void {
  const key = targetOf(given);
  const alias = importedAlias(scope, key);
  const what = prop === 'encryptionKey' ? prop : `${prop}: its key`;
  const refused = (got: string): RetentionError =>
    refusedProperty(
      prop,
      `${what}: got ${got}; expected a key, or an alias by its name: Alias.fromAliasName(this, 'Key', 'alias/mine')`,
    );
  if (alias !== null && !Token.isUnresolved(alias.name) && !alias.name.startsWith('alias/'))
    throw refused(`the alias ${JSON.stringify(alias.name)}, which does not begin with alias/`);
  if (alias === null && /[:"]alias\//.test(JSON.stringify(Stack.of(scope).resolve(key.keyArn))))
    throw refused('an alias inside an expression that is known at deployment only');
}

/** What a policy names a key by: its ARN, or, for an alias, every key of its region and the alias as a condition. */
interface NamedKey {
  readonly resource: string;
  readonly conditions: Record<string, Record<string, string>>;
  /** The account and region whose keys are named; null where one key is. */
  readonly home: string | null;
}

function namedKey(scope: IConstruct, given: IKey): NamedKey {
  const key = targetOf(given);
  const alias = importedAlias(scope, key);
  if (alias === null) return { resource: key.keyArn, conditions: {}, home: null };
  const conditions = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias.name } };
  return { resource: `${alias.home}:key/*`, conditions, home: alias.home };
}

/**
 * Lets a role write what a key encrypts and read it again: what a bucket and a topic with that key ask of their
 * callers. `actions`: other ones than these.
 */
export function grantKey(key: IKey, role: IRole, actions = ['kms:Decrypt', 'kms:GenerateDataKey']): void {
  const { resource, conditions, home } = namedKey(role, key);
  role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource], conditions }));
  if (home !== null)
    acknowledgeWildcard(role, home, ':key/*', 'An alias is no resource of a policy; the condition names it.');
}

/** Lets somebody read what a key encrypts. */
export function grantDecryption(scope: IConstruct, key: IKey, grantee: IGrantable): void {
  const { resource, conditions, home } = namedKey(scope, key);
  if (home === null) targetOf(key).grantDecrypt(grantee);
  else Grant.addToPrincipal({ grantee, actions: ['kms:Decrypt'], resourceArns: [resource], conditions });
}

/**
 * Both calls have the alarm's account: AWS's own constructs bind topic and key by it. (EventBridge's calls to a key
 * have none.)
 */
const alarmsOf = (scope: Construct): ServicePrincipal =>
  new ServicePrincipal('cloudwatch.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  });

function warnUnless(
  { statementAdded }: AddToResourcePolicyResult,
  scope: Construct,
  what: string,
  action: string,
): void {
  if (statementAdded) return;
  Annotations.of(scope).addWarningV2(
    `lightsail-retention:${what}`,
    `the policy of your ${what} is not changed from here: it must allow cloudwatch.amazonaws.com ${action}, or alarms are lost without a word`,
  );
}

/** A key that AWS manages lets no alarm use it, and its policy cannot be changed. */
const isManagedByAws = (scope: Construct, key: IKey): boolean =>
  importedAlias(scope, targetOf(key))?.name.startsWith('alias/aws/') ?? false;

/**
 * Lets this account's CloudWatch alarms publish to a topic, and use the key that encrypts it. A topic with any policy
 * of its own lacks the default one, by which they could. Warns where a policy is not ours to change.
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
  if (isManagedByAws(scope, topic.masterKey)) {
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
  warnUnless(
    targetOf(topic.masterKey).addToResourcePolicy(encrypts),
    scope,
    'key',
    'kms:Decrypt and kms:GenerateDataKey*',
  );
}
