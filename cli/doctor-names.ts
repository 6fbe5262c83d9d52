import {
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { classify } from '../lambda/aws/aws-errors';
import { PATIENT } from '../lambda/aws/http-limits';
import { deployedSettings } from '../lambda/runtime/env';
import type { Caller } from './aws';
import type { ConstructPart, ConstructParts, Deployed, StackResource } from './doctor-parts';
import type { FoundDeployment } from './doctor-stacks';
import { notRead, type Unknown } from './finding';

/** What Lambda says of a function. */
export type FunctionRead =
  | {
      readonly state: 'read';
      readonly answer: Pick<GetFunctionCommandOutput, 'Configuration' | 'Concurrency'>;
      readonly isWhole: boolean;
    }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly finding: Unknown };

const isNotFound = (error: unknown): boolean => error instanceof Error && error.name === 'ResourceNotFoundException';

/**
 * Reads a function: its state, environment and concurrency, or without the last where `lambda:GetFunction` is denied.
 */
export async function readFunction(caller: Caller, name: string): Promise<FunctionRead> {
  const { credentials, region, connection } = caller;
  const client = new LambdaClient({ credentials, region, requestHandler: connection.withLimits(PATIENT) });
  try {
    const answer = await client.send(new GetFunctionCommand({ FunctionName: name }));
    return { state: 'read', answer, isWhole: true };
  } catch (error) {
    if (isNotFound(error)) return { state: 'absent' };
    const finding = notRead('function', error, 'lambda:GetFunction');
    if (classify(error) !== 'denied') return { state: 'unknown', finding };
    try {
      const Configuration = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
      return { state: 'read', answer: { Configuration, Concurrency: undefined }, isWhole: false };
    } catch (second) {
      return isNotFound(second) ? { state: 'absent' } : { state: 'unknown', finding };
    }
  } finally {
    client.destroy();
  }
}

/** The environment of a function that was read; null: it was not, or Lambda could not decrypt it. */
const functionEnvironment = (read: FunctionRead): Readonly<Record<string, string>> | null =>
  read.state === 'read' ? (read.answer.Configuration?.Environment?.Variables ?? null) : null;

/** The names of a deployment; null where it has none, or none is known. */
export interface Deployment {
  readonly stack: string;
  readonly construct: string;
  readonly functionName: string | null;
  readonly logGroup: string | null;
  readonly scheduleName: string | null;
  readonly topicArn: string | null;
  readonly bucket: string | null;
  readonly deadLetters: string | null;
  /** Digest of the configuration in force; null where the deployment does not say it. */
  readonly configurationDigest: string | null;
  /** Null: no deletion is deployed. */
  readonly deletion: DeletionParts | null;
  readonly report: FunctionRead;
}

export interface DeletionParts {
  /** The function by its alias, which is what is invoked. */
  readonly target: string;
  readonly functionName: string | null;
  readonly role: string | null;
  readonly logGroup: string | null;
  readonly scheduleName: string | null;
}

interface ChosenConstruct {
  readonly candidate: ConstructParts | undefined;
  readonly schedule: StackResource | undefined;
}

/** The construct of a report function, where names alone do not tell: the one whose schedule starts that function. */
async function chooseConstruct(caller: Caller, { report, candidates }: Deployed): Promise<ChosenConstruct> {
  const all = candidates.flatMap((candidate) => candidate.parts.schedule.map((schedule) => ({ candidate, schedule })));
  if (all.length <= 1 && candidates.length === 1) return { candidate: candidates[0], schedule: all[0]?.schedule };
  const { credentials, region, connection } = caller;
  const client = new SchedulerClient({ credentials, region, requestHandler: connection.withLimits(PATIENT) });
  try {
    for (const each of all) {
      if (each.schedule.physicalId === null) continue;
      const answer = await client.send(new GetScheduleCommand({ Name: each.schedule.physicalId })).catch(() => null);
      if (answer?.Target?.Arn?.split(':')[6] === report.physicalId) return each;
    }
    return { candidate: candidates[0], schedule: undefined };
  } finally {
    client.destroy();
  }
}

/** The physical id of a part, where there is exactly one. */
function onlyOne(candidate: ConstructParts | undefined, part: ConstructPart): string | null {
  const found = candidate?.parts[part] ?? [];
  return found.length === 1 ? (found[0]?.physicalId ?? null) : null;
}

function deletionOf(deployed: ConstructParts | undefined, alias: string | null): DeletionParts | null {
  const target = onlyOne(deployed, 'deletionAlias') ?? alias;
  if (target === null) return null;
  return {
    target,
    functionName: onlyOne(deployed, 'deletionFunction'),
    role: onlyOne(deployed, 'deletionRole'),
    logGroup: onlyOne(deployed, 'deletionLogGroup'),
    scheduleName: onlyOne(deployed, 'deletionSchedule'),
  };
}

/**
 * The names of what was found: those of the stack's resources, and of a topic or bucket of the user's own as the
 * function has them.
 */
export async function readDeployment(
  caller: Caller,
  { stack, deployed, outputs }: FoundDeployment,
): Promise<Deployment> {
  const { candidate, schedule } = await chooseConstruct(caller, deployed);
  const functionName = deployed.report.physicalId;
  const report: FunctionRead = functionName === null ? { state: 'absent' } : await readFunction(caller, functionName);
  const settings = deployedSettings(functionEnvironment(report) ?? {});
  return {
    stack,
    construct: candidate?.construct ?? '',
    functionName,
    logGroup: onlyOne(candidate, 'logGroup'),
    scheduleName: schedule?.physicalId ?? null,
    topicArn: onlyOne(candidate, 'topic') ?? settings.topicArn,
    bucket: onlyOne(candidate, 'bucket') ?? settings.bucket,
    deadLetters: onlyOne(candidate, 'deadLetters'),
    configurationDigest: settings.configurationDigest ?? outputs.get('ConfigurationDigest') ?? null,
    deletion: deletionOf(candidate, settings.deletionFunction),
    report,
  };
}

/** A part of a deployment and its name. */
export interface NamedPart {
  readonly label: string;
  readonly name: string;
}

/** The parts of a deployment that have a name, for `docs/runbook.md` and the AWS CLI. */
export function namedParts({ deletion, ...names }: Deployment): readonly NamedPart[] {
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    ['function', names.functionName],
    ['log group', names.logGroup],
    ['schedule', names.scheduleName],
    ['topic', names.topicArn],
    ['bucket', names.bucket],
    ['dead-letter queue', names.deadLetters],
    ['deletion function', deletion?.target],
    ['deletion role', deletion?.role],
    ['deletion log group', deletion?.logGroup],
    ['deletion schedule', deletion?.scheduleName],
  ];
  return rows.flatMap(([label, name]) => (name ? [{ label, name }] : []));
}
