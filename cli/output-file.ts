import { randomUUID } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  fchmodSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { findConfigFile } from '../lambda/config/read-config-file';
import { irregularAt, isNullDevice, linkAt } from '../lambda/config/regular-file';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { cleanUpAtSignal } from './end-signals';

const CHUNK = 65_536;

/** Small texts joined to larger ones: a report has hundreds of thousands of them. */
export function* batched(chunks: Iterable<string>): Generator<string> {
  let pending = '';
  for (const chunk of chunks) {
    pending += chunk;
    if (pending.length < CHUNK) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}

/** What a file system knows a path by; null where nothing is there. */
function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}

function outputPlace(path: string): string {
  try {
    const folder = identityOf(dirname(path));
    return identityOf(path) ?? (folder === null ? resolve(path) : `${folder}/${basename(path)}`);
  } catch {
    // What cannot be looked at cannot be written either: that says why.
    return resolve(path);
  }
}

/**
 * Whether two paths lead to the same file, whatever their spelling, through links too, and also where it is not there
 * yet.
 */
export const isSameFile = (one: string, other: string): boolean => outputPlace(one) === outputPlace(other);

/** Returns the failure of a file or folder that cannot be written. */
export const unwritable = (message: string, cause?: unknown): RetentionError =>
  new RetentionError('output.unwritable', message, { cause });

const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Whether a disk or a quota is full. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error && NO_ROOM.has((error as NodeJS.ErrnoException).code);

/**
 * Throws `output.unwritable` where something else than a file is at a path: a named pipe waits for a reader without a
 * limit.
 */
export function checkOutputFile(path: string): void {
  const there = irregularAt(path);
  if (there === null || isNullDevice(path)) return;
  throw unwritable(
    `cannot write ${oneLine(path)}: got ${there}, expected a file or a new name; to pipe the output, leave the option out`,
  );
}

const sameFile = (message: string): RetentionError => new RetentionError('usage.same-file', message);

/** Throws `usage.same-file` where a report and its plan would be written to one file. */
export function requireTwoFiles(output: string, planOut: string): void {
  if (isSameFile(output, planOut))
    throw sameFile(
      `--output and --plan-out name the same file, ${planOut}: the plan would replace the report; give them two`,
    );
}

/**
 * Checks the file that an option names, if it does. Throws `usage.same-file` where that is the configuration in force,
 * which it would replace.
 */
export function checkOutput(option: string, file: string | undefined, config: string | undefined): void {
  if (file === undefined) return;
  const inForce = config ?? findConfigFile();
  if (inForce !== null && isSameFile(file, inForce))
    throw sameFile(
      `${option} names the configuration in force, ${oneLine(file)}, and would replace it: give another file`,
    );
  checkOutputFile(file);
}

/** Opens a new file beside the one that it will replace, with the same permissions; null: it cannot be created. */
function openDraft(target: string): { readonly draft: string; readonly file: number } | null {
  const draft = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  const mode = statSync(target, { throwIfNoEntry: false })?.mode;
  try {
    const file = openSync(draft, 'wx', mode);
    if (mode !== undefined) fchmodSync(file, mode);
    return { draft, file };
  } catch {
    rmSync(draft, { force: true });
    return null;
  }
}

/** Writes chunks as a file that is replaced only when they are written, also where a signal ends the process. */
async function replaceByDraft(target: string, chunks: Iterable<string>): Promise<boolean> {
  const opened = openDraft(target);
  if (opened === null) return false;
  const { draft, file } = opened;
  const removeDraft = (): void => rmSync(draft, { force: true });
  const keepSignals = cleanUpAtSignal(removeDraft);
  try {
    await pipeline(Readable.from(batched(chunks)), createWriteStream(draft, { fd: file }));
    renameSync(draft, target);
    return true;
  } catch (error) {
    removeDraft();
    throw error;
  } finally {
    keepSignals();
  }
}

/** Writes to the file itself where its folder takes no new file, or no folder is there. */
async function writeWhole(path: string, chunks: Iterable<string>): Promise<void> {
  const isThere = existsSync(path);
  const mayReplace = !isNullDevice(path) && (isThere || linkAt(path) === null);
  if (mayReplace && (await replaceByDraft(isThere ? realpathSync(path) : path, chunks))) return;
  await pipeline(Readable.from(batched(chunks)), createWriteStream(path));
}

/** Writes a file, whole or not at all. Throws `output.unwritable` with one sentence that says why not. */
export async function writeOutputFile(path: string, chunks: Iterable<string>): Promise<void> {
  checkOutputFile(path);
  try {
    await writeWhole(path, chunks);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = isFull(cause)
      ? 'make room on that disk, or choose a file on another one'
      : 'choose a file in a folder that exists and that you may write to';
    throw unwritable(`cannot write ${path}: ${why}; ${remedy}`, cause);
  }
}
