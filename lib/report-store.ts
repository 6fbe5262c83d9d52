import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge';

/** Where a report run writes: the reports, and the plans made from them. */
const REPORT_PREFIXES = ['reports/*', 'plans/*'] as const;

/** Settings of the place where reports are kept. */
export interface ReportStoreProps {
  /**
   * How long reports, and the plans made with them, are kept.
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
        { id: 'reports', prefix: 'reports/', expiration },
        { id: 'plans', prefix: 'plans/', expiration },
        { id: 'leftovers', noncurrentVersionExpiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    acknowledge(
      this.bucket,
      'S1',
      'Holds reports about snapshots. Server access logs need a second bucket in every account; CloudTrail data events show who reads this one.',
    );
  }

  /** Lets a report run read and write reports and plans. It can delete nothing, and reach nothing else in the bucket. */
  grantReport(role: IRole): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: REPORT_PREFIXES.map((prefix) => this.bucket.arnForObjects(prefix)),
      }),
    );
    // Without s3:ListBucket, S3 answers a read of a missing object with "access denied" instead of "not found". It asks for that permission
    // without a prefix, so the condition binds only requests that name one.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': [...REPORT_PREFIXES] } },
      }),
    );
    for (const prefix of REPORT_PREFIXES) acknowledgeWildcard(role, this.bucket, `/${prefix}`, 'Every run writes under names of its own.');
  }
}
