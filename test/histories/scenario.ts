import type { Kind } from '../../lambda/core/snapshot/snapshot';
import type { Random } from './choices';
import type { WrittenConfig, WrittenPolicy } from './decider';
import { FINISHED, type TagMap, type World } from './world';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const SHARED = {
  floors: { minKeep: 1, minAge: '24h' },
  caps: { maxDeletions: 50, maxShare: 1 },
  holdTags: ['no_delete'],
  report: { automaticSnapshots: false },
  deletion: { planValidFor: '30d', grace: '7d' },
} as const;

const withStandard = (standard: WrittenPolicy, rest: Partial<WrittenConfig> = {}): WrittenConfig => ({
  ...SHARED,
  policies: { standard, short: { expireAfter: '3d' } },
  default: 'standard',
  ...rest,
});

/** Configurations that people switch between. */
const CONFIGS: readonly WrittenConfig[] = [
  withStandard({ keep: { last: 1 } }),
  withStandard({ keep: { last: 2, daily: 3, weekly: 2 }, expireAfter: '5d' }),
  withStandard({ expireAfter: '10d' }, { floors: { minKeep: 2, minAge: '24h' } }),
  withStandard({ keep: { last: 3 } }, { rules: [{ name: 'left', match: { orphaned: true }, policy: 'short' }] }),
  withStandard({ keep: { hourly: 2, monthly: 2, yearly: 1 } }),
  withStandard(
    { keep: { last: 1 } },
    { rules: [{ name: 'disks', match: { kind: 'disk' }, policy: 'short' }], caps: { maxDeletions: 8, maxShare: 1 } },
  ),
];

export const pickConfig = (random: Random): WrittenConfig => random.of(CONFIGS);

const PLACES: readonly { readonly region: string; readonly kind: Kind }[] = [
  { region: 'us-east-1', kind: 'instance' },
  { region: 'us-east-1', kind: 'disk' },
  { region: 'eu-west-1', kind: 'instance' },
  { region: 'eu-west-1', kind: 'database' },
];

export const REGIONS = ['us-east-1', 'eu-west-1'];

const EARLIER_TAGS: readonly TagMap[] = [
  { 'retention:hold': null },
  { team: 'x' },
  { 'retention:policy': 'short' },
  { no_delete: null },
];

/** Fills a world with a few sources and their snapshots; some sources no longer exist. */
export function fillWorld(world: World, random: Random, now: number): void {
  const count = random.between(1, 4);
  for (let index = 0; index < count; index += 1) {
    const { region, kind } = random.of(PLACES);
    const name = `s${index}`;
    const arn = world.newArn(region, kind, 'source');
    const tags = (probability: number): TagMap => (random.chance(probability) ? random.of(EARLIER_TAGS) : {});
    if (random.chance(0.8)) world.addSource({ arn, name, kind, region, tags: tags(0.25) });
    const snapshots = random.between(2, 6);
    let createdAt = now - random.between(30, 70) * DAY;
    for (let number = 1; number <= snapshots; number += 1) {
      world.addSnapshot({
        arn: world.newArn(region, kind, 'snapshot'),
        name: `${name}-${number}`,
        kind,
        region,
        createdAt,
        state: FINISHED[kind],
        tags: tags(0.12),
        sourceArn: arn,
        sourceName: name,
        isCopy: kind !== 'database' && random.chance(0.05),
      });
      createdAt = Math.min(now - HOUR, createdAt + random.between(1, 200) * 2 * HOUR);
    }
  }
}
