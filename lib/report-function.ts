import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { buildEnv, optionalEnv } from '../lambda/runtime/env';
import type { BundledConfiguration } from '../lambda/runtime/stage-function';
import { REPORTS } from '../lambda/storage/keys';
import { acknowledgeEverything, acknowledgeWildcard } from './acknowledge';
import { grantKey } from './encryption';
import { putStatement } from './event-bus';
import { functionCode } from './function-code';
import { readStatement } from './lightsail-access';
import type { MemberRoles } from './member-roles';
import type { ReportStore, StoredParts } from './report-store';

/** What a report function works with. */
export interface ReportFunctionProps {
  readonly configuration: BundledConfiguration;
  /** Where the e-mail goes. */
  readonly topic: ITopic;
  /** Where reports and plans are kept. */
  readonly store: ReportStore;
  /** What it stores besides reports: then it reads the index of results, or the bill. */
  readonly parts: StoredParts;
  /** Whether it reads the accounts of an organization, batch by batch; the report itself is then made elsewhere. */
  readonly readsMembers: boolean;
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
    const { configuration, topic, store, readsMembers, eventBus, logKey } = props;
    const { logRetention = RetentionDays.THREE_MONTHS } = props;

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
    const sending = readsMembers ? ['sns:Publish'] : ['sns:Publish', 'sns:ListSubscriptionsByTopic'];
    this.role.addToPolicy(statement([topic.topicArn], ...sending));
    this.role.addToPolicy(statement([this.logGroup.logGroupArn], 'logs:CreateLogStream', 'logs:PutLogEvents'));
    if (props.parts.spend && !readsMembers) this.role.addToPolicy(statement(['*'], 'ce:GetCostAndUsage'));
    if (readsMembers) store.grantOrganization(this.role, [REPORTS]);
    else store.grantReport(this.role, props.parts);
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
      code: functionCode(readsMembers ? 'accounts' : 'report', configuration),
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
      // Five accounts at the same time, where it reads those of an organization.
      memorySize: readsMembers ? 1_024 : 512,
      // The longest there is: a throttled account is read slowly, and what is not read is reported as such before the
      // end.
      timeout: Duration.minutes(15),
      retryAttempts: RETRIES,
      // Long enough for every retry to start: three runs of 15 minutes, and the pauses between them.
      maxEventAge: Duration.hours(1),
    });
  }

  /** Lets it assume the read role of every member account. */
  readMembers({ roleName, externalId }: MemberRoles): void {
    const { partition } = Stack.of(this);
    const roleOf = (account: string): string => `arn:${partition}:iam::${account}:role/${roleName}`;
    this.role.addToPolicy(statement([roleOf('*')], 'sts:AssumeRole'));
    acknowledgeWildcard(this.role, roleOf('*'), '', 'The read role of every account of the organization.');
    for (const [name, value] of Object.entries(optionalEnv({ memberRole: roleOf('{account}'), externalId })))
      this.function.addEnvironment(name, value);
  }
}
