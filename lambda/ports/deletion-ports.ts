import type { Kind, Snapshot } from '../core/snapshot/snapshot';
import type { Source } from './snapshot-kind';

/**
 * Why a call failed. `throttled`, `refused`, `caller` and `not-sent` calls had no effect; a `transient` or `unknown`
 * one may have been carried out. `throttled` and `transient` ones may succeed later. `caller`: the credentials of this
 * run failed. `not-sent`: the check that allowed a delete had become too old, so no request left this machine.
 */
export interface CallFailure {
  readonly class: 'not-found' | 'throttled' | 'transient' | 'refused' | 'unknown' | 'caller' | 'not-sent';
  readonly code: string;
  readonly message: string;
  /** Of a transient one: it was certainly not carried out. */
  readonly undone?: true;
  /** Of a transient one: the service gave no answer, perhaps because of this machine or its network. */
  readonly unreachable?: true;
}

export type CallResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: CallFailure };

/** The answer to a delete. `requestId`: the service's id of the request; absent where there was no answer. */
export type DeleteResult = CallResult<readonly Operation[]> & { readonly requestId?: string };

/** The name of a snapshot in its region: a delete names nothing else. */
export interface SnapshotName {
  readonly kind: Kind;
  readonly region: string;
  readonly name: string;
}

/** An operation of the service. `id` null: it cannot be followed. */
export interface Operation {
  readonly id: string | null;
  /** The resource that it changes; absent where the service does not name it. */
  readonly resourceName?: string;
  /** `unclear`: it ended, and it cannot be told whether it was carried out. */
  readonly state: 'pending' | 'done' | 'failed' | 'unclear';
  /** Error code and details of a failed one; of an unclear one the details are its status. */
  readonly code: string | null;
  readonly details: string | null;
}

/** The service's clock and the machine's, read at one moment (epoch ms). `service` null: the answer had no date. */
export interface ClockReading {
  readonly service: number | null;
  readonly machine: number;
}

/** Time limit (ms) for the answer to a delete. */
export const DELETE_TIMEOUT_MS = 30_000;

/**
 * The calls of a deletion. None rejects for a failure of the service, nor when it is aborted: then it failed. Only
 * `deleteSnapshot` changes anything, and nothing aborts it.
 */
export interface SnapshotDeletion {
  /** Null: no snapshot has the name. Retried. */
  readSnapshot(
    named: SnapshotName & { readonly account: string | null },
    abortSignal?: AbortSignal,
  ): Promise<CallResult<Snapshot | null>>;
  /** The source that has this name in the region of the ARN; null: none has it. Retried. */
  readSource(arn: string, name: string, abortSignal?: AbortSignal): Promise<CallResult<Source | null>>;
  /**
   * Deletes the snapshot that has the name now. Sent once, never retried: the snapshot is checked before each call.
   * `maySend` is called right before the request is written to the network; where it returns false, the failure is
   * `not-sent`.
   */
  deleteSnapshot(named: SnapshotName, maySend: () => boolean): Promise<DeleteResult>;
  /** Reads the operation with this id. An answer with another id or another `resourceName` is a failed reading. */
  readOperation(region: string, id: string, resourceName?: string): Promise<CallResult<Operation>>;
  readClock(): Promise<CallResult<ClockReading>>;
}

/** Waits. Tests pass one that does not. */
export type Sleep = (ms: number) => Promise<void>;
