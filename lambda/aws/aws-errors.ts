/** What a failed call means, whatever class or HTTP status it arrived with. */
export type ErrorClass = 'not-found' | 'throttled' | 'transient' | 'not-set-up' | 'denied' | 'wrong-input' | 'unknown';

/** What a report says of a failed call. `tip` is the service's own remedy. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly tip?: string;
}

/** Names and codes by class, without the ending `Exception`: the service sends both forms. */
const TABLE: Readonly<Record<Exclude<ErrorClass, 'unknown'>, readonly string[]>> = {
  'not-found': ['NotFound', 'DoesNotExist'],
  throttled: [
    'Throttling',
    'Throttled',
    'ThrottledRequest',
    'TooManyRequests',
    'RequestLimitExceeded',
    'RequestThrottled',
    'SlowDown',
  ],
  transient: [
    ...[
      'Service',
      'InternalFailure',
      'InternalError',
      'InternalServer',
      'InternalServerError',
      'ServiceUnavailable',
      'RequestTimeout',
    ],
    ...[
      'TimeoutError',
      'ECONNRESET',
      'ECONNREFUSED',
      'ECONNABORTED',
      'EPIPE',
      'ETIMEDOUT',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
    ],
    ...[
      'ENETUNREACH',
      'EHOSTDOWN',
      'ERR_SOCKET_CONNECTION_TIMEOUT',
      'ERR_STREAM_PREMATURE_CLOSE',
      'HPE_INVALID_CONSTANT',
      'SyntaxError',
    ],
  ],
  'not-set-up': ['AccountSetupInProgress', 'RegionSetupInProgress'],
  denied: [
    ...[
      'AccessDenied',
      'Unauthenticated',
      'UnrecognizedClient',
      'ExpiredToken',
      'OptInRequired',
      'NotAuthorized',
      'UnauthorizedOperation',
    ],
    ...[
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
      'InvalidSignature',
      'SignatureDoesNotMatch',
      'IncompleteSignature',
      'AuthFailure',
    ],
    ...['MissingAuthenticationToken', 'RequestExpired', 'CredentialsProviderError', 'TokenProviderError'],
  ],
  'wrong-input': ['InvalidInput', 'OperationFailure', 'Validation', 'ValidationError', 'UnknownOperation'],
};

const CLASS_OF = new Map(
  Object.entries(TABLE).flatMap(([of, codes]) => codes.map((code) => [code, of as ErrorClass] as const)),
);

/** What a region that the account has not enabled answers. */
const DISABLED = new Set(['OptInRequired', 'UnrecognizedClient']);

/** `InvalidInput` whose message says that the same call will do later. */
const LATER_CODES = /please try again in a few minutes|please wait for it to complete/i;

const MAX_CAUSE_DEPTH = 5;

interface ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly tip?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown } | undefined;
}

const shapeOf = (error: unknown): ErrorShape => (typeof error === 'object' && error !== null ? error : {});

/** `com.amazonaws.lightsail#ThrottlingException:http://…` → `Throttling`. */
const bare = (code: string): string =>
  code
    .replace(/^.*#/, '')
    .replace(/:.*$/, '')
    .replace(/Exception$/, '');

function codesOf(error: unknown): string[] {
  const { name, code, Code } = shapeOf(error);
  return [name, code, Code].flatMap((value) => (typeof value === 'string' && value !== '' ? [bare(value)] : []));
}

/** The class of an error, by its names and codes, then by those of its causes. */
export function classify(error: unknown): ErrorClass {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSE_DEPTH; depth += 1) {
    const message = shapeOf(current).message;
    if (typeof message === 'string' && /^rate exceeded/i.test(message)) return 'throttled';
    const found = codesOf(current).flatMap((code) => CLASS_OF.get(code) ?? [])[0];
    if (
      found === 'wrong-input' &&
      typeof message === 'string' &&
      LATER_CODES.test(message) &&
      codesOf(current).includes('InvalidInput')
    )
      return 'transient';
    if (found !== undefined) return found;
    current = shapeOf(current).cause;
  }
  return 'unknown';
}

/**
 * Whether an HTTP answer has no request id: a gateway or a proxy between gave it, and the service may have another
 * answer.
 */
export function isForeignAnswer(error: unknown): boolean {
  const { httpStatusCode, requestId } = shapeOf(error).$metadata ?? {};
  return typeof httpStatusCode === 'number' && (typeof requestId !== 'string' || requestId === '');
}

/**
 * Whether an HTTP answer is a failure of the server: what it did before is not known, whatever it says. Only a code of
 * throttling still means that it did nothing.
 */
export function isServerFailure(error: unknown): boolean {
  const { httpStatusCode } = shapeOf(error).$metadata ?? {};
  if (typeof httpStatusCode !== 'number' || httpStatusCode < 500) return false;
  return !codesOf(error).some((code) => CLASS_OF.get(code) === 'throttled');
}

/**
 * Whether the service answered that a resource does not exist. An HTTP answer counts only as the service gives it: with
 * a request id, and not as a failure of the server.
 */
export const confirmsAbsence = (error: unknown): boolean =>
  classify(error) === 'not-found' && !isForeignAnswer(error) && !isServerFailure(error);

/** What a call answers that the caller may not make; not what missing or expired credentials answer. */
const ACCESS_DENIED = new Set(['AccessDenied', 'NotAuthorized', 'UnauthorizedOperation']);

/** How IAM ends the message of a call that a service control policy denies. */
const BY_CONTROL_POLICY = /with an explicit deny in a service control policy/i;

/** Whether the caller has no permission for a call. */
export const isAccessDenied = (error: unknown): boolean => codesOf(error).some((code) => ACCESS_DENIED.has(code));

/** Whether a service control policy denies a call explicitly. */
export function isDeniedByControlPolicy(error: unknown): boolean {
  const { message } = shapeOf(error);
  return isAccessDenied(error) && typeof message === 'string' && BY_CONTROL_POLICY.test(message);
}

/** Whether an error is one of those that a region answers with which the account has not enabled. */
export const mayMeanDisabled = (error: unknown): boolean => codesOf(error).some((code) => DISABLED.has(code));

/** Codes of a caller whose credentials are missing, expired or not accepted: the fault is not with what was called. */
const CREDENTIALS = new Set([
  ...[
    'ExpiredToken',
    'UnrecognizedClient',
    'InvalidClientTokenId',
    'InvalidAccessKeyId',
    'InvalidToken',
    'TokenRefreshRequired',
  ],
  ...['MissingAuthenticationToken', 'Unauthenticated', 'AuthFailure', 'RequestExpired'],
  ...[
    'InvalidSignature',
    'SignatureDoesNotMatch',
    'IncompleteSignature',
    'CredentialsProviderError',
    'TokenProviderError',
  ],
]);

/** Whether a call failed because of the caller's credentials, as the service or the process itself noticed. */
export function isCredentialFailure(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSE_DEPTH; depth += 1) {
    if (codesOf(current).some((code) => CREDENTIALS.has(code))) return true;
    current = shapeOf(current).cause;
  }
  return false;
}

const NODE_CODE = /^E[A-Z_]+$/;

/** What the SDK calls an error whose answer names none; all that is known of such a one is its status. */
const UNNAMED_ERROR = 'Unknown';

/** The SDK and others explain themselves further on the lines below. */
const firstLineOf = (text: string): string => text.split('\n', 1)[0] ?? text;

/** The code of Node.js or of this program where there is one, else the name of the error. */
function stableCode({ name, code }: ErrorShape): string {
  const isCode =
    typeof code === 'string' &&
    (NODE_CODE.test(code) || name === undefined || name === 'Error' || name === 'RetentionError');
  const chosen = isCode ? code : name;
  return typeof chosen === 'string' && chosen !== '' ? chosen.replace(/^.*#/, '').replace(/:.*$/, '') : 'unknown';
}

function messageOf(error: unknown, { message }: ErrorShape, code: string): string {
  if (typeof message === 'string' && message !== '') return firstLineOf(message);
  return error instanceof Error ? code : String(error);
}

/** The error for a report: a stable code, its message, and the service's tip where it sent one. */
export function errorFacts(error: unknown): ErrorFacts {
  const shape = shapeOf(error);
  const { tip, $metadata } = shape;
  const code = stableCode(shape);
  const text = messageOf(error, shape, code);
  const status = code === UNNAMED_ERROR ? $metadata?.httpStatusCode : undefined;
  return {
    code,
    message: typeof status === 'number' ? `${text} (HTTP ${status})` : text,
    ...(typeof tip === 'string' && tip !== '' ? { tip } : {}),
  };
}
