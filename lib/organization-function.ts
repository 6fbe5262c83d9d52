import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Alias, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { buildEnv } from '../lambda/runtime/env';
import type { BundledConfiguration } from '../lambda/runtime/stage-function';
import { BILLS, EVIDENCE, REPORTS, RUNS } from '../lambda/storage/keys';
import { acknowledgeEverything, acknowledgeWildcard } from './acknowledge';
import { durableAlias, durableFunction } from './durable-function';
import { grantKey } from './encryption';
import { putStatement } from './event-bus';
import type { ReportFunction } from './report-function';
import type { ReportStore } from './report-store';

/** What the function of an organization works with. */
export interface OrganizationFunctionProps {
  readonly configuration: BundledConfiguration;
  /** Reads a batch of accounts. */
  readonly report: ReportFunction;
  /** Where the e-mail goes. */
  readonly topic: ITopic;
  readonly store: ReportStore;
  /** Whether it reads the bill of all accounts. */
  readonly spend: boolean;
  /** The expression of the report's schedule. */
  readonly reportSchedule: string;
  /** Where an execution goes that failed. */
  readonly deadLetters: IQueue;
  /** Where events go; absent: none are sent. */
  readonly eventBus?: IEventBus;
  /** Encrypts its logs; absent: CloudWatch Logs itself does. */
  readonly logKey?: IKey;
  readonly logRetention?: RetentionDays;
}

/** 200 batches, ten at a time, each of a quarter of an hour at most, are five hours. */
const ROLL_UP_TIMEOUT = Duration.hours(8);

/**
 * The function that reports on an organization: it lists the accounts, has the report function read them batch by
 * batch, and sends one e-mail. Durable, and started by its alias. It cannot read Lightsail.
 */
export class OrganizationFunction extends Construct {
  readonly function: LambdaFunction;
  /** What is invoked: an execution stays with the version that it began with. */
  readonly alias: Alias;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: OrganizationFunctionProps) {
    super(scope, id);
    const { configuration, report, topic, store, deadLetters, logRetention = RetentionDays.THREE_MONTHS } = props;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.logKey && { encryptionKey: props.logKey }),
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Lists the accounts of the organization and reports on all of them. Can read no snapshot.',
    });
    const isExtensible = this.grantWork(props);
    this.function = durableFunction(this, {
      name: 'organization',
      description:
        'Reports on the Lightsail snapshots of an organization: one e-mail over all accounts. Deletes nothing.',
      configuration,
      role: this.role,
      logGroup: this.logGroup,
      environment: buildEnv({
        topicArn: topic.topicArn,
        bucket: store.bucket.bucketName,
        batchFunction: report.function.functionName,
        reportSchedule: props.reportSchedule,
        ...(props.eventBus && { eventBus: props.eventBus.eventBusArn }),
        ...store.recording,
      }),
      executionTimeout: ROLL_UP_TIMEOUT,
      deadLetters,
    });
    this.alias = durableAlias(this, { role: this.role, target: this.function, isExtensible, more: [] });
  }

  /** Gives the role all that does not name its function. Returns whether the app lets it have policies. */
  private grantWork({ report, topic, store, spend, eventBus }: OrganizationFunctionProps): boolean {
    const { functionArn } = report.function;
    const grants: readonly (readonly [readonly string[], readonly string[]])[] = [
      [['organizations:ListAccounts'], ['*']],
      [['lambda:InvokeFunction'], [functionArn, `${functionArn}:*`]],
      [['sns:ListSubscriptionsByTopic', 'sns:Publish'], [topic.topicArn]],
      [['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]],
    ];
    const bill = [[['ce:GetCostAndUsage'], ['*']]] as const;
    const added = [...grants, ...(spend ? bill : [])].map(([actions, resources]) =>
      this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] })),
    );
    if (eventBus) this.role.addToPolicy(putStatement(eventBus));
    store.grantOrganization(this.role, [REPORTS, RUNS, EVIDENCE, ...(spend ? [BILLS] : [])]);
    if (topic.masterKey) grantKey(topic.masterKey, this.role);
    acknowledgeEverything(
      this.role,
      `organizations:ListAccounts${spend ? ' and ce:GetCostAndUsage know' : ' knows'} no resource-level permission.`,
    );
    acknowledgeWildcard(this.role, functionArn, ':*', 'Versions and aliases of the one function that is invoked.');
    return added.every(Boolean);
  }
}
