import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DurableExecutionClient } from '@aws/durable-execution-sdk-js';

/** What was asked of an execution's engine over HTTP. */
export interface EngineCall {
  readonly what: string;
  readonly execution: string;
  readonly token: unknown;
}

/** The two calls that an invocation makes to its engine, as Lambda serves them: in front of an engine in memory. */
export interface DurableEndpoint {
  readonly calls: readonly EngineCall[];
  /** What answers from now on. */
  readonly serve: (client: DurableExecutionClient) => void;
  /** Answers a request, if it is one of the two; says whether it was. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
}

/** As Lambda writes it: an instant is a number of seconds. */
function written(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1_000;
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, written(member)]));
}

async function jsonOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return JSON.parse(body);
}

export function durableEndpoint(): DurableEndpoint {
  const calls: EngineCall[] = [];
  let engine: DurableExecutionClient | null = null;
  return {
    calls,
    serve(client) {
      engine = client;
    },
    async answer(request, response) {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine');
      const [, arn = '', what = ''] =
        /^\/2025-12-01\/durable-executions\/([^/]+)\/(checkpoint|state)$/.exec(pathname) ?? [];
      if (what === '' || engine === null) return false;
      const DurableExecutionArn = decodeURIComponent(arn);
      const asked = what === 'state' ? Object.fromEntries(searchParams) : await jsonOf(request);
      const CheckpointToken = String(asked.CheckpointToken);
      calls.push({ what: `${request.method} ${what}`, execution: DurableExecutionArn, token: CheckpointToken });
      const call = { ...asked, DurableExecutionArn, CheckpointToken };
      const answer = what === 'state' ? await engine.getExecutionState(call) : await engine.checkpoint(call);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(written(answer)));
      return true;
    },
  };
}
