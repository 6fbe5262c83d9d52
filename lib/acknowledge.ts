import { CfnResource, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Acknowledges one finding of cdk-nag's AwsSolutions pack, with the reason for which it is accepted. */
export function acknowledge(construct: IConstruct, finding: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${finding}`, reason });
}

/**
 * Acknowledges that a role may reach what begins with a resource's ARN: `suffix` is what follows the ARN, such as `:*`. An imported resource
 * has no logical id, so the finding names its ARN.
 */
export function acknowledgeWildcard(role: IConstruct, resource: IConstruct, arn: string, suffix: string, reason: string): void {
  const child = resource.node.defaultChild;
  const named = CfnResource.isCfnResource(child)
    ? `<${Stack.of(resource).getLogicalId(child)}.Arn>`
    : readable(Stack.of(role).resolve(arn));
  acknowledge(role, `IAM5[Resource::${named}${suffix}]`, reason);
}

/** Acknowledges that a role may reach what an ARN with a wildcard names. */
export function acknowledgeArn(role: IConstruct, arn: string, reason: string): void {
  acknowledge(role, `IAM5[Resource::${readable(Stack.of(role).resolve(arn))}]`, reason);
}

/** A resolved ARN as cdk-nag writes it: references in angle brackets. */
function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  if ('Ref' in value) return `<${String(value.Ref)}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return `<${value['Fn::GetAtt'].join('.')}>`;
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) return (value['Fn::Join'][1] as unknown[]).map(readable).join('');
  return JSON.stringify(value);
}
