import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { RetentionError } from './core/errors';

/** `sha256:` and 64 lower-case hex digits over the RFC 8785 (canonical) JSON of a value; members that are `undefined` do not count. */
export function digestOf(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new RetentionError('digest.not-json', 'bug', 'cannot make a digest: got a value that has no JSON form');
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
