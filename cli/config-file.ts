import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { type ConfigResult, describeWarning, formatConfigProblems } from '../lambda/config';
import type { Config } from '../lambda/core/config';
import { RetentionError } from '../lambda/core/errors';
import { type Read, readConfigText, refused } from './config-yaml';

const MOST_BYTES = 1_000_000;

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'a directory',
  EACCES: 'a file that may not be read',
  EPERM: 'a file that may not be read',
};

/** At most one byte more than the limit, from anything that can be read. */
function readBytes(path: string): Read<Buffer> {
  const buffer = Buffer.alloc(MOST_BYTES + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let got = -1; got !== 0 && length < buffer.length; length += got)
        got = readSync(file, buffer, length, buffer.length - length, null);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    return refused(SYSTEM_ERRORS[code] ?? `a file that cannot be read (${code})`, 'a configuration file');
  }
  if (length > MOST_BYTES) return refused('more than 1 MB', 'a configuration of at most 1 MB');
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
    return refused(`bytes that are not UTF-8, the first at offset ${firstBadByte(bytes)}`, 'UTF-8: save the file in that encoding');
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const zero = text.indexOf('\0');
  if (zero >= 0) return refused(`a NUL character at offset ${zero}`, 'UTF-8 text: this is a binary file, or UTF-16');
  return { ok: true, value: text };
}

/** Reads and validates a configuration file (YAML 1.2, so JSON too). Never throws for what the file is or holds; the origin is its base name. */
export function readConfigFile(path: string): ConfigResult {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  const text = decode(bytes.value);
  return text.ok ? readConfigText(text.value, basename(path)) : text;
}

/** How a line begins that warns of what stands in a file. */
export const WARNING = 'warning: ';

/** The configuration of a file; warnings go to `warn`, one line each. Throws a RetentionError that lists everything wrong with it. */
export function loadConfigFile(path: string, warn: (line: string) => void): Config {
  const result = readConfigFile(path);
  if (!result.ok)
    throw new RetentionError('config.invalid', 'operator', `cannot use the configuration\n${formatConfigProblems(result.errors, path)}`);
  for (const warning of result.warnings) warn(`${WARNING}${describeWarning(warning, path)}`);
  return result.config;
}
