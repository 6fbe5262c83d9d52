import { decide } from '../../lambda/core/policy/decide';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { QUIET, Random, RandomChoices } from './choices';
import { decideAll } from './decider';
import { START } from './history';
import { People } from './people';
import { readConfig } from './project';
import { fillWorld, pickConfig } from './scenario';
import { Simulation } from './simulation';
import { ACCOUNT, World } from './world';

describe('the decider of the histories', () => {
  it('decides as the code does, though it shares nothing with it', () => {
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const random = new Random(seed);
      const simulation = new Simulation(START, new RandomChoices(random, QUIET));
      const world = new World(() => START);
      fillWorld(world, random, START);
      const people = new People(simulation, world, random);
      for (let acts = random.below(8); acts > 0; acts -= 1) people.act();
      const written = pickConfig(random);
      const { snapshots, sources } = world.current;
      const own = decideAll(
        { snapshots, source: (arn) => sources.find((source) => source.arn === arn), now: START },
        written,
      );
      const tags = (map: object) => new Map(Object.entries(map)) as Snapshot['tags'];
      const theirs = decide({
        snapshots: snapshots.map(({ sourceArn, sourceName, isCopy, ...row }) => ({
          ...row,
          account: ACCOUNT,
          sizeGb: 20,
          fromAutoSnapshot: isCopy,
          tags: tags(row.tags),
          source: { arn: sourceArn, name: sourceName },
        })),
        sources: (arn) => {
          const source = sources.find((each) => each.arn === arn);
          return source === undefined
            ? { state: 'gone' }
            : { state: 'exists', name: source.name, tags: tags(source.tags) };
        },
        config: readConfig(written),
        now: START,
      });
      const expiring = theirs.items.flatMap(({ snapshot, verdict }) => (verdict === 'expire' ? [snapshot.arn] : []));
      expect({ seed, expiring }).toEqual({
        seed,
        expiring: [...own.keys()].filter((arn) => own.get(arn) === 'expires'),
      });
    }
  });
});
