import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DurableLambdaHandler } from '@aws/durable-execution-sdk-js';
import { durableEndpoint } from './durable-endpoint';
import { immortal, runExecution } from './durable-engine';

/** An invocation that was asked for. */
export interface AskedInvocation {
  readonly name: string;
  readonly event: unknown;
  readonly target: string;
}

/** The part of Lambda that a deletion needs, over HTTP. */
export interface FakeLambda {
  readonly url: string;
  readonly asked: readonly AskedInvocation[];
  /** Waits until every execution has ended. */
  readonly ended: () => Promise<void>;
  readonly close: () => void;
}

/**
 * Serves Lambda: a name starts one execution of `handler`, and only with one event; the alias leads to `version`.
 * `isElsewhere`: the handler runs in another process, and reaches the engine of its execution over HTTP.
 */
export async function startFakeLambda(
  handler: () => DurableLambdaHandler,
  { version = '1', isElsewhere = false } = {},
): Promise<FakeLambda> {
  const asked: AskedInvocation[] = [];
  const executions = new Map<string, { readonly body: string; readonly run: Promise<unknown> }>();
  const { answer, serve } = durableEndpoint();
  const server = createServer(async (request, response) => {
    if (await answer(request, response)) return;
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ FunctionVersion: version }));
      return;
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    const name = String(request.headers['x-amz-durable-execution-name']);
    const target = decodeURIComponent(/functions\/([^/]+)\//.exec(request.url ?? '')?.[1] ?? '');
    asked.push({ name, event: JSON.parse(body), target });
    const known = executions.get(name);
    if (known !== undefined && known.body !== body) {
      response.writeHead(409, { 'x-amzn-errortype': 'DurableExecutionAlreadyStartedException' }).end('{}');
      return;
    }
    const options = { name, ...(isElsewhere && { serve }) };
    if (known === undefined)
      executions.set(name, { body, run: runExecution(handler, JSON.parse(body), immortal, options) });
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    ended: async () => {
      await Promise.all([...executions.values()].map(({ run }) => run));
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
