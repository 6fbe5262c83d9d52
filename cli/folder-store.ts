import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { linkAt, otherThanFile } from '../lambda/config/regular-file';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { splitLines } from '../lambda/core/util/split-lines';
import type { DatedObject, Fingerprint, HashedVersion, Store, VersionedText } from '../lambda/ports/ports';
import { REPLACED_AS_READ } from '../lambda/storage/keys';
import { isFull } from './output-file';

const systemCodeOf = (error: unknown): string => String((error as { readonly code?: unknown } | null)?.code ?? '');

const isFileAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error));

/** What file systems without hard links answer. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

const EXPECTED_ACCESS = {
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

async function writeSynced(path: string, body: Iterable<string>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile([...body].join(''));
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Gives a draft its name where the file system has no hard links: an empty file claims the name, and the draft replaces
 * it. A failure releases the name.
 */
async function placeByRename(draft: string, path: string): Promise<void> {
  await (await open(path, 'wx')).close();
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

const EMPTY_POLL_MS = 50;
const MAX_EMPTY_POLLS = 10;

/** Throws where an empty file has the name of an object, and no writer replaces it: a crash left it. */
async function checkNotEmpty(path: string): Promise<void> {
  for (let poll = 0; (await stat(path).catch(() => null))?.size === 0; poll += 1) {
    if (poll === MAX_EMPTY_POLLS)
      throw new RetentionError(
        'store.folder',
        `cannot write ${path}: an empty file has this name, because a crash ended its write; move it to another ` +
          'place while no deletion runs, and run the same again',
      );
    await new Promise((resolve) => setTimeout(resolve, EMPTY_POLL_MS));
  }
}

/** Gives a draft its name unless a file has it already: false. No other obstacle means that. */
async function placeIfAbsent(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path).catch((error: unknown) => {
      if (!NO_LINKS.has(systemCodeOf(error))) throw error;
      return placeByRename(draft, path);
    });
    return true;
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    if ((await stat(draft)).size > 0) await checkNotEmpty(path);
    return false;
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

/** Whether anything has this path, also a link that leads nowhere. */
async function fileExists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isFileAbsent(error)) return false;
    throw error;
  }
}

/**
 * Finds the newest replacement of an object. They are numbered without a gap, because each is made of the one before.
 * They count although the file that people see was removed: otherwise a new one would be hidden behind them. Other
 * objects have none: a file that is named like one is never read instead of them.
 */
async function currentOf(path: string): Promise<Current> {
  let replaced = 0;
  if (REPLACED_AS_READ.test(path)) while (await fileExists(replacementOf(path, replaced + 1))) replaced += 1;
  return { path: replacementOf(path, replaced), replaced };
}

const versionOf = (replaced: number, text: string): string =>
  `${replaced}:${createHash('sha256').update(text).digest('hex')}`;

function folderError(action: keyof typeof EXPECTED_ACCESS, path: string, cause: unknown): RetentionError {
  if (cause instanceof RetentionError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const expected = isFull(cause) ? 'make room on that disk, and run the same again' : EXPECTED_ACCESS[action];
  return new RetentionError('store.folder', `cannot ${action} ${path}: ${reason}; ${expected}`, { cause });
}

/** The error of something else than a file or a folder in its place, with its path. */
const misplaced = (path: string, message: string): RetentionError =>
  Object.assign(new RetentionError('store.folder', message), { path });

const irregular = (path: string, got: string): RetentionError =>
  misplaced(
    path,
    `cannot read ${path}: got ${got}, expected a regular file; move it to another place, or use another folder`,
  );

function checkRegular(path: string, stats: Stats): void {
  const got = otherThanFile(stats);
  if (got !== null) throw irregular(path, got);
}

/**
 * Opens a regular file for reading. Refuses anything else at once: a named pipe would be waited for, and a device may
 * have no end.
 */
async function openRegular(path: string): Promise<FileHandle> {
  try {
    checkRegular(path, await stat(path));
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Another file may have taken its place.
      checkRegular(path, await file.stat());
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    const target = isFileAbsent(error) ? linkAt(path) : null;
    throw target === null ? error : irregular(path, `a symbolic link to ${oneLine(target)}, where there is nothing`);
  }
}

async function readRegular<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openRegular(path);
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

const readRegularText = (path: string): Promise<string> => readRegular(path, (file) => file.readFile('utf8'));

/** Reads the file at exactly this path, without its replacements; null: there is none. */
export async function readGiven(path: string): Promise<string | null> {
  try {
    return await readRegularText(path);
  } catch (error) {
    if (isFileAbsent(error)) return null;
    throw folderError('read', path, error);
  }
}

/** Whether a folder is at this path; null: nothing is there. */
export async function isFolder(path: string): Promise<boolean | null> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isFileAbsent(error)) return null;
    throw folderError('read', path, error);
  }
}

/** Gives a draft its name; false: it may not have it. */
type FolderPath = (draft: string, path: string) => Promise<boolean>;

/** Writes a draft and places it at the path. False: `place` refused, and nothing was written. */
async function writeObject(path: string, body: Iterable<string>, place: FolderPath): Promise<boolean> {
  const folder = dirname(path);
  const draft = join(folder, `.${randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    let written = true;
    try {
      await writeSynced(draft, body);
      written = await place(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
    if (written) await syncFolder(folder);
    return written;
  } catch (error) {
    throw folderError('write', path, error);
  }
}

/** Reads the current file of an object; null: there is no such object. */
async function readObject<T>(path: string, read: (current: Current) => Promise<T>): Promise<T | null> {
  let at = path;
  try {
    const current = await currentOf(path);
    at = current.path;
    return await read(current);
  } catch (error) {
    if (isFileAbsent(error)) return null;
    throw folderError('read', at, error);
  }
}

const readVersioned = (path: string): Promise<VersionedText | null> =>
  readObject(path, async (current) => {
    const text = await readRegularText(current.path);
    return { text, version: versionOf(current.replaced, text) };
  });

const readDated = (path: string): Promise<DatedObject | null> =>
  readObject(path, (current) =>
    readRegular(current.path, async (file) => {
      const text = await file.readFile('utf8');
      return { text, storedAt: (await file.stat()).mtimeMs, inParts: false };
    }),
  );

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of (await openRegular(path)).createReadStream()) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

async function hashVersion(path: string): Promise<HashedVersion> {
  const sha256 = await hashOf(path).catch((error: unknown) => {
    if (isFileAbsent(error)) return null;
    throw error;
  });
  return { name: basename(path), sha256 };
}

const readFingerprint = (path: string): Promise<Fingerprint | null> =>
  readObject(path, async (current) => {
    const sha256 = await hashOf(current.path);
    if (current.replaced === 0) return { sha256, version: null };
    const earlier: HashedVersion[] = [];
    for (let n = 0; n < current.replaced; n += 1) earlier.push(await hashVersion(replacementOf(path, n)));
    return { sha256, version: null, name: basename(current.path), earlier };
  });

const placeAlways: FolderPath = async (draft, path) => {
  await rename(draft, (await currentOf(path)).path);
  return true;
};

const placeIfFree: FolderPath = async (draft, path) =>
  (await currentOf(path)).replaced === 0 && placeIfAbsent(draft, path);

const placeIfVersion =
  (version: string): FolderPath =>
  async (draft, path) => {
    if (!REPLACED_AS_READ.test(path))
      throw new RetentionError('store.folder', `cannot replace ${path}: got the key of an object that is written once`);
    const current = await readVersioned(path);
    if (current?.version !== version) return false;
    return placeIfAbsent(draft, replacementOf(path, Number.parseInt(version, 10) + 1));
  };

/** As many names as a page of a bucket has. */
const MAX_FILE_NAMES = 1_000;

const isHidden = (name: string): boolean => name.startsWith('.');

/** Throws where anything but a folder has the path of one. */
async function checkFolder(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null) return;
  const got = otherThanFile(stats) ?? 'a regular file';
  throw misplaced(path, `cannot list ${path}: got ${got}; ${EXPECTED_ACCESS.list}`);
}

/** Returns the names in a folder, in order; none where there is no folder. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !isHidden(name)).sort();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOTDIR') await checkFolder(folder.replace(/[/\\]+$/, ''));
    if (isFileAbsent(error)) return [];
    throw folderError('list', folder, error);
  }
}

/**
 * Returns when the files in a folder were last written (epoch ms), by name. Links are followed. One that leads nowhere,
 * and a pipe, have their own times: who reads them gets the error that says so.
 */
async function timesIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  try {
    for (const name of await readdir(folder)) {
      if (isHidden(name)) continue;
      const path = join(folder, name);
      const found = await stat(path).catch(() => lstat(path));
      if (!found.isDirectory()) times.set(name, found.mtimeMs);
    }
  } catch (error) {
    if (!isFileAbsent(error)) throw folderError('list', folder, error);
  }
  return times;
}

/** Returns when the files below a folder were last written (epoch ms), hidden ones too. No link is followed. */
async function deepTimesIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const path = join(entry.parentPath, entry.name);
      times.set(relative(folder, path).split(sep).join('/'), (await lstat(path)).mtimeMs);
    }
  } catch (error) {
    if (!isFileAbsent(error)) throw folderError('list', folder, error);
  }
  return times;
}

/**
 * A folder as a store. A completed write is on the disk, whole or not at all, even if the process or the machine stops.
 */
export function folderStore(root: string): Store {
  const pathOf = (key: string): string => join(root, key);
  return {
    locate: pathOf,
    put: async ({ key, body }) => {
      await writeObject(pathOf(key), body, placeAlways);
    },
    putIfAbsent: ({ key, body }) => writeObject(pathOf(key), body, placeIfFree),
    replaceIf: ({ key, body }, version) => writeObject(pathOf(key), body, placeIfVersion(version)),
    getVersioned: (key) => readVersioned(pathOf(key)),
    get: (key) => readObject(pathOf(key), ({ path }) => readRegularText(path)),
    getDated: (key) => readDated(pathOf(key)),
    lines: (key) =>
      readObject(pathOf(key), async ({ path }) => splitLines((await openRegular(path)).createReadStream())),
    list: (prefix) => namesIn(pathOf(prefix)),
    listAfter: async (prefix, after) => {
      const names = (await namesIn(pathOf(prefix))).filter((name) => name > after);
      return { names: names.slice(0, MAX_FILE_NAMES), more: names.length > MAX_FILE_NAMES };
    },
    // A folder keeps no versions, so no version has an id.
    fingerprint: async (key, version) => (version === undefined ? readFingerprint(pathOf(key)) : null),
    listDated: (prefix) => timesIn(pathOf(prefix)),
    listDeep: (prefix) => deepTimesIn(pathOf(prefix)),
  };
}
