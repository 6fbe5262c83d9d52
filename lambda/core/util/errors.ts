import type { ErrorCode, Fault } from './error-codes';
import { faultOfCode } from './faults';

/**
 * The error of a run that cannot do its job. `code` is stable, so that other programs can match it. `message` states
 * the failure, the value received, the value expected, and the remedy.
 */
export class RetentionError extends Error {
  readonly code: ErrorCode;
  readonly fault: Fault;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetentionError';
    this.code = code;
    this.fault = faultOfCode(code);
  }
}
