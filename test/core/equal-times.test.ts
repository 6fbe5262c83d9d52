import { intersect } from '../../lambda/core/plan/recheck';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { reportOrder } from '../../lambda/reporting/make-report';
import { aSnapshot, DAY, expired, kept, NOW } from '../support/report-builder';
import { byDefault, decided, sources } from '../support/snapshot-builder';

const ONE_INSTANT = NOW - 60 * DAY;
const NAMES = ['a', 'b', 'c', 'd'];
/**
 * Their ARNs are in the order of the names; their names are in the opposite order, so that no order by name is taken
 * for it.
 */
const TIED: readonly Snapshot[] = NAMES.map((letter, index) =>
  aSnapshot({
    arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${letter}`,
    name: `web-${NAMES.length - index}`,
    createdAt: ONE_INSTANT,
  }),
);

const permutations = <T>(values: readonly T[]): readonly (readonly T[])[] =>
  values.length === 0
    ? [[]]
    : values.flatMap((value, index) =>
        permutations([...values.slice(0, index), ...values.slice(index + 1)]).map((rest) => [value, ...rest]),
      );

const lettersOf = (snapshots: readonly Snapshot[]): string => snapshots.map(({ arn }) => arn?.at(-1)).join('');

describe('snapshots of one createdAt', () => {
  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, string]>([
    ['minKeep', { floors: { minKeep: 2 } }, { expireAfter: '7d' }, 'ab'],
    ['last', { floors: { minKeep: 1 } }, { keep: { last: 3 } }, 'abc'],
    // The newest takes the day, and the oldest of all the slot that is left.
    ['daily', { floors: { minKeep: 1 } }, { keep: { daily: 2 } }, 'ad'],
  ])('are decided by ARN, ascending, whatever their order: %s', (_, given, policy, expected) => {
    for (const snapshots of permutations(TIED)) {
      const { items } = decided(snapshots, byDefault(given, policy));
      const survivors = items.filter(({ verdict }) => verdict === 'keep').map(({ snapshot }) => snapshot);
      expect([...lettersOf(survivors)].sort().join('')).toBe(expected);
    }
  });

  it('are deleted, and read again as the minimum kept, by ARN, ascending, whatever their order', () => {
    const itemOf = ({ arn, name, kind, account, region }: Snapshot) => ({
      arn: arn ?? '',
      name: name ?? '',
      kind,
      account,
      region,
      createdAt: new Date(ONE_INSTANT).toISOString(),
    });
    for (const snapshots of permutations(TIED)) {
      const planned = snapshots.filter(({ arn }) => /[bd]$/.test(arn ?? ''));
      const fresh = snapshots.map((snapshot) => (planned.includes(snapshot) ? expired(snapshot) : kept(snapshot)));
      const [group] = intersect(planned.map(itemOf), fresh, { sources: sources(), minKeep: 2 }).groups;
      expect(group?.items.map(({ item }) => item.arn.at(-1)).join('')).toBe('bd');
      expect(lettersOf(group?.floor ?? [])).toBe('ac');
    }
  });

  it('are reported by ARN, ascending, whatever their order', () => {
    for (const snapshots of permutations(TIED)) {
      const sorted = snapshots.map((snapshot) => kept(snapshot)).sort(reportOrder);
      expect(lettersOf(sorted.map(({ snapshot }) => snapshot))).toBe('abcd');
    }
  });
});
