import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Config } from '../core/policy/config';
import { quoteWord } from '../core/report/command-line';
import { RetentionError } from '../core/util/errors';
import { joinNames } from '../core/util/join-names';
import { oneLine } from '../core/util/safe-text';
import { invalidConfig } from './config-errors';
import { DEFAULT_FILE, nearFiles } from './near-files';
import { type ConfigResult, describeWarning } from './parse-config';
import { type Read, readConfigText, refused } from './parse-yaml';
import { linkAt, otherThanFile } from './regular-file';

export { DEFAULT_FILE } from './near-files';

const MAX_CONFIG_BYTES = 1_000_000;

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'a directory',
  ELOOP: 'symbolic links that lead in a circle',
  EACCES: 'a file that may not be read',
  EPERM: 'a file that may not be read',
};

const fileErrorCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);

const WANTED = 'a configuration file';

/** A file that could not be opened or read. */
function unreadableFile(path: string, code: string): Read<Buffer> {
  const link = code === 'ENOENT' ? linkAt(path) : null;
  if (link !== null) return refused(`a symbolic link to ${oneLine(link)}, where there is nothing`, WANTED);
  const near = code === 'ENOENT' && basename(path) === DEFAULT_FILE ? nearFiles(dirname(path)) : [];
  const meant = near.length === 0 ? '' : `; did you mean ${joinNames(near.map(oneLine))}?`;
  return refused(SYSTEM_ERRORS[code] ?? `a file that cannot be read (${code})`, `${WANTED}${meant}`);
}

/** At most one byte more than the limit, from a regular file: nothing else is waited for. */
function readBytes(path: string): Read<Buffer> {
  const buffer = Buffer.alloc(MAX_CONFIG_BYTES + 1);
  let length = 0;
  try {
    const there = otherThanFile(statSync(path));
    if (there !== null) return refused(there, WANTED);
    // What took the file's place since then is not waited for either.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const opened = otherThanFile(fstatSync(file));
      if (opened !== null) return refused(opened, WANTED);
      for (let got = -1; got !== 0 && length < buffer.length; length += got)
        got = readSync(file, buffer, length, buffer.length - length, null);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return unreadableFile(path, fileErrorCode(error));
  }
  if (length > MAX_CONFIG_BYTES) return refused('more than 1 MB', 'a configuration of at most 1 MB');
  return { ok: true, value: buffer.subarray(0, length) };
}

/** Where re-encoding the decoded text first differs: the first byte that is not UTF-8. */
function firstBadByte(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'));
  return bytes.findIndex((byte, i) => byte !== again[i]);
}

function decode(bytes: Buffer): Read<string> {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return refused('UTF-16 text', 'UTF-8: save the file in that encoding');
  if (!isUtf8(bytes))
    return refused(
      `bytes that are not UTF-8, the first at offset ${firstBadByte(bytes)}`,
      'UTF-8: save the file in that encoding',
    );
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const zero = text.indexOf('\0');
  if (zero >= 0) return refused(`a NUL character at offset ${zero}`, 'UTF-8 text: this is a binary file, or UTF-16');
  return { ok: true, value: text };
}

/** The text of a configuration file, valid or not. Never throws for what the file is or holds. */
export function readTextOfConfig(path: string): Read<string> {
  const bytes = readBytes(path);
  return bytes.ok ? decode(bytes.value) : bytes;
}

/**
 * Reads and validates a configuration file (YAML 1.2, so JSON too). Never throws for what the file is or holds; the
 * origin is its base name.
 */
export function readConfigFile(path: string): ConfigResult {
  const text = readTextOfConfig(path);
  return text.ok ? readConfigText(text.value, basename(path)) : text;
}

/** How a line begins that warns of what stands in a file. */
export const WARNING = 'warning: ';

/**
 * The configuration of the working directory; null where there is none. Throws `config.near-file` where a file is there
 * instead that a person may take for it; `named` says how that file can be named.
 */
export function findConfigFile(named: (file: string) => string = (file) => `--config ${file}`): string | null {
  try {
    lstatSync(DEFAULT_FILE);
    return DEFAULT_FILE;
  } catch (error) {
    // Other errors of it are reported when it is read.
    if (fileErrorCode(error) !== 'ENOENT') return DEFAULT_FILE;
  }
  const near = nearFiles('.');
  const [first] = near;
  if (first === undefined) return null;
  throw new RetentionError(
    'config.near-file',
    `there is no ${DEFAULT_FILE} here, and ${joinNames(near.map(oneLine))} is not read: rename it to ${DEFAULT_FILE}, or name it: ${named(quoteWord(first))}`,
  );
}

/** Files of the working directory that hold, or may seem to hold, its configuration. */
export const configFilesHere = (): readonly string[] => [
  ...(lstatSync(DEFAULT_FILE, { throwIfNoEntry: false }) === undefined ? [] : [DEFAULT_FILE]),
  ...nearFiles('.').map(oneLine),
];

/** A warning for each file that a person may take for the configuration beside one that is called as it should be. */
export function nearWarnings(path: string): readonly string[] {
  if (basename(path) !== DEFAULT_FILE) return [];
  return nearFiles(dirname(path)).map(
    (name) =>
      `${WARNING}${oneLine(name)} is not read, because ${DEFAULT_FILE} is the configuration: remove it, or rename it`,
  );
}

/**
 * The configuration of a file; warnings go to `warn`, one line each. Throws a RetentionError that lists everything
 * wrong with it.
 */
export function loadConfigFile(path: string, warn: (line: string) => void): Config {
  const result = readConfigFile(path);
  if (!result.ok) throw invalidConfig(result.errors, path);
  for (const line of nearWarnings(path)) warn(line);
  for (const warning of result.warnings) warn(`${WARNING}${describeWarning(warning, path)}`);
  return result.config;
}
