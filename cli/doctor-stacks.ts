import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
  paginateListStacks,
  type Stack,
  StackStatus,
} from '@aws-sdk/client-cloudformation';
import { PATIENT } from '../lambda/aws/http-limits';
import type { Caller } from './aws';
import { type Deployed, deployedIn, type StackResource } from './doctor-parts';
import { DEPLOY, stackFinding } from './doctor-stack-state';
import { type DoctorFinding, failed, notRead, ok, unknown } from './finding';

/** The stack that `npx cdk deploy` makes in this project. */
export const DEFAULT_STACK = 'LightsailRetention';

/** A construct in a stack of the account. */
export interface FoundDeployment {
  /** The name of the stack, of its root where it is nested. */
  readonly stack: string;
  readonly finding: DoctorFinding;
  readonly deployed: Deployed;
  /** What the root stack says of itself by its outputs. */
  readonly outputs: ReadonlyMap<string, string>;
}

export interface StackSearch {
  readonly found: readonly FoundDeployment[];
  /** What the search itself has to say: what was searched, or what could not be. */
  readonly findings: readonly DoctorFinding[];
}

/** A stack as it is listed: enough to read its resources. */
interface StackCandidate {
  readonly name: string;
  readonly status: string | undefined;
}

const LIVE = Object.values(StackStatus).filter((status) => status !== 'DELETE_COMPLETE');
const NESTED = 'AWS::CloudFormation::Stack';
const MAX_DEPTH = 10;
const CONCURRENT_STACKS = 4;
/** How long (ms) the stacks of an account are searched. */
const SEARCH_LIMIT = 120_000;
const ATTEMPTS = 8;

const isStackAbsent = (error: unknown): boolean => error instanceof Error && /does not exist/.test(error.message);

/** Reads stacks with the permissions `cloudformation:DescribeStacks`, `ListStackResources` and `ListStacks`. */
class StackReader {
  private readonly client: CloudFormationClient;

  constructor(caller: Caller) {
    const { credentials, region, connection } = caller;
    this.client = new CloudFormationClient({
      credentials,
      region,
      maxAttempts: ATTEMPTS,
      retryMode: 'adaptive',
      requestHandler: connection.withLimits(PATIENT),
    });
  }

  /** Null: there is no such stack. */
  async describe(name: string): Promise<Stack | null> {
    try {
      return (await this.client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0] ?? null;
    } catch (error) {
      if (isStackAbsent(error)) return null;
      throw error;
    }
  }

  /** Every stack that is not nested, the one of this project first. */
  async list(): Promise<readonly StackCandidate[]> {
    const all: StackCandidate[] = [];
    for await (const { StackSummaries } of paginateListStacks({ client: this.client }, { StackStatusFilter: LIVE }))
      for (const { StackName, StackStatus: status, ParentId } of StackSummaries ?? [])
        if (StackName !== undefined && ParentId === undefined) all.push({ name: StackName, status });
    const order = ({ name }: StackCandidate): number => (name === DEFAULT_STACK ? 0 : 1);
    return all.sort((a, b) => order(a) - order(b));
  }

  /** The resources of a stack and of each stack nested in it, one list for each stack. */
  async resources(
    name: string,
    seen: Set<string> = new Set(),
    depth = 0,
  ): Promise<readonly (readonly StackResource[])[]> {
    if (seen.has(name) || depth > MAX_DEPTH) return [];
    seen.add(name);
    const own: StackResource[] = [];
    for await (const { StackResourceSummaries } of paginateListStackResources(
      { client: this.client },
      { StackName: name },
    ))
      for (const { LogicalResourceId, ResourceType, PhysicalResourceId, ResourceStatus } of StackResourceSummaries ??
        [])
        own.push({
          logicalId: LogicalResourceId ?? '',
          type: ResourceType ?? '',
          physicalId: ResourceStatus === 'DELETE_COMPLETE' ? null : (PhysicalResourceId ?? null),
        });
    const lists = [own];
    for (const { type, physicalId } of own)
      if (type === NESTED && physicalId !== null)
        lists.push(...((await this.resources(physicalId, seen, depth + 1)) as StackResource[][]));
    return lists;
  }

  close(): void {
    this.client.destroy();
  }
}

const outputsOf = (stack: Stack | null): ReadonlyMap<string, string> =>
  new Map(
    (stack?.Outputs ?? []).flatMap(({ OutputKey, OutputValue }) =>
      OutputKey && OutputValue ? [[OutputKey, OutputValue]] : [],
    ),
  );

/** What the stack of this project names by its outputs, where its resources may not be listed. */
function fromOutputs(outputs: ReadonlyMap<string, string>): Deployed | null {
  const part = (name: string): readonly StackResource[] => {
    const physicalId = outputs.get(name);
    return physicalId === undefined ? [] : [{ logicalId: name, type: '', physicalId }];
  };
  const [report, schedule] = [part('FunctionName'), part('ScheduleName')];
  if (report[0] === undefined || schedule.length === 0) return null;
  const unnamed = {
    logGroup: [],
    deadLetters: [],
    deletionFunction: [],
    deletionRole: [],
    deletionLogGroup: [],
    deletionSchedule: [],
  };
  const [topic, bucket, deletionAlias] = [part('TopicArn'), part('BucketName'), part('DeletionFunction')];
  const parts = { ...unnamed, function: report, schedule, topic, bucket, deletionAlias };
  return { report: report[0], candidates: [{ construct: 'Retention', parts }] };
}

/** The constructs of one stack; throws what reading its resources ended with. */
async function readStack(
  reader: StackReader,
  { name, status }: StackCandidate,
  region: string,
): Promise<readonly FoundDeployment[]> {
  const lists = await reader.resources(name);
  const deployed = lists.flatMap(deployedIn);
  if (deployed.length === 0) return [];
  // Only for what earlier versions say by outputs alone, and for a newer state.
  const stack = await reader.describe(name).catch(() => null);
  const outputs = outputsOf(stack);
  return deployed.map((each) => {
    const where = `${name} in ${region}${deployed.length > 1 ? `, construct ${each.candidates[0]?.construct}` : ''}`;
    return { stack: name, finding: stackFinding(where, stack?.StackStatus ?? status), deployed: each, outputs };
  });
}

/** The stack that was named: its constructs, or why there is none. */
async function searchNamed(
  reader: StackReader,
  name: string,
  region: string,
): Promise<StackSearch & { readonly isAbsent?: true }> {
  const where = `${name} in ${region}`;
  let stack: Stack | null = null;
  let refused: DoctorFinding | null = null;
  try {
    stack = await reader.describe(name);
    if (stack === null) {
      const absent = failed(
        'stack',
        `there is no ${where}`,
        `${DEPLOY}; or name another with --stack NAME and AWS_REGION`,
      );
      return { found: [], findings: [absent], isAbsent: true };
    }
  } catch (error) {
    refused = notRead('stack', error, 'cloudformation:DescribeStacks');
  }
  try {
    const found = await readStack(reader, { name, status: stack?.StackStatus }, region);
    const state = refused;
    if (found.length > 0)
      return { found: state === null ? found : found.map((each) => ({ ...each, finding: state })), findings: [] };
    // Its ids were changed, and its outputs still say them.
    const named = fromOutputs(outputsOf(stack));
    if (named !== null)
      return {
        found: [
          { stack: name, finding: stackFinding(where, stack?.StackStatus), deployed: named, outputs: outputsOf(stack) },
        ],
        findings: [],
      };
  } catch (error) {
    const outputs = outputsOf(stack);
    const deployed = fromOutputs(outputs);
    if (deployed !== null)
      return {
        found: [{ stack: name, finding: stackFinding(where, stack?.StackStatus), deployed, outputs }],
        findings: [],
      };
    return { found: [], findings: [refused ?? notRead('stack', error, 'cloudformation:ListStackResources')] };
  }
  if (stack === null) return { found: [], findings: refused === null ? [] : [refused] };
  const state = stackFinding(where, stack.StackStatus);
  if (state.state === 'failed') return { found: [], findings: [state] };
  const none = failed(
    'stack',
    `${where} contains no SnapshotRetention construct`,
    'name the stack that contains it with --stack NAME',
  );
  return { found: [], findings: [none], isAbsent: true };
}

const pluralStacks = (count: number): string => `${count} ${count === 1 ? 'stack' : 'stacks'}`;

/** Every stack of the region, a few at a time; stops at the limit, and says so. */
async function searchAll(
  reader: StackReader,
  candidates: readonly StackCandidate[],
  region: string,
  limitMs: number,
): Promise<StackSearch> {
  const found: FoundDeployment[] = [];
  const errors: { readonly name: string; readonly error: unknown }[] = [];
  const end = Date.now() + limitMs;
  const queue = [...candidates];
  let searched = 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && Date.now() < end; next = queue.shift()) {
      const { name } = next;
      const result = await readStack(reader, next, region).catch((error: unknown) => {
        // A stack that was removed meanwhile has no construct.
        if (!isStackAbsent(error)) errors.push({ name, error });
        return [];
      });
      found.push(...result);
      searched += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_STACKS }, work));
  const findings: DoctorFinding[] = [];
  const [first] = errors;
  if (first !== undefined) {
    const { message, remedy } = notRead('stack', first.error, 'cloudformation:ListStackResources');
    const others = errors.length === 1 ? first.name : `${first.name} and ${pluralStacks(errors.length - 1)} more`;
    findings.push(unknown('stack', `${message}: ${others}`, remedy));
  }
  if (searched < candidates.length)
    findings.push(
      unknown(
        'stack',
        `${searched} of ${pluralStacks(candidates.length)} in ${region} were searched in ${limitMs / 1000} seconds, the others were not`,
        'name the stack with --stack NAME',
      ),
    );
  return { found: found.sort((a, b) => (a.stack < b.stack ? -1 : 1)), findings };
}

/** Where no stack may be listed: the stack of this project, and that nothing else was searched. */
async function searchDefault(reader: StackReader, error: unknown, region: string): Promise<StackSearch> {
  const { found, findings, isAbsent: isNone } = await searchNamed(reader, DEFAULT_STACK, region);
  if (found.length > 0) return { found, findings };
  const { message, remedy } = notRead('stack', error, 'cloudformation:ListStacks');
  const listing = unknown(
    'stack',
    `${message}; only ${DEFAULT_STACK} was searched`,
    `${remedy}, or name the stack with --stack NAME`,
  );
  return { found, findings: isNone ? [listing] : [listing, ...findings] };
}

/**
 * Finds each deployment of the construct in the region of the caller: in the stack named, else in every stack, nested
 * ones included. A search of every stack that finds nothing is no fault: a person may use the command line alone.
 */
export async function findDeployments(
  caller: Caller,
  stack: string | undefined,
  limitMs = SEARCH_LIMIT,
): Promise<StackSearch> {
  const { region } = caller;
  const reader = new StackReader(caller);
  try {
    if (stack !== undefined) return await searchNamed(reader, stack, region);
    let candidates: readonly StackCandidate[];
    try {
      candidates = await reader.list();
    } catch (error) {
      return await searchDefault(reader, error, region);
    }
    const { found, findings } = await searchAll(reader, candidates, region, limitMs);
    if (found.length > 0) return { found, findings };
    const own = candidates.find(({ name }) => name === DEFAULT_STACK);
    const state = own === undefined ? null : stackFinding(`${own.name} in ${region}`, own.status);
    if (state?.state === 'failed') return { found, findings: [state, ...findings] };
    const none = ok(
      'stack',
      `nothing is deployed in ${region} (${pluralStacks(candidates.length)} searched); AWS_REGION names another region`,
    );
    return { found, findings: findings.length > 0 ? findings : [none] };
  } finally {
    reader.close();
  }
}
