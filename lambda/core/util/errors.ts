import type { ErrorCode } from './error-codes';

/**
 * The error of a run that cannot do its job. `code` is stable, so that other programs can match it. `message` states
 * the failure, the value received, the value expected, and the remedy.
 */
export class RetentionError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetentionError';
    this.code = code;
  }
}
