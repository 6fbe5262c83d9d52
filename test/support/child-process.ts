import { type ChildProcess, spawn } from 'node:child_process';

/** Exit code and complete output of a process. */
export interface ChildRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Resolves when a process has ended and its output is read; `output` receives the text as it comes. */
export function endOf(child: ChildProcess, output = { out: '', err: '' }): Promise<ChildRun> {
  child.stdout?.on('data', (data) => {
    output.out += String(data);
  });
  child.stderr?.on('data', (data) => {
    output.err += String(data);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

/** Runs the bundled command line as a process of its own, with nothing of this one's environment but PATH. */
export const runChild = (
  program: string,
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildRun> =>
  endOf(
    spawn(process.execPath, [program, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: cwd,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...(process.env.NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
        ...env,
      },
    }),
  );
