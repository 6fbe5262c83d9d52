import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigText } from '../../lambda/config/parse-yaml';
import type { Config } from '../../lambda/core/policy/config';
import { decide } from '../../lambda/core/policy/decide';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { aSnapshot, DAY } from '../support/report-builder';
import { living, tagged } from '../support/snapshot-builder';
import { runCli } from '../support/terminal';

const FILE = join(__dirname, '..', '..', 'docs', 'migration.md');
const page = readFileSync(FILE, 'utf8');
const examples = new Map(
  [...page.matchAll(/<!-- example: (\w+) -->\n\n```yaml\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => [
    name,
    text,
  ]),
);

interface Dated {
  readonly name: string;
  readonly at: number;
  readonly tags?: Readonly<Record<string, string | null>>;
}

/** One snapshot a day at 03:00 UTC, the newest first; every third one was made by hand. */
const daily = (end: number, days: number): readonly Dated[] =>
  Array.from({ length: days }, (_, i) => ({
    name: `${i % 3 === 2 ? 'manual' : 'auto'}-${i}`,
    at: end - 5 * 3_600_000 - i * DAY,
  }));

function configOf(example: string): Config {
  const result = readConfigText(examples.get(example) ?? '', 'retention.yaml');
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

/** The names that an example keeps. */
function keptBy(example: string, dated: readonly Dated[], now: number, sourceTags = {}): readonly string[] {
  const snapshots = dated.map(
    ({ name, at, tags = {} }): Snapshot => aSnapshot({ name, createdAt: at, tags: tagged(tags) }),
  );
  const sources = () => living(sourceTags);
  const { items } = decide({ snapshots, sources, config: configOf(example), now });
  return items.flatMap(({ verdict, snapshot }) => (verdict === 'keep' ? [snapshot.name ?? ''] : []));
}

const dayOf = ({ at }: Dated): string => new Date(at).toISOString().slice(0, 10);
const monthOf = (each: Dated): string => dayOf(each).slice(0, 7);
const yearOf = (each: Dated): string => dayOf(each).slice(0, 4);
/** The Monday of the week, which names it. */
const weekOf = ({ at }: Dated): string => {
  const date = new Date(at);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
};

/**
 * The newest of each period, for some periods, as scripts and restic count: the oldest of all fills a slot that is
 * left.
 */
function periods(dated: readonly Dated[], periodOf: (each: Dated) => string, count: number): readonly string[] {
  const kept = new Map<string, string>();
  for (const each of dated) {
    if (kept.size === count) break;
    if (!kept.has(periodOf(each))) kept.set(periodOf(each), each.name);
  }
  const oldest = dated.at(-1)?.name ?? '';
  return kept.size < count ? [...kept.values(), oldest] : [...kept.values()];
}

/** `borg prune`: rules in order, each counting only what the rules before it do not keep. */
function borg(
  dated: readonly Dated[],
  rules: readonly (readonly [(each: Dated) => string, number])[],
): readonly string[] {
  const kept = new Set<string>();
  for (const [periodOf, count] of rules) {
    let [left, last] = [count, ''];
    for (const each of dated) {
      if (left === 0) break;
      if (periodOf(each) === last) continue;
      last = periodOf(each);
      if (kept.has(each.name)) continue;
      kept.add(each.name);
      left -= 1;
    }
  }
  return [...kept];
}

const union = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())];
const ends = Array.from({ length: 25 }, (_, i) => Date.UTC(2026, 0, 5 + i * 23, 8));

/** What the tool of each example keeps of daily snapshots. */
const TOOLS: Readonly<Record<string, (dated: readonly Dated[], now: number) => readonly string[]>> = {
  newest: (dated) => dated.slice(0, 7).map(({ name }) => name),
  age: (dated, now) => dated.filter(({ at }) => at > now - 30 * DAY).map(({ name }) => name),
  names: (dated) => {
    const auto = dated.filter(({ name }) => name.startsWith('auto-'));
    return dated.filter((each) => !auto.slice(14).includes(each)).map(({ name }) => name);
  },
  generations: (dated) => union(periods(dated, dayOf, 7), periods(dated, weekOf, 4), periods(dated, monthOf, 12)),
  restic: (dated) =>
    union(
      dated.slice(0, 3).map(({ name }) => name),
      periods(dated, dayOf, 7),
      periods(dated, weekOf, 4),
      periods(dated, monthOf, 12),
      periods(dated, yearOf, 2),
    ),
};

describe('docs/migration.md', () => {
  it('has an example for each tool that is tested here, and no other', () => {
    expect([...examples.keys()].sort()).toEqual([...Object.keys(TOOLS), 'borg', 'lifecycle', 'tags'].sort());
  });

  it.each([...examples])('has the example %s, which the validator accepts without a warning', (_, text) => {
    const result = readConfigText(text, 'retention.yaml');
    expect(result.ok ? result.warnings : result.errors).toEqual([]);
  });

  it.each(Object.entries(TOOLS))('keeps by the example %s what the tool keeps', (example, tool) => {
    for (const now of ends) {
      const dated = daily(now, 400);
      expect([...keptBy(example, dated, now)].sort()).toEqual([...tool(dated, now)].sort());
    }
  });

  it('keeps by the example borg what borg keeps, and at most five more', () => {
    const rules = [
      [dayOf, 7],
      [weekOf, 4],
      [monthOf, 6],
    ] as const;
    for (const now of ends) {
      const dated = daily(now, 400);
      const kept = new Set(keptBy('borg', dated, now));
      const theirs = borg(dated, rules);
      expect(theirs.filter((name) => !kept.has(name))).toEqual([]);
      expect(kept.size - theirs.length).toBeLessThanOrEqual(5);
    }
  });

  it('keeps by the example age the newest snapshot of a server whose backups stopped', () => {
    const [now = 0] = ends;
    expect(keptBy('age', daily(now - 100 * DAY, 5), now)).toEqual(['auto-0']);
  });

  it('touches by the example lifecycle only sources with the tag', () => {
    const [now = 0] = ends;
    const dated = daily(now, 60);
    expect(keptBy('lifecycle', dated, now, { Backup: 'true' })).toHaveLength(30);
    expect(keptBy('lifecycle', dated, now, { Backup: 'false' })).toHaveLength(60);
    expect(keptBy('lifecycle', dated, now)).toHaveLength(60);
  });

  it('holds by the example tags what has the own hold tag, and ignores the key of the other tool', () => {
    const [now = 0] = ends;
    const [held, ignored, dated, ...others] = [...daily(now, 20)].reverse();
    if (held === undefined || ignored === undefined || dated === undefined) throw new Error('there are 20 snapshots');
    const snapshots = [
      ...others.reverse(),
      { ...dated, tags: { 'retention:expire-on': '2030-12-31' } },
      { ...ignored, tags: { RetentionDays: '30' } },
      { ...held, tags: { Keep: 'true' } },
    ];
    const kept = keptBy('tags', snapshots, now);
    expect(kept).toHaveLength(9);
    expect(kept).toEqual(expect.arrayContaining([held.name, dated.name]));
    expect(kept).not.toContain(ignored.name);
  });

  it('is right that restic spells a month m, which is refused here', async () => {
    const { code, err } = await runCli(['simulate', '--keep', 'withinDaily=1y5m']);
    expect(code).toBe(2);
    expect(err).toContain('is "m" a month (write mo) or a minute');
  });
});
