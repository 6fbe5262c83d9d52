import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge';

/** Where a report run writes: reports, the plans made from them, and which scheduled runs were sent. */
const PREFIXES = ['reports/', 'plans/', 'runs/'] as const;

/** Settings of the place where reports are kept. */
export interface ReportStoreProps {
  /**
   * How long reports are kept, and the plans and notes of runs that belong to them.
   *
   * @default - 400 days: a year and a month, so that a report can be compared with that of a year ago
   */
  readonly keepReportsFor?: Duration;
}

/** A private, encrypted, versioned bucket that outlives its stack: reports are the record of what was kept and why. */
export class ReportStore extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: ReportStoreProps = {}) {
    super(scope, id);
    const expiration = props.keepReportsFor ?? Duration.days(400);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        ...PREFIXES.map((prefix) => ({ id: prefix.slice(0, -1), prefix, expiration })),
        { id: 'leftovers', noncurrentVersionExpiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    acknowledge(
      this.bucket,
      'S1',
      'Holds reports about snapshots. Server access logs need a second bucket in every account; CloudTrail data events show who reads this one.',
    );
  }

  /** Lets a report run read and write what is its own. It can delete nothing, and reach nothing else in the bucket. */
  grantReport(role: IRole): void {
    const patterns = PREFIXES.map((prefix) => `${prefix}*`);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: patterns.map((pattern) => this.bucket.arnForObjects(pattern)),
      }),
    );
    // Without s3:ListBucket, S3 answers a read of a missing object with "access denied" instead of "not found". Whether it holds that read's
    // key against the prefix is undocumented: so the condition binds only requests that have one.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': patterns } },
      }),
    );
    for (const pattern of patterns) acknowledgeWildcard(role, this.bucket, `/${pattern}`, 'Every run writes under names of its own.');
  }
}
