import type { Kind, Snapshot, Tags } from '../core/snapshot/snapshot';
import type { SnapshotRecord } from '../core/snapshot/snapshot-record';

/** Where a row was listed: members that it lacks are taken from here. */
export interface ListedIn {
  readonly region: string;
  readonly account: string | null;
}

/** One page of a list, normalised; `rows` is null where the answer has no list, `next` is null on the last page. */
export interface Page<Row> {
  readonly rows: readonly Row[] | null;
  readonly next: string | null;
  /** How often the call was sent again until it was answered; absent: not known. */
  readonly retries?: number;
}

/** The living resource that snapshots are made of. Members that the service did not send are null. */
export interface Source {
  readonly arn: string | null;
  readonly name: string | null;
  readonly tags: Tags;
  /** Why its tags cannot be trusted; null for a regular one. */
  readonly defect: string | null;
  /** Whether its automatic snapshots are on; null where the service does not send that, or the kind has none. */
  readonly autoSnapshots: boolean | null;
}

export interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

/**
 * One kind of snapshot as calls of the service, wire forms hidden. `Client` sends commands of one region; errors are
 * the service's own. A page costs one call; its raw rows are released before it is returned.
 */
export interface SnapshotKind<Client> {
  readonly kind: Kind;
  /** ARN resource type of its sources. */
  readonly sourceType: string;
  /** Operation names, for texts. */
  readonly operations: { readonly listSnapshots: string; readonly listSources: string };
  listSnapshots(
    client: Client,
    token: string | null,
    where: ListedIn,
    options?: CallOptions,
  ): Promise<Page<SnapshotRecord>>;
  listSources(client: Client, token: string | null, options?: CallOptions): Promise<Page<Source>>;
  /** Null: the answer names no snapshot. A missing one is the service's not-found error. */
  readSnapshot(client: Client, name: string, where: ListedIn, options?: CallOptions): Promise<Snapshot | null>;
  readSource(client: Client, name: string, options?: CallOptions): Promise<Source | null>;
}
