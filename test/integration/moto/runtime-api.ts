import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** One invocation by the Lambda runtime interface: what the function answered, or the error that it reported. */
export interface Answered {
  readonly ok: boolean;
  readonly body: string;
  readonly logs: string;
}

export interface RuntimeRun {
  /** The folder of an installed `aws-lambda-ric`. */
  readonly ric: string;
  /** What Lambda unpacks. */
  readonly folder: string;
  readonly handler: string;
  readonly functionName: string;
  readonly event: unknown;
  readonly env: Readonly<Record<string, string>>;
  readonly timeout: number;
}

/**
 * Serves the Lambda Runtime API for one event to AWS's own runtime client, which runs the handler. Never rejects for
 * what the function does.
 */
export async function runByRuntimeInterface(run: RuntimeRun): Promise<Answered> {
  const id = randomUUID();
  let [given, logs] = [false, ''];
  let finish: (answer: { ok: boolean; body: string }) => void = () => undefined;
  const finished = new Promise<{ ok: boolean; body: string }>((resolve) => {
    finish = resolve;
  });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      if (path.endsWith('/invocation/next')) {
        // The second time it asks the work is done: left to wait, as Lambda freezes it.
        if (given) return;
        given = true;
        response.writeHead(200, {
          'Content-Type': 'application/json',
          'Lambda-Runtime-Aws-Request-Id': id,
          'Lambda-Runtime-Deadline-Ms': String(Date.now() + run.timeout),
          'Lambda-Runtime-Invoked-Function-Arn': `arn:aws:lambda:us-east-1:123456789012:function:${run.functionName}`,
          'Lambda-Runtime-Trace-Id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
        });
        response.end(JSON.stringify(run.event));
        return;
      }
      response.writeHead(202).end('{"status":"OK"}');
      finish({ ok: path.endsWith('/response'), body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const child = spawn(process.execPath, [join(run.ric, 'index.mjs'), run.handler], {
    cwd: run.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      LAMBDA_TASK_ROOT: run.folder,
      _HANDLER: run.handler,
      AWS_LAMBDA_FUNCTION_NAME: run.functionName,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${run.functionName}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'local',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      TZ: ':UTC',
      ...run.env,
    },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      logs += data;
    });
  const timer = setTimeout(() => finish({ ok: false, body: 'the time is up' }), run.timeout);
  child.on('error', (error) => finish({ ok: false, body: String(error) }));
  child.on('exit', (code, signal) => finish({ ok: false, body: `the runtime ended with ${code ?? signal}` }));
  const answer = await finished;
  clearTimeout(timer);
  child.kill('SIGTERM');
  server.close();
  server.closeAllConnections();
  return { ...answer, logs };
}
