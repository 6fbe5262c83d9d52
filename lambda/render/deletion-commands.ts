import type { Plan } from '../core/plan/plan';
import { awsCommand, type RunOptions } from '../core/report/command-line';

/** The alias by which a deletion function is invoked. */
export const ALIAS = 'live';

/** The alias of a function by any of its ARNs, whose qualifier may be a version: one that is replaced by each deployment. */
export const aliasArn = (functionArn: string): string => `${functionArn.split(':').slice(0, 7).join(':')}:${ALIAS}`;

/** How an execution of a deletion function is started by hand. */
export interface InvokeOptions {
  /** That of the execution: by default the plan's id, by which it starts once; one that ended goes on under another name alone. */
  readonly name?: string;
  readonly region?: string;
  /** What the run that prints the command was told. */
  readonly run?: Pick<RunOptions, 'profile'>;
}

/** The command of AWS's own command line by which a person approves this plan and no other. */
export function invokeCommand(
  { id, digest }: Pick<Plan, 'id' | 'digest'>,
  functionArn: string,
  options: InvokeOptions = {},
): string {
  const { name = id, region = functionArn.split(':')[3] ?? '', run } = options;
  const payload = ['--cli-binary-format', 'raw-in-base64-out', '--payload', JSON.stringify({ plan: id, digest })];
  const execution = ['--invocation-type', 'Event', '--durable-execution-name', name];
  return awsCommand(
    ['lambda', 'invoke', '--function-name', functionArn, ...execution, ...payload, '/dev/stdout'],
    region,
    run,
  );
}
