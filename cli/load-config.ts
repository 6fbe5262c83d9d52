import { existsSync } from 'node:fs';
import { builtInConfig, type WrittenConfig } from '../lambda/config';
import type { Config } from '../lambda/core/config';
import { visibleLines } from '../lambda/core/safe-text';
import { loadConfigFile, readConfigFile, WARNING } from './config-file';

export const DEFAULT_FILE = 'retention.yaml';

/** Writes what loading a configuration has to say to stderr: warnings as they are, the rest as notes. */
export const warnOn =
  (err: NodeJS.WritableStream) =>
  (line: string): void => {
    err.write(`${line.startsWith(WARNING) ? '' : 'note: '}${visibleLines(line)}\n`);
  };

/** The configuration in force: the file named, else ./retention.yaml, else the built-in starter policy. Warnings go to `warn`. */
export function loadConfig(file: string | undefined, warn: (line: string) => void): Config {
  if (file === undefined && !existsSync(DEFAULT_FILE)) {
    warn('no retention.yaml here: using the built-in starter policy (expireAfter 90d, keep last 3 and monthly 12), which only reports');
    return builtInConfig();
  }
  return loadConfigFile(file ?? DEFAULT_FILE, warn);
}

/** The rules of the configuration in force, as they are written; the built-in starter policy has none. */
export function writtenRules(file: string | undefined): WrittenConfig['rules'] {
  if (file === undefined && !existsSync(DEFAULT_FILE)) return [];
  const result = readConfigFile(file ?? DEFAULT_FILE);
  return result.ok ? result.written.rules : [];
}
