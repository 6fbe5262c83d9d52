import { spawn } from 'node:child_process';
import { RetentionError } from '../lambda/core/util/errors';

/** What came of one invocation of a bundled handler. */
export type BundleInvocation =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

/** Loads `index.js` of the current folder and calls its handler once, as Lambda does, in a process of its own. */
const RUNNER = `
const { handler } = require(process.cwd() + '/index.js');
process.once('message', async ({ event, name, timeout }) => {
  const end = Date.now() + timeout;
  const context = { functionName: name, functionVersion: '$LATEST', memoryLimitInMB: '512', awsRequestId: require('node:crypto').randomUUID(),
    invokedFunctionArn: 'arn:aws:lambda:' + process.env.AWS_REGION + ':123456789012:function:' + name,
    logGroupName: '/aws/lambda/' + name, logStreamName: 'local', callbackWaitsForEmptyEventLoop: true, getRemainingTimeInMillis: () => end - Date.now() };
  let answer;
  try { answer = { ok: true, result: await handler(event, context) }; }
  catch (error) { answer = { ok: false, error: error && error.message ? error.message : String(error) }; }
  process.send(answer, () => process.exit(0));
});`;

export interface BundleRun {
  /** The folder that Lambda would get: `index.js` and what stands beside it. */
  readonly folder: string;
  readonly event: unknown;
  /** The function's whole environment; nothing of this process's leaks in beside PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that the handler is told it has; the process ends after them. */
  readonly timeout: number;
  /** Gets what the function logs, line by line as it writes. */
  readonly log: (text: string) => void;
}

/**
 * Runs a deployed bundle once with the Node that runs this. Rejects only when the process cannot be started or dies
 * without an answer.
 */
export function runBundle({ folder, event, env, timeout, log }: BundleRun): Promise<BundleInvocation> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', RUNNER], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', AWS_LAMBDA_FUNCTION_NAME: 'lightsail-retention-report', TZ: ':UTC', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    let answer: BundleInvocation | null = null;
    child.stdout?.on('data', (data: Buffer) => log(data.toString()));
    child.stderr?.on('data', (data: Buffer) => log(data.toString()));
    child.on('message', (message) => {
      answer = message as BundleInvocation;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (answer !== null) resolve(answer);
      else
        reject(
          new RetentionError(
            'bundle.died',
            `the bundled function ended without an answer (exit ${code ?? signal}); its log says why`,
          ),
        );
    });
    child.send({ event, name: 'lightsail-retention-report', timeout });
  });
}
