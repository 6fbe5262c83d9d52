import { classify, errorFacts } from '../lambda/aws/aws-errors';
import { oneLine } from '../lambda/core/util/safe-text';

/** One thing that keeps a report from a person, or does not, or could not be checked. What is not `ok` has a remedy. */
export type DoctorFinding =
  | { readonly check: string; readonly state: 'ok'; readonly message: string }
  | {
      readonly check: string;
      readonly state: 'warning' | 'failed' | 'unknown';
      readonly message: string;
      readonly remedy: string;
    };

/** What could not be checked. */
export type Unknown = DoctorFinding & { readonly state: 'unknown' };

export const ok = (check: string, message: string): DoctorFinding => ({ check, state: 'ok', message });
export const warning = (check: string, message: string, remedy: string): DoctorFinding => ({
  check,
  state: 'warning',
  message,
  remedy,
});
export const failed = (check: string, message: string, remedy: string): DoctorFinding => ({
  check,
  state: 'failed',
  message,
  remedy,
});
export const unknown = (check: string, message: string, remedy: string): Unknown => ({
  check,
  state: 'unknown',
  message,
  remedy,
});

/** A check that a failed call left open: no fault was seen. `action` is the permission that the call needs. */
export function notRead(check: string, error: unknown, action: string): Unknown {
  const { code, message } = errorFacts(error);
  const [service = action] = action.split(':');
  if (code.startsWith('IncompleteSignature'))
    return unknown(
      check,
      oneLine(`could not be checked: this endpoint does not serve ${service} (${code})`),
      'check AWS_ENDPOINT_URL',
    );
  if (classify(error) === 'denied')
    return unknown(
      check,
      oneLine(`could not be checked: no permission for ${action} (${code})`),
      `allow ${action} to these credentials, or run doctor with others`,
    );
  return unknown(
    check,
    oneLine(`could not be checked: ${code} (${message})`),
    'run doctor again; if the error stays, check the endpoint',
  );
}
