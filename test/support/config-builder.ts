import { parseConfig } from '../../lambda/config/parse-config';
import type { Config } from '../../lambda/core/policy/config';

/** A valid configuration from what a test says of it; `version` is filled in. */
export function aConfig(written: Readonly<Record<string, unknown>> = {}, origin = 'retention.yaml'): Config {
  const result = parseConfig({ version: 1, ...written }, origin);
  if (!result.ok) throw new Error(`the test's configuration is wrong: ${JSON.stringify(result.errors)}`);
  return result.config;
}
