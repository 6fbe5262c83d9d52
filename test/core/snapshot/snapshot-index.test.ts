import * as fc from 'fast-check';
import { KINDS } from '../../../lambda/core/snapshot/snapshot';
import { decodeIndex, encodeIndex, type IndexEntry } from '../../../lambda/core/snapshot/snapshot-index';

const ARN = 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/';

it('writes one line for each snapshot, under their list and the beginning that their ARNs share', () => {
  const snapshots: IndexEntry[] = [
    ['us-east-1', 'instance', `${ARN}1`, 'web-1', 'e'],
    ['us-east-1', 'instance', `${ARN}2`, null, 'k'],
    ['us-east-1', 'instance', 'another', 'a "b"', 'h'],
    ['us-east-1', 'disk', 'third', null, 'k'],
    ['us-east-2', 'disk', 'fourth', null, 'k'],
  ];
  expect([...encodeIndex(snapshots)]).toEqual([
    ['us-east-1', 'instance', ARN, 'e1\tweb-1\nk2'],
    ['us-east-1', 'instance', '', 'hanother\ta \\"b\\"'],
    ['us-east-1', 'disk', '', 'kthird'],
    ['us-east-2', 'disk', '', 'kfourth'],
  ]);
});

it('begins a new block after a thousand snapshots, so that no line of the file is long', () => {
  const snapshots = Array.from({ length: 2_001 }, (_, i) => ['us-east-1', 'disk', `${ARN}${i}`, null, 'k'] as const);
  expect([...encodeIndex(snapshots)].map(([, , , lines]) => lines.split('\n').length)).toEqual([1_000, 1_000, 1]);
});

it('recalls whatever it remembered, hostile names and ARNs too', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '/', '\t', '\n', '\\', '"', '\u2028') }),
  );
  const snapshot = fc.tuple(
    text,
    fc.constantFrom(...KINDS),
    text,
    fc.option(text),
    fc.constantFrom('e' as const, 'h' as const, 'k' as const),
  );
  fc.assert(
    fc.property(fc.array(snapshot), (snapshots) => {
      const stored = JSON.parse(JSON.stringify([...encodeIndex(snapshots)]));
      expect([...decodeIndex(stored)]).toEqual(snapshots);
    }),
    { numRuns: 1_000 },
  );
});

it.each(['', 'xarn', 'ea\n', 'e\\'])('refuses %j, which it did not write', (lines) => {
  expect(() => [...decodeIndex([['us-east-1', 'disk', '', lines]])]).toThrow(SyntaxError);
});
