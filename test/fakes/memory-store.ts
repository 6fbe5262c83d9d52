import type { Store, StoredObject } from '../../lambda/app/ports';
import { linesOf } from '../../lambda/core/lines';

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A store in memory, with the promises of the port: conditional writes, whole objects, names in order. */
export function memoryStore(objects: Map<string, string> = new Map()): Store {
  const write = ({ key, body }: StoredObject): void => {
    objects.set(key, [...body].join(''));
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
    lines: async (key) => {
      const text = objects.get(key);
      return text === undefined ? null : linesOf(pieces(text));
    },
    list: async (prefix) => {
      const names = [...objects.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length).split('/')[0] ?? '');
      return [...new Set(names)].sort();
    },
  };
}
