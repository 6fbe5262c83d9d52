import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, type BuildResult, buildSync, transformSync } from 'esbuild';

const ROOT = join(__dirname, '..');

/** The functions that are deployed: `lambda/handlers/<name>.ts` each. */
export const HANDLERS = ['report', 'delete'] as const;
export type HandlerName = (typeof HANDLERS)[number];

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  logLevel: 'silent',
  // The ES modules of the AWS SDK shake down to two thirds of its CommonJS build.
  mainFields: ['module', 'main'],
  metafile: true,
  // An `import('node:http')` of the SDK evaluates every export of that module, a WebSocket client of 40 ms among them.
  supported: { 'dynamic-import': false },
} as const satisfies BuildOptions;

/** The runtime that is deployed. */
const TARGET = 'node24';

/** Files that a bundle was made of, relative to the project. */
export type Inputs = readonly string[];

const inputsOf = ({ metafile }: BuildResult<{ metafile: true }>): Inputs => Object.keys(metafile.inputs);

/**
 * Builds one function into `<outDir>/index.js` (handler `index.handler`), the AWS SDK included, for the runtime that is deployed.
 * The same sources give the same bytes. Throws esbuild's own error when they do not build.
 */
export function bundleHandler(name: HandlerName, outDir: string): Inputs {
  const built = buildSync({
    ...COMMON,
    entryPoints: [join(ROOT, 'lambda', 'handlers', `${name}.ts`)],
    outfile: join(outDir, 'index.js'),
    target: TARGET,
    // Lambda hands its credentials over in the environment alone.
    alias: { '@aws-sdk/credential-provider-node': join(ROOT, 'lambda', 'aws', 'environment-credentials.ts') },
    // Source maps cost start-up time and put the output folder into the asset's hash.
    sourcemap: false,
    write: false,
  });
  for (const { path, text } of built.outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, minified(text));
  }
  return inputsOf(built);
}

/** A schema of the SDK in a bundle: a list that has no effect, and that esbuild keeps, wanted or not, because the keys in it are computed. */
const SCHEMA = /^var (\w+\$\d*) = (\[(?:.*\]|.*\n(?:.*\n)*?\]));$/gm;

/** A bundle as small as it can be: the schemas of operations that nobody calls are left out, a sixth of it and a quarter of what loading it takes. */
const minified = (bundle: string): string =>
  transformSync(
    bundle.replace(SCHEMA, (_, name: string, list: string) => `var ${name} = /* @__PURE__ */ (() => ${list})();`),
    { minify: true, treeShaking: true, platform: 'node', format: 'cjs', target: TARGET, supported: COMMON.supported, logLevel: 'silent' },
  ).code;

/** Builds every function into `<outDir>/<name>/index.js`. */
export function bundleHandlers(outDir: string): Inputs {
  return HANDLERS.flatMap((name) => bundleHandler(name, join(outDir, name)));
}

/** The command line's source; null in a tree without one. */
export function commandLineEntry(): string | null {
  const entry = join(ROOT, 'bin', 'lightsail-retention.ts');
  return existsSync(entry) ? entry : null;
}

/** Builds the command line into one executable file that starts without compiling, on Node 20 and later. */
export function bundleCommandLine(entry: string, outFile: string): Inputs {
  mkdirSync(dirname(outFile), { recursive: true });
  const built = buildSync({
    ...COMMON,
    entryPoints: [entry],
    outfile: outFile,
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    // Half the text to read at each start; names stay, for whoever has to look at a fault.
    minifyWhitespace: true,
    minifySyntax: true,
  });
  chmodSync(outFile, 0o755);
  return inputsOf(built);
}

/**
 * Builds what `import 'lightsail-retention'` gives into one file; the CDK is left to whoever imports it, and a bundler is not needed, since
 * the functions stand beside it.
 */
export function bundleLibrary(outFile: string): Inputs {
  const built = buildSync({
    ...COMMON,
    entryPoints: [join(ROOT, 'lib', 'index.ts')],
    outfile: outFile,
    target: 'node20',
    external: ['aws-cdk-lib', 'constructs', 'esbuild', '../scripts/bundle'],
  });
  return inputsOf(built);
}
