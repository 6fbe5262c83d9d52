import * as fc from 'fast-check';
import { makeShare, type RawTag } from '../../lambda/kinds/interning';

const textOf = ({ tags, defect }: ReturnType<ReturnType<typeof makeShare>['tags']>): string =>
  JSON.stringify([[...tags], defect]);

describe('the tag sets of a run', () => {
  const rawTag = fc.record({
    key: fc.constantFrom('a', 'b', 'costarring', 'liquid', ''),
    value: fc.constantFrom('1', '2', '', undefined),
  });

  it('are one object where they are equal in any order, and several where they differ', () => {
    fc.assert(
      fc.property(fc.array(fc.array(rawTag, { maxLength: 4 }), { maxLength: 12 }), (sets) => {
        const share = makeShare();
        const known = new Map<string, unknown>();
        for (const raw of sets) {
          const read = share.tags(raw);
          expect(textOf(read)).toBe(textOf(makeShare().tags(raw)));
          expect(known.get(textOf(read)) ?? read).toBe(read);
          known.set(textOf(read), read);
        }
        expect(new Set(known.values()).size).toBe(known.size);
      }),
    );
  });

  it('are several objects where their hashes are equal', () => {
    const share = makeShare();
    // These two words have the same 32-bit FNV-1a hash.
    const sets: readonly RawTag[][] = [[{ key: 'costarring' }], [{ key: 'liquid' }]];
    const [one, other] = sets.map((raw) => share.tags(raw));
    expect([...(one?.tags ?? [])]).toEqual([['costarring', null]]);
    expect([...(other?.tags ?? [])]).toEqual([['liquid', null]]);
    expect(sets.map((raw) => share.tags(raw) === (raw === sets[0] ? one : other))).toEqual([true, true]);
  });

  it('are ordered by key, whatever order they came in', () => {
    const raw = [{ key: 'b', value: '1' }, { key: 'c' }, { key: 'a', value: '2' }];
    expect([...makeShare().tags(raw).tags.keys()]).toEqual(['a', 'b', 'c']);
  });
});
