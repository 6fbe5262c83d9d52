import fc from 'fast-check';
import type { RetentionConfig } from '../../lambda/core/policy/config';
import { decide } from '../../lambda/core/policy/decide';
import { WITHIN_RULES } from '../../lambda/core/policy/policy';
import { describeReason as sentence } from '../../lambda/core/policy/reason';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import { FINISHED_STATE, type Snapshot } from '../../lambda/core/snapshot/snapshot';
import { subtractDuration as minus } from '../../lambda/core/time/period';
import {
  anyDuration,
  aWorld,
  CHECKS,
  COUNTS,
  configOf,
  hours,
  type Terrain,
  WINDOWS,
  type World,
  type WrittenPolicy,
} from '../support/arbitraries';

const ANYTHING: Terrain = { lengths: anyDuration, timed: true };
const HOURS_ONLY: Terrain = { lengths: hours, timed: true };
const TIMELESS: Terrain = { lengths: anyDuration, timed: false };

const HOUR = 3_600_000;
const LATER = [1, 1_000, HOUR, 25 * HOUR, 31 * 24 * HOUR, 400 * 24 * HOUR];

interface Trial {
  readonly world: World;
  readonly config: RetentionConfig;
  /** Forty random whole numbers, for choices within the world. */
  readonly luck: readonly number[];
  /** Decides over the world, or over what it is changed into. */
  readonly evaluate: (given?: {
    readonly snapshots?: readonly Snapshot[];
    readonly now?: number;
    readonly config?: RetentionConfig;
  }) => readonly EvaluatedSnapshot[];
}

/** A property of random worlds, by its sentence. */
function always(promise: string, terrain: Terrain, property: (trial: Trial) => void): void {
  it(promise, () => {
    const luck = fc.array(fc.nat(), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(aWorld(terrain), luck, (world, dice) => {
        const asWritten = configOf(world.written);
        const evaluate: Trial['evaluate'] = ({
          snapshots = world.snapshots,
          now = world.now,
          config = asWritten,
        } = {}) => decide({ snapshots, sources: world.sources, now, config }).items;
        property({ world, config: asWritten, luck: dice, evaluate });
      }),
      CHECKS,
    );
  });
}

const expiring = (items: readonly EvaluatedSnapshot[]): (string | null)[] =>
  items.filter(({ verdict }) => verdict === 'expire').map(({ snapshot }) => snapshot.arn);
const survivors = (items: readonly EvaluatedSnapshot[]): Snapshot[] =>
  items.filter(({ verdict }) => verdict === 'keep').map(({ snapshot }) => snapshot);
const story = ({ snapshot, verdict, status, reasons }: EvaluatedSnapshot) => [
  snapshot.arn,
  verdict,
  status,
  ...reasons.map(sentence),
];

/** Nobody expires after that did not expire before. */
const expectNoMore = (after: readonly EvaluatedSnapshot[], before: readonly EvaluatedSnapshot[]): void =>
  expect(expiring(before)).toEqual(expect.arrayContaining(expiring(after)));

const chosen = <T>(from: readonly T[], luck: number | undefined): T | undefined =>
  from[(luck ?? 0) % Math.max(1, from.length)];

const groupOf = ({ account, region, kind, source, arn }: Snapshot): string =>
  JSON.stringify(source?.arn == null ? arn : [account, region, kind, source.arn]);
/** The snapshots that compete: evaluated, of one group and one policy, newest first. */
function competitors(items: readonly EvaluatedSnapshot[]): ReadonlyMap<string, readonly EvaluatedSnapshot[]> {
  const all = new Map<string, EvaluatedSnapshot[]>();
  for (const item of items.filter(({ status }) => status === 'managed')) {
    const key = `${groupOf(item.snapshot)} ${item.policy?.id}`;
    all.set(
      key,
      [...(all.get(key) ?? []), item].sort((a, b) => (b.snapshot.createdAt ?? 0) - (a.snapshot.createdAt ?? 0)),
    );
  }
  return all;
}

const withPolicies = ({ written }: World, change: (policy: WrittenPolicy) => WrittenPolicy): RetentionConfig =>
  configOf({
    ...written,
    policies: Object.fromEntries(Object.entries(written.policies).map(([name, policy]) => [name, change(policy)])),
  });

/** `1y6mo` with one more of a unit. */
function longer(text: string, unit: string): string {
  const amount = (of: string): number =>
    Number(new RegExp(`(\\d+)${of}(?![a-z])`).exec(text)?.[1] ?? 0) + (of === unit ? 1 : 0);
  return ['y', 'mo', 'w', 'd', 'h'].map((of) => (amount(of) > 0 ? `${amount(of)}${of}` : '')).join('');
}

const isWindow = (rule: string): boolean => rule.startsWith('within');

describe('a decision on any snapshots, policies, zone and instant', () => {
  always(
    'keeps or expires each snapshot of the input, in its order, and gives reasons',
    ANYTHING,
    ({ world, evaluate }) => {
      const items = evaluate();
      expect(items.map(({ snapshot }) => snapshot)).toEqual(world.snapshots);
      for (const { verdict, reasons } of items) {
        expect(['keep', 'expire']).toContain(verdict);
        expect(reasons).not.toHaveLength(0);
        for (const reason of reasons) expect(sentence(reason)).toMatch(/^\S.*\S$/);
      }
    },
  );

  always('does not care about the order of the input', ANYTHING, ({ world, evaluate, luck }) => {
    const shuffled = world.snapshots.map((snapshot, i) => ({ snapshot, at: luck[i] ?? 0 })).sort((a, b) => a.at - b.at);
    const inOrder = (items: readonly EvaluatedSnapshot[]) => items.map(story).sort();
    expect(inOrder(evaluate({ snapshots: shuffled.map(({ snapshot }) => snapshot) }))).toEqual(inOrder(evaluate()));
  });

  always('changes nothing when it decides again over the survivors', ANYTHING, ({ evaluate }) => {
    expect(expiring(evaluate({ snapshots: survivors(evaluate()) }))).toEqual([]);
  });

  always(
    'lets no kept snapshot expire when any part of the expiring ones is deleted',
    ANYTHING,
    ({ evaluate, luck }) => {
      const items = evaluate();
      const left = items
        .filter(({ verdict }, i) => verdict === 'keep' || (luck[i] ?? 0) % 2 === 0)
        .map(({ snapshot }) => snapshot);
      expectNoMore(evaluate({ snapshots: left }), items);
    },
  );

  always(
    'never lets a snapshot expire that is held, misspelt, unfinished, of the future, seen twice, or whose source was not read',
    ANYTHING,
    ({ world, evaluate }) => {
      for (const { snapshot, verdict } of evaluate()) if (world.mustKeep.has(snapshot)) expect(verdict).toBe('keep');
    },
  );

  always(
    'never expires a snapshot that is excluded or younger than minAge',
    ANYTHING,
    ({ world, config, evaluate }) => {
      const youngerThan = minus(world.now, config.floors.minAge, config.zone);
      for (const { snapshot, verdict, status } of evaluate())
        if (status !== 'managed' || (snapshot.createdAt ?? 0) > youngerThan) expect(verdict).toBe('keep');
    },
  );

  always('evaluates the other snapshots the same without the excluded ones', ANYTHING, ({ evaluate }) => {
    const managed = evaluate().filter(({ status }) => status === 'managed');
    expect(evaluate({ snapshots: managed.map(({ snapshot }) => snapshot) }).map(story)).toEqual(managed.map(story));
  });

  always('evaluates each group as if there were no other', ANYTHING, ({ world, evaluate, luck }) => {
    const group = groupOf(chosen(world.snapshots, luck[0]) ?? ({} as Snapshot));
    const alone = evaluate({ snapshots: world.snapshots.filter((snapshot) => groupOf(snapshot) === group) });
    expect(alone.map(story)).toEqual(
      evaluate()
        .filter(({ snapshot }) => groupOf(snapshot) === group)
        .map(story),
    );
  });

  always('never lets the newest finished snapshot of a group expire', ANYTHING, ({ world, evaluate }) => {
    const finished = evaluate().filter(({ snapshot: { state, kind } }) => state === FINISHED_STATE[kind]);
    for (const { snapshot } of finished) {
      const group = finished.filter((other) => groupOf(other.snapshot) === groupOf(snapshot));
      const newest = Math.max(...group.map((other) => other.snapshot.createdAt ?? 0));
      const ofThatInstant = group.filter((other) => other.snapshot.createdAt === newest);
      expect(ofThatInstant.map(({ verdict }) => verdict)).toContain('keep');
    }
    expect(world.snapshots.length).toBeGreaterThanOrEqual(finished.length);
  });
});

describe('a policy that keeps more never makes another snapshot expire', () => {
  always('a count raised by one, or to unlimited', ANYTHING, ({ world, evaluate, luck }) => {
    const raise = (amount: number | string, by: number): number | string =>
      amount === 'unlimited' || by % 3 === 0 ? 'unlimited' : Number(amount) + 1;
    const config = withPolicies(world, (policy) => {
      if (typeof policy.keep !== 'object') return policy;
      const rules = Object.entries(policy.keep);
      const [raised] =
        chosen(
          rules.filter(([rule]) => !isWindow(rule)),
          luck[0],
        ) ?? [];
      return {
        ...policy,
        keep: Object.fromEntries(
          rules.map(([rule, amount]) => [rule, rule === raised ? raise(amount, luck[1] ?? 0) : amount]),
        ),
      };
    });
    expectNoMore(evaluate({ config }), evaluate());
  });

  always('one more unit of a window or of an age, whichever unit', ANYTHING, ({ world, evaluate, luck }) => {
    const unit = chosen(['y', 'mo', 'w', 'd', 'h'], luck[0]) ?? 'h';
    const config = withPolicies(world, (policy) => {
      const { keep, expireAfter } = policy;
      const age = expireAfter === undefined ? {} : { expireAfter: longer(expireAfter, unit) };
      if (typeof keep !== 'object') return { ...policy, ...age };
      const rules = Object.entries(keep).map(([rule, amount]) => [
        rule,
        isWindow(rule) ? longer(String(amount), unit) : amount,
      ]);
      return { keep: Object.fromEntries(rules), ...age };
    });
    expectNoMore(evaluate({ config }), evaluate());
  });

  always('a higher minKeep, or one more unit of minAge', ANYTHING, ({ world, evaluate, luck }) => {
    const { minKeep, minAge } = world.written.floors;
    const unit = chosen(['y', 'mo', 'w', 'd', 'h'], luck[0]) ?? 'h';
    expectNoMore(
      evaluate({ config: configOf({ ...world.written, floors: { minKeep: minKeep + 1, minAge } }) }),
      evaluate(),
    );
    expectNoMore(
      evaluate({ config: configOf({ ...world.written, floors: { minKeep, minAge: longer(minAge, unit) } }) }),
      evaluate(),
    );
  });

  always('one more keep rule', ANYTHING, ({ world, evaluate, luck }) => {
    const rule = chosen([...COUNTS, ...WINDOWS], luck[0]) ?? 'last';
    const more = { [rule]: isWindow(rule) ? '40d' : 1 + ((luck[1] ?? 0) % 3) };
    const config = withPolicies(world, (policy) =>
      policy.keep === 'all' ? policy : { ...policy, keep: { ...more, ...policy.keep } },
    );
    expectNoMore(evaluate({ config }), evaluate());
  });

  const hold = (snapshots: readonly Snapshot[], held: Snapshot | undefined): Snapshot[] =>
    snapshots.map((snapshot) =>
      snapshot === held ? { ...snapshot, tags: new Map([...snapshot.tags, ['retention:hold', null]]) } : snapshot,
    );

  always('a hold, where windows are of hours', HOURS_ONLY, ({ world, evaluate, luck }) => {
    expectNoMore(evaluate({ snapshots: hold(world.snapshots, chosen(world.snapshots, luck[0])) }), evaluate());
  });

  // A window begins at the newest evaluated snapshot − D. A hold on that one lets it begin at the next, and calendar
  // arithmetic steps back: 1 April − 1 month is 1 March, the earlier 31 March − 1 month is 3 March. So what a window
  // kept on 2 March can expire. The same happens with days at a wall time that a clock change skips. With these windows
  // the promise holds for all holds but one on the newest.
  always(
    'a hold on any snapshot but the newest of its policy, whatever the windows',
    ANYTHING,
    ({ world, evaluate, luck }) => {
      const items = evaluate();
      const newest = new Set([...competitors(items).values()].map(([first]) => first?.snapshot.createdAt));
      const others = world.snapshots.filter(({ createdAt }) => !newest.has(createdAt ?? 0));
      expectNoMore(evaluate({ snapshots: hold(world.snapshots, chosen(others, luck[0])) }), items);
    },
  );
});

describe('the passing of time', () => {
  always('never un-expires anything, where all durations are of hours', HOURS_ONLY, ({ world, evaluate, luck }) => {
    const later = evaluate({ now: world.now + (chosen(LATER, luck[0]) ?? 0) });
    expectNoMore(evaluate(), later);
  });

  /** Every instant that a snapshot must be younger than to be kept for its age, by what it belongs to. */
  const cutOffs = (
    items: readonly EvaluatedSnapshot[],
    now: number,
    { floors, zone }: RetentionConfig,
  ): ReadonlyMap<string, number> => {
    const all = new Map([['minAge', minus(now, floors.minAge, zone)]]);
    for (const [key, [newest]] of competitors(items)) {
      const policy = newest?.policy?.policy;
      if (policy?.expireAfter) all.set(`${key} age`, minus(now, policy.expireAfter, zone));
      for (const rule of WITHIN_RULES) {
        const duration = typeof policy?.keep === 'object' ? policy.keep?.within[rule] : undefined;
        if (duration !== undefined) all.set(`${key} ${rule}`, minus(newest?.snapshot.createdAt ?? 0, duration, zone));
      }
    }
    return all;
  };

  // The literal cut-off of the contract can itself step back while time goes on: on 31 March "now − 1 month" is 3
  // March, on 1 April it is 1 March; and a wall time that a clock change skips moves forward, the one after it does
  // not. A snapshot in between expires and is then kept again for a day or an hour. That is restic's arithmetic and
  // stays; the promise is made for every two instants between which no cut-off steps back.
  always(
    'never un-expires anything between two instants at which no cut-off steps back',
    ANYTHING,
    ({ world, config, evaluate, luck }) => {
      const at = world.now + (chosen(LATER, luck[0]) ?? 0);
      const [now, later] = [evaluate(), evaluate({ now: at })];
      const from = cutOffs(now, world.now, config);
      fc.pre(
        [...cutOffs(later, at, config)].every(
          ([key, instant]) => instant >= (from.get(key) ?? Number.NEGATIVE_INFINITY),
        ),
      );
      expectNoMore(now, later);
    },
  );

  const newestOf = ({ snapshots, now }: World): number =>
    snapshots.reduce((newest, { createdAt }) => Math.max(newest, createdAt ?? 0), now);

  always(
    'changes nothing after the newest snapshot + minAge, without expireAfter, expire-on and dated holds',
    TIMELESS,
    ({ world, evaluate, luck }) => {
      const config = configOf({ ...world.written, floors: { ...world.written.floors, minAge: '24h' } });
      const settled = newestOf(world) + 24 * HOUR + 1;
      const later = evaluate({ config, now: settled + (chosen(LATER, luck[0]) ?? 0) });
      expect(later.map(story)).toEqual(evaluate({ config, now: settled }).map(story));
    },
  );

  // "Later than newest + minAge" and "now − minAge is not earlier than the newest" are the same for hours, and differ
  // for days and months: in the hour that a clock shows twice, now − 1 day is its first half, and a snapshot of its
  // second half is still too young an instant after it + 1 day.
  always(
    'changes nothing once now − minAge has passed the newest snapshot, whatever unit minAge has',
    TIMELESS,
    ({ world, config, evaluate, luck }) => {
      const settled = newestOf(world) + (chosen(LATER, luck[0]) ?? 0);
      fc.pre(minus(settled, config.floors.minAge, config.zone) >= newestOf(world));
      const later = evaluate({ now: settled + 800 * 24 * HOUR });
      expect(later.map(story)).toEqual(evaluate({ now: settled }).map(story));
    },
  );
});
