import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, type BuildResult, buildSync, transformSync } from 'esbuild';
import { RetentionError } from '../lambda/core/util/errors';
import { type FunctionName, PAGE_ASSETS_FILE } from '../lambda/runtime/stage-function';
import { PAGE_ASSETS } from './build-page';

const PACKAGE_ROOT = join(__dirname, '..');

/** The functions that are deployed: `lambda/handlers/<name>.ts` each. */
export const HANDLERS = [
  'report',
  'delete',
  'view',
  'approve',
  'accounts',
  'organization',
] as const satisfies readonly FunctionName[];

/** Those that render pages. */
const PAGE_HANDLERS: readonly FunctionName[] = ['report', 'delete', 'accounts', 'organization'];

const COMMON = {
  absWorkingDir: PACKAGE_ROOT,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  logLevel: 'silent',
  // The ES modules of the AWS SDK shake down to two thirds of its CommonJS build.
  mainFields: ['module', 'main'],
  metafile: true,
  // esbuild orders modules by path: linked packages would else give other bytes than installed ones.
  preserveSymlinks: true,
  // An `import('node:http')` of the SDK evaluates every export of that module, a WebSocket client of 40 ms among them.
  supported: { 'dynamic-import': false },
} as const satisfies BuildOptions;

/** The runtime that is deployed. */
const LAMBDA_TARGET = 'node24';

/** Files that a bundle was made of, relative to the project. */
export type Inputs = readonly string[];

const inputsOf = ({ metafile }: BuildResult<{ metafile: true }>): Inputs => Object.keys(metafile.inputs);

/** Writes a file in one step, and only where its text changes: another process may be reading it. */
function replaceFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/**
 * Builds functions into `<outDir>/<name>/index.js` each, beside it the script and the style of the page where it renders
 * pages (handler `index.handler`), the AWS SDK included, for the runtime that is deployed. They are built together: what
 * they share is read once, and each is the same bytes as if it were built alone. Throws esbuild's own error when they do
 * not build.
 */
export function bundleHandlers(outDir: string, names: readonly FunctionName[] = HANDLERS): Inputs {
  const built = buildSync({
    ...COMMON,
    entryPoints: Object.fromEntries(
      names.map((name) => [`${name}/index`, join(PACKAGE_ROOT, 'lambda', 'handlers', `${name}.ts`)]),
    ),
    outdir: outDir,
    target: LAMBDA_TARGET,
    alias: REPLACED,
    external: [PAGE_ASSETS_IMPORT],
    // Source maps cost start-up time and put the output folder into the asset's hash.
    sourcemap: false,
    write: false,
  });
  const withPages = PAGE_HANDLERS.filter((name) => names.includes(name)).map((name) => join(outDir, name));
  for (const { path, text } of built.outputFiles)
    replaceFile(path, minified(withPages.includes(dirname(path)) ? withPageAssets(text) : text));
  return [...inputsOf(built), ...bundlePageAssets(withPages)];
}

/** Packages that functions do not need in full, and the modules that stand in for them. */
const REPLACED = {
  '@aws-sdk/credential-provider-node': join(PACKAGE_ROOT, 'lambda', 'aws', 'environment-credentials.ts'),
  '@smithy/core/event-streams': join(PACKAGE_ROOT, 'lambda', 'aws', 'no-event-streams.ts'),
} as const;

/** The import of the page's script and style, from any folder of `render`. */
const PAGE_ASSETS_IMPORT = '*/assets';

/** A bundle that loads the script and the style of the page from the file beside it. */
function withPageAssets(bundle: string): string {
  const pointed = bundle.replace(/require\("(?:\.\/page|\.)\/assets"\)/g, `require("./${PAGE_ASSETS_FILE}")`);
  if (!pointed.includes(`require("./${PAGE_ASSETS_FILE}")`))
    throw new RetentionError('bundle.assets', 'the bundle does not load the script and the style of the page');
  return pointed;
}

/** Builds the file with the script and the style of the page, which are no code of a function, into each folder. */
function bundlePageAssets(folders: readonly string[]): Inputs {
  const built = buildSync({
    ...COMMON,
    entryPoints: [PAGE_ASSETS],
    outfile: PAGE_ASSETS_FILE,
    target: LAMBDA_TARGET,
    sourcemap: false,
    write: false,
  });
  for (const { text } of built.outputFiles)
    for (const folder of folders) replaceFile(join(folder, PAGE_ASSETS_FILE), text);
  return inputsOf(built);
}

/**
 * A schema of the SDK in a bundle: a list that has no effect, and that esbuild keeps, wanted or not, because the keys
 * in it are computed.
 */
const SCHEMA = /^var (\w+\$\d*) = (\[(?:.*\]|.*\n(?:.*\n)*?\]));$/gm;

/** The package.json of a client in a bundle: only its version is used. */
const PACKAGE_JSON = /^( *)((?:var )?package_default\d* =) \{\n(?:\1 .*\n)*?\1\};$/gm;
const VERSION_LINE = /^ +version: ("[^"]*"),$/m;

/** A bundle without what the packages of its clients say of themselves, the version aside. */
const withVersionsAlone = (bundle: string): string =>
  bundle.replace(PACKAGE_JSON, (whole, indent: string, target: string) => {
    const version = VERSION_LINE.exec(whole)?.[1];
    return version === undefined ? whole : `${indent}${target} { version: ${version} };`;
  });

/** The path of a module that is loaded on demand: a bundle has it as the name of a function, and never reads it. */
const MODULE_PATH = /^ {2}"(?:node_modules|lambda)\/[^"]+"(\(.*\) \{)$/gm;

/**
 * A bundle as small as it can be: the schemas of operations that nobody calls are left out, a sixth of it and a quarter
 * of what loading it takes.
 */
const minified = (bundle: string): string =>
  transformSync(
    withVersionsAlone(bundle)
      .replace(MODULE_PATH, '  m$1')
      .replace(SCHEMA, (_, name: string, list: string) => `var ${name} = /* @__PURE__ */ (() => ${list})();`),
    {
      minify: true,
      treeShaking: true,
      // The only comments with an exclamation mark are for a coverage tool.
      legalComments: 'none',
      charset: 'utf8',
      platform: 'node',
      format: 'cjs',
      target: LAMBDA_TARGET,
      supported: COMMON.supported,
      logLevel: 'silent',
    },
  ).code;

/** The command line's source; null in a tree without one. */
export function commandLineEntry(): string | null {
  const entry = join(PACKAGE_ROOT, 'bin', 'lightsail-retention.ts');
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
    // Half the text to read at each start. Names stay, so that a stack trace can be read.
    minifyWhitespace: true,
    minifySyntax: true,
  });
  chmodSync(outFile, 0o755);
  return inputsOf(built);
}

/**
 * Tells the library's folder where there is no `__dirname`; a bundler that makes CommonJS of it has no
 * `import.meta.url` either.
 */
const FOLDER_OF_MODULE = `import { fileURLToPath as pathOfUrl } from 'node:url';
const folderOfLibrary = import.meta.url === undefined ? undefined : pathOfUrl(new URL('.', import.meta.url));`;

/**
 * Builds what `import 'lightsail-retention'` and `require('lightsail-retention')` give into `<outDir>/index.mjs` and
 * `<outDir>/index.js`. The CDK is left to the app that imports it; an app needs no bundler, since the functions are in
 * the package.
 */
export function bundleLibrary(outDir: string): Inputs {
  const library = {
    ...COMMON,
    entryPoints: [join(PACKAGE_ROOT, 'lib', 'index.ts')],
    target: 'node20',
    external: ['aws-cdk-lib', 'constructs'],
  } as const satisfies BuildOptions;
  const built = buildSync({ ...library, outfile: join(outDir, 'index.js') });
  buildSync({
    ...library,
    outfile: join(outDir, 'index.mjs'),
    format: 'esm',
    // Its build for browsers is the one of ES modules; the other calls `require`, which a module does not have.
    alias: { yaml: join(PACKAGE_ROOT, 'node_modules', 'yaml', 'browser', 'index.js') },
    define: { __dirname: 'folderOfLibrary' },
    banner: { js: FOLDER_OF_MODULE },
  });
  return inputsOf(built);
}
