import type { AttachedDisk, Defect, SourceRef, Tags } from '../core/snapshot/snapshot';
import { NO_TAGS } from '../core/snapshot/snapshot';
import { type CommonFields, isSame } from '../core/snapshot/snapshot-record';

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

/** Keeps one copy of what many records of a run repeat: equal input gives the identical object. Never mutate what it returns. */
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

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** Tags in the order of their keys: the service promises none. */
function readTags(raw: readonly RawTag[]): TagSet {
  const tags = new Map<string, string | null>();
  let defect: Defect | null = null;
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
    if (before === undefined) tags.set(key, value);
  }
  return { tags: new Map([...tags].sort(byKey)), defect };
}

/** Makes the shared pool of one run; it is let go with the run. */
export function makeShare(): Share {
  const texts = new Map<string, string>();
  const sources = new Map<string | null, SourceRef>();
  const renamed = new Map<string, SourceRef>();
  const tagSets = new Map<string, TagSet>();
  const diskSets = new Map<string, readonly AttachedDisk[]>();
  const commons = new Map<SourceRef | null, CommonFields[]>();
  return {
    text(value) {
      const known = texts.get(value);
      if (known !== undefined) return known;
      texts.set(value, value);
      return value;
    },
    source(name, arn) {
      if (name === null && arn === null) return null;
      // Nearly always an ARN has one name: looking that up first costs no key.
      const first = sources.get(arn);
      if (first?.name === name) return first;
      const key = JSON.stringify([arn, name]);
      const known = renamed.get(key) ?? { name, arn };
      if (first === undefined) sources.set(arn, known);
      else renamed.set(key, known);
      return known;
    },
    tags(raw) {
      if (raw === undefined || raw === null) return NO_TAG_SET;
      if (!Array.isArray(raw)) return UNREADABLE_TAGS;
      if (raw.length === 0) return NO_TAG_SET;
      const key = JSON.stringify(raw);
      let known = tagSets.get(key);
      if (known === undefined) {
        const read = readTags(raw);
        const canonical = `=${JSON.stringify([[...read.tags], read.defect])}`;
        known = tagSets.get(canonical) ?? read;
        tagSets.set(canonical, known).set(key, known);
      }
      return known;
    },
    disks(disks) {
      if (disks.length === 0) return NO_DISKS;
      const key = JSON.stringify(disks);
      const known = diskSets.get(key);
      if (known !== undefined) return known;
      diskSets.set(key, disks);
      return disks;
    },
    common(common) {
      const latest = commons.get(common.source);
      if (latest === undefined) {
        commons.set(common.source, [common]);
        return common;
      }
      const known = latest.find((other) => isSame(other, common));
      if (known !== undefined) return known;
      latest.push(common);
      if (latest.length > VARIANTS) latest.shift();
      return common;
    },
  };
}
