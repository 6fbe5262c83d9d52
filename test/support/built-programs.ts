import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { FunctionName } from '../../lambda/runtime/stage-function';
import { bundleCommandLine, bundleHandlers, commandLineEntry } from '../../scripts/bundle';

/** Builds a file or a folder once per test run: the first suite that needs it builds it, and the others use it. */
function builtOnce(name: string, build: (outFile: string) => unknown): string {
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder === undefined)
    throw new Error('TEST_RUN_FOLDER is not set, expected the folder that global-setup.cjs makes');
  const file = join(folder, name);
  if (existsSync(file)) return file;
  // Two workers may build at the same time. Each writes its own draft, and both drafts are equal.
  const draft = `${file}.${process.pid}`;
  build(draft);
  try {
    renameSync(draft, file);
  } catch (error) {
    // A folder replaces no other.
    if (!existsSync(file)) throw error;
    rmSync(draft, { recursive: true });
  }
  return file;
}

/** Returns the folder of a function's bundle, built from the sources of this tree, without a configuration. */
export const bundleOf = (name: FunctionName): string => join(builtOnce('functions', bundleHandlers), name);

/** Returns the command line as one file, built from the sources of this tree. */
export const commandLineProgram = (): string =>
  builtOnce('cli.cjs', (outFile) => bundleCommandLine(commandLineEntry() ?? '', outFile));

/** Returns the program of `test/deletion/child.ts`, which applies a plan and can be killed at any point. */
export const deletionProgram = (): string =>
  builtOnce('deletion-child.cjs', (outfile) =>
    buildSync({
      entryPoints: [join(__dirname, '..', 'deletion', 'child.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      target: 'node20',
      logLevel: 'error',
    }),
  );
