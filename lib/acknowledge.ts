import { CfnResource, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A suppression as `cdk_nag` metadata of a template has it, which generation 2 of cdk-nag reads. */
interface Suppression {
  readonly id: string;
  readonly reason: string;
  /** Findings of the rule; all of them where it is absent. */
  readonly applies_to?: readonly (string | { readonly regex: string })[];
}

/**
 * `Validations.ACKNOWLEDGED_RULES_METADATA_KEY` of the CDK, which generation 3 of cdk-nag reads. Written without that
 * class: it is not in the oldest CDK that this library works with, and refuses ids that hold `::` before 2.269.
 */
const ACKNOWLEDGED = 'aws:cdk:acknowledged-rules';

/** Suppressions by construct, until the resources below it are all made. */
const pending = new WeakMap<IConstruct, Suppression[]>();

function suppressLater(construct: IConstruct, suppression: Suppression): void {
  pending.set(construct, [...(pending.get(construct) ?? []), suppression]);
}

const acknowledgeFinding = (construct: IConstruct, id: string, reason: string): void =>
  construct.node.addMetadata(ACKNOWLEDGED, { [id]: reason });

/** Acknowledges one rule of cdk-nag's AwsSolutions pack for a construct, with the reason for which it is accepted. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  acknowledgeFinding(construct, `AwsSolutions-${rule}`, reason);
  suppressLater(construct, { id: `AwsSolutions-${rule}`, reason });
}

/** Acknowledges that a role may use actions that know no resource-level permission, on `*`. */
export function acknowledgeEverything(role: IConstruct, reason: string): void {
  acknowledgeFinding(role, 'AwsSolutions-IAM5[Resource::*]', reason);
  suppressLater(role, { id: 'AwsSolutions-IAM5', reason, applies_to: ['Resource::*'] });
}

/**
 * Acknowledges that a role may reach what begins with an ARN: `suffix` is what follows the ARN and holds the wildcard,
 * such as `:*`.
 */
export function acknowledgeWildcard(role: IConstruct, arn: string, suffix: string, reason: string): void {
  const finding = (): string => `AwsSolutions-IAM5[Resource::${flattened(Stack.of(role).resolve(`${arn}${suffix}`))}]`;
  const now = finding();
  acknowledgeFinding(role, now, reason);
  // A reference to another stack is written in another way once the app is synthesized.
  role.node.addValidation({
    validate: () => {
      const final = finding();
      if (final !== now) acknowledgeFinding(role, final, reason);
      return [];
    },
  });
  const regex = `/^Resource::.+${suffix.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$/`;
  suppressLater(role, { id: 'AwsSolutions-IAM5', reason, applies_to: [{ regex }] });
}

const isAbout = ({ cfnResourceType }: CfnResource, { id }: Suppression): boolean =>
  !id.includes('-IAM') || cfnResourceType.startsWith('AWS::IAM::');

/**
 * Writes what was acknowledged below a construct into the metadata of its resources. To be called when all of them are
 * made.
 */
export function writeSuppressions(root: IConstruct): void {
  for (const construct of root.node.findAll()) {
    const all = pending.get(construct) ?? [];
    for (const resource of construct.node.findAll().filter((each) => CfnResource.isCfnResource(each))) {
      const own = all.filter((each) => isAbout(resource, each));
      const earlier: readonly unknown[] = resource.getMetadata('cdk_nag')?.rules_to_suppress ?? [];
      if (own.length > 0) resource.addMetadata('cdk_nag', { rules_to_suppress: [...earlier, ...own] });
    }
    pending.delete(construct);
  }
}

/** A resolved ARN as cdk-nag writes it in a finding: references in angle brackets. */
function flattened(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('${', '<').replaceAll('}', '>');
  if (typeof value !== 'object' || value === null) return '';
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts] = value['Fn::Join'] as [string, readonly unknown[]];
    return parts.map(flattened).join(separator);
  }
  if ('Fn::Sub' in value) return flattened(value['Fn::Sub']);
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt']))
    return `<${value['Fn::GetAtt'].map(flattened).join('.')}>`;
  if ('Fn::ImportValue' in value) return flattened(value['Fn::ImportValue']);
  if ('Ref' in value) return `<${flattened(value.Ref)}>`;
  return JSON.stringify(value);
}
