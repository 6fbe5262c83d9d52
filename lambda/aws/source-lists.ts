import type { LightsailClient } from '@aws-sdk/client-lightsail';
import { parseArn } from '../core/snapshot/arn';
import { KINDS, type Kind, type SourceList, type SourceLookup, type SourceState } from '../core/snapshot/snapshot';
import { compareText } from '../core/util/compare-text';
import type { SnapshotKind, Source } from '../ports/snapshot-kind';
import type { Deadline } from './deadline';
import { absentList, incompleteSource } from './inventory-errors';
import type { LightsailClients } from './lightsail-client';
import { walkPages } from './walk-pages';

/** One list of sources, once it was walked: `error` is null when it was read to its end. */
export interface ReadSources extends SourceList {
  readonly pages: number;
  /** The answer had no list at all: empty, unless a snapshot names a source of it. */
  readonly absent: boolean;
  readonly sources: ReadonlyMap<string, Source>;
  /** ARNs that were listed twice with different names or tags: such a source counts as unread. */
  readonly conflicting: ReadonlySet<string>;
  readonly error: unknown;
}

/** All source lists of a run. A list is asked for when it is first wanted, and only once. */
export interface SourceLists {
  /** Wants the list of a region and kind; false: nothing can be asked there. */
  want(region: string, kind: Kind): boolean;
  /** The list that a source ARN names; null for an ARN that names no region and kind. */
  listOf(arn: string): SourceList | null;
  /** Waits for the lists of some kinds of a region, as far as they are wanted. */
  ofRegion(region: string, kinds: readonly Kind[]): Promise<readonly ReadSources[]>;
  /** Waits for all lists wanted until then. */
  all(): Promise<readonly ReadSources[]>;
}

export interface SourceListOptions {
  readonly kinds: Readonly<Record<Kind, SnapshotKind<LightsailClient>>>;
  readonly clients: LightsailClients;
  /**
   * The regions that GetRegions names: nothing is asked of any other. `any` where it names none because it was denied.
   */
  readonly regions: ReadonlySet<string> | 'any';
  readonly deadline: Deadline;
  readonly maxPages: number;
}

/**
 * Whether an ARN is one that snapshots can name a source of this list by: by any other, it and its hold would be found
 * by none of them.
 */
export function belongs(arn: string, region: string, sourceType: string): boolean {
  const parsed = parseArn(arn);
  return parsed !== null && parsed.region === region && parsed.type === sourceType;
}

/** The rows of one list while it is read. */
class SourceRows {
  readonly sources = new Map<string, Source>();
  readonly conflicting = new Set<string>();
  isAbsent = false;

  constructor(
    private readonly region: string,
    private readonly kind: SnapshotKind<LightsailClient>,
  ) {}

  /** Adds the rows of a page. `null`: the answer had no list. */
  add(rows: readonly Source[] | null): void {
    const { operations, kind, sourceType } = this.kind;
    if (rows === null && this.sources.size > 0)
      throw absentList(`${operations.listSources} answered without its list when it was read again`);
    this.isAbsent = rows === null;
    for (const row of rows ?? []) {
      if (row.arn === null || !belongs(row.arn, this.region, sourceType))
        throw incompleteSource(
          `${operations.listSources} listed a ${kind} with the ARN ${row.arn}, expected one of ${sourceType} in ${this.region}: its snapshots are kept`,
        );
      const before = this.sources.get(row.arn);
      if (row.defect !== null || (before !== undefined && (before.name !== row.name || before.tags !== row.tags)))
        this.conflicting.add(row.arn);
      if (before === undefined) this.sources.set(row.arn, row);
    }
  }
}

async function readSources(
  { kinds, clients, deadline, maxPages }: SourceListOptions,
  region: string,
  kind: Kind,
): Promise<ReadSources> {
  const { operations, listSources } = kinds[kind];
  const rows = new SourceRows(region, kinds[kind]);
  const client = clients(region);
  const walk = () =>
    walkPages(
      operations.listSources,
      (token, options) => listSources(client, token, options),
      (page) => rows.add(page),
      deadline,
      maxPages,
    );
  const first = await walk();
  // A row can move to a page that was already read, and is then on none. The second reading has it.
  const { error } = first.error === null && first.pages > 1 ? await walk() : first;
  const { sources, conflicting, isAbsent } = rows;
  return { region, kind, pages: first.pages, absent: isAbsent, sources, conflicting, error };
}

const sourceListKey = (region: string, kind: Kind): string => `${region} ${kind}`;

/** Makes the source lists of one run. */
export function makeSourceLists(options: SourceListOptions): SourceLists {
  const { kinds, regions } = options;
  const wanted = new Map<string, Promise<ReadSources>>();
  const lists = new Map<string, SourceList>();
  const kindOf = new Map(KINDS.map((kind) => [kinds[kind].sourceType, kind]));

  const listOf = (arn: string): SourceList | null => {
    const parsed = parseArn(arn);
    const kind = parsed === null ? undefined : kindOf.get(parsed.type);
    if (parsed === null || kind === undefined) return null;
    const key = sourceListKey(parsed.region, kind);
    let list = lists.get(key);
    if (list === undefined) {
      list = { region: parsed.region, kind };
      lists.set(key, list);
    }
    return list;
  };

  return {
    want(region, kind) {
      if (regions !== 'any' && !regions.has(region)) return false;
      const key = sourceListKey(region, kind);
      if (!wanted.has(key)) wanted.set(key, readSources(options, region, kind));
      return true;
    },
    listOf,
    ofRegion: (region, of) => Promise.all(of.flatMap((kind) => wanted.get(sourceListKey(region, kind)) ?? [])),
    all: () => Promise.all(wanted.values()),
  };
}

/**
 * Whether an ARN names a source in another account than the one that was read: none of its lists can tell whether that
 * exists, or is held.
 */
export function isForeign(arn: string, account: string | null): boolean {
  const parsed = parseArn(arn);
  return parsed !== null && account !== null && parsed.account !== account;
}

/** Looks sources up by ARN in the lists that were read of an account. */
export function makeSourceLookup(
  read: readonly ReadSources[],
  listOf: SourceLists['listOf'],
  account: string | null,
): SourceLookup {
  const byList = new Map(read.map((list) => [`${list.region} ${list.kind}`, list]));
  const states = new Map<string, SourceState>();
  const look = (arn: string): SourceState => {
    if (isForeign(arn, account)) return { state: 'unread', list: null };
    const list = listOf(arn);
    const found = list === null ? undefined : byList.get(`${list.region} ${list.kind}`);
    if (found === undefined || found.error !== null || found.conflicting.has(arn)) return { state: 'unread', list };
    const source = found.sources.get(arn);
    return source === undefined ? { state: 'gone' } : { state: 'exists', name: source.name, tags: source.tags };
  };
  return (arn) => {
    let state = states.get(arn);
    if (state === undefined) {
      state = look(arn);
      states.set(arn, state);
    }
    return state;
  };
}

/** The order of scopes and lists: by region, then kind, by code units. */
export const byRegionAndKind = (a: SourceList, b: SourceList): number =>
  compareText(a.region, b.region) || compareText(a.kind, b.kind);
