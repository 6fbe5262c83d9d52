import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { invalidConfig } from '../lambda/config/config-errors';
import { findConfigFile, readTextOfConfig } from '../lambda/config/read-config-file';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { EXIT, type ExitCode } from './exit-codes';
import { checkOutput, writeOutputFile } from './output-file';
import { PLAYGROUND_FILE, type PolicyText, withPolicy } from './playground/page';
import type { Terminal } from './terminal';

export interface PlaygroundOptions {
  readonly config?: string;
  readonly output?: string;
}

/** The built page: this file is bundled into `dist/`. */
const BUILT_PAGE = join(__dirname, '..', 'dist', PLAYGROUND_FILE);

function builtPage(): string {
  try {
    return readFileSync(BUILT_PAGE, 'utf8');
  } catch (cause) {
    throw new RetentionError(
      'package.playground',
      `the page is not in this package: got no ${oneLine(BUILT_PAGE)}; run "npm run build", or install the package again`,
      { cause },
    );
  }
}

/** The text of the configuration in force, valid or not: the page shows what is wrong. Null: there is none. */
function givenPolicy(config: string | undefined): PolicyText | null {
  const file = config ?? findConfigFile();
  if (file === null) return null;
  const read = readTextOfConfig(file);
  if (!read.ok) throw invalidConfig(read.errors, file);
  return { name: oneLine(basename(file)), text: read.value };
}

/** Throws `output.exists` where a file is already there that was not named. */
function checkDefaultFile(): void {
  if (!existsSync(PLAYGROUND_FILE)) return;
  throw new RetentionError(
    'output.exists',
    `there is a ${PLAYGROUND_FILE} here already, expected none: replace it with --output ${PLAYGROUND_FILE}, or name another file`,
  );
}

/** `playground`: writes a page that shows what a policy keeps while it is written. Calls nothing. */
export async function playground({ config, output }: PlaygroundOptions, { err }: Terminal): Promise<ExitCode> {
  if (output === undefined) checkDefaultFile();
  const file = output ?? PLAYGROUND_FILE;
  checkOutput('--output', file, config);
  const given = givenPolicy(config);
  const page = builtPage();
  await writeOutputFile(file, [given === null ? page : withPolicy(page, given)]);
  err.write(`wrote ${oneLine(file)}; open it in a browser\n`);
  return EXIT.done;
}
