import type { RetentionConfig } from '../core/policy/config';
import type { MatchSubject } from '../core/policy/policy';
import { makeResolver, type Resolution, subjectOf } from '../core/policy/resolve';
import { isInForce, readRetentionTags, type TagReading } from '../core/policy/tags';
import type { Snapshot, SourceState } from '../core/snapshot/snapshot';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from '../render/numbers';
import { policyText } from '../render/phrases';
import { policyWords } from '../render/policy-words';

/** Explains why a rule (by its index in the configuration) does not match: one phrase for each member that differs. */
export type WhyNot = (rule: number, subject: MatchSubject) => readonly string[];

export interface PolicySourceInput {
  readonly snapshot: Snapshot;
  /** Null where the snapshot names no source ARN. */
  readonly source: SourceState | null;
  readonly config: RetentionConfig;
  readonly now: number;
  readonly whyNot: WhyNot;
}

/** One step of the order of precedence: a question, and one answer or several. */
export interface PolicySourceStep {
  readonly question: string;
  readonly answers: readonly string[];
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
  { config, now }: PolicySourceInput,
  own: TagReading,
  above: TagReading | null,
  because: string,
): PolicySourceStep {
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
  return { question: 'A hold', answers: lines.length === 0 ? [none] : lines };
}

const problemsOf = (reading: TagReading): readonly string[] =>
  reading.problems.map(
    ({ message }) => `${oneLine(message)}; until that is corrected, it is kept and no policy applies`,
  );

function ownStep(own: TagReading): PolicySourceStep {
  const answer =
    own.policy === null
      ? 'none that sets a policy'
      : `policy ${oneLine(own.policy.name)} (${policyWords(own.policy.policy)}): this decides`;
  return { question: 'Its own tags', answers: own.problems.length > 0 ? problemsOf(own) : [answer] };
}

function sourceStep(
  { snapshot }: PolicySourceInput,
  above: TagReading | null,
  because: string,
  decided: boolean,
): PolicySourceStep {
  const question = 'The tags of its source';
  if (above === null) return { question, answers: [`nothing: ${because}`] };
  if (above.problems.length > 0) return { question, answers: problemsOf(above) };
  if (above.policy === null) return { question, answers: ['none that sets a policy'] };
  const policy = `policy ${oneLine(above.policy.name)} (${policyWords(above.policy.policy)})`;
  if (decided) return { question, answers: [`${policy}, but the snapshot's own tags come first`] };
  return snapshot.fromAutoSnapshot
    ? { question, answers: [`${policy}, but a source's tags do not reach a copy of an automatic snapshot`] }
    : { question, answers: [`${policy}: this decides`] };
}

function ruleStep({ snapshot, source, config, whyNot }: PolicySourceInput): PolicySourceStep {
  const question = 'The rules, the first that matches';
  if (config.rules.length === 0) return { question, answers: ['the configuration has none'] };
  const subject = subjectOf(snapshot, source, config.member);
  const answers: string[] = [];
  for (const [index, rule] of config.rules.entries()) {
    const name = `"${oneLine(rule.name)}"`;
    if (!rule.matches(subject)) {
      answers.push(`${name}: no match: ${oneLine(whyNot(index, subject).join('; '))}`);
      continue;
    }
    answers.push(`${name}: matches: policy ${oneLine(rule.policy)}: this decides`);
    const left = config.rules.length - index - 1;
    if (left > 0) answers.push(`${formatCount(left, 'further rule')} not evaluated`);
    break;
  }
  return { question, answers };
}

function defaultStep({ snapshot, config }: PolicySourceInput, matched: boolean): PolicySourceStep {
  const question = 'The default';
  if (matched) return { question, answers: ['not evaluated: a rule has decided'] };
  if (config.defaultPolicy === null) return { question, answers: ['the configuration has none'] };
  return {
    question,
    answers: [
      snapshot.fromAutoSnapshot
        ? `policy ${oneLine(config.defaultPolicy)}, but the default does not reach a copy of an automatic snapshot`
        : `policy ${oneLine(config.defaultPolicy)}: this decides`,
    ],
  };
}

function sourceOutcomeText({ holds, problems, policy }: Resolution, fromAutoSnapshot: boolean): string {
  if (problems.length > 0) return 'no policy, because a tag has a problem: kept';
  const held = holds.length > 0 ? '; held, so the policy does not apply' : '';
  if (policy !== null) return `${policyText(policy)}: ${policyWords(policy.policy)}${held}`;
  return fromAutoSnapshot
    ? 'no policy: a copy of an automatic snapshot without a policy is kept'
    : 'no policy: unmanaged, which is kept';
}

/**
 * Explains where the policy of a snapshot comes from: every step of the order of precedence up to the one that decides.
 */
export function explainPolicySource(input: PolicySourceInput): readonly PolicySourceStep[] {
  const { snapshot, source, config, now } = input;
  const own = readRetentionTags(snapshot.tags, 'snapshot', config);
  const { tags, because } = sourceTags(source);
  const above = tags === null ? null : readRetentionTags(tags, 'source', config);
  const resolution = makeResolver(config, now)(snapshot, source);
  const byTag =
    resolution.problems.length > 0 ||
    resolution.policy?.origin === 'snapshot-tag' ||
    resolution.policy?.origin === 'source-tag';
  const passed: PolicySourceStep = {
    question: 'The rules and the default',
    answers: [
      resolution.problems.length > 0 ? 'not evaluated: a tag has a problem' : 'not evaluated: a tag has decided',
    ],
  };
  const rest = byTag ? [passed] : [ruleStep(input), defaultStep(input, resolution.policy?.origin === 'rule')];
  return [
    holdStep(input, own, above, because),
    ownStep(own),
    sourceStep(input, above, because, own.policy !== null),
    ...rest,
    { question: 'Its policy', answers: [sourceOutcomeText(resolution, snapshot.fromAutoSnapshot)] },
  ];
}
