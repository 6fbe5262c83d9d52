import { HttpRequest } from '@smithy/core/protocols';
import { DEFAULT_PACE, makeRetryStrategy, type RegionRetries, type RetryPace } from './retry';

type RetriedError = Exclude<Parameters<RegionRetries['refreshRetryTokenForRetry']>[1]['error'], undefined>;

/**
 * The client whose credentials sign the calls, and whose connections carry them. It keeps the signing name of its first
 * call: give a client of its own, which makes no other calls.
 */
export interface SigningClient {
  readonly config: {
    readonly signer: (scheme: {
      readonly name: string;
      readonly signingName: string;
      readonly signingRegion: string;
      readonly properties: Record<string, unknown>;
    }) => Promise<{ sign(request: HttpRequest): Promise<unknown> }>;
    readonly requestHandler: {
      handle(
        request: HttpRequest,
      ): Promise<{ readonly response: { readonly statusCode: number; readonly body?: unknown } }>;
    };
  };
}

/** A service of JSON 1.1 for which the product has no client. */
export interface JsonService {
  /** `https://organizations.us-east-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly signingName: string;
  readonly region: string;
  /** What precedes the operation in `X-Amz-Target`: `AWSOrganizationsV20161128`. */
  readonly target: string;
}

/** An error as the SDK would throw it. */
function serviceError(status: number, text: string, requestId: string | undefined): Error {
  let body: { readonly __type?: unknown; readonly message?: unknown; readonly Message?: unknown } = {};
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: a gateway answered, and its status is all there is.
  }
  const type = typeof body.__type === 'string' ? body.__type.replace(/^.*#/, '').replace(/:.*$/, '') : 'Unknown';
  const message = body.message ?? body.Message;
  return Object.assign(new Error(typeof message === 'string' ? message : `HTTP ${status}`), {
    name: type,
    $metadata: { httpStatusCode: status, requestId },
  });
}

async function textOf(body: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

async function callOnce(client: SigningClient, service: JsonService, operation: string, input: object) {
  const { protocol, hostname, port, pathname, host } = new URL(service.endpoint);
  const request = new HttpRequest({
    method: 'POST',
    protocol,
    hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    path: pathname,
    headers: {
      host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${service.target}.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const { signingName, region } = service;
  const signer = await client.config.signer({ name: 'sigv4', signingName, signingRegion: region, properties: {} });
  const { response } = await client.config.requestHandler.handle((await signer.sign(request)) as HttpRequest);
  const text = await textOf(response.body);
  const headers = (response as { readonly headers?: Readonly<Record<string, string>> }).headers;
  if (response.statusCode >= 300) throw serviceError(response.statusCode, text, headers?.['x-amzn-requestid']);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** Makes what calls a service. Throttles and transient errors are retried; other errors are thrown as the SDK does. */
export function makeJsonCalls(
  client: SigningClient,
  service: JsonService,
  pace: RetryPace = DEFAULT_PACE,
): (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>> {
  const retries = makeRetryStrategy(pace);
  return async (operation, input) => {
    let token = await retries.acquireInitialRetryToken();
    for (;;) {
      try {
        const answer = await callOnce(client, service, operation, input);
        retries.recordSuccess();
        return answer;
      } catch (error) {
        // Rejects where the call is not to be asked again.
        const next = await retries
          .refreshRetryTokenForRetry(token, { error: error as RetriedError, errorType: 'CLIENT_ERROR' })
          .catch(() => null);
        if (next === null) throw error;
        token = next;
      }
    }
  };
}
