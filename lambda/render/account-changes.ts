import type { FollowedRollUp, NamedAccount } from '../core/report/account-changes';
import { formatNumber } from './numbers';
import { accountTitle } from './roll-up';

const MAX_NAMED_IN_CHANGE = 3;

function changeLine(what: string, accounts: readonly NamedAccount[]): readonly string[] {
  if (accounts.length === 0) return [];
  const more = accounts.length - MAX_NAMED_IN_CHANGE;
  const named = accounts.slice(0, MAX_NAMED_IN_CHANGE).map(accountTitle).join(', ');
  return [`${what}: ${named}${more > 0 ? ` and ${formatNumber(more)} more` : ''}.`];
}

/** The accounts of which an alarm tells, then those that differ from the report before: the most important first. */
export function accountChangeLines({ changes }: FollowedRollUp, missed: readonly NamedAccount[]): readonly string[] {
  const often = changeLine('Not read in three reports or more', missed);
  if (changes === null) return often;
  return [
    ...often,
    ...changeLine('Lost its role since the report before', changes.lostRole),
    ...changeLine('No longer active', changes.suspended),
    ...changeLine('Left, or excluded now', changes.left),
    ...changeLine('Joined', changes.joined),
    ...changeLine('In another organizational unit', changes.moved),
  ];
}
