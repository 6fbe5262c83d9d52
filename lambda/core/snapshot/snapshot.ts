/** The three kinds of manual Lightsail snapshot, in the order in which they are listed. */
export const KINDS = ['instance', 'disk', 'database'] as const;
export type Kind = (typeof KINDS)[number];

/** The state in which a snapshot of each kind is whole; anything else is unfinished. */
export const FINISHED_STATE: Readonly<Record<Kind, string>> = {
  instance: 'available',
  disk: 'completed',
  database: 'available',
};

/** Tag key → value; `null` for a key-only tag, which has no value on the wire. Shared between records: never mutated. */
export type Tags = ReadonlyMap<string, string | null>;

export const NO_TAGS: Tags = new Map();

export interface AttachedDisk {
  readonly name: string | null;
  readonly path: string | null;
  readonly sizeGb: number | null;
  readonly system: boolean;
}

/** What a snapshot says of the resource it came from. The ARN is identity; the name is not (Lightsail reuses names). */
export interface SourceRef {
  readonly name: string | null;
  readonly arn: string | null;
}

/**
 * One manual snapshot as a compact record. Every member of the service's answer is optional, so what was absent is `null` here, never guessed.
 * `createdAt` is epoch milliseconds, `sizeGb` whole GB of *disk* size (snapshots are incremental: a ceiling, not a bill).
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
  /** Why this record cannot be evaluated (a member missing, a row seen twice with different content); absent for a regular one. */
  readonly defects?: readonly Defect[] | undefined;
}

/** A reason, found while reading, why a record must be kept and shown to a person. */
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
 * What is known of a source ARN: it exists; it is not in its list (`gone`: proof only after it was asked for by name); it is not in its list, and
 * asking for it by name gave no answer; or its list was not read.
 */
export type SourceState =
  | { readonly state: 'exists'; readonly name: string | null; readonly tags: Tags }
  | { readonly state: 'gone' }
  | { readonly state: 'unconfirmed'; readonly why: string }
  | { readonly state: 'unread'; readonly list: SourceList | null };

/** Sources by ARN, never by name. Answers `unread` with a null list for an ARN that names no known region and kind. */
export type SourceLookup = (arn: string) => SourceState;

/** What an operator must look at. `arn` is the snapshot's or the source's, null where the problem is a scope's. */
export interface Problem {
  readonly code: string;
  readonly arn: string | null;
  readonly message: string;
}
