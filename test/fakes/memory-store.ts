import { createHash } from 'node:crypto';
import { splitLines } from '../../lambda/core/util/split-lines';
import type { Store, StoredObject } from '../../lambda/ports/ports';

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** The times of objects by key, for each map of objects: stores over one map share them. */
const TIMES = new WeakMap<Map<string, string>, Map<string, number>>();

/**
 * When each object was written through a store (epoch ms), to look at and to change; one that is absent here has no
 * time.
 */
export function timesOf(objects: Map<string, string>): Map<string, number> {
  const times = TIMES.get(objects) ?? new Map<string, number>();
  TIMES.set(objects, times);
  return times;
}

/**
 * A store in memory, with the promises of the port: conditional writes, whole objects, names in order, times by the
 * store's own clock.
 */
export function memoryStore(objects: Map<string, string> = new Map(), clock: () => number = Date.now): Store {
  const times = timesOf(objects);
  const write = ({ key, body }: StoredObject): void => {
    objects.set(key, [...body].join(''));
    times.set(key, clock());
  };
  return {
    locate: (key) => `memory:${key}`,
    put: async (object) => write(object),
    putIfAbsent: async (object) => {
      if (objects.has(object.key)) return false;
      write(object);
      return true;
    },
    // As in a bucket, the version is made of the content.
    replaceIf: async (object, version) => {
      if (objects.get(object.key) !== version) return false;
      write(object);
      return true;
    },
    getVersioned: async (key) => {
      const text = objects.get(key);
      return text === undefined ? null : { text, version: text };
    },
    get: async (key) => objects.get(key) ?? null,
    getDated: async (key) => {
      const text = objects.get(key);
      return text === undefined ? null : { text, storedAt: times.get(key) ?? null, inParts: false };
    },
    listDated: async (prefix) => {
      const keys = [...objects.keys()].filter(
        (key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/'),
      );
      return new Map(keys.map((key) => [key.slice(prefix.length), times.get(key) ?? null]));
    },
    listDeep: async (prefix) => {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
      return new Map(keys.map((key) => [key.slice(prefix.length), times.get(key) ?? null]));
    },
    lines: async (key) => {
      const text = objects.get(key);
      return text === undefined ? null : splitLines(pieces(text));
    },
    listAfter: async (prefix, after) => {
      const names = [...objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length).split('/')[0] ?? '');
      const later = [...new Set(names)].filter((name) => name > after).sort();
      return { names: later.slice(0, 1_000), more: later.length > 1_000 };
    },
    fingerprint: async (key, version) => {
      const text = version === undefined ? objects.get(key) : undefined;
      return text === undefined ? null : { sha256: createHash('sha256').update(text).digest('hex'), version: null };
    },
    list: async (prefix) => {
      const names = [...objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length).split('/')[0] ?? '');
      return [...new Set(names)].sort();
    },
  };
}
