import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { buildEnv } from '../lambda/runtime/env';
import type { BundledConfiguration } from '../lambda/runtime/stage-function';
import { acknowledgeEverything } from './acknowledge';
import { grantKey } from './encryption';
import { putStatement } from './event-bus';
import { functionCode } from './function-code';
import { readStatement } from './lightsail-access';
import type { ReportStore } from './report-store';

/** What a report function works with. */
export interface ReportFunctionProps {
  readonly configuration: BundledConfiguration;
  /** Where the e-mail goes. */
  readonly topic: ITopic;
  /** Where reports and plans are kept. */
  readonly store: ReportStore;
  /** Whether snapshots can be deleted: then the index of reports lists deletions too. */
  readonly deletes: boolean;
  /** Where events go; absent: none are sent. */
  readonly eventBus?: IEventBus;
  /** Encrypts its logs; absent: CloudWatch Logs itself does. */
  readonly logKey?: IKey;
  /**
   * How long its logs are kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
}

const statement = (resources: string[], ...actions: string[]): PolicyStatement =>
  new PolicyStatement({ resources, actions });

/** Retries of a run that failed; a run is idempotent by its scheduled time, so a retry sends no second e-mail. */
const RETRIES = 2;

/** The function that lists, decides and reports, with a role that can read Lightsail and change nothing there. */
export class ReportFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ReportFunctionProps) {
    super(scope, id);
    const { configuration, topic, store, eventBus, logKey, logRetention = RetentionDays.THREE_MONTHS } = props;

    // No name of its own: a named group that outlived its stack blocks the next deployment.
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(logKey && { encryptionKey: logKey }),
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Lists Lightsail snapshots and reports on them. Can delete nothing.',
    });
    this.role.addToPolicy(readStatement());
    this.role.addToPolicy(statement([topic.topicArn], 'sns:Publish', 'sns:ListSubscriptionsByTopic'));
    this.role.addToPolicy(statement([this.logGroup.logGroupArn], 'logs:CreateLogStream', 'logs:PutLogEvents'));
    store.grantReport(this.role, props.deletes);
    if (topic.masterKey) grantKey(topic.masterKey, this.role);
    if (eventBus) this.role.addToPolicy(putStatement(eventBus));
    acknowledgeEverything(
      this.role,
      'Lightsail reads know no resource-level permission; the operations are named one by one.',
    );

    this.function = new LambdaFunction(this, 'Function', {
      description:
        'Reports on Lightsail snapshots: lists everything, decides by policy, sends an e-mail. Deletes nothing.',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: functionCode('report', configuration),
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: buildEnv({
        topicArn: topic.topicArn,
        bucket: store.bucket.bucketName,
        ...store.recording,
        ...(eventBus && { eventBus: eventBus.eventBusArn }),
      }),
      // A large account is read within 256 MB; what is above that buys CPU, of which deciding and writing a report use
      // what they get.
      memorySize: 512,
      // The longest there is: a throttled account is read slowly, and what is not read is reported as such before the
      // end.
      timeout: Duration.minutes(15),
      retryAttempts: RETRIES,
      // Long enough for every retry to start: three runs of 15 minutes, and the pauses between them.
      maxEventAge: Duration.hours(1),
    });
  }
}
