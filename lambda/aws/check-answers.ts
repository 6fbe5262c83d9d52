import { Readable } from 'node:stream';
import type { LightsailClient } from '@aws-sdk/client-lightsail';

/** The part of the SDK's answer that is looked at, before it reads any member. */
interface Answer {
  statusCode: number;
  body: unknown;
}

const BLANKS: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPENING_BRACE = 0x7b;

/** What keeps a body from being a JSON object; null for one that begins as one. */
function answerFaultOf(body: Uint8Array): string | null {
  let first = 0;
  while (BLANKS.has(body[first])) first += 1;
  if (first === body.length) return 'it is empty';
  return body[first] === OPENING_BRACE ? null : 'it is not a JSON object';
}

/**
 * Whether a body names an error. Parsed only where the name of that member occurs, which is also what a tag may be
 * called.
 */
function namesError(body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return (
    bytes.includes('"__type"') && typeof (JSON.parse(bytes.toString()) as { __type?: unknown }).__type === 'string'
  );
}

/**
 * Destroys a body that is not complete in time: no silence between two bytes shows one that arrives byte by byte. The
 * error is that of an answer that did not come.
 */
function limitDuration(body: unknown, ms: number): void {
  if (!(body instanceof Readable)) return;
  const timer = setTimeout(() => {
    const error = new Error(`the answer took longer than ${ms / 1_000} seconds`);
    error.name = 'TimeoutError';
    body.destroy(error);
  }, ms);
  body.once('close', () => clearTimeout(timer));
}

/**
 * Holds a client to what a success must be: the SDK takes an answer of status 2xx for one whatever it says, and so an
 * empty body for an empty list. Here an answer that is no JSON object is a SyntaxError, asked again like half a body,
 * and one that names an error is that error. The body must be complete within `bodyTimeoutMs`.
 */
export function checkAnswers(client: LightsailClient, bodyTimeoutMs: number): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const answer = result.response as Answer;
      limitDuration(answer.body, bodyTimeoutMs);
      if (answer.statusCode >= 300) return result;
      const body = await client.config.streamCollector(answer.body);
      const fault = answerFaultOf(body);
      if (fault !== null) throw new SyntaxError(`HTTP ${answer.statusCode}, and ${fault}`);
      // The SDK reads an error from any status that is none of success.
      if (namesError(body)) answer.statusCode = 400;
      answer.body = body;
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'checkAnswers' },
  );
}
