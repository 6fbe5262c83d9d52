import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ownProps } from './check-props';
import { MEMBER_PARAMETERS } from './member-role';
import { SnapshotRetention, type SnapshotRetentionProps } from './snapshot-retention';

/** What a stack takes besides the properties of the construct. */
export interface RetentionStackProps extends SnapshotRetentionProps, StackProps {
  /** The name of a bucket of this account that keeps the reports, instead of `bucket`. */
  readonly bucketName?: string;
}

/**
 * What `cdk deploy` deploys: the construct, and outputs that say where things are, for people and for `doctor`, and
 * what is left to do.
 */
export class RetentionStack extends Stack {
  readonly retention: SnapshotRetention;

  constructor(scope: Construct, id: string, props: RetentionStackProps) {
    const deletes =
      props.deletion === undefined || props.deletion === 'off'
        ? 'Deletes nothing.'
        : 'Deletes what an approved plan lists.';
    super(scope, id, { description: `Reports on Lightsail snapshots by e-mail. ${deletes}`, ...props });
    const { bucketName } = props;
    const own = bucketName === undefined ? {} : { bucket: Bucket.fromBucketName(this, 'History', bucketName) };
    this.retention = new SnapshotRetention(this, 'Retention', { ...ownProps(props), ...own });
    const { topic, report, schedule, deletion, approval, organization, members, configurationDigest } = this.retention;

    new CfnOutput(this, 'TopicArn', { value: topic.topicArn, description: 'Where reports are announced' });
    new CfnOutput(this, 'BucketName', {
      value: this.retention.bucket.bucketName,
      description: 'Where reports are kept; it outlives the stack',
    });
    new CfnOutput(this, 'FunctionName', {
      value: organization?.alias.functionArn ?? report.function.functionName,
      description: 'Invoke it for a report now',
    });
    if (members !== null)
      new CfnOutput(this, 'ManagementParameters', {
        value: MEMBER_PARAMETERS.map((name) => `${name}=${members.parameters[name]}`).join(' '),
        description: 'Parameters of the read role in the management account, which no stack set reaches',
      });
    if (deletion !== null)
      new CfnOutput(this, 'DeletionFunction', {
        value: deletion.alias.functionArn,
        description: 'Carries out a plan: the e-mail of each report has the command',
      });
    if (approval !== null) {
      new CfnOutput(this, 'ViewFunction', {
        value: approval.view.functionArn,
        description: 'Who sees plans on the dashboard needs lambda:InvokeFunction on it',
      });
      new CfnOutput(this, 'ApproveFunction', {
        value: approval.approve.functionArn,
        description: 'Who approves plans on the dashboard needs lambda:InvokeFunction on it too',
      });
    }
    new CfnOutput(this, 'ScheduleName', { value: schedule.scheduleName, description: 'When it reports' });
    new CfnOutput(this, 'ConfigurationDigest', {
      value: configurationDigest,
      description: 'Stands in every report that was made with this configuration',
    });
    new CfnOutput(this, 'NextStep', {
      value: 'AWS has sent a mail to each address: follow its link within two days, or no report will arrive',
      description: 'The subscription must be confirmed',
    });
  }
}
