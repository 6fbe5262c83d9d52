import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Store, StoredObject } from '../lambda/app/ports';
import { RetentionError } from '../lambda/core/errors';
import { linesOf } from '../lambda/core/lines';

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

/** Gives a draft its name unless something bears it already: false. Nothing else that is in the way means that. */
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

/** A folder as a store. What a write has resolved is on the disk: whole or not at all, whatever kills the process or the machine. */
export function folderStore(root: string): Store {
  const pathOf = (key: string): string => join(root, key);
  const failure = (what: 'read' | 'write' | 'list', key: string, cause: unknown): RetentionError =>
    new RetentionError(
      'store.folder',
      'operator',
      `cannot ${what} ${pathOf(key)}: ${cause instanceof Error ? cause.message : String(cause)}; ${EXPECTED[what]}`,
      { cause },
    );

  async function put({ key, body }: StoredObject, ifAbsent: boolean): Promise<boolean> {
    const path = pathOf(key);
    const folder = dirname(path);
    const draft = join(folder, `.${randomUUID()}.tmp`);
    try {
      const chunks = [...body];
      await mkdir(folder, { recursive: true });
      await writeSynced(draft, chunks, 'wx');
      let written = true;
      try {
        if (ifAbsent) written = await placeIfAbsent(draft, path, chunks);
        else await rename(draft, path);
      } finally {
        await rm(draft, { force: true });
      }
      if (written) await syncFolder(folder);
      return written;
    } catch (error) {
      throw failure('write', key, error);
    }
  }

  return {
    locate: pathOf,
    async put(object) {
      await put(object, false);
    },
    putIfAbsent: (object) => put(object, true),
    async get(key) {
      try {
        return await readFile(pathOf(key), 'utf8');
      } catch (error) {
        if (isAbsent(error)) return null;
        throw failure('read', key, error);
      }
    },
    async getDated(key) {
      try {
        const file = await open(pathOf(key), 'r');
        try {
          return { text: await file.readFile('utf8'), storedAt: (await file.stat()).mtimeMs, inParts: false };
        } finally {
          await file.close();
        }
      } catch (error) {
        if (isAbsent(error)) return null;
        throw failure('read', key, error);
      }
    },
    async listDated(prefix) {
      try {
        const names = (await readdir(pathOf(prefix), { withFileTypes: true })).filter(
          (entry) => entry.isFile() && !entry.name.startsWith('.'),
        );
        return new Map(await Promise.all(names.map(async ({ name }) => [name, (await stat(join(pathOf(prefix), name))).mtimeMs] as const)));
      } catch (error) {
        if (isAbsent(error)) return new Map();
        throw failure('list', prefix, error);
      }
    },
    async lines(key) {
      try {
        const file = await open(pathOf(key), 'r');
        return linesOf(file.createReadStream());
      } catch (error) {
        if (isAbsent(error)) return null;
        throw failure('read', key, error);
      }
    },
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
