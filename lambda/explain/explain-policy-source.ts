import type { RetentionConfig } from '../core/policy/config';
import type { MatchSubject } from '../core/policy/policy';
import { makeResolver, type Resolution, subjectOf } from '../core/policy/resolve';
import { isInForce, readRetentionTags, type TagReading } from '../core/policy/tags';
import type { Snapshot, SourceState } from '../core/snapshot/snapshot';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from '../render/numbers';
import { policyText } from '../render/phrases';
import { policyWords } from '../render/policy-words';

/** Why a rule (by its place in the configuration) does not match: one phrase for each member that does not. */
export type WhyNot = (rule: number, subject: MatchSubject) => readonly string[];

export interface AuthorityInput {
  readonly snapshot: Snapshot;
  /** Null where the snapshot names no source ARN. */
  readonly source: SourceState | null;
  readonly config: RetentionConfig;
  readonly now: number;
  readonly whyNot: WhyNot;
}

/** One step of the order of authority, and what it said. */
export interface AuthorityStep {
  readonly asked: string;
  readonly said: readonly string[];
}

const NO_SOURCE_TAGS: Readonly<Record<Exclude<SourceState['state'], 'exists'>, string>> = {
  gone: 'its source no longer exists',
  unconfirmed: 'its source is not confirmed as gone',
  unread: 'its source was not read',
};

function sourceTags(source: SourceState | null): TagReadable {
  if (source === null) return { tags: null, because: 'it names no source' };
  return source.state === 'exists'
    ? { tags: source.tags, because: '' }
    : { tags: null, because: NO_SOURCE_TAGS[source.state] };
}

type TagReadable = { readonly tags: Snapshot['tags'] | null; readonly because: string };

function holdStep(
  { config, now }: AuthorityInput,
  own: TagReading,
  above: TagReading | null,
  because: string,
): AuthorityStep {
  const lines = [
    { reading: own, where: 'the snapshot' },
    { reading: above, where: 'its source' },
  ].flatMap(({ reading, where }) =>
    (reading?.holds ?? []).map((hold) => {
      const tag = `tag ${oneLine(hold.tag)} on ${where}`;
      if (!isInForce(hold, now, config.zone))
        return `${tag}: held through ${hold.until}; that day has passed, so it holds no longer`;
      return hold.until === null ? `${tag}: held without end` : `${tag}: held through ${hold.until}`;
    }),
  );
  const none = above === null ? `no hold on the snapshot; ${because}` : 'no hold on the snapshot, none on its source';
  return { asked: 'A hold', said: lines.length === 0 ? [none] : lines };
}

const problemsOf = (reading: TagReading): readonly string[] =>
  reading.problems.map(
    ({ message }) => `${oneLine(message)}; until that is corrected, it is kept and no policy is asked`,
  );

function ownStep(own: TagReading): AuthorityStep {
  const said =
    own.policy === null
      ? 'none that sets a policy'
      : `policy ${oneLine(own.policy.name)} (${policyWords(own.policy.policy)}): this decides`;
  return { asked: 'Its own tags', said: own.problems.length > 0 ? problemsOf(own) : [said] };
}

function sourceStep(
  { snapshot }: AuthorityInput,
  above: TagReading | null,
  because: string,
  decided: boolean,
): AuthorityStep {
  const asked = 'The tags of its source';
  if (above === null) return { asked, said: [`nothing: ${because}`] };
  if (above.problems.length > 0) return { asked, said: problemsOf(above) };
  if (above.policy === null) return { asked, said: ['none that sets a policy'] };
  const policy = `policy ${oneLine(above.policy.name)} (${policyWords(above.policy.policy)})`;
  if (decided) return { asked, said: [`${policy}, but the snapshot's own tags come first`] };
  return snapshot.fromAutoSnapshot
    ? { asked, said: [`${policy}, but a source's tags do not reach a copy of an automatic snapshot`] }
    : { asked, said: [`${policy}: this decides`] };
}

function ruleStep({ snapshot, source, config, whyNot }: AuthorityInput): AuthorityStep {
  const asked = 'The rules, the first that matches';
  if (config.rules.length === 0) return { asked, said: ['the configuration has none'] };
  const subject = subjectOf(snapshot, source);
  const said: string[] = [];
  for (const [index, rule] of config.rules.entries()) {
    const name = `"${oneLine(rule.name)}"`;
    if (!rule.matches(subject)) {
      said.push(`${name}: no match: ${oneLine(whyNot(index, subject).join('; '))}`);
      continue;
    }
    said.push(`${name}: matches: policy ${oneLine(rule.policy)}: this decides`);
    const left = config.rules.length - index - 1;
    if (left > 0) said.push(`${formatCount(left, 'further rule')} not asked`);
    break;
  }
  return { asked, said };
}

function defaultStep({ snapshot, config }: AuthorityInput, matched: boolean): AuthorityStep {
  const asked = 'The default';
  if (matched) return { asked, said: ['not asked: a rule has decided'] };
  if (config.defaultPolicy === null) return { asked, said: ['the configuration has none'] };
  return {
    asked,
    said: [
      snapshot.fromAutoSnapshot
        ? `policy ${oneLine(config.defaultPolicy)}, but the default does not reach a copy of an automatic snapshot`
        : `policy ${oneLine(config.defaultPolicy)}: this decides`,
    ],
  };
}

function outcomeStep({ holds, problems, policy }: Resolution, fromAutoSnapshot: boolean): AuthorityStep {
  const held = holds.length > 0 ? '; held, so the policy is not asked' : '';
  const said =
    problems.length > 0
      ? 'no policy, because of a tag that cannot be followed: kept'
      : policy !== null
        ? `${policyText(policy)}: ${policyWords(policy.policy)}${held}`
        : fromAutoSnapshot
          ? 'no policy: a copy of an automatic snapshot that nothing reaches is kept'
          : 'no policy: unmanaged, which is kept';
  return { asked: 'So it has', said: [said] };
}

/** Where the policy of a snapshot comes from: every step of the order of authority and what it said, up to the one that decides. */
export function explainAuthority(input: AuthorityInput): readonly AuthorityStep[] {
  const { snapshot, source, config, now } = input;
  const own = readRetentionTags(snapshot.tags, 'snapshot', config);
  const { tags, because } = sourceTags(source);
  const above = tags === null ? null : readRetentionTags(tags, 'source', config);
  const resolution = makeResolver(config, now)(snapshot, source);
  const byTag =
    resolution.problems.length > 0 ||
    resolution.policy?.origin === 'snapshot-tag' ||
    resolution.policy?.origin === 'source-tag';
  const passed: AuthorityStep = {
    asked: 'The rules and the default',
    said: [resolution.problems.length > 0 ? 'not asked: a tag cannot be followed' : 'not asked: a tag has decided'],
  };
  const rest = byTag ? [passed] : [ruleStep(input), defaultStep(input, resolution.policy?.origin === 'rule')];
  return [
    holdStep(input, own, above, because),
    ownStep(own),
    sourceStep(input, above, because, own.policy !== null),
    ...rest,
    outcomeStep(resolution, snapshot.fromAutoSnapshot),
  ];
}
