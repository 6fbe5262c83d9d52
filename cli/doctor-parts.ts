/** A resource of a stack, as CloudFormation lists it. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** Null where it was not made yet, or is gone. */
  readonly physicalId: string | null;
}

/** The resources of a `SnapshotRetention` construct that have a name to tell: type, and the ids below the construct. */
export const PARTS = {
  function: { type: 'AWS::Lambda::Function', path: ['Report', 'Function'] },
  logGroup: { type: 'AWS::Logs::LogGroup', path: ['Report', 'Logs'] },
  schedule: { type: 'AWS::Scheduler::Schedule', path: ['Schedule'] },
  topic: { type: 'AWS::SNS::Topic', path: ['Topic'] },
  bucket: { type: 'AWS::S3::Bucket', path: ['Store', 'Bucket'] },
  deadLetters: { type: 'AWS::SQS::Queue', path: ['DeadLetters'] },
  deletionFunction: { type: 'AWS::Lambda::Function', path: ['Deletion', 'Function'] },
  deletionAlias: { type: 'AWS::Lambda::Alias', path: ['Deletion', 'Alias'] },
  deletionRole: { type: 'AWS::IAM::Role', path: ['Deletion', 'Role'] },
  deletionLogGroup: { type: 'AWS::Logs::LogGroup', path: ['Deletion', 'Logs'] },
  deletionSchedule: { type: 'AWS::Scheduler::Schedule', path: ['DeletionSchedule'] },
} as const satisfies Readonly<Record<string, { readonly type: string; readonly path: readonly string[] }>>;

export type ConstructPart = keyof typeof PARTS;

/** Those that tell a deployment from a function that happens to have the same name. */
const COMPANIONS = ['schedule', 'deadLetters', 'bucket', 'topic'] as const satisfies readonly ConstructPart[];

/**
 * A construct path that the names fit, and the resources that can be each of its parts: several where their names are
 * equal.
 */
export interface ConstructParts {
  /** The ids of the construct's path, without separators, as logical ids have them. */
  readonly construct: string;
  readonly parts: Readonly<Record<ConstructPart, readonly StackResource[]>>;
}

/** A report function of a stack, and the constructs that it can be of: mostly one. */
export interface Deployed {
  readonly report: StackResource;
  readonly candidates: readonly ConstructParts[];
}

/** A logical id without the hash that the CDK adds. */
const partName = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');

/** The names that the CDK makes of an id below a construct: it leaves out an id in which the one before it ends. */
function partNames(construct: string, path: readonly string[]): ReadonlySet<string> {
  const [first = '', ...rest] = path;
  return new Set([
    `${construct}${path.join('')}`,
    ...(construct.endsWith(first) ? [`${construct}${rest.join('')}`] : []),
  ]);
}

function resourcesOf(
  construct: string,
  part: ConstructPart,
  resources: readonly StackResource[],
): readonly StackResource[] {
  const { type, path } = PARTS[part];
  const names = partNames(construct, path);
  return resources.filter((resource) => resource.type === type && names.has(partName(resource.logicalId)));
}

function constructParts(construct: string, resources: readonly StackResource[]): ConstructParts {
  const parts = (Object.keys(PARTS) as ConstructPart[]).map(
    (part) => [part, resourcesOf(construct, part, resources)] as const,
  );
  return { construct, parts: Object.fromEntries(parts) as ConstructParts['parts'] };
}

const companionsOf = ({ parts }: ConstructParts): number => COMPANIONS.filter((part) => parts[part].length > 0).length;

/** Each `SnapshotRetention` construct among the resources of one stack, found by type and construct path. Pure. */
export function deployedIn(resources: readonly StackResource[]): readonly Deployed[] {
  return resources.flatMap((report) => {
    const name = partName(report.logicalId);
    if (report.type !== PARTS.function.type || !name.endsWith('ReportFunction')) return [];
    const candidates = ['ReportFunction', 'Function']
      .map((ending) => constructParts(name.slice(0, -ending.length), resources))
      .filter((each) => companionsOf(each) > 0);
    const most = Math.max(...candidates.map(companionsOf));
    const likely = candidates.filter((each) => companionsOf(each) === most);
    return likely.length === 0 ? [] : [{ report, candidates: likely }];
  });
}
