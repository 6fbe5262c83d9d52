import { applyPolicy } from '../../lambda/core/policy/keep-rules';
import { COUNT_RULES, type CountRule, type Keep, WITHIN_RULES, type WithinRule } from '../../lambda/core/policy/policy';
import { parseDuration } from '../../lambda/core/time/duration';
import { makeZone } from '../../lambda/runtime/iana-zone';
import golden from './restic-0.19.1.json';

type Case = (typeof golden.cases)[number];

/** The golden file's notation: counts, "unlimited", durations. */
function keepOf(rules: Case['keepRules']): Keep {
  const counts: Partial<Record<CountRule, number>> = {};
  const within: Partial<Record<WithinRule, NonNullable<Keep['within'][WithinRule]>>> = {};
  for (const [rule, amount] of Object.entries(rules)) {
    const count = COUNT_RULES.find((name) => name === rule);
    const window = WITHIN_RULES.find((name) => name === rule);
    if (count !== undefined) counts[count] = amount === 'unlimited' ? Number.POSITIVE_INFINITY : Number(amount);
    else if (window !== undefined) {
      const duration = parseDuration(String(amount));
      if (!duration.ok) throw new Error(`the golden file has a duration that is none: ${amount}`);
      within[window] = duration.value;
    } else throw new Error(`the golden file has a rule that is unknown here: ${rule}`);
  }
  return { counts, within };
}

describe('a policy keeps the same snapshots as restic 0.19.1', () => {
  const sets: Readonly<Record<string, readonly { id: string; time: string }[]>> = golden.snapshotSets;

  it('knows all 47 cases, in five time zones', () => {
    expect(golden.cases).toHaveLength(47);
    expect(new Set(golden.cases.map(({ timezone }) => timezone)).size).toBe(5);
  });

  it.each(golden.cases.map((example) => [example.name, example] as const))(
    '%s',
    (_, { keepRules, timezone, snapshots, keep }) => {
      const dated = (sets[snapshots] ?? []).map(({ id, time }) => ({ createdAt: Date.parse(time), name: id }));
      const newestFirst = dated.sort((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1));
      const policy = { keep: keepOf(keepRules), expireAfter: null, expireOn: null };
      const evaluations = applyPolicy(
        policy,
        newestFirst,
        Date.parse('2026-11-23T00:00:00Z'),
        makeZone(timezone),
        false,
      );
      const kept = newestFirst.filter((_snapshot, index) => evaluations[index]?.keeps).map(({ name }) => name);
      expect(kept.sort()).toEqual([...keep].sort());
    },
  );
});
