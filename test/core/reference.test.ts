import fc from 'fast-check';
import { decide } from '../../lambda/core/policy/decide';
import { anyDuration, aWorld, CHECKS, configOf, RUNS } from '../support/arbitraries';
import { naivelyExpiring } from './naive-decision';

describe('the decision equals that of a second, naive implementation', () => {
  let [decided, expired] = [0, 0];

  it('over random groups, policies, zones and instants', () => {
    fc.assert(
      fc.property(aWorld({ lengths: anyDuration, timed: true }), (world) => {
        const { snapshots, sources, now } = world;
        const { items } = decide({ snapshots, sources, now, config: configOf(world.written) });
        const evaluated = items.filter(({ status }) => status === 'managed').map(({ snapshot }) => snapshot);
        const expiring = items.filter(({ verdict }) => verdict === 'expire').map(({ snapshot }) => snapshot.arn);
        decided += evaluated.length;
        expired += expiring.length;
        expect(expiring).toEqual(naivelyExpiring(evaluated, world));
      }),
      CHECKS,
    );
  });

  it('having seen enough of both verdicts for that to mean something', () => {
    expect(expired).toBeGreaterThan(RUNS / 10);
    expect(decided - expired).toBeGreaterThan(RUNS);
  });
});
