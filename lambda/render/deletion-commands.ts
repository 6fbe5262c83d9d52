import type { Plan } from '../core/plan/plan';
import { awsCommand, type RunOptions } from '../core/report/command-line';

/** The alias by which a deletion function is invoked. */
export const ALIAS = 'live';

/** The alias ARN of a function, from any of its ARNs: each deployment replaces the version. */
export const aliasArn = (functionArn: string): string => `${functionArn.split(':').slice(0, 7).join(':')}:${ALIAS}`;

/** Options of a manual execution of the deletion function. */
export interface InvokeOptions {
  /** The execution name; by default the plan id, so that it starts once. A continued plan needs another name. */
  readonly name?: string;
  readonly region?: string;
  /** The options of the run that prints the command. */
  readonly run?: Pick<RunOptions, 'profile'>;
}

/** The AWS CLI command that approves this plan. */
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
