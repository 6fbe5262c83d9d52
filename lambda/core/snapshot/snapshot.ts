/** The kinds of manual Lightsail snapshots, in the order of lists. */
export const KINDS = ['instance', 'disk', 'database'] as const;
export type Kind = (typeof KINDS)[number];

/** The state of a finished snapshot, by kind. */
export const FINISHED_STATE: Readonly<Record<Kind, string>> = {
  instance: 'available',
  disk: 'completed',
  database: 'available',
};

/** Tag values by key; `null` for a tag without a value. Interned: never mutated. */
export type Tags = ReadonlyMap<string, string | null>;

export const NO_TAGS: Tags = new Map();

export interface AttachedDisk {
  readonly name: string | null;
  readonly path: string | null;
  readonly sizeGb: number | null;
  readonly system: boolean;
}

/** The resource that a snapshot was made of. Its identity is the ARN: Lightsail reuses names. */
export interface SourceRef {
  readonly name: string | null;
  readonly arn: string | null;
}

/**
 * A manual snapshot. A member that the service left out is `null`. `createdAt` is epoch milliseconds; `sizeGb` is the
 * size of the disk in GB, an upper limit because snapshots are incremental.
 */
export interface Snapshot {
  readonly kind: Kind;
  readonly account: string | null;
  readonly region: string;
  readonly arn: string | null;
  readonly name: string | null;
  readonly createdAt: number | null;
  readonly sizeGb: number | null;
  readonly state: string | null;
  readonly fromAutoSnapshot: boolean;
  readonly tags: Tags;
  readonly source: SourceRef | null;
  readonly supportCode?: string | undefined;
  readonly blueprint?: string | undefined;
  readonly bundle?: string | undefined;
  readonly engine?: string | undefined;
  readonly engineVersion?: string | undefined;
  readonly attachedDisks?: readonly AttachedDisk[] | undefined;
  /** Why this record cannot be evaluated; absent: it can. */
  readonly defects?: readonly Defect[] | undefined;
}

/** A missing member, or a second row with different content: the snapshot is kept and reported. */
export interface Defect {
  readonly code: 'snapshot.incomplete' | 'snapshot.conflict';
  readonly message: string;
}

/** A source list: what GetInstances, GetDisks or GetRelationalDatabases of one region returned. */
export interface SourceList {
  readonly region: string;
  readonly kind: Kind;
}

/**
 * The state of a source ARN. `gone`: not in its list (a proof only after a request by name). `unconfirmed`: not in its
 * list, and the request by name failed. `unread`: its list was not read.
 */
export type SourceState =
  | { readonly state: 'exists'; readonly name: string | null; readonly tags: Tags }
  | { readonly state: 'gone' }
  | { readonly state: 'unconfirmed'; readonly why: string }
  | { readonly state: 'unread'; readonly list: SourceList | null };

/** Looks up sources by ARN. Returns `unread` with a null list for an ARN without a known region and kind. */
export type SourceLookup = (arn: string) => SourceState;

/** A problem for the operator. `arn` is that of the snapshot or source; null: the problem concerns a list. */
export interface Problem {
  readonly code: string;
  readonly arn: string | null;
  readonly message: string;
}
