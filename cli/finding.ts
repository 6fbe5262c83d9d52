import { classify, errorFacts } from '../lambda/aws/aws-errors';
import { clean } from '../lambda/render/phrases';

/** One thing that stands between an operator and a report, or does not. Whatever is not `ok` has a remedy. */
export type Finding =
  | { readonly check: string; readonly state: 'ok'; readonly said: string }
  | { readonly check: string; readonly state: 'warning' | 'failed'; readonly said: string; readonly remedy: string };

export const ok = (check: string, said: string): Finding => ({ check, state: 'ok', said });
export const warning = (check: string, said: string, remedy: string): Finding => ({ check, state: 'warning', said, remedy });
export const failed = (check: string, said: string, remedy: string): Finding => ({ check, state: 'failed', said, remedy });

/** What a call that failed says of a check. `action` is the permission that the call needs. */
export function notRead(check: string, error: unknown, action: string): Finding {
  const { code, message } = errorFacts(error);
  const remedy =
    classify(error) === 'denied'
      ? `allow ${action} to these credentials, or run doctor with others`
      : 'run doctor again; if it stays, look at the endpoint';
  return failed(check, clean(`could not be looked at: ${code} (${message})`), remedy);
}
