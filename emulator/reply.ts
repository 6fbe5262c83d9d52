import type { ServerResponse } from 'node:http';

/** An answer, before it is on the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** Sends an answer, dated `now` (epoch ms). */
export function send(response: ServerResponse, { status, headers, body }: Reply, requestId: string, now: number): void {
  const head = response.req.method === 'HEAD';
  response.writeHead(status, {
    date: new Date(now).toUTCString(),
    'x-amzn-requestid': requestId,
    ...(head || status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...headers,
  });
  response.end(head ? undefined : body);
}

/** Sends half of an answer, and then cuts the connection or falls silent. */
export function sendHalf(
  response: ServerResponse,
  { status, headers, body }: Reply,
  requestId: string,
  then: 'cut' | 'hang',
): void {
  response.writeHead(status, { 'x-amzn-requestid': requestId, 'content-length': Buffer.byteLength(body), ...headers });
  response.write(body.slice(0, Math.ceil(body.length / 2)), () => {
    if (then === 'cut') response.req.socket.resetAndDestroy();
  });
}

/** Says that the answer is being worked on (102), again and again until the connection is closed. */
export function keepBusy(response: ServerResponse): void {
  const timer = setInterval(() => response.writeProcessing(), 50);
  response.on('close', () => clearInterval(timer));
}
