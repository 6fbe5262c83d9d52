import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The functions that are deployed: `lambda/handlers/<name>.ts` each. */
export type FunctionName = 'report' | 'delete' | 'view' | 'approve' | 'accounts' | 'organization';

/** The file beside a function's `index.js` from which it reads its configuration. */
export const CONFIGURATION_FILE = 'retention.json';

/** A validated configuration as functions carry it: where it came from, and what was written there as plain JSON. */
export interface BundledConfiguration {
  /** The file's name, or `built-in`. */
  readonly origin: string;
  /** What `parseConfig` accepts; the function parses it again with the same validator. */
  readonly config: unknown;
}

/**
 * Writes the configuration beside a bundle, where the function looks for it. The same configuration gives the same
 * bytes.
 */
export function writeConfiguration(folder: string, { origin, config }: BundledConfiguration): void {
  writeFileSync(join(folder, CONFIGURATION_FILE), `${JSON.stringify({ origin, config })}\n`);
}

/** The file beside a function's `index.js` with the script and the style of the report page. */
export const PAGE_ASSETS_FILE = 'page-assets.js';

/** Makes `folder` what Lambda gets: a copy of the bundle in `bundleFolder`, and the configuration beside it. */
export function stageFunction(bundleFolder: string, configuration: BundledConfiguration, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of ['index.js', PAGE_ASSETS_FILE])
    if (existsSync(join(bundleFolder, file))) copyFileSync(join(bundleFolder, file), join(folder, file));
  writeConfiguration(folder, configuration);
}
