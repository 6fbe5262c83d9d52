import type { Operation as RawOperation } from '@aws-sdk/client-lightsail';
import type { Operation } from '../ports/deletion-ports';

const DONE: ReadonlySet<string> = new Set(['Completed', 'Succeeded']);

function operationState({ status, isTerminal }: RawOperation): Operation['state'] {
  if (status === 'Failed') return 'failed';
  if (status !== undefined && DONE.has(status)) return 'done';
  return isTerminal === true ? 'failed' : 'pending';
}

/** Reads an operation. Done is Completed or Succeeded and nothing else: a terminal one that is neither has failed. */
export function readOperation(raw: RawOperation): Operation {
  const status = raw.status ?? null;
  const state = operationState(raw);
  return {
    id: raw.id ?? null,
    ...(raw.resourceName === undefined ? {} : { resourceName: raw.resourceName }),
    state,
    code: state === 'failed' ? (raw.errorCode ?? `Operation${status ?? 'Unknown'}`) : null,
    details: state === 'failed' ? (raw.errorDetails ?? null) : null,
  };
}
