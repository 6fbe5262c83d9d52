import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RetentionError } from '../lambda/core/util/errors';
import { splitLines } from '../lambda/core/util/split-lines';
import type { Store, StoredObject, VersionedText } from '../lambda/ports/ports';

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | null)?.code ?? '');

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

/** What file systems without hard links answer. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

const EXPECTED = {
  read: 'expected a file that can be read',
  write: 'the folder must be writable, and must stay so',
  list: 'expected a folder that can be read',
} as const;

async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Some systems cannot open a folder; the file itself is synced.
  }
}

async function writeSynced(path: string, body: Iterable<string>, flags: 'w' | 'wx'): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.writeFile([...body].join(''));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a draft its name unless a file has it already: false. No other obstacle means that. */
async function placeIfAbsent(draft: string, path: string, chunks: readonly string[]): Promise<boolean> {
  try {
    await link(draft, path).catch((error: unknown) => {
      if (!NO_LINKS.has(codeOf(error))) throw error;
      return writeSynced(path, chunks, 'wx');
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The file in which an object is now, and how often it was replaced conditionally. */
interface Current {
  readonly path: string;
  readonly replaced: number;
}

/**
 * The file of the n-th conditional replacement of an object. Hidden, and named exclusively: two runs never both replace
 * one version.
 */
const replacementOf = (path: string, n: number): string =>
  n === 0 ? path : join(dirname(path), `.${basename(path)}.v${n}`);

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/**
 * Finds the newest replacement of an object. They are numbered without a gap, because each is made of the one before.
 * They count although the file that people see was removed: otherwise a new one would be hidden behind them.
 */
async function currentOf(path: string): Promise<Current> {
  let replaced = 0;
  while (await exists(replacementOf(path, replaced + 1))) replaced += 1;
  return { path: replacementOf(path, replaced), replaced };
}

const versionOf = (replaced: number, text: string): string =>
  `${replaced}:${createHash('sha256').update(text).digest('hex')}`;

const cannotRead = (path: string, cause: unknown): RetentionError =>
  new RetentionError(
    'store.folder',
    `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}; ${EXPECTED.read}`,
    { cause },
  );

/** The text of the very file at a path, which nothing replaces; null where nothing is there. */
export async function readGiven(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw cannotRead(path, error);
  }
}

/**
 * A folder as a store. What a write has resolved is on the disk: whole or not at all, whatever kills the process or the
 * machine.
 */
export function folderStore(root: string): Store {
  const pathOf = (key: string): string => join(root, key);
  const failure = (what: 'read' | 'write' | 'list', key: string, cause: unknown): RetentionError =>
    new RetentionError(
      'store.folder',
      `cannot ${what} ${pathOf(key)}: ${cause instanceof Error ? cause.message : String(cause)}; ${EXPECTED[what]}`,
      { cause },
    );

  /** Writes a draft and gives it its name. `place` says whether that was possible. */
  async function write(
    { key, body }: StoredObject,
    place: (draft: string, path: string, chunks: readonly string[]) => Promise<boolean>,
  ): Promise<boolean> {
    const path = pathOf(key);
    const folder = dirname(path);
    const draft = join(folder, `.${randomUUID()}.tmp`);
    try {
      const chunks = [...body];
      await mkdir(folder, { recursive: true });
      await writeSynced(draft, chunks, 'wx');
      let written = true;
      try {
        written = await place(draft, path, chunks);
      } finally {
        await rm(draft, { force: true });
      }
      if (written) await syncFolder(folder);
      return written;
    } catch (error) {
      throw failure('write', key, error);
    }
  }

  /** What reading an object gives; null where there is none. */
  async function reading<T>(key: string, read: (current: Current) => Promise<T>): Promise<T | null> {
    try {
      return await read(await currentOf(pathOf(key)));
    } catch (error) {
      if (isAbsent(error)) return null;
      throw failure('read', key, error);
    }
  }

  const getVersioned = (key: string): Promise<VersionedText | null> =>
    reading(key, async ({ path, replaced }) => {
      const text = await readFile(path, 'utf8');
      return { text, version: versionOf(replaced, text) };
    });

  const replace = async (draft: string, path: string): Promise<boolean> => {
    await rename(draft, (await currentOf(path)).path);
    return true;
  };

  const replaceVersion =
    (key: string, version: string) =>
    async (draft: string, path: string, chunks: readonly string[]): Promise<boolean> => {
      const current = await getVersioned(key);
      if (current?.version !== version) return false;
      return placeIfAbsent(draft, replacementOf(path, Number.parseInt(version, 10) + 1), chunks);
    };

  return {
    locate: pathOf,
    async put(object) {
      await write(object, replace);
    },
    putIfAbsent: (object) =>
      write(
        object,
        async (draft, path, chunks) => (await currentOf(path)).replaced === 0 && placeIfAbsent(draft, path, chunks),
      ),
    replaceIf: (object, version) => write(object, replaceVersion(object.key, version)),
    getVersioned,
    get: (key) => reading(key, ({ path }) => readFile(path, 'utf8')),
    getDated: (key) =>
      reading(key, async ({ path }) => {
        const file = await open(path, 'r');
        try {
          return { text: await file.readFile('utf8'), storedAt: (await file.stat()).mtimeMs, inParts: false };
        } finally {
          await file.close();
        }
      }),
    async listDated(prefix) {
      const times = new Map<string, number>();
      try {
        for (const entry of await readdir(pathOf(prefix), { withFileTypes: true }))
          if (entry.isFile() && !entry.name.startsWith('.'))
            times.set(entry.name, (await stat(join(pathOf(prefix), entry.name))).mtimeMs);
      } catch (error) {
        if (!isAbsent(error)) throw failure('list', prefix, error);
      }
      return times;
    },
    lines: (key) => reading(key, async ({ path }) => splitLines((await open(path, 'r')).createReadStream())),
    async list(prefix) {
      try {
        return (await readdir(pathOf(prefix))).filter((name) => !name.startsWith('.')).sort();
      } catch (error) {
        if (isAbsent(error)) return [];
        throw failure('list', prefix, error);
      }
    },
  };
}
