import { RetentionError } from '../lambda/core/util/errors';
import { faultOfCode } from '../lambda/core/util/faults';
import { visibleLines } from '../lambda/core/util/safe-text';
import { wrap } from '../lambda/render/terminal';
import { EXIT, type ExitCode } from './exit-codes';
import { batched, unwritable } from './output-file';

/** The streams and settings of a run: results go to `out`, progress and errors to `err`. */
export interface Terminal {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

const MIN_TERMINAL_COLUMNS = 20;
const DEFAULT_COLUMNS = 80;

/**
 * How wide text on a stream may be: the width of a terminal; elsewhere without limit, because piped text is never
 * wrapped.
 */
export const columnsOf = ({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number =>
  isTTY === true ? Math.max(MIN_TERMINAL_COLUMNS, columns || DEFAULT_COLUMNS) : Number.POSITIVE_INFINITY;

type WritesText = NodeJS.WritableStream & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>>;

const COMMAND = /\b(?:npx lightsail-retention|aws) [^;,()"\n]*[^;,()"\s]/g;
const TIED = '\u00a0';

/** Text for a stream: on a terminal each of its lines is wrapped, and commands in it stay in one piece. */
export function wrapped(text: string, { isTTY, columns }: Pick<WritesText, 'isTTY' | 'columns'>): string {
  if (isTTY !== true) return text;
  const width = columnsOf({ isTTY, columns: columns ?? DEFAULT_COLUMNS });
  const tied = text.replace(COMMAND, (command) => command.replaceAll(' ', TIED));
  return tied
    .split('\n')
    .map((line) => {
      const indent = /^ */.exec(line)?.[0] ?? '';
      return wrap(line.slice(indent.length), width, indent).slice(0, -1);
    })
    .join('\n')
    .replaceAll(TIED, ' ');
}

/** Writes a sentence, wrapped on a terminal, and commands below it, each in one piece. */
export function writeHint(stream: NodeJS.WriteStream, text: string, commands: readonly string[]): void {
  stream.write(`${wrap(text, columnsOf(stream), '')}${commands.map((command) => `    ${command}\n`).join('')}`);
}

/** What a write ends with when the reader went away, and every one after it. */
const NO_READER: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/**
 * Writes chunks with respect for a slow or closed reader; a reader that went away (`| head`) ends the writing quietly.
 * Throws `output.unwritable` for any other obstacle, such as a full disk.
 */
export async function writeOut(stream: NodeJS.WritableStream, chunks: Iterable<string>): Promise<void> {
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(text, (error) =>
        error && !NO_READER.has((error as NodeJS.ErrnoException).code)
          ? reject(
              unwritable(`cannot write to standard output: ${error.message}; make room, or write elsewhere`, error),
            )
          : resolve(),
      );
    });
  for (const text of batched(chunks)) await write(text);
}

/**
 * Writes a failure with its code as one paragraph. The code may come from another version, so that it can be any text.
 */
export function writeFailure(
  { code, message }: { readonly code: string; readonly message: string },
  err: WritesText,
): void {
  err.write(wrapped(visibleLines(`error: ${message} [${code}]\n`), err));
}

/** Writes an error as one paragraph without a stack trace, and returns its exit code. */
export function reportFailure(error: unknown, err: WritesText, env: NodeJS.ProcessEnv): ExitCode {
  if (error instanceof RetentionError) {
    writeFailure(error, err);
    return faultOfCode(error.code) === 'operator' ? EXIT.usage : EXIT.failure;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const text = `error: unexpected failure: ${visibleLines(message)}\nthis is a defect of lightsail-retention; run again with LIGHTSAIL_RETENTION_DEBUG=1 to see where it happened\n`;
  err.write(wrapped(text, err));
  if (env.LIGHTSAIL_RETENTION_DEBUG && error instanceof Error) err.write(visibleLines(`${error.stack}\n`));
  return EXIT.failure;
}
