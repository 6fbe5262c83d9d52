import type { MatchSubject, Rule } from '../core/policy/policy';
import { anyGlob } from './globs';
import type { ConfigOutput } from './schema';

type RuleToCompile = ConfigOutput['rules'][number];
type Match = RuleToCompile['match'];
type Test = (subject: MatchSubject) => boolean;
type TextMember = (typeof TEXT_MEMBERS)[number];

/** The members of a match that are globs over a text of the snapshot. */
export const TEXT_MEMBERS = ['kind', 'region', 'account', 'accountName', 'ou', 'source', 'name'] as const;

/** One value or several, as several. */
export const valuesOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

function textTest(match: Match, member: TextMember): readonly Test[] {
  const patterns = match[member];
  if (patterns === undefined) return [];
  const matches = anyGlob(valuesOf(patterns));
  return [
    (subject) => {
      const text = subject[member];
      return text !== null && matches(text);
    },
  ];
}

function tagTest(
  wanted: Readonly<Record<string, string>> | undefined,
  read: (subject: MatchSubject) => MatchSubject['sourceTags'],
): readonly Test[] {
  if (wanted === undefined) return [];
  const entries = Object.entries(wanted);
  return [
    (subject) => {
      const tags = read(subject);
      return (
        tags !== null && entries.every(([key, value]) => tags.has(key) && (value === '*' || tags.get(key) === value))
      );
    },
  ];
}

/** A rule as a predicate over snapshots; members that are not known never match. */
export function compileRule({ match, policy }: RuleToCompile, name: string): Rule {
  const { orphaned, fromAutoSnapshot } = match;
  const tests: readonly Test[] = [
    ...(fromAutoSnapshot === 'any' ? [] : [(subject: MatchSubject) => subject.fromAutoSnapshot === fromAutoSnapshot]),
    ...TEXT_MEMBERS.flatMap((member) => textTest(match, member)),
    ...tagTest(match.tags, (subject) => subject.tags),
    ...tagTest(match.sourceTags, (subject) => subject.sourceTags),
    ...(orphaned === undefined ? [] : [(subject: MatchSubject) => subject.orphaned === orphaned]),
  ];
  const needsMember = match.accountName !== undefined || match.ou !== undefined;
  return { name, policy, needsMember, matches: (subject) => tests.every((test) => test(subject)) };
}
