import type { Operation as RawOperation } from '@aws-sdk/client-lightsail';
import type { Operation } from '../ports/deletion-ports';

const DONE: ReadonlySet<string> = new Set(['Completed', 'Succeeded']);

function operationState({ status, isTerminal, errorCode }: RawOperation): Operation['state'] {
  if (status !== undefined && DONE.has(status)) return 'done';
  if (status === 'Failed' || (isTerminal === true && errorCode !== undefined)) return 'failed';
  return isTerminal === true ? 'unclear' : 'pending';
}

/** What is known of how it ended: the details of a failed one, the status of an unclear one. */
function detailsOf(state: Operation['state'], { errorDetails, status }: RawOperation): string | null {
  if (state === 'unclear') return status ?? null;
  return state === 'failed' ? (errorDetails ?? null) : null;
}

/**
 * Reads an operation. Done is Completed or Succeeded and nothing else. One that ended with a status that is not known,
 * and without an error, may have been carried out: the service can have new ones.
 */
export function readOperation(raw: RawOperation): Operation {
  const status = raw.status ?? null;
  const state = operationState(raw);
  return {
    id: raw.id ?? null,
    ...(raw.resourceName === undefined ? {} : { resourceName: raw.resourceName }),
    state,
    code: state === 'failed' ? (raw.errorCode ?? `Operation${status ?? 'Unknown'}`) : null,
    details: detailsOf(state, raw),
  };
}
