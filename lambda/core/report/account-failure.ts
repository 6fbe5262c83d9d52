import type { Report } from './report-model';
import type { AccountError } from './roll-up';

/** An account that was not read in full. `failed`: nothing of it was. */
export interface AccountFailure {
  readonly status: 'incomplete' | 'failed';
  readonly error: AccountError;
}

/** Returns why the account of a report was not read in full; null: it was. */
export function accountFailure({
  scopes,
  complete,
  problems,
}: Pick<Report, 'scopes' | 'complete' | 'problems'>): AccountFailure | null {
  const failed = scopes.find(({ error }) => error !== undefined)?.error ?? null;
  const error = failed && { code: failed.code, message: failed.message };
  if (scopes.every(({ status, pages }) => status !== 'read' && pages === 0))
    return { status: 'failed', error: error ?? { code: 'unknown', message: 'nothing was read' } };
  if (complete) return null;
  const problem = problems.find(({ code }) => code === 'source.unread');
  return {
    status: 'incomplete',
    error: error ?? { code: problem?.code ?? 'inventory.incomplete', message: problem?.message ?? 'not all was read' },
  };
}
