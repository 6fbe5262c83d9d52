import type { Snapshot, SourceState, Tags } from '../snapshot/snapshot';
import type { RetentionConfig } from './config';
import type { MatchSubject, PolicyUse, Rule } from './policy';
import { isInForce, readRetentionTags } from './tags';

/** What authority says of one snapshot before any rule counts: what holds it, what is wrong with it, and which policy it has. */
export interface Resolution {
  /** Sentences, one for each hold in force. */
  readonly holds: readonly string[];
  /** Tag problems of the snapshot itself, then of its living source. */
  readonly problems: readonly {
    readonly on: 'snapshot' | 'source';
    readonly code: `tag.${string}`;
    readonly message: string;
  }[];
  readonly policy: PolicyUse | null;
}

/** A snapshot as rules see it. */
export function subjectOf(snapshot: Snapshot, source: SourceState | null): MatchSubject {
  return {
    kind: snapshot.kind,
    region: snapshot.region,
    account: snapshot.account,
    source: snapshot.source?.name ?? null,
    name: snapshot.name,
    tags: snapshot.tags,
    sourceTags: source?.state === 'exists' ? source.tags : null,
    orphaned: source?.state === 'exists' || source?.state === 'gone' ? source.state === 'gone' : null,
    fromAutoSnapshot: snapshot.fromAutoSnapshot,
  };
}

/**
 * Makes the resolver of one run: order of authority as in design section 5 — hold (snapshot, then living source), the snapshot's own tags,
 * the living source's tags, the first matching rule, `default`, unmanaged. Readings are shared between equal tag sets.
 */
export function makeResolver(
  config: RetentionConfig,
  now: number,
): (snapshot: Snapshot, source: SourceState | null) => Resolution {
  const used = new Map<Rule | null, PolicyUse | null>();
  const own = makeTagReader('snapshot', config, now);
  const above = makeTagReader('source', config, now);

  /** The policy that a rule or the default names; one object for all snapshots that it evaluates. */
  const use = (name: string, rule: Rule | null): PolicyUse | null => {
    const known = used.get(rule);
    if (known !== undefined) return known;
    const policy = config.policies.get(name);
    const origin = rule === null ? ({ origin: 'default' } as const) : ({ origin: 'rule', rule: rule.name } as const);
    const made = policy === undefined ? null : { id: `name ${name}`, name, policy, ...origin };
    used.set(rule, made);
    return made;
  };

  const byRule = (snapshot: Snapshot, source: SourceState | null): PolicyUse | null => {
    if (config.rules.length > 0) {
      const subject = subjectOf(snapshot, source);
      const rule = config.rules.find((candidate) => candidate.matches(subject));
      if (rule !== undefined) return use(rule.policy, rule);
    }
    return snapshot.fromAutoSnapshot || config.defaultPolicy === null ? null : use(config.defaultPolicy, null);
  };

  return (snapshot, source) => {
    const mine = own(snapshot.tags);
    const its = source?.state === 'exists' ? above(source.tags) : NO_RESOLUTION;
    const problems = concat(mine.problems, its.problems);
    const sourceName = source?.state === 'exists' ? (source.name ?? snapshot.source?.name ?? '') : '';
    const holds =
      its.holds.length === 0 ? mine.holds : [...mine.holds, ...its.holds.map((hold) => `${hold} ${sourceName}`.trim())];
    if (problems.length > 0) return { holds, problems, policy: null };
    const tagged = mine.policy ?? (snapshot.fromAutoSnapshot ? null : its.policy);
    return { holds, problems, policy: tagged ?? byRule(snapshot, source) };
  };
}

const concat = <Item>(one: readonly Item[], two: readonly Item[]): readonly Item[] =>
  two.length === 0 ? one : one.length === 0 ? two : [...one, ...two];

const NO_RESOLUTION: Resolution = { holds: [], problems: [], policy: null };

/** Reads tags as authority, once for each shared tag set: most snapshots of a run carry one of a few. */
function makeTagReader(on: 'snapshot' | 'source', config: RetentionConfig, now: number): (tags: Tags) => Resolution {
  const known = new Map<Tags, Resolution>();
  const where = on === 'snapshot' ? 'the snapshot' : 'its source';
  return (tags) => {
    const before = known.get(tags);
    if (before !== undefined) return before;
    const { holds, problems, policy } = readRetentionTags(tags, on, config);
    const reading: Resolution = {
      holds: holds
        .filter((hold) => isInForce(hold, now, config.zone))
        .map(
          ({ tag, until }) => `held ${until === null ? 'without end' : `through ${until}`} by tag ${tag} on ${where}`,
        ),
      problems: problems.map(({ code, message }) => ({ on, code, message })),
      policy: policy === null ? null : { ...policy, origin: on === 'snapshot' ? 'snapshot-tag' : 'source-tag' },
    };
    known.set(tags, reading);
    return reading;
  };
}
