import * as fc from 'fast-check';
import { encodeParts, makePartMemory } from '../../lambda/aws/encode-parts';

/** Parts share their memory: what is to outlive one is copied. */
const partsOf = (texts: readonly string[], size?: number) =>
  Array.from(encodeParts(texts, undefined, size), ({ bytes, last }) => ({ bytes: Buffer.from(bytes), last }));

it('makes the bytes that the whole text has, in parts that are full but for a character, except the last one', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(fc.array(text), fc.integer({ min: 4, max: 40 }), (texts, size) => {
      const parts = partsOf(texts, size);
      expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(Buffer.from(texts.join('')))).toBe(true);
      expect(parts.map(({ last }) => last)).toEqual(parts.map((_, index) => index === parts.length - 1));
      for (const { bytes, last } of parts) {
        expect(bytes.length).toBeLessThanOrEqual(size);
        if (!last) expect(bytes.length).toBeGreaterThan(size - 4);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('makes no part smaller than S3 takes, however large the object and its characters', () => {
  const parts = partsOf(Array.from({ length: 6_000 }, () => '\u{1f600}€'.repeat(400)));
  expect(parts.length).toBeGreaterThan(2);
  for (const { bytes } of parts.slice(0, -1)) expect(bytes.length).toBeGreaterThanOrEqual(5 * 1024 * 1024);
  expect(parts.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(6_000 * 400 * 7);
});

it('uses the memory of one object again for the next, and never for two at once', () => {
  const memory = makePartMemory();
  const begin = () => {
    const parts = encodeParts(['x'.repeat(700_000)], memory, 300_000);
    return { parts, buffer: parts.next().value?.bytes.buffer };
  };
  const one = begin();
  const two = begin();
  expect(two.buffer === one.buffer).toBe(false);
  for (const _ of two.parts);
  expect(begin().buffer === two.buffer).toBe(true);
});

it('makes one empty part of nothing', () => {
  expect(partsOf([])).toEqual([{ bytes: Buffer.alloc(0), last: true }]);
});
