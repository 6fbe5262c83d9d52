import type { AttachedDisk, Defect, SourceRef, Tags } from '../core/snapshot/snapshot';
import { NO_TAGS } from '../core/snapshot/snapshot';
import { type CommonFields, isSame } from '../core/snapshot/snapshot-record';
import { compareText } from '../core/util/compare-text';

/** A tag as the service sends it. */
export interface RawTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

/** Tags as read, and why they cannot be trusted (`null`: they can). */
export interface TagSet {
  readonly tags: Tags;
  readonly defect: Defect | null;
}

/**
 * Keeps one copy of what many records of a run repeat: equal input gives the identical object. Never mutate what it
 * returns.
 */
export interface Share {
  text(value: string): string;
  source(name: string | null, arn: string | null): SourceRef | null;
  tags(raw: readonly RawTag[] | null | undefined): TagSet;
  disks(disks: readonly AttachedDisk[]): readonly AttachedDisk[];
  /** Its tags, source and disks must be shared already. */
  common(common: CommonFields): CommonFields;
}

/** Variants of a source's snapshots that are looked through for an equal one: the latest few are nearly always it. */
const VARIANTS = 4;

const NO_DISKS: readonly AttachedDisk[] = [];
const NO_TAG_SET: TagSet = { tags: NO_TAGS, defect: null };
const UNREADABLE_TAGS: TagSet = {
  tags: NO_TAGS,
  defect: { code: 'snapshot.incomplete', message: 'its tags are not a list' },
};

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => compareText(a, b);

/** Tags in the order of their keys: the service promises none. */
function readRawTags(raw: readonly RawTag[]): TagSet {
  const tags = new Map<string, string | null>();
  let defect: Defect | null = null;
  let last = '';
  let isOrdered = true;
  for (const tag of raw) {
    const key = tag?.key;
    if (typeof key !== 'string') {
      defect ??= { code: 'snapshot.incomplete', message: 'a tag came without its key' };
      continue;
    }
    const value = typeof tag.value === 'string' ? tag.value : null;
    if (value !== (tag.value ?? null))
      defect ??= { code: 'snapshot.incomplete', message: `the value of tag ${key} is not a text` };
    const before = tags.get(key);
    if (before !== undefined && before !== value) {
      defect ??= { code: 'snapshot.conflict', message: `tag ${key} came twice with different values` };
    }
    if (before !== undefined) continue;
    tags.set(key, value);
    isOrdered &&= compareText(last, key) <= 0;
    last = key;
  }
  return { tags: isOrdered ? tags : new Map([...tags].sort(byKey)), defect };
}

/** FNV-1a over 16-bit units. */
function addToHash(hash: number, text: string): number {
  let mixed = hash;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  return mixed;
}

function hashOfTags(tags: Tags): number {
  let hash = 0x811c9dc5;
  for (const [key, value] of tags) hash = addToHash(addToHash(hash, key) ^ (value === null ? 1 : 2), value ?? '');
  return hash | 0;
}

/** Whether two sets are equal; the tags of both are ordered by key. */
function isSameSet(one: TagSet, other: TagSet): boolean {
  if (one.tags.size !== other.tags.size || one.defect?.message !== other.defect?.message) return false;
  for (const [key, value] of one.tags) if (other.tags.get(key) !== value) return false;
  return true;
}

/** The pool of one run. */
class SharedValues implements Share {
  private readonly texts = new Map<string, string>();
  private readonly sources = new Map<string | null, SourceRef>();
  private readonly renamed = new Map<string, SourceRef>();
  /** By hash; those of the same hash follow each other. A text for each would take more memory than the tags. */
  private readonly tagSets = new Map<number, TagSet>();
  private readonly diskSets = new Map<string, readonly AttachedDisk[]>();
  private readonly commons = new Map<SourceRef | null, CommonFields[]>();

  text(value: string): string {
    const known = this.texts.get(value);
    if (known !== undefined) return known;
    this.texts.set(value, value);
    return value;
  }

  source(name: string | null, arn: string | null): SourceRef | null {
    if (name === null && arn === null) return null;
    // Nearly always an ARN has one name: a lookup of that needs no key.
    const first = this.sources.get(arn);
    if (first?.name === name) return first;
    const key = JSON.stringify([arn, name]);
    const known = this.renamed.get(key) ?? { name, arn };
    if (first === undefined) this.sources.set(arn, known);
    else this.renamed.set(key, known);
    return known;
  }

  tags(raw: readonly RawTag[] | null | undefined): TagSet {
    if (raw === undefined || raw === null) return NO_TAG_SET;
    if (!Array.isArray(raw)) return UNREADABLE_TAGS;
    if (raw.length === 0) return NO_TAG_SET;
    const read = readRawTags(raw);
    let hash = hashOfTags(read.tags);
    let known = this.tagSets.get(hash);
    while (known !== undefined && !isSameSet(known, read)) {
      hash = (hash + 1) | 0;
      known = this.tagSets.get(hash);
    }
    if (known !== undefined) return known;
    this.tagSets.set(hash, read);
    return read;
  }

  disks(disks: readonly AttachedDisk[]): readonly AttachedDisk[] {
    if (disks.length === 0) return NO_DISKS;
    const key = JSON.stringify(disks);
    const known = this.diskSets.get(key);
    if (known !== undefined) return known;
    this.diskSets.set(key, disks);
    return disks;
  }

  common(common: CommonFields): CommonFields {
    const latest = this.commons.get(common.source);
    if (latest === undefined) {
      this.commons.set(common.source, [common]);
      return common;
    }
    const known = latest.find((other) => isSame(other, common));
    if (known !== undefined) return known;
    latest.push(common);
    if (latest.length > VARIANTS) latest.shift();
    return common;
  }
}

/** Makes the pool of one run; it is released with the run. */
export const makeShare = (): Share => new SharedValues();
