/** The members of an error that say how far its call came. */
interface ErrorParts {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown } | undefined;
  readonly $response?: { readonly statusCode?: unknown } | undefined;
}

const MAX_NETWORK_CAUSES = 5;

/** System calls that come before the first byte of a request. */
const BEFORE_SENDING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);

/**
 * Codes of Node.js, the operating system and OpenSSL, and our own of proxies and certificates. Codes of services are
 * written in camel case.
 */
const LOCAL_CODE = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|connection\..+)$/;

const errorPartsOf = (error: unknown): ErrorParts => (typeof error === 'object' && error !== null ? error : {});

/** An error, the errors that it collects, and its causes. */
function* partsOfAll(error: unknown, depth = 0): Generator<ErrorParts> {
  if (depth >= MAX_NETWORK_CAUSES) return;
  const parts = errorPartsOf(error);
  yield parts;
  if (Array.isArray(parts.errors)) for (const each of parts.errors) yield* partsOfAll(each, depth + 1);
  if (parts.cause !== undefined) yield* partsOfAll(parts.cause, depth + 1);
}

const hasStatus = ({ $metadata, $response }: ErrorParts): boolean =>
  typeof $metadata?.httpStatusCode === 'number' || typeof $response?.statusCode === 'number';

/**
 * Whether a call failed without an answer of the service: this machine, its network, a proxy or a certificate failed,
 * or no answer came in time.
 */
export function isUnanswered(error: unknown): boolean {
  const all = [...partsOfAll(error)];
  if (all.some((parts) => hasStatus(parts) || parts.name === 'AbortError')) return false;
  return all.some(({ name, code }) => name === 'TimeoutError' || (typeof code === 'string' && LOCAL_CODE.test(code)));
}

/**
 * Whether it is certain that no request was sent: the connection was never made. Each error of an `AggregateError` must
 * say so.
 */
export function isNeverSent(error: unknown, depth = 0): boolean {
  if (depth >= MAX_NETWORK_CAUSES) return false;
  const parts = errorPartsOf(error);
  if (hasStatus(parts)) return false;
  const { errors, syscall, cause } = parts;
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => isNeverSent(each, depth + 1));
  if (syscall !== undefined) return BEFORE_SENDING.has(syscall);
  return cause !== undefined && isNeverSent(cause, depth + 1);
}
