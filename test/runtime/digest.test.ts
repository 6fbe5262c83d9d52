import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { digestOf } from '../../lambda/runtime/digest';

const whole = (value: unknown): string =>
  `sha256:${createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex')}`;

it('is the digest of the canonical JSON, for any JSON there is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(digestOf(value)).toBe(whole(value));
    }),
    { numRuns: 1_000 },
  );
});

it('is the same for a list and for what yields its elements one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), (items, more) => {
      expect(digestOf({ more, items: new Set(items.map((item) => ({ item }))) })).toBe(
        whole({ more, items: items.map((item) => ({ item })) }),
      );
    }),
    { numRuns: 1_000 },
  );
});

it('counts no member that is undefined, and is that of a text longer than what is hashed at a time', () => {
  const value = {
    b: 'ü'.repeat(100_000),
    a: undefined,
    list: [undefined, { c: 1, b: undefined }],
    none: [],
    empty: {},
  };
  expect(digestOf(value)).toBe(whole(value));
});

it('keeps RFC 8785: members in the order of UTF-16 code units, the shortest numbers', () => {
  const canonical =
    '{"1":{"f":{"F":5,"f":"hi"}},"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"\u{1f600}":0,"\ufb33":0}';
  const value = JSON.parse(
    '{"\ufb33":0,"\u{1f600}":0,"numbers":[333333333.33333329,1E30,4.50,2e-3,1e-27],"1":{"f":{"f":"hi","F":5}}}',
  );
  expect(digestOf(value)).toBe(`sha256:${createHash('sha256').update(canonical).digest('hex')}`);
});

it('refuses what has no JSON form', () => {
  expect(() => digestOf(undefined)).toThrow('no JSON form');
});
