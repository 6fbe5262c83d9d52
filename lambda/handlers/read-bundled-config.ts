import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalidConfig } from '../config/config-errors';
import { parseConfig } from '../config/parse-config';
import type { Config } from '../core/policy/config';
import { RetentionError } from '../core/util/errors';

/** Reads the configuration that was bundled beside a function, with the validator that accepted it at synth. */
export function readBundledConfig(folder: string): Config {
  const path = join(folder, 'retention.json');
  let bundled: { readonly origin?: unknown; readonly config?: unknown };
  try {
    bundled = JSON.parse(readFileSync(path, 'utf8')) as typeof bundled;
  } catch (cause) {
    throw new RetentionError(
      'config.not-bundled',
      'cannot read retention.json beside the function: deploy the stack again',
      {
        cause,
      },
    );
  }
  const result = parseConfig(bundled.config, String(bundled.origin));
  if (!result.ok) throw invalidConfig(result.errors, String(bundled.origin));
  return result.config;
}
