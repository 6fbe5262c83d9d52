/** An error as a service answers it. `tip` is Lightsail's remedy. */
export interface ServiceError {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly tip?: string;
}

/** Thrown by an operation to answer with an error instead of a result. */
export class ServiceRefusal extends Error {
  readonly error: ServiceError;
  constructor(error: ServiceError) {
    super(error.message);
    this.name = 'Refusal';
    this.error = error;
  }
}

/**
 * How Lightsail writes an error's type: a plain `__type` with the same `code`, a `__type` with its namespace and no
 * `code`, a `__type` beside another `code`, or that `code` alone (which reaches the JavaScript SDK as its base class,
 * named `DoesNotExist`).
 */
export const ERROR_FORMS = ['plain', 'namespaced', 'both', 'code'] as const;
export type ErrorForm = (typeof ERROR_FORMS)[number];

const STATUS: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  AccountSetupInProgressException: 428,
  ExpiredTokenException: 403,
  IncompleteSignature: 403,
  InternalFailure: 500,
  MissingAuthenticationTokenException: 403,
  NotFoundException: 404,
  OptInRequired: 403,
  RegionSetupInProgressException: 428,
  ServiceException: 500,
  ServiceUnavailable: 503,
  UnauthenticatedException: 401,
  UnrecognizedClientException: 403,
};

const OTHER_CODE: Readonly<Record<string, string>> = {
  NotFoundException: 'DoesNotExist',
  AccessDeniedException: 'AccessDenied',
};

/**
 * The status of an error: its own, or the one of the service's model; 400 (throttling too) where the model names none.
 */
export const statusOf = (error: ServiceError): number => error.status ?? STATUS[error.code] ?? 400;

/** The JSON body of a Lightsail error in one of its wire forms. */
export function lightsailError(error: ServiceError, form: ErrorForm): string {
  const rest = {
    docs: 'https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/CommonErrors.html',
    message: error.message,
    ...(error.tip === undefined ? {} : { tip: error.tip }),
  };
  const other = OTHER_CODE[error.code] ?? error.code;
  switch (form) {
    case 'plain':
      return JSON.stringify({ __type: error.code, code: error.code, ...rest });
    case 'namespaced':
      return JSON.stringify({ __type: `com.amazonaws.lightsail.v20161128#${error.code}`, ...rest });
    case 'both':
      return JSON.stringify({ __type: error.code, code: other, ...rest });
    case 'code':
      return JSON.stringify({ code: other, ...rest });
  }
}
