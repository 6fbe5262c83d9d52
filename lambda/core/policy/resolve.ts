import type { Snapshot, SourceState, Tags } from '../snapshot/snapshot';
import type { RetentionConfig } from './config';
import type { MatchSubject, MemberAccount, PolicyUse, Rule } from './policy';
import type { Reason } from './reason';
import { isInForce, readRetentionTags } from './tags';

/** The holds, tag problems and policy of one snapshot, before its rules are evaluated. */
export interface Resolution {
  /** A text for each hold in force. */
  readonly holds: readonly string[];
  /** Tag problems of the snapshot, then of its existing source. */
  readonly problems: readonly {
    readonly on: 'snapshot' | 'source';
    readonly code: `tag.${string}`;
    readonly message: string;
  }[];
  readonly policy: PolicyUse | null;
}

/** The rule input of a snapshot. */
export function subjectOf(
  snapshot: Snapshot,
  source: SourceState | null,
  member: MemberAccount | undefined,
): MatchSubject {
  const known = member !== undefined && member.id === snapshot.account ? member : null;
  return {
    kind: snapshot.kind,
    region: snapshot.region,
    account: snapshot.account,
    accountName: known?.name ?? null,
    ou: known?.ou ?? null,
    source: snapshot.source?.name ?? null,
    name: snapshot.name,
    tags: snapshot.tags,
    sourceTags: source?.state === 'exists' ? source.tags : null,
    orphaned: source?.state === 'exists' || source?.state === 'gone' ? source.state === 'gone' : null,
    fromAutoSnapshot: snapshot.fromAutoSnapshot,
  };
}

/**
 * Makes the resolver of one run. Precedence: holds (of the snapshot, then of its existing source), tags of the
 * snapshot, tags of the source, the first matching rule, `default`, unmanaged. Each tag set is read once.
 */
export function makeResolver(
  config: RetentionConfig,
  now: number,
): (snapshot: Snapshot, source: SourceState | null) => Resolution {
  const used = new Map<Rule | null, PolicyUse | null>();
  const own = makeTagReader('snapshot', config, now);
  const above = makeTagReader('source', config, now);

  /** The policy of a rule or of the default; one object for all snapshots. */
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
      const subject = subjectOf(snapshot, source, config.member);
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
  two.length === 0 ? one : [...one, ...two];

const NO_RESOLUTION: Resolution = { holds: [], problems: [], policy: null };

const ENDLESS = 'held without end';

/** Whether a reason is a hold without an end. */
export const isEndlessHold = (reason: Reason): boolean =>
  reason.kind === 'excluded' && reason.code === 'hold' && reason.text.startsWith(ENDLESS);

/** Reads each tag set once: most snapshots of a run share a few of them. */
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
        .map(({ tag, until }) => `${until === null ? ENDLESS : `held through ${until}`} by tag ${tag} on ${where}`),
      problems: problems.map(({ code, message }) => ({ on, code, message })),
      policy: policy === null ? null : { ...policy, origin: on === 'snapshot' ? 'snapshot-tag' : 'source-tag' },
    };
    known.set(tags, reading);
    return reading;
  };
}
