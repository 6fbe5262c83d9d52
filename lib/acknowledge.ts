import { type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Acknowledges one finding of cdk-nag's AwsSolutions pack, with the reason for which it is accepted. */
export function acknowledge(construct: IConstruct, finding: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${finding}`, reason });
}

/** Acknowledges that a role may reach what begins with a resource's ARN: `suffix` is what follows the ARN, such as `:*`. */
export function acknowledgeWildcard(role: IConstruct, resource: IConstruct, suffix: string, reason: string): void {
  const child = resource.node.defaultChild as CfnResource;
  acknowledge(role, `IAM5[Resource::<${Stack.of(resource).getLogicalId(child)}.Arn>${suffix}]`, reason);
}
