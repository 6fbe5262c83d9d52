import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { RetentionError } from '../core/util/errors';

/** Characters hashed at a time. */
const HASHED_CHUNK = 65_536;

/** Returns the SHA-256 over the UTF-8 of a text, as 64 lower-case hex digits. */
export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

const isPlainObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const canonicalText = (value: unknown): string => {
  const text = canonicalize(value);
  if (text === undefined)
    throw new RetentionError('digest.not-json', 'cannot make a digest: got a value that has no JSON form');
  return text;
};

/**
 * Whether `JSON.stringify` writes an object canonically as it is: flat, without numbers, its members in order. Items of
 * plans are such objects.
 */
function isInOrder(value: object): boolean {
  let before = '';
  for (const [key, member] of Object.entries(value)) {
    if (key <= before || (typeof member !== 'string' && member !== null)) return false;
    before = key;
  }
  return !Array.isArray(value) && !('toJSON' in value);
}

/** Canonical JSON in pieces, so that a list of any length is never one text. What can be iterated is a list. */
function* canonicalPieces(value: unknown): Generator<string> {
  if (!isPlainObject(value) || 'toJSON' in value) {
    yield canonicalText(value);
  } else if (Symbol.iterator in value) {
    let separator = '[';
    for (const element of value as Iterable<unknown>) {
      yield separator;
      separator = ',';
      yield isPlainObject(element) && isInOrder(element) ? JSON.stringify(element) : (canonicalize(element) ?? 'null');
    }
    yield separator === '[' ? '[]' : ']';
  } else {
    let separator = '{';
    for (const key of Object.keys(value).sort()) {
      const member = (value as Readonly<Record<string, unknown>>)[key];
      if (member === undefined || typeof member === 'symbol') continue;
      yield `${separator}${JSON.stringify(key)}:`;
      separator = ',';
      yield* canonicalPieces(member);
    }
    yield separator === '{' ? '{}' : '}';
  }
}

/**
 * `sha256:` and 64 lower-case hex digits over the RFC 8785 (canonical) JSON of a value; members that are `undefined` do
 * not count, and a value that can be iterated counts as the list of what it yields.
 */
export function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  let pending = '';
  for (const piece of canonicalPieces(value)) {
    pending += piece;
    if (pending.length < HASHED_CHUNK) continue;
    hash.update(pending);
    pending = '';
  }
  return `sha256:${hash.update(pending).digest('hex')}`;
}
