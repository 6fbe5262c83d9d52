import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { bundleCommandLine, commandLineEntry } from '../../scripts/bundle';

/** Builds a file once per test run: the first suite that needs it builds it, and the others use it. */
function builtOnce(name: string, build: (outFile: string) => unknown): string {
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder === undefined)
    throw new Error('TEST_RUN_FOLDER is not set, expected the folder that global-setup.cjs makes');
  const file = join(folder, name);
  if (existsSync(file)) return file;
  // Two workers may build at the same time. Each writes its own draft, and both drafts are equal.
  const draft = `${file}.${process.pid}`;
  build(draft);
  renameSync(draft, file);
  return file;
}

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
