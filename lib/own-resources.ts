import { Annotations, Aws, CfnRule, Fn, type IResource, Stack, Token } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct, IConstruct } from 'constructs';
import { bucketIdentity } from './bucket-identity';
import { refusedProperty } from './refused-property';

/**
 * What cannot be done with a resource of somebody's own that lies in another region: functions, alarms and encryption
 * reach their own alone.
 */
const OTHERWISE = {
  topic: 'cannot announce reports on a topic of another region',
  bucket: 'cannot keep reports in a bucket of another region',
  encryptionKey: 'cannot encrypt with a key of another region',
  events: 'cannot put events on a bus of another region',
} as const;

/**
 * Refuses a resource of another region than the stack's: here where both are known, by a rule that CloudFormation
 * checks before it deploys anything where the stack's is not. Warns where the resource does not say its own.
 */
export function requireRegion(
  scope: Construct,
  prop: keyof typeof OTHERWISE,
  { env: { region: theirs } }: IResource,
): void {
  const stack = Stack.of(scope);
  const ours = stack.region;
  if (theirs === ours || JSON.stringify(stack.resolve(theirs)) === JSON.stringify(stack.resolve(ours))) return;
  if (Token.isUnresolved(theirs)) {
    Annotations.of(scope).addWarningV2(
      `lightsail-retention:${prop}-region`,
      `${prop}: its region is not known here; it must be the stack's`,
    );
    return;
  }
  if (!Token.isUnresolved(ours))
    throw refusedProperty(prop, `${OTHERWISE[prop]}: got one in ${theirs}, expected ${ours}, where the stack is`);
  new CfnRule(scope, `${prop}Region`, {
    assertions: [
      {
        assert: Fn.conditionEquals(Aws.REGION, theirs),
        assertDescription: `${OTHERWISE[prop]}: it is in ${theirs}; deploy this stack there, or give another`,
      },
    ],
  });
}

/** Refuses a FIFO topic, which takes no e-mail subscription, no alarm, and no message without a group. */
export function requireStandard({ topicArn, fifo }: ITopic): void {
  if (!fifo && (Token.isUnresolved(topicArn) || !topicArn.endsWith('.fifo'))) return;
  throw refusedProperty(
    'topic',
    'cannot announce reports on a FIFO topic: it takes no subscription by e-mail and no alarm; give a standard one, or leave it out',
  );
}

/** What keeps its reports in a bucket. */
interface BucketUser extends IConstruct {
  readonly bucket: IBucket;
}

/**
 * Refuses the bucket of another deployment of the app: what is noted of a run has its time alone, so of two runs of one
 * time the second would find its mail sent.
 */
export function requireUnshared(user: BucketUser, others: readonly BucketUser[]): void {
  const own = bucketIdentity(user, user.bucket);
  const other = own === null ? undefined : others.find((each) => bucketIdentity(each, each.bucket) === own);
  if (other === undefined) return;
  throw refusedProperty(
    'bucket',
    `bucket: got the one of ${other.node.path}, expected one for this deployment alone: of two reports of one time, one would not be mailed`,
  );
}
