import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';

/**
 * What is there instead of a regular file; null: a regular file. What else is opened may wait for its other end without
 * a limit.
 */
export function otherThanFile(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe (FIFO)';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * What is at a path, links followed, instead of a regular file; null: a regular file, nothing, or what cannot be looked
 * up.
 */
export function irregularAt(path: string): string | null {
  try {
    return otherThanFile(statSync(path));
  } catch {
    return null;
  }
}

/** Returns where the symbolic link at a path leads to; null: there is no link. */
export function linkAt(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}

/** Whether a path leads to the device that drops everything, which is fine to write to. */
export function isNullDevice(path: string): boolean {
  try {
    const [found, sink] = [statSync(path), statSync('/dev/null')];
    return found.isCharacterDevice() && sink.isCharacterDevice() && found.rdev === sink.rdev;
  } catch {
    return false;
  }
}
