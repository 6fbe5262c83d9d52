import type { Kind, Snapshot } from '../core/snapshot/snapshot';
import type { Source } from './snapshot-kind';

/**
 * Why a call failed, in the terms that decide what happens next. `throttled`, `refused`, `caller` and `not-sent` ones did nothing; a `transient`
 * or `unknown` one may have been carried out all the same. Throttled and transient ones may succeed later. `caller`: the credentials of this
 * run failed. `not-sent`: the check that allowed a delete had become too old, so no request left this machine.
 */
export interface CallFailure {
  readonly class: 'not-found' | 'throttled' | 'transient' | 'refused' | 'unknown' | 'caller' | 'not-sent';
  readonly code: string;
  readonly message: string;
  /** Of a transient one: it is certain that it was not carried out. */
  readonly undone?: true;
  /** Of a transient one: the service gave no answer, which may be because of this machine or its network. */
  readonly unreachable?: true;
}

export type Called<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: CallFailure };

/** What a snapshot is called where it lies: all that a delete can say. */
export interface Named {
  readonly kind: Kind;
  readonly region: string;
  readonly name: string;
}

/** An operation of the service. `id` null: it cannot be followed. */
export interface Operation {
  readonly id: string | null;
  /** The resource that it changes; absent where the service does not name it. */
  readonly resourceName?: string;
  readonly state: 'pending' | 'done' | 'failed';
  /** What a failed one says of itself. */
  readonly code: string | null;
  readonly details: string | null;
}

/** The service's clock beside the machine's, read at one moment (epoch ms). `service` null: the answer bore no date. */
export interface ClockReading {
  readonly service: number | null;
  readonly machine: number;
}

/** A delete is given up when it is not answered for this long (ms). */
export const DELETE_TIMEOUT_MS = 30_000;

/**
 * What a deletion asks of the service. Nothing here rejects for what the service does, nor when it is aborted: then it failed. Only
 * `deleteSnapshot` changes anything, and nothing aborts it.
 */
export interface SnapshotDeletion {
  /** Null: nothing bears the name. Asked again patiently. */
  readSnapshot(
    named: Named & { readonly account: string | null },
    abortSignal?: AbortSignal,
  ): Promise<Called<Snapshot | null>>;
  /** The source that bears this name where the ARN says it lives; null: nothing bears it. Asked again patiently. */
  readSource(arn: string, name: string, abortSignal?: AbortSignal): Promise<Called<Source | null>>;
  /**
   * Deletes the snapshot that has the name now. Sent once, never again by itself: the snapshot is checked before each call. `maySend` is asked
   * at the last moment before the request is written to the network; where it says no, the failure is `not-sent`.
   */
  deleteSnapshot(named: Named, maySend: () => boolean): Promise<Called<readonly Operation[]>>;
  /** Reads the operation with this id. An answer with another id, or with another resource than `resourceName`, is a failed reading. */
  readOperation(region: string, id: string, resourceName?: string): Promise<Called<Operation>>;
  readClock(): Promise<Called<ClockReading>>;
}

/** Waits; injected, so that tests need not. */
export type Sleep = (ms: number) => Promise<void>;
