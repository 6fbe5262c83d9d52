import { invalidConfigs } from '../lambda/config/config-errors';
import { builtInConfig, type WrittenConfig } from '../lambda/config/parse-config';
import { findConfigFile, loadConfigFile, readConfigFile, WARNING } from '../lambda/config/read-config-file';
import type { Config } from '../lambda/core/policy/config';
import { ownCommand } from '../lambda/core/report/command-line';
import { UTC, type Zone } from '../lambda/core/time/zone';
import { visibleLines } from '../lambda/core/util/safe-text';
import { type Terminal, wrapped } from './terminal';

/** Writes what loading a configuration has to say to stderr: warnings as they are, the rest as notes. */
export const warnOn =
  (err: Terminal['err']) =>
  (line: string): void => {
    err.write(wrapped(`${line.startsWith(WARNING) ? '' : 'note: '}${visibleLines(line)}\n`, err));
  };

/**
 * The configuration in force: the file named, else ./retention.yaml, else the built-in starter policy. Warnings go to
 * `warn`. Throws where the file cannot be used, or where a file is there whose name is only near.
 */
export function loadConfig(file: string | undefined, warn: (line: string) => void): Config {
  const found = file ?? findConfigFile();
  if (found === null) {
    warn(
      'no retention.yaml here: using the built-in starter policy (expireAfter 90d, keep last 3 and monthly 12), ' +
        `which only reports; to make a retention.yaml: ${ownCommand(['init'])}`,
    );
    return builtInConfig();
  }
  return loadConfigFile(found, warn);
}

/** The configurations of several files. Throws what is wrong with all of them at once. */
export function loadConfigFiles(
  files: readonly string[],
  warn: (line: string) => void,
): readonly { readonly file: string; readonly config: Config }[] {
  const refused = [...new Set(files)].flatMap((origin) => {
    const result = readConfigFile(origin);
    return result.ok ? [] : [{ errors: result.errors, origin }];
  });
  if (refused.length > 0) throw invalidConfigs(refused);
  return files.map((file) => ({ file, config: loadConfigFile(file, warn) }));
}

/** The rules of the configuration in force, as they are written; the built-in starter policy has none. */
export function writtenRules(file: string | undefined): WrittenConfig['rules'] {
  const found = file ?? findConfigFile();
  if (found === null) return [];
  const result = readConfigFile(found);
  return result.ok ? result.written.rules : [];
}

/**
 * The configured zone, for a command that needs nothing else of a configuration. Where none can be read, UTC; a file
 * that is named must be readable.
 */
export function zoneOf(file: string | undefined): Zone {
  try {
    return loadConfig(file, () => undefined).zone;
  } catch (error) {
    if (file !== undefined) throw error;
    return UTC;
  }
}
