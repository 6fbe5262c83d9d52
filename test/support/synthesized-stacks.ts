import { NestedStack, type Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  type Deployed,
  type DeployedSchedule,
  type DeployedStack,
  type LambdaFunction,
  stackArn,
} from './control-plane';

type Value = string | { readonly Ref?: string; readonly 'Fn::GetAtt'?: readonly [string, string] };

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const ACCOUNT = '123456789012';
const REGION = 'us-east-1';

/** The physical id that CloudFormation gives a resource, as far as it matters here: names, addresses or ARNs. */
function physicalIdOf(stack: string, logicalId: string, type: string): string {
  const name = `${stack}-${logicalId}`;
  if (type === 'AWS::SNS::Topic') return `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
  if (type === 'AWS::SQS::Queue') return `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
  if (type === 'AWS::Lambda::Alias') return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}:live`;
  return type === 'AWS::S3::Bucket' ? name.toLowerCase() : name;
}

const functionArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

/** What a stack and the stacks nested in it look like when they are deployed under these names. */
function deployedStack(stack: Stack, name: string, root: string | undefined): Deployed {
  const resources = (Template.fromStack(stack).toJSON().Resources ?? {}) as Readonly<Record<string, Resource>>;
  const nested = stack.node
    .findAll()
    .filter((each): each is NestedStack => NestedStack.isNestedStack(each) && each.nestedStackParent === stack);
  const nestedNames = new Map(
    nested.map((each) => [stack.resolve(each.nestedStackResource?.logicalId) as string, `${name}-${each.node.id}`]),
  );
  const physicalId = (logicalId: string): string => {
    const child = nestedNames.get(logicalId);
    return child === undefined ? physicalIdOf(name, logicalId, resources[logicalId]?.Type ?? '') : stackArn(child);
  };
  const resolve = (value: Value): string => {
    if (typeof value === 'string') return value;
    const logicalId = value.Ref ?? value['Fn::GetAtt']?.[0] ?? '';
    const id = physicalId(logicalId);
    return value['Fn::GetAtt'] !== undefined && resources[logicalId]?.Type === 'AWS::Lambda::Function'
      ? functionArn(id)
      : id;
  };
  const functions: Record<string, LambdaFunction> = {};
  const schedules: Record<string, DeployedSchedule> = {};
  for (const [logicalId, { Type, Properties = {} }] of Object.entries(resources)) {
    if (Type === 'AWS::Lambda::Function') {
      const { Variables = {} } = (Properties.Environment ?? {}) as {
        readonly Variables?: Readonly<Record<string, Value>>;
      };
      const environment = Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, resolve(value)]));
      functions[physicalId(logicalId)] = { State: 'Active', environment };
    }
    if (Type === 'AWS::Scheduler::Schedule') {
      const { ScheduleExpression, ScheduleExpressionTimezone, Target } = Properties as unknown as DeployedSchedule & {
        readonly Target: { readonly Arn: Value };
      };
      const arn = resolve(Target.Arn);
      schedules[physicalId(logicalId)] = {
        State: 'ENABLED',
        ScheduleExpression,
        ScheduleExpressionTimezone,
        Target: { Arn: arn },
      };
    }
  }
  const own: DeployedStack = {
    name,
    status: 'CREATE_COMPLETE',
    ...(root !== undefined && { parent: root }),
    resources: Object.entries(resources).map(([logicalId, { Type }]) => ({
      logicalId,
      type: Type,
      physicalId: physicalId(logicalId),
    })),
  };
  const below = nested.map((each) => deployedStack(each, `${name}-${each.node.id}`, root ?? name));
  return {
    stacks: [own, ...below.flatMap(({ stacks }) => stacks)],
    functions: Object.assign(functions, ...below.map((each) => each.functions)),
    schedules: Object.assign(schedules, ...below.map((each) => each.schedules)),
  };
}

/**
 * What stacks look like when they are deployed: their real logical ids, types and environments, with physical ids made
 * up.
 */
export function deployedStacks(...stacks: readonly Stack[]): Deployed {
  for (const root of new Set(stacks.map((stack) => Stage.of(stack)))) root?.synth({ force: true });
  const all = stacks.map((stack) => deployedStack(stack, stack.stackName, undefined));
  return {
    stacks: all.flatMap((each) => each.stacks),
    functions: Object.assign({}, ...all.map((each) => each.functions)),
    schedules: Object.assign({}, ...all.map((each) => each.schedules)),
  };
}
