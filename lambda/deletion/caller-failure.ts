import { RetentionError } from '../core/util/errors';
import type { CallFailure, CallResult, SnapshotDeletion } from '../ports/deletion-ports';

/** The code of a run that stopped because its own credentials or connection failed. */
export const CALLER_FAILED = 'caller.failed';

const MAX_CAUSES = 5;

/** Makes the error of a run whose own credentials or connection failed. It is no outcome of any snapshot. */
export const callerFailure = ({ code, message }: Pick<CallFailure, 'code' | 'message'>): RetentionError =>
  new RetentionError(
    CALLER_FAILED,
    `the credentials or the connection of this run failed (${code}: ${message}): sign in and run the same command, which goes on with the rest`,
  );

/** Whether an error, or one of its causes, is a failure of the caller. */
export function isCallerFailure(error: unknown): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if (current instanceof RetentionError && current.code === CALLER_FAILED) return true;
    current = current.cause;
  }
  return false;
}

/**
 * Throws when a call failed, after all retries, because the network could not be reached: that is no outcome of any
 * snapshot.
 */
export function stopUnreachable(failure: Pick<CallFailure, 'code' | 'message' | 'unreachable'>): void {
  if (failure.unreachable === true) throw callerFailure(failure);
}

function orStop<T>(answer: CallResult<T>): CallResult<T> {
  if (!answer.ok && answer.failure.class === 'caller') throw callerFailure(answer.failure);
  return answer;
}

/**
 * Returns the same port, whose calls reject when the caller's credentials fail: no failure of the caller becomes an
 * outcome of a snapshot.
 */
export function stopWithCaller(deletion: SnapshotDeletion): SnapshotDeletion {
  return {
    readSnapshot: async (named, abortSignal) => orStop(await deletion.readSnapshot(named, abortSignal)),
    readSource: async (arn, name, abortSignal) => orStop(await deletion.readSource(arn, name, abortSignal)),
    // This request was refused, but an earlier one may have been carried out: `deleteSnapshot` decides.
    deleteSnapshot: (named, maySend) => deletion.deleteSnapshot(named, maySend),
    readOperation: async (...asked) => orStop(await deletion.readOperation(...asked)),
    readClock: async () => orStop(await deletion.readClock()),
  };
}
