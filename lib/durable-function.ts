import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { BundledConfiguration, FunctionName } from '../lambda/runtime/stage-function';
import { acknowledgeWildcard } from './acknowledge';
import { functionCode } from './function-code';

export interface DurableFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly configuration: BundledConfiguration;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly environment: Record<string, string>;
  readonly executionTimeout: Duration;
  /** Where an execution goes that failed. */
  readonly deadLetters: IQueue;
}

/** An execution of the same name can be started again after this: the plan, or the roll-up, of one that did not finish. */
const EXECUTION_HISTORY = Duration.days(1);

/** A function whose execution goes on over many invocations. It is started by its alias alone. */
export function durableFunction(
  scope: Construct,
  { name, configuration, executionTimeout, deadLetters, ...props }: DurableFunctionProps,
): LambdaFunction {
  const made = new LambdaFunction(scope, 'Function', {
    ...props,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: functionCode(name, configuration),
    loggingFormat: LoggingFormat.JSON,
    memorySize: 512,
    timeout: Duration.minutes(15),
    durableConfig: { executionTimeout, retentionPeriod: EXECUTION_HISTORY },
    // The engine continues by itself; a start that failed is for a person to check.
    retryAttempts: 0,
    maxEventAge: Duration.hours(1),
    deadLetterQueue: deadLetters,
    // An execution that is in work needs the version that it began with.
    currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
  });
  // By the annotation's own id: an acknowledgement of the validation report leaves the line at every synth.
  Annotations.of(made).acknowledgeInfo(
    'aws-lambda:Function.DurableConfig',
    'It is durable from its first deployment on.',
  );
  return made;
}

/**
 * Lets a durable function checkpoint its own executions, by a policy apart: the role's others are there before the
 * function, this one names it. Null where the app brings its roles (`Role.customizeRoles`): then no policy is made, and
 * the app's report lists it.
 */
function grantCheckpoints(scope: Construct, { role, target, isExtensible, more }: DurableAliasProps): Policy | null {
  const statements = [
    new PolicyStatement({
      actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
      resources: [`${target.functionArn}:*`],
    }),
    ...more,
  ];
  if (!isExtensible) {
    for (const statement of statements) role.addToPolicy(statement);
    return null;
  }
  const policy = new Policy(scope, 'Checkpoints', { roles: [role], statements });
  acknowledgeWildcard(policy, target.functionArn, ':*', 'Its own executions, of every version of it.');
  return policy;
}

export interface DurableAliasProps {
  readonly role: Role;
  readonly target: LambdaFunction;
  /** Whether the app lets the role have policies. */
  readonly isExtensible: boolean;
  /** Statements that name the function too. */
  readonly more: readonly PolicyStatement[];
}

/**
 * The alias by which a durable function is started, after its role can checkpoint: an execution stays with the version
 * that it began with.
 */
export function durableAlias(scope: Construct, props: DurableAliasProps): Alias {
  const checkpoints = grantCheckpoints(scope, props);
  const alias = new Alias(scope, 'Alias', {
    aliasName: 'live',
    // A cast for exactOptionalPropertyTypes: to it, CDK's own version is no IVersion.
    version: props.target.currentVersion as IVersion,
    retryAttempts: 0,
    maxEventAge: Duration.hours(1),
  });
  if (checkpoints !== null) alias.node.addDependency(checkpoints);
  return alias;
}
