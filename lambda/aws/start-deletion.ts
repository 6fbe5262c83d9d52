import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { RetentionError } from '../core/util/errors';
import { isCredentialFailure, isServerFailure } from './aws-errors';
import { isNeverSent, isUnanswered } from './network-errors';

/** An execution of the deletion function. */
export interface DeletionStart {
  /** The function with its alias in the name: permissions on the alias alone are not found for a separate qualifier. */
  readonly functionName: string;
  /** A name starts one execution, however often it is used. */
  readonly execution: string;
  readonly event: object;
}

/** What a failed start means. `uncertain`: it may have been carried out. */
export type StartFailure = 'already-started' | 'uncertain' | 'not-started';

/** Returns what a failed start means; `already-started`: an execution of the name was started with another event. */
export function startFailureOf(cause: unknown): StartFailure {
  if (cause instanceof Error && cause.name === 'DurableExecutionAlreadyStartedException') return 'already-started';
  if (isCredentialFailure(cause) || isNeverSent(cause)) return 'not-started';
  return isUnanswered(cause) || isServerFailure(cause) ? 'uncertain' : 'not-started';
}

/** Returns the error of a plan that was not handed to a function, or perhaps not, with what came back instead. */
export function notInvoked(functionName: string, got: string, cause: unknown): RetentionError {
  const text =
    startFailureOf(cause) === 'uncertain'
      ? `it is not certain that ${functionName} has the plan: got ${got}; ` +
        'wait for its e-mail, or do the same again, which is safe'
      : `cannot hand the plan to ${functionName}: got ${got}; ` +
        "check the function's name, its region and alias, and the permission lambda:InvokeFunction";
  return new RetentionError('apply.invoke', text, { cause });
}

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
