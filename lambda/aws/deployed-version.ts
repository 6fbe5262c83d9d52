import { GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { RetentionError } from '../core/util/errors';
import { PATIENT, withLimits } from './http-limits';

export interface RunningVersion {
  /** Of the function; what follows its name is left out. */
  readonly functionArn: string;
  /** The version that runs. */
  readonly version: string;
  /** By which the deployed version is invoked. */
  readonly alias: string;
}

/**
 * Whether the version that runs is the deployed one, to which the alias leads and to no other: an execution stays with the version, and so with
 * the configuration, that it began with. Rejects where that cannot be told.
 */
export function makeIsDeployed({ functionArn, version, alias }: RunningVersion): () => Promise<boolean> {
  const client = new LambdaClient({ requestHandler: withLimits(PATIENT) });
  const FunctionName = functionArn.split(':').slice(0, 7).join(':');
  return async () => {
    try {
      const { FunctionVersion, RoutingConfig } = await client.send(new GetAliasCommand({ FunctionName, Name: alias }));
      if (FunctionVersion === undefined) throw new Error('an answer without a version');
      return FunctionVersion === version && Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {}).length === 0;
    } catch (cause) {
      const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      throw new RetentionError(
        'alias.unreadable',
        `cannot tell whether this version of the function is still the deployed one: got ${why}; expected to read the alias ${alias} of ${FunctionName}, with the permission lambda:GetAlias`,
        { cause },
      );
    }
  };
}
