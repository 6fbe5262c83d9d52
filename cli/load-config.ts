import { existsSync } from 'node:fs';
import { builtInConfig } from '../lambda/config';
import type { Config } from '../lambda/core/config';
import { loadConfigFile } from './config-file';

export const DEFAULT_FILE = 'retention.yaml';

/** The configuration in force: the file named, else ./retention.yaml, else the built-in starter policy. Warnings go to `warn`. */
export function loadConfig(file: string | undefined, warn: (line: string) => void): Config {
  if (file === undefined && !existsSync(DEFAULT_FILE)) {
    warn('no retention.yaml here: using the built-in starter policy (expireAfter 90d, keep last 3 and monthly 12), which only reports');
    return builtInConfig();
  }
  return loadConfigFile(file ?? DEFAULT_FILE, warn);
}
