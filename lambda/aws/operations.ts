import type { Operation as RawOperation } from '@aws-sdk/client-lightsail';
import type { Operation } from '../ports/deletion-ports';

const DONE: ReadonlySet<string> = new Set(['Completed', 'Succeeded']);

/** What an operation says of itself. Done is Completed or Succeeded and nothing else: a terminal one that is neither has failed. */
export function readOperation(raw: RawOperation): Operation {
  const status = raw.status ?? null;
  const state =
    status === 'Failed'
      ? 'failed'
      : status !== null && DONE.has(status)
        ? 'done'
        : raw.isTerminal === true
          ? 'failed'
          : 'pending';
  return {
    id: raw.id ?? null,
    ...(raw.resourceName === undefined ? {} : { resourceName: raw.resourceName }),
    state,
    code: state === 'failed' ? (raw.errorCode ?? `Operation${status ?? 'Unknown'}`) : null,
    details: state === 'failed' ? (raw.errorDetails ?? null) : null,
  };
}
