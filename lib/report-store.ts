import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, Grant, type IGrantable, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  AUTOMATIC_PLANS,
  DELETION_WRITES_ONCE,
  everyObject,
  PLANS,
  REPORTS,
  RESULT_INDEX,
  RESULTS,
  RUNS,
  WRITE_ONCE,
} from '../lambda/storage/keys';
import { acknowledge, acknowledgeWildcard } from './acknowledge';
import { grantDecryption, grantKey, targetOf } from './encryption';

/** Patterns of all that a deployment writes and reads in its bucket. */
export const storedPatterns = (deletes: boolean): readonly string[] =>
  [REPORTS, PLANS, RUNS, ...(deletes ? [RESULTS] : [])].map(everyObject);

/**
 * How much longer than reports (days) results are kept. A lifecycle rule removes objects some time after they expire,
 * and no result may be removed before the report of its plan.
 */
const RESULTS_MARGIN_DAYS = 30;

/** What people read: reports, the plans made from them, and what became of these. */
const READABLE = [REPORTS, PLANS, RESULTS].map(everyObject);

/** Settings of the place where reports are kept. */
export interface ReportStoreProps {
  /**
   * A bucket of yours to keep reports in, for one deployment alone, in the stack's region. Its lifecycle, lock and
   * encryption are yours too.
   *
   * @default - a private, encrypted, versioned bucket that outlives the stack
   */
  readonly bucket?: IBucket;
  /**
   * The key that encrypts the bucket.
   *
   * @default - the key of S3
   */
  readonly encryptionKey?: IKey;
  /**
   * How long reports are kept in a bucket that is made here, and the plans and notes of runs that belong to them.
   * Results are kept 30 days longer.
   */
  readonly keepReportsFor: Duration;
  /**
   * How long nobody can remove or replace a version of what is written (S3 Object Lock, governance mode). To be chosen
   * at the first deployment: switching it on later makes another bucket.
   *
   * @default - not locked
   */
  readonly lockReportsFor?: Duration;
}

/**
 * A private, encrypted, versioned bucket that outlives its stack: reports are the record of what was kept and why. Or a
 * bucket of yours.
 */
export class ReportStore extends Construct {
  readonly bucket: IBucket;
  /** Null where the bucket is yours. */
  private readonly made: Bucket | null;
  private readonly expiration: Duration;

  constructor(
    scope: Construct,
    id: string,
    { bucket, encryptionKey, keepReportsFor, lockReportsFor }: ReportStoreProps,
  ) {
    super(scope, id);
    this.expiration = keepReportsFor;
    this.made = bucket ? null : this.makeBucket(encryptionKey, keepReportsFor, lockReportsFor);
    // A cast for exactOptionalPropertyTypes: to it, CDK's own bucket is no IBucket.
    this.bucket = bucket ?? (this.made as unknown as IBucket);
  }

  private makeBucket(key: IKey | undefined, expiration: Duration, lock: Duration | undefined): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      ...(key
        ? { encryption: BucketEncryption.KMS, encryptionKey: targetOf(key), bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      ...(lock && { objectLockDefaultRetention: ObjectLockRetention.governance(lock) }),
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        ...[REPORTS, PLANS, RUNS].map((prefix) => ({ id: prefix.slice(0, -1), prefix, expiration })),
        {
          id: 'leftovers',
          noncurrentVersionExpiration: Duration.days(30),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    acknowledge(
      bucket,
      'S1',
      'Holds reports about snapshots. Server access logs need a second bucket in every account; CloudTrail data events show who reads this one.',
    );
    return bucket;
  }

  /**
   * Denies a role to replace what is written once: a write there needs `If-None-Match`, which only a key without an
   * object fulfils.
   */
  private denyReplacing(role: IRole, patterns: readonly string[]): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'WriteOnce',
        effect: Effect.DENY,
        actions: ['s3:PutObject'],
        resources: patterns.map((pattern) => this.bucket.arnForObjects(pattern)),
        // Starting an upload and sending its parts cannot have the header, and create no object.
        conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      }),
    );
  }

  /**
   * Lets a report run read and write what is its own, and, where there is deletion, read the index of results. It can
   * delete nothing, and reach nothing else in the bucket.
   */
  grantReport(role: IRole, deletes: boolean): void {
    const own = storedPatterns(false);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: own.map((pattern) => this.bucket.arnForObjects(pattern)),
      }),
    );
    const deletions = deletes ? [everyObject(RESULT_INDEX)] : [];
    if (deletes)
      role.addToPrincipalPolicy(
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: deletions.map((pattern) => this.bucket.arnForObjects(pattern)),
        }),
      );
    const patterns = [...own, ...deletions];
    this.denyReplacing(role, WRITE_ONCE);
    // Without s3:ListBucket, S3 answers a read of a missing object with "access denied" instead of "not found". Whether
    // it holds that read's key against the prefix is undocumented: so the condition binds only requests that have one.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': patterns } },
      }),
    );
    if (this.bucket.encryptionKey) grantKey(this.bucket.encryptionKey, role);
    for (const pattern of patterns)
      acknowledgeWildcard(role, this.bucket.bucketArn, `/${pattern}`, 'Every run writes under names of its own.');
  }

  /**
   * Lets a deletion read plans and keep what became of them. Where it is automatic, it also reads which reports were
   * sent, and writes plans of its own, beside those of reports, which it can never change.
   */
  grantDeletion(role: IRole, mode: 'approve' | 'automatic'): void {
    const isAutomatic = mode === 'automatic';
    const reads = [PLANS, RESULTS, ...(isAutomatic ? [RUNS] : [])].map(everyObject);
    const writes = [everyObject(RESULTS), ...(isAutomatic ? [AUTOMATIC_PLANS] : [])];
    const lists = [PLANS, RESULTS, ...(isAutomatic ? [REPORTS, RUNS] : [])].map(everyObject);
    const objects = (patterns: readonly string[]): string[] =>
      patterns.map((pattern) => this.bucket.arnForObjects(pattern));
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: objects(reads) }));
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources: objects(writes) }));
    this.denyReplacing(role, DELETION_WRITES_ONCE);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': lists } },
      }),
    );
    if (this.bucket.encryptionKey) grantKey(this.bucket.encryptionKey, role);
    // Without deletion there is no such rule: what was deleted before stays recorded.
    const expiration = this.expiration.plus(Duration.days(RESULTS_MARGIN_DAYS));
    this.made?.addLifecycleRule({ id: 'results', prefix: RESULTS, expiration });
    for (const pattern of new Set([...reads, ...writes]))
      acknowledgeWildcard(
        role,
        this.bucket.bucketArn,
        `/${pattern}`,
        'Every plan and its results have names of their own.',
      );
  }

  /**
   * Lets somebody list and read reports, plans and results, and nothing else in the bucket; decrypt them too, where the
   * bucket has a key.
   */
  grantReading(grantee: IGrantable): Grant {
    if (this.bucket.encryptionKey) grantDecryption(this, this.bucket.encryptionKey, grantee);
    return Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObject'],
      resourceArns: READABLE.map((pattern) => this.bucket.arnForObjects(pattern)),
    }).combine(
      Grant.addToPrincipal({
        grantee,
        actions: ['s3:ListBucket'],
        resourceArns: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': READABLE } },
      }),
    );
  }
}
