import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { RetentionError } from '../core/util/errors';

/** An execution of the deletion function. */
export interface DeletionStart {
  /** The function with its alias in the name: permissions on the alias alone are not found for a separate qualifier. */
  readonly functionName: string;
  /** A name starts one execution, however often it is used. */
  readonly execution: string;
  readonly event: object;
}

/** Returns the error of a plan that could not be handed to a function, with what came back instead. */
export const notInvoked = (functionName: string, got: string, cause: unknown): RetentionError =>
  new RetentionError(
    'apply.invoke',
    `cannot hand the plan to ${functionName}: got ${got}; check the function's name, its region and alias, and the permission lambda:InvokeFunction`,
    { cause },
  );

/** The error where an execution of the name exists that was started with another event. */
export const ALREADY_STARTED = 'DurableExecutionAlreadyStartedException';

/** Starts the deletion function and does not wait for it. Rejects with the error of the service. */
export async function startDeletion(
  client: LambdaClient,
  { functionName, execution, event }: DeletionStart,
): Promise<void> {
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'Event',
      DurableExecutionName: execution,
      Payload: Buffer.from(JSON.stringify(event)),
    }),
  );
  if (answer.FunctionError !== undefined) throw new Error(answer.FunctionError);
}
