import { invalidConfig } from '../lambda/config/config-errors';
import { BUILT_IN, describeWarning, parseConfig, STARTER } from '../lambda/config/parse-config';
import { configFilesHere, nearWarnings, readConfigFile } from '../lambda/config/read-config-file';
import type { DeployedConfiguration } from './snapshot-retention';

/**
 * The configuration to deploy, from a file, or the built-in starter policy where that is null. What works and is probably not meant goes to
 * `warn`, a line each. Throws a RetentionError that lists everything wrong with the file.
 */
export function readConfiguration(file: string | null, warn: (line: string) => void): DeployedConfiguration {
  const name = file ?? BUILT_IN;
  const result = file === null ? parseConfig(STARTER, BUILT_IN) : readConfigFile(file);
  if (!result.ok) throw invalidConfig(result.errors, name);
  if (file === null)
    for (const unread of configFilesHere())
      warn(`warning: ${unread} is not read: the built-in starter policy was asked for`);
  for (const line of nearWarnings(name)) warn(line);
  for (const warning of result.warnings) warn(`warning: ${describeWarning(warning, name)}`);
  return { origin: result.config.origin, config: result.written };
}
