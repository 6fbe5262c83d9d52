import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const ROOT = join(__dirname, '..');

/** The functions that are deployed: `lambda/handlers/<name>.ts` each. */
export const HANDLERS = ['report'] as const;
export type HandlerName = (typeof HANDLERS)[number];

/** The file beside a function's `index.js` from which it reads its configuration. */
export const CONFIGURATION_FILE = 'retention.json';

/** A validated configuration as functions carry it: where it came from, and what was written there as plain JSON. */
export interface BundledConfiguration {
  /** The file's name, or `built-in`. */
  readonly origin: string;
  /** What `parseConfig` accepts; the function parses it again with the same validator. */
  readonly config: unknown;
}

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  logLevel: 'silent',
  // The ES modules of the AWS SDK shake down to two thirds of its CommonJS build.
  mainFields: ['module', 'main'],
} as const satisfies BuildOptions;

/**
 * Builds one function into `<outDir>/index.js` (handler `index.handler`), the AWS SDK included, for the runtime that is deployed.
 * The same sources give the same bytes. Throws esbuild's own error when they do not build.
 */
export function bundleHandler(name: HandlerName, outDir: string): void {
  buildSync({
    ...COMMON,
    entryPoints: [join(ROOT, 'lambda', 'handlers', `${name}.ts`)],
    outfile: join(outDir, 'index.js'),
    minify: true,
    target: 'node24',
    // Source maps cost start-up time and put the output folder into the asset's hash.
    sourcemap: false,
  });
}

/** Builds every function into `<outDir>/<name>/index.js`. */
export function bundleHandlers(outDir: string): void {
  for (const name of HANDLERS) bundleHandler(name, join(outDir, name));
}

/** Writes the configuration beside a bundle, where the function looks for it. */
export function writeConfiguration(outDir: string, configuration: BundledConfiguration): void {
  const { origin, config } = configuration;
  writeFileSync(join(outDir, CONFIGURATION_FILE), `${JSON.stringify({ origin, config })}\n`);
}

/** Makes `outDir` the folder that Lambda gets: a copy of the bundle in `bundleDir`, and the configuration. */
export function stageFunction(bundleDir: string, configuration: BundledConfiguration, outDir: string): void {
  mkdirSync(outDir, { recursive: true });
  copyFileSync(join(bundleDir, 'index.js'), join(outDir, 'index.js'));
  writeConfiguration(outDir, configuration);
}

/** The command line's source; null in a tree without one. */
export function commandLineEntry(): string | null {
  const entry = join(ROOT, 'bin', 'lightsail-retention.ts');
  return existsSync(entry) ? entry : null;
}

/** Builds the command line into one executable file that starts without compiling, on Node 20 and later. */
export function bundleCommandLine(entry: string, outFile: string): void {
  mkdirSync(dirname(outFile), { recursive: true });
  buildSync({
    ...COMMON,
    entryPoints: [entry],
    outfile: outFile,
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
  });
  chmodSync(outFile, 0o755);
}
