/** Whose fault a failure is: what the operator wrote, what the service did, or a defect of this program. */
export type Fault = 'operator' | 'aws' | 'bug';

/**
 * The one error this program throws on purpose: a run that cannot do its job.
 * `code` is stable (other programs may match on it); `message` says what, what was got, what was expected and what to do.
 */
export class RetentionError extends Error {
  readonly code: string;
  readonly fault: Fault;
  constructor(code: string, fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetentionError';
    this.code = code;
    this.fault = fault;
  }
}
