import type { RetentionConfig } from './config';
import type { MatchSubject, PolicyUse } from './policy';
import type { Snapshot, SourceState, Tags } from './snapshot';
import { isInForce, readTags, type TagReading } from './tags';

/** What authority says of one snapshot before any rule counts: what holds it, what is wrong with it, and which policy it has. */
export interface Resolution {
  /** Sentences, one for each hold in force. */
  readonly holds: readonly string[];
  /** Tag problems of the snapshot itself, then of its living source. */
  readonly problems: readonly { readonly on: 'snapshot' | 'source'; readonly code: `tag.${string}`; readonly message: string }[];
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
    orphaned: source === null || source.state === 'unread' ? null : source.state === 'gone',
    fromAutoSnapshot: snapshot.fromAutoSnapshot,
  };
}

/**
 * Makes the resolver of one run: order of authority as in design section 5 — hold (snapshot, then living source), the snapshot's own tags,
 * the living source's tags, the first matching rule, `default`, unmanaged. Readings are shared between equal tag sets.
 */
export function makeResolver(config: RetentionConfig, now: number): (snapshot: Snapshot, source: SourceState | null) => Resolution {
  const reader = (on: 'snapshot' | 'source'): ((tags: Tags) => TagReading) => {
    const known = new Map<Tags, TagReading>();
    return (tags) => {
      const before = known.get(tags);
      if (before !== undefined) return before;
      const reading = readTags(tags, on, config);
      known.set(tags, reading);
      return reading;
    };
  };
  const readOwn = reader('snapshot');
  const readSource = reader('source');

  const holdsOf = (reading: TagReading, where: string): string[] =>
    reading.holds
      .filter((hold) => isInForce(hold, now, config.zone))
      .map((hold) => `held ${hold.until === null ? 'without end' : `through ${hold.until}`} by tag ${hold.tag} on ${where}`);

  const byRule = (snapshot: Snapshot, source: SourceState | null): PolicyUse | null => {
    const subject = subjectOf(snapshot, source);
    const rule = config.rules.find((candidate) => candidate.matches(subject));
    const name = rule?.policy ?? (snapshot.fromAutoSnapshot ? null : config.defaultPolicy);
    const policy = name === null ? undefined : config.policies.get(name);
    if (name === null || policy === undefined) return null;
    const origin = rule === undefined ? ({ origin: 'default' } as const) : ({ origin: 'rule', rule: rule.name } as const);
    return { id: `name ${name}`, name, policy, ...origin };
  };

  return (snapshot, source) => {
    const own = readOwn(snapshot.tags);
    const above = source?.state === 'exists' ? readSource(source.tags) : null;
    const sourceName = source?.state === 'exists' ? `its source ${source.name ?? snapshot.source?.name ?? ''}`.trim() : 'its source';
    const problems = [
      ...own.problems.map(({ code, message }) => ({ on: 'snapshot' as const, code, message })),
      ...(above?.problems ?? []).map(({ code, message }) => ({ on: 'source' as const, code, message })),
    ];
    const holds = [...holdsOf(own, 'the snapshot'), ...(above === null ? [] : holdsOf(above, sourceName))];
    if (problems.length > 0) return { holds, problems, policy: null };
    if (own.policy !== null) return { holds, problems, policy: { ...own.policy, origin: 'snapshot-tag' } };
    if (above !== null && above.policy !== null && !snapshot.fromAutoSnapshot)
      return { holds, problems, policy: { ...above.policy, origin: 'source-tag' } };
    return { holds, problems, policy: byRule(snapshot, source) };
  };
}
