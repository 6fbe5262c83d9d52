import {
  CfnResource,
  DefaultTokenResolver,
  type IResolvable,
  type IResolveContext,
  Reference,
  Stack,
  Token,
  Tokenization,
} from 'aws-cdk-lib';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { IConstruct } from 'constructs';
import { isLookupDummy } from './known-later';

/** Two parts of a text as CloudFormation joins them. */
function join(left: unknown, right: unknown): unknown {
  if (left === undefined || right === undefined) return left ?? right;
  return { 'Fn::Join': ['', [left, right]] };
}

/** Names a reference to another construct by that construct: logical ids alone are equal in two stacks. */
class PathResolver extends DefaultTokenResolver {
  constructor() {
    super({ join });
  }

  override resolveToken(
    token: IResolvable,
    context: IResolveContext,
    postProcessor: Parameters<DefaultTokenResolver['resolveToken']>[2],
  ): unknown {
    if (Reference.isReference(token) && !token.displayName.startsWith('AWS::'))
      return `<${token.target.node.path}.${token.displayName}>`;
    return super.resolveToken(token, context, postProcessor);
  }
}

/** What the pseudo parameters of CloudFormation stand for in a stack, as far as it is known here. */
function pseudoParameters(stack: Stack): Readonly<Record<string, string>> {
  const known = (name: string, value: string): string => (Token.isUnresolved(value) ? `<${name}>` : value);
  return {
    'AWS::AccountId': known('account', stack.account),
    'AWS::Region': known('region', stack.region),
    'AWS::Partition': partitionOf(stack),
    'AWS::StackName': known('stack', stack.stackName),
    'AWS::StackId': `<${stack.node.path}>`,
  };
}

const partitionOf = ({ region }: Stack): string =>
  Token.isUnresolved(region) ? 'aws' : (RegionInfo.get(region).partition ?? 'aws');

/** A resolved name as one text: pseudo parameters filled in, joined where it can be. */
function identityText(value: unknown, pseudo: Readonly<Record<string, string>>): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value && typeof value.Ref === 'string') return pseudo[value.Ref] ?? `<${value.Ref}>`;
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join']) && Array.isArray(value['Fn::Join'][1]))
    return value['Fn::Join'][1].map((part: unknown) => identityText(part, pseudo)).join(String(value['Fn::Join'][0]));
  if ('Fn::Sub' in value && typeof value['Fn::Sub'] === 'string')
    return value['Fn::Sub'].replaceAll(/\$\{([^}!]+)\}/g, (_, name: string) => pseudo[name] ?? `<${name}>`);
  // An expression, such as an import: the same one is another value in another account and region.
  return `${JSON.stringify(value)}@${pseudo['AWS::AccountId']}/${pseudo['AWS::Region']}`;
}

/** The bucket's own resource, where the app makes it. */
export function bucketResource(bucket: IBucket): CfnBucket | null {
  const child = bucket.node.defaultChild;
  return child !== undefined && CfnResource.isCfnResource(child) && child.cfnResourceType === 'AWS::S3::Bucket'
    ? (child as CfnBucket)
    : null;
}

/**
 * Returns a text that is the same for two buckets of an app exactly if they are one bucket, as far as that is known
 * here: the name in its partition, or the construct that makes it. Null where a lookup has still to find the name.
 */
export function bucketIdentity(user: IConstruct, bucket: IBucket): string | null {
  const resource = bucketResource(bucket);
  const stack = Stack.of(resource ?? user);
  const name = resource === null ? bucket.bucketName : resource.bucketName;
  const resolved: unknown = Tokenization.resolve(name, {
    scope: stack,
    resolver: new PathResolver(),
    preparing: false,
  });
  if (resource !== null && resolved === undefined) return `<${resource.node.path}>`;
  const text = identityText(resolved, pseudoParameters(stack));
  return isLookupDummy(text) ? null : `${partitionOf(stack)}:${text}`;
}
