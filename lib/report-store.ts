import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, Grant, type IGrantable, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
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
import { type ObjectLockSetting, objectLockText } from '../lambda/runtime/env';
import {
  AUTOMATIC_PLANS,
  BILLS,
  DELETION_WRITES_ONCE,
  EVIDENCE,
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
export const storedPatterns = ({ deletes, spend }: StoredParts): readonly string[] =>
  [REPORTS, PLANS, RUNS, ...(deletes ? [RESULTS] : []), EVIDENCE, ...(spend ? [BILLS] : [])].map(everyObject);

/** What a deployment stores besides reports. */
export interface StoredParts {
  readonly deletes: boolean;
  /** Whether final bills are kept. */
  readonly spend: boolean;
}

/**
 * How much longer than reports (days) results are kept. A lifecycle rule removes objects some time after they expire,
 * and no result may be removed before the report of its plan.
 */
const RESULTS_MARGIN_DAYS = 30;

/** Patterns of all that people read: reports, plans, results, and the evidence of these. */
const READABLE = [REPORTS, PLANS, RESULTS, EVIDENCE].map(everyObject);

/** A write without `If-None-Match`. Starting an upload and sending its parts cannot have it, and create no object. */
const WITHOUT_IF_NONE_MATCH = { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } };

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
  /** How many days objects are kept at least. */
  readonly keptDays: number;
  /**
   * The Object Lock of evidence, plans and results.
   *
   * @default - not locked
   */
  readonly objectLock?: ObjectLockSetting;
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
  private readonly objectLock: ObjectLockSetting | null;
  /** The settings of a function that records evidence. */
  readonly recording: { readonly keptDays: string; readonly objectLock?: string };

  constructor(scope: Construct, id: string, props: ReportStoreProps) {
    super(scope, id);
    const { bucket, keepReportsFor, keptDays, objectLock } = props;
    this.expiration = keepReportsFor;
    this.objectLock = objectLock ?? null;
    this.recording = { keptDays: String(keptDays), ...(objectLock && { objectLock: objectLockText(objectLock) }) };
    this.made = bucket ? null : this.makeBucket(props);
    // A cast for exactOptionalPropertyTypes: to it, CDK's own bucket is no IBucket.
    this.bucket = bucket ?? (this.made as unknown as IBucket);
  }

  private makeBucket(props: ReportStoreProps): Bucket {
    const { encryptionKey: key, keepReportsFor: expiration, lockReportsFor: lock, objectLock } = props;
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      ...(key
        ? { encryption: BucketEncryption.KMS, encryptionKey: targetOf(key), bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      ...(lock && { objectLockDefaultRetention: ObjectLockRetention.governance(lock) }),
      ...(objectLock && { objectLockEnabled: true }),
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
    this.keepEvidence(bucket);
    acknowledge(
      bucket,
      'S1',
      'Holds reports about snapshots. Server access logs need a second bucket in every account; CloudTrail data events show who reads this one.',
    );
    return bucket;
  }

  /**
   * Denies everyone to remove or replace evidence. Who wants to do it has to change this policy first, which CloudTrail
   * records even where it records no access to objects. Lifecycle rules remove no evidence.
   */
  private keepEvidence(bucket: Bucket): void {
    const denied = {
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      resources: [bucket.arnForObjects(everyObject(EVIDENCE))],
    };
    bucket.addToResourcePolicy(
      new PolicyStatement({
        ...denied,
        sid: 'KeepEvidence',
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      }),
    );
    bucket.addToResourcePolicy(
      new PolicyStatement({
        ...denied,
        sid: 'WriteEvidenceOnce',
        actions: ['s3:PutObject'],
        conditions: WITHOUT_IF_NONE_MATCH,
      }),
    );
  }

  /** The actions of a role that writes recorded objects. Locking an object never shortens a lock. */
  private get writing(): readonly string[] {
    return this.objectLock === null ? ['s3:PutObject'] : ['s3:PutObject', 's3:PutObjectRetention'];
  }

  /**
   * Denies a role to replace what is written once: a write there needs `If-None-Match`, which only a key without an
   * object fulfils.
   */
  private denyReplacing(role: IRole, resources: readonly string[], sid?: string): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        ...(sid !== undefined && { sid }),
        effect: Effect.DENY,
        actions: ['s3:PutObject'],
        resources: [...resources],
        conditions: WITHOUT_IF_NONE_MATCH,
      }),
    );
  }

  /**
   * Lets a report run read and write what is its own, and, where there is deletion, read the index of results. It can
   * delete nothing, and reach nothing else in the bucket.
   */
  grantReport(role: IRole, { deletes, spend }: StoredParts): void {
    this.grantOwnFolders(role, storedPatterns({ deletes: false, spend }), deletes);
    if (spend) this.expireBills();
  }

  /** Removes stored bills when they are as old as reports. */
  private expireBills(): void {
    this.made?.addLifecycleRule({ id: 'bills', prefix: BILLS, expiration: this.expiration });
  }

  /** The same, for a function of an organization: these folders alone. */
  grantOrganization(role: IRole, folders: readonly string[]): void {
    this.grantOwnFolders(role, folders.map(everyObject), false);
    if (folders.includes(BILLS)) this.expireBills();
  }

  private grantOwnFolders(role: IRole, own: readonly string[], deletes: boolean): void {
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
    this.denyReplacing(
      role,
      WRITE_ONCE.filter((pattern) => own.some((folder) => pattern.startsWith(folder.slice(0, -1)))).map((pattern) =>
        this.bucket.arnForObjects(pattern),
      ),
      'WriteOnce',
    );
    const locked = [PLANS, EVIDENCE].filter((folder) => own.includes(everyObject(folder)));
    if (this.objectLock !== null && locked.length > 0)
      role.addToPrincipalPolicy(
        new PolicyStatement({
          actions: ['s3:PutObjectRetention'],
          resources: locked.map((folder) => this.bucket.arnForObjects(everyObject(folder))),
        }),
      );
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
    const both = [RESULTS, EVIDENCE].map(everyObject);
    const reads = [PLANS, ...(isAutomatic ? [RUNS] : [])].map(everyObject);
    const writes = isAutomatic ? [AUTOMATIC_PLANS] : [];
    const lists = [PLANS, RESULTS, EVIDENCE, ...(isAutomatic ? [REPORTS, RUNS] : [])].map(everyObject);
    const grant = (actions: readonly string[], patterns: readonly string[]): void => {
      if (patterns.length === 0) return;
      const resources = patterns.map((pattern) => this.bucket.arnForObjects(pattern));
      role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources }));
    };
    grant(['s3:GetObject', ...this.writing], both);
    grant(['s3:GetObject'], reads);
    grant(this.writing, writes);
    // In any bucket: a denial may reach further than what is allowed, and IAM counts the characters of a role's policies.
    const anyBucket = `arn:${Stack.of(this).partition}:s3:::*/`;
    this.denyReplacing(
      role,
      DELETION_WRITES_ONCE.map((pattern) => `${anyBucket}${pattern}`),
    );
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
    for (const pattern of [...both, ...reads, ...writes])
      acknowledgeWildcard(
        role,
        this.bucket.bucketArn,
        `/${pattern}`,
        'Every plan and its results have names of their own.',
      );
  }

  /** Lets a function of the dashboard list and read these folders, and nothing else in the bucket. */
  grantFolders(role: IRole, folders: readonly string[]): void {
    const patterns = folders.map(everyObject);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: patterns.map((pattern) => this.bucket.arnForObjects(pattern)),
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': patterns } },
      }),
    );
    if (this.bucket.encryptionKey) grantKey(this.bucket.encryptionKey, role, ['kms:Decrypt']);
    for (const pattern of patterns)
      acknowledgeWildcard(
        role,
        this.bucket.bucketArn,
        `/${pattern}`,
        'Every plan and its results have names of their own.',
      );
  }

  /**
   * Lets a grantee list and read reports, plans, results and evidence, and nothing else in the bucket; decrypt them
   * too, where the bucket has a key.
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
