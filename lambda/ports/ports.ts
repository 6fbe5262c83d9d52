import type { ChatNotification } from '../core/report/chat-notification';
import type { Inventory, ListName, ListStatus } from '../core/report/report-model';
import type { Kind, SourceState } from '../core/snapshot/snapshot';

/** The real clock, epoch milliseconds. The only source of time of the jobs. */
export type Clock = () => number;

export interface InventoryRequest {
  /** Restricts what GetRegions names; a region listed here that GetRegions does not name is a failed scope. */
  readonly regions: 'all' | readonly string[];
  readonly kinds: readonly Kind[];
  /** Whether to count automatic snapshots, one call per source. */
  readonly automaticSnapshots: boolean;
  /** Epoch ms after which nothing more is read: a scope that is not read by then has failed. Null: no limit. */
  readonly deadline: number | null;
  /** Regions that the previous report read: one of these is never `disabled`, only failed. */
  readonly previouslyRead: ReadonlySet<string>;
  /**
   * Lists in which the previous report found snapshots: one of these does not count as empty where the answer has no
   * list. Absent: none.
   */
  readonly previouslyListed?: Iterable<ListName>;
}

/** The progress of an inventory. */
export type InventoryProgress =
  | { readonly event: 'regions'; readonly regions: number; readonly scopes: number }
  /** The snapshots of a region and kind are being read. */
  | { readonly event: 'list'; readonly region: string; readonly kind: Kind }
  | { readonly event: 'page'; readonly region: string; readonly kind: Kind; readonly snapshots: number }
  | {
      readonly event: 'scope';
      readonly region: string;
      readonly kind: Kind;
      readonly status: ListStatus;
      readonly pages: number;
      readonly snapshots: number;
      /** How long the list was read, and how often its calls were sent again; absent: not known. */
      readonly seconds?: number;
      readonly retries?: number;
    }
  /** All lists were read; automatic snapshots are still being counted in `regions` regions. */
  | { readonly event: 'automatic'; readonly regions: number }
  /** Sources that are in no list are being read by name. */
  | { readonly event: 'sources'; readonly sources: number };

/** A source that is not in its list, with the names that snapshots give it. */
export interface AbsentSource {
  readonly arn: string;
  readonly names: readonly string[];
}

/**
 * Reads sources by name, each once. Never rejects: one that is neither found nor confirmed as gone is `unconfirmed`,
 * with the reason.
 */
export type AskSources = (sources: readonly AbsentSource[]) => Promise<ReadonlyMap<string, SourceState>>;

/** An inventory whose sources can still be read by name, until the deadline of its request. */
export interface LiveInventory extends Inventory {
  readonly askSources: AskSources;
}

/** Lists everything. Never rejects for a failure of the service: a scope that could not be read is data. */
export type ReadInventory = (
  request: InventoryRequest,
  progress?: (event: InventoryProgress) => void,
) => Promise<LiveInventory>;

export interface StoredObject {
  readonly key: string;
  readonly contentType: string;
  /** Text chunks, written in order; consumed once. */
  readonly body: Iterable<string>;
}

/** An object and its version: another content has another version. */
export interface VersionedText {
  readonly text: string;
  readonly version: string;
}

/** An object with the time that the store itself gives it. */
export interface DatedObject {
  readonly text: string;
  /** When the store received it (epoch ms). Null: the store does not tell, or repeats the time of another store. */
  readonly storedAt: number | null;
  /** Whether it was uploaded in parts: `storedAt` is then when the upload was started, and its content may be later. */
  readonly inParts: boolean;
}

/** The content of an object as a hash. */
export interface Fingerprint {
  /** 64 lower-case hex digits over the exact bytes. */
  readonly sha256: string;
  /** The id that the store gives this version; null: the store keeps no versions. */
  readonly version: string | null;
  /** The name of the file that has the bytes, where it is not that of the key: a replaced object of a folder. */
  readonly name?: string;
  /** What the object was before it was replaced, the first version first; absent: it was not, or it is not known. */
  readonly earlier?: readonly HashedVersion[];
}

/** A file of a folder that has an earlier version of an object. */
export interface HashedVersion {
  readonly name: string;
  /** Null: there is no such file. */
  readonly sha256: string | null;
}

/** One page of a listing. */
export interface NamesAfter {
  readonly names: readonly string[];
  /** Whether there may be later names. */
  readonly more: boolean;
}

/** Where reports and plans are kept: a bucket, or a folder. */
export interface Store {
  /** Returns the place of an object, for people: `s3://bucket/key` or a path. */
  locate(key: string): string;
  put(object: StoredObject): Promise<void>;
  /** Writes only if the key is free. False: something is there already, and nothing was written. */
  putIfAbsent(object: StoredObject): Promise<boolean>;
  /**
   * Replaces the object only if it still has this version. False: it has another one or is gone, and nothing was
   * written.
   */
  replaceIf(object: StoredObject, version: string): Promise<boolean>;
  /** The object with its version, for `replaceIf`. Null: there is no such object. */
  getVersioned(key: string): Promise<VersionedText | null>;
  /** Null: there is no such object. */
  get(key: string): Promise<string | null>;
  /** The object line by line, never held whole. Null: there is no such object. Ending the loop early closes it. */
  lines(key: string): Promise<AsyncIterable<string> | null>;
  /** Names directly under a prefix that ends in `/`, in order. */
  list(prefix: string): Promise<readonly string[]>;
  /** The first names directly under a prefix that ends in `/` which come after `after`, in order; at most 1,000. */
  listAfter(prefix: string, after: string): Promise<NamesAfter>;
  /** Hashes an object, or one version of it, without holding it. Null: there is no such object or version. */
  fingerprint(key: string, version?: string): Promise<Fingerprint | null>;
  /** The object and the store's own time of it, from one read. Null: there is no such object. */
  getDated(key: string): Promise<DatedObject | null>;
  /** The store's own times (epoch ms; null: not known) of the objects directly under a prefix that ends in `/`. */
  listDated(prefix: string): Promise<ReadonlyMap<string, number | null>>;
  /** The same of all objects under the prefix, at any depth, with the hidden files of a folder. */
  listDeep(prefix: string): Promise<ReadonlyMap<string, number | null>>;
}

/**
 * A message as people get it. `subject` is printable ASCII, at most 99 characters; `body` and attributes together at
 * most 256 KiB.
 */
export interface Message {
  readonly subject: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Sends a message. Rejects with a RetentionError when no one can have received it. */
export interface Channel {
  send(message: Message, abortSignal?: AbortSignal): Promise<void>;
  /** Confirmed subscribers with whom a person reads, not a program; null when that could not be read. */
  confirmedSubscribers(): Promise<number | null>;
}

/** Posts a short message to a chat. Rejects with a RetentionError when no one can have received it. */
export interface ChatChannel {
  post(notification: ChatNotification, abortSignal?: AbortSignal): Promise<void>;
}

/** 64 lower-case hex digits: SHA-256 over the UTF-8 of a text. */
export type HashText = (text: string) => string;

/** `sha256:` and 64 lower-case hex digits over the RFC 8785 JSON of a value. */
export type Digest = (value: unknown) => string;
