import * as fc from 'fast-check';
import { splitLines } from '../../../lambda/core/util/split-lines';

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let from = 0;
  for (let piece = 0; from < bytes.length; piece += 1) {
    const size = sizes[piece % Math.max(1, sizes.length)] ?? 1;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

it('gives the lines of a text wherever it is cut, in the middle of a character too', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', 'ü', '€', '\u{1f600}', '\r', '\u2028') });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 5 })), async (whole, sizes) => {
      const lines: string[] = [];
      for await (const line of splitLines(cut(whole, sizes))) lines.push(line);
      const expected = whole.split('\n');
      expect(lines).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected);
    }),
    { numRuns: 1_000 },
  );
});
