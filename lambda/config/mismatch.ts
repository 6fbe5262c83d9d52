import type { MatchSubject } from '../core/policy/policy';
import { compileRule, TEXT_MEMBERS, valuesOf } from './match';
import type { ConfigOutput } from './schema';

type MismatchedRule = ConfigOutput['rules'][number]['match'];

const knownMembers = (value: string | boolean | null): string => (value === null ? 'not known' : String(value));

function tagMismatches(
  of: 'tags' | 'sourceTags',
  wanted: MismatchedRule['tags'],
  matches: (part: Partial<MismatchedRule>) => boolean,
): readonly string[] {
  const owner = of === 'tags' ? 'it' : 'its living source';
  return Object.entries(wanted ?? {}).flatMap(([key, value]) =>
    matches({ [of]: { [key]: value } }) ? [] : [`${owner} has no tag ${key}${value === '*' ? '' : ` = ${value}`}`],
  );
}

/** Why a rule does not match: one phrase for each member that does not. Empty for a rule that matches. */
export function mismatches(match: MismatchedRule, subject: MatchSubject): readonly string[] {
  const matches = (part: Partial<MismatchedRule>): boolean =>
    compileRule({ match: { fromAutoSnapshot: 'any', ...part }, policy: '' }, '').matches(subject);
  const { fromAutoSnapshot, orphaned, tags, sourceTags } = match;
  const texts = TEXT_MEMBERS.flatMap((member) => {
    const patterns = match[member];
    if (patterns === undefined || matches({ [member]: patterns })) return [];
    return [`${member} ${knownMembers(subject[member])} is not ${valuesOf<string>(patterns).join(' or ')}`];
  });
  return [
    ...(matches({ fromAutoSnapshot })
      ? []
      : [
          subject.fromAutoSnapshot ? 'it is a copy of an automatic snapshot' : 'it is no copy of an automatic snapshot',
        ]),
    ...texts,
    ...tagMismatches('tags', tags, matches),
    ...tagMismatches('sourceTags', sourceTags, matches),
    ...(orphaned === undefined || matches({ orphaned }) ? [] : [`orphaned is ${knownMembers(subject.orphaned)}`]),
  ];
}
