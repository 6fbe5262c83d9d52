import { Duration } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Alias, type IVersion, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge';

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
