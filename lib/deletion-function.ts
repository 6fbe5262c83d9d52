import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Alias, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Config } from '../lambda/core/policy/config';
import { buildEnv, type DeployedDeletion } from '../lambda/runtime/env';
import type { BundledConfiguration } from '../lambda/runtime/stage-function';
import { acknowledgeEverything } from './acknowledge';
import { deletionStatements } from './deletion-access';
import { durableAlias, durableFunction } from './durable-function';
import { grantKey } from './encryption';
import { putStatement } from './event-bus';
import type { ReportStore } from './report-store';

/** What a deletion function works with. */
export interface DeletionFunctionProps {
  readonly mode: DeployedDeletion;
  readonly configuration: BundledConfiguration;
  /** The same, validated: its hold tags are denied in the role as well. */
  readonly config: Config;
  /** Where outcomes are announced. */
  readonly topic: ITopic;
  /** Where plans are, and what became of them. */
  readonly store: ReportStore;
  /** The expression of the report's schedule, by which automatic deletion knows its days. */
  readonly reportSchedule: string;
  /** Where an execution goes that failed. */
  readonly deadLetters: IQueue;
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

/** The function ends a run itself after 23 hours and tells what is left: this is for one that cannot. */
const EXECUTION_TIMEOUT = Duration.hours(24);

const environmentOf = ({
  mode,
  topic,
  store,
  reportSchedule,
  eventBus,
}: DeletionFunctionProps): Record<string, string> =>
  buildEnv({
    topicArn: topic.topicArn,
    bucket: store.bucket.bucketName,
    deletionMode: mode,
    ...(mode === 'automatic' && { reportSchedule }),
    ...store.recording,
    ...(eventBus && { eventBus: eventBus.eventBusArn }),
  });

/**
 * The function that carries out plans, the only one that can delete snapshots; durable, and started by its alias alone.
 */
export class DeletionFunction extends Construct {
  readonly function: LambdaFunction;
  /** What is invoked: an execution stays with the version that it began with. */
  readonly alias: Alias;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: DeletionFunctionProps) {
    super(scope, id);
    const { configuration, deadLetters, logKey, logRetention = RetentionDays.THREE_MONTHS } = props;

    // Its log is part of the record of a deletion, and outlives the function.
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(logKey && { encryptionKey: logKey }),
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Deletes the Lightsail snapshots of approved plans, and nothing else.',
    });
    const isExtensible = this.grantWork(props);

    this.function = durableFunction(this, {
      name: 'delete',
      description:
        'Deletes the Lightsail snapshots of approved plans: each is looked at again first, and every outcome is e-mailed.',
      configuration,
      role: this.role,
      logGroup: this.logGroup,
      environment: environmentOf(props),
      executionTimeout: EXECUTION_TIMEOUT,
      deadLetters,
    });
    const { functionArn } = this.function;
    this.alias = durableAlias(this, {
      role: this.role,
      target: this.function,
      isExtensible,
      // A run stops when another version than its own is deployed.
      more: [new PolicyStatement({ actions: ['lambda:GetAlias'], resources: [functionArn, `${functionArn}:live`] })],
    });
  }

  /** Gives the role all that does not name the function. Returns whether the app lets it have policies. */
  private grantWork({ mode, config, topic, store, deadLetters, eventBus }: DeletionFunctionProps): boolean {
    for (const statement of deletionStatements(this.role, config)) this.role.addToPolicy(statement);
    this.role.addToPolicy(
      new PolicyStatement({
        actions: mode === 'automatic' ? ['sns:Publish', 'sns:ListSubscriptionsByTopic'] : ['sns:Publish'],
        resources: [topic.topicArn],
      }),
    );
    const isExtensible = this.role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    store.grantDeletion(this.role, mode);
    if (topic.masterKey) grantKey(topic.masterKey, this.role);
    if (deadLetters.encryptionMasterKey) grantKey(deadLetters.encryptionMasterKey, this.role);
    if (eventBus) this.role.addToPolicy(putStatement(eventBus));
    acknowledgeEverything(
      this.role,
      'Lightsail reads know no resource-level permission; the operations are named one by one.',
    );
    return isExtensible;
  }
}
