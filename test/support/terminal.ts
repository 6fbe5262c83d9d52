import { Writable } from 'node:stream';
import { run } from '../../cli/program';

/** The output of a run of the command line, and its exit code. */
export interface RunOutput {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function catcher(): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => chunks.join('') };
}

/** A stream of a terminal of so many columns, and what was written to it. */
export function terminalOf(columns: number): ReturnType<typeof catcher> {
  const { stream, text } = catcher();
  return { stream: Object.assign(stream, { isTTY: true, columns }), text };
}

/** Runs the command line in this process, with its streams caught. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunOutput> {
  const [out, err] = [catcher(), catcher()];
  const code = await run(args, { out: out.stream, err: err.stream, env }, '0.0.0');
  return { code, out: out.text(), err: err.text() };
}

/** Text on one line, as a reader takes it in: wrapped lines are joined. */
export const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');
