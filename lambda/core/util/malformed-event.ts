import { RetentionError } from './errors';

const MAX_SHOWN = 300;

/**
 * Returns the refusal of an event that a function does not understand. `member` names a member of it; null: the event
 * itself.
 */
export function malformedEvent(
  action: 'run' | 'delete' | 'approve',
  member: string | null,
  got: unknown,
  expected: string,
): RetentionError {
  const name = member ?? 'the event';
  const shown = (JSON.stringify(got) ?? 'nothing').slice(0, MAX_SHOWN);
  return new RetentionError('event.malformed', `cannot ${action}: got ${name} ${shown}, expected ${expected}`);
}
