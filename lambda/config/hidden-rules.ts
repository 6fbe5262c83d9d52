import type { HiddenRule } from '../core/config';
import type { Duration } from '../core/duration';
import { someOf } from '../core/listing';
import { COUNT_RULES, type Policy, WITHIN_RULES } from '../core/policy';
import { covers, type Universe } from './glob-sets';
import { anyGlob } from './globs';
import { listOf } from './match';
import type { ConfigOutput } from './schema';

type WrittenRule = ConfigOutput['rules'][number];
type Match = WrittenRule['match'];

/** What rules are compared by: their own matches, and what the configuration reads at all. */
export interface RuleSetting {
  readonly rules: readonly { readonly name: string; readonly policy: string; readonly match: Match }[];
  readonly kinds: readonly string[];
  readonly regions: 'all' | readonly string[];
  readonly policies: ReadonlyMap<string, Policy>;
}

/** Rules that others are compared with; later rules beyond them are compared with these alone. */
const MAX_EARLIER = 500;

const ACCOUNTS: Universe = { signs: '0123456789', length: 12 };
const NAMES = { source: null, name: null, account: ACCOUNTS } as const satisfies Partial<Record<keyof Match, Universe>>;
const NAME_MEMBERS = ['source', 'name', 'account'] as const;

/** The values of a list that patterns select; all of them without patterns. */
function selected(values: readonly string[], patterns: string | readonly string[] | undefined): readonly string[] {
  return patterns === undefined ? values : values.filter(anyGlob(listOf<string>(patterns)));
}

const isWithin = (later: readonly string[], earlier: readonly string[]): boolean => later.every((value) => earlier.includes(value));

function regionsCovered(earlier: Match, later: Match, regions: RuleSetting['regions']): boolean {
  if (regions !== 'all') return isWithin(selected(regions, later.region), selected(regions, earlier.region));
  return earlier.region === undefined || covers(listOf<string>(earlier.region), listOf<string>(later.region ?? '*'));
}

/** A member that matches anything counts as absent, although a snapshot without that member does not match it. */
function namesCovered(earlier: Match, later: Match): boolean {
  return NAME_MEMBERS.every((member) => {
    const wide = earlier[member];
    return wide === undefined || covers(listOf<string>(wide), listOf<string>(later[member] ?? '*'), NAMES[member]);
  });
}

const tagsCovered = (earlier: Match['tags'], later: Match['tags']): boolean =>
  Object.entries(earlier ?? {}).every(([key, value]) => {
    const narrow = later !== undefined && Object.hasOwn(later, key) ? later[key] : undefined;
    return narrow !== undefined && (value === '*' || value === narrow);
  });

/** Whether a match asks for a living source: by `orphaned: false`, or by tags of the source. */
const needsLiving = ({ orphaned, sourceTags }: Match): boolean => orphaned === false || sourceTags !== undefined;

const lifeCovered = (earlier: Match, later: Match): boolean =>
  (!needsLiving(earlier) || needsLiving(later)) && (earlier.orphaned !== true || later.orphaned === true);

const copiesCovered = ({ fromAutoSnapshot: earlier }: Match, { fromAutoSnapshot: later }: Match): boolean =>
  earlier === 'any' || earlier === later;

/** Whether every snapshot that the later match selects is selected by the earlier one. */
function isCovered(earlier: Match, later: Match, { kinds, regions }: RuleSetting): boolean {
  return (
    copiesCovered(earlier, later) &&
    lifeCovered(earlier, later) &&
    isWithin(selected(kinds, later.kind), selected(kinds, earlier.kind)) &&
    tagsCovered(earlier.tags, later.tags) &&
    tagsCovered(earlier.sourceTags, later.sourceTags) &&
    regionsCovered(earlier, later, regions) &&
    namesCovered(earlier, later)
  );
}

/** Members by which an earlier rule does not match a snapshot that has no such member at all. */
const unnamed = (earlier: Match, later: Match): readonly string[] =>
  NAME_MEMBERS.filter((member) => earlier[member] !== undefined && later[member] === undefined);

const HOURS = { years: 8_766, months: 730.5, days: 24, hours: 1 } as const;
const hoursOf = (duration: Duration | null | undefined): number =>
  duration == null ? 0 : duration.years * HOURS.years + duration.months * HOURS.months + duration.days * HOURS.days + duration.hours;

/** Whether a policy can keep a snapshot that another lets expire. */
export function keepsMore(one: Policy, other: Policy): boolean {
  if (other.keep === 'all') return false;
  if (one.keep === 'all') return true;
  const [mine, its] = [one.keep, other.keep];
  return (
    COUNT_RULES.some((rule) => (mine?.counts[rule] ?? 0) > (its?.counts[rule] ?? 0)) ||
    WITHIN_RULES.some((rule) => hoursOf(mine?.within[rule]) > hoursOf(its?.within[rule])) ||
    hoursOf(one.expireAfter) > hoursOf(other.expireAfter)
  );
}

/** Why no snapshot that is read can match; null where one can. */
function outOfRange(match: Match, { kinds, regions }: RuleSetting): string | null {
  if (selected(kinds, match.kind).length === 0)
    return `its kind (${listOf<string>(match.kind ?? []).join(', ')}) is none of kinds (${kinds.join(', ')})`;
  if (regions !== 'all' && selected(regions, match.region).length === 0)
    return `its region (${someOf(listOf<string>(match.region ?? []))}) is none of regions (${someOf(regions)})`;
  return null;
}

type Rule = RuleSetting['rules'][number];

function coveredBy(rule: Rule, by: Rule, { policies }: RuleSetting): HiddenRule {
  const [own, applied] = [policies.get(rule.policy), policies.get(by.policy)];
  const exceptions = unnamed(by.match, rule.match);
  const except = exceptions.length === 0 ? '' : ` (except for a snapshot without ${exceptions.join(' or ')})`;
  const fact = `rule "${rule.name}" can match nothing, because rule "${by.name}" before it covers it${except}.`;
  const loses = own !== undefined && applied !== undefined && keepsMore(own, applied);
  const remedy = loses
    ? `LESS IS KEPT: policy ${rule.policy} of rule "${rule.name}" keeps more than policy ${by.policy}, which applies instead. Move rule "${rule.name}" before rule "${by.name}".`
    : 'Move it up, or delete it.';
  return { code: 'rule.covered', rule: rule.name, by: by.name, message: `${fact} ${remedy}` };
}

/** What a rule that can match nothing is told; null for a rule that can match something. */
function hiddenRule(rule: Rule, earlier: readonly Rule[], setting: RuleSetting): HiddenRule | null {
  const nothing = `rule "${rule.name}" can match nothing`;
  const outside = outOfRange(rule.match, setting);
  if (outside !== null)
    return { code: 'rule.out-of-range', rule: rule.name, by: null, message: `${nothing}: ${outside}. Correct it, or delete it.` };
  if (rule.match.orphaned === true && rule.match.sourceTags !== undefined) {
    const message = `${nothing}: an orphaned snapshot has no living source, and so no sourceTags. Remove one of the two.`;
    return { code: 'rule.contradiction', rule: rule.name, by: null, message };
  }
  const by = earlier.find((candidate) => isCovered(candidate.match, rule.match, setting));
  return by === undefined ? null : coveredBy(rule, by, setting);
}

/**
 * The rules that can match nothing: covered by one earlier rule, outside of `kinds` or `regions`, or contradicting themselves. By position in
 * the list of rules. A rule that only several earlier rules together cover is not found.
 */
export function hiddenRules(setting: RuleSetting): ReadonlyMap<number, HiddenRule> {
  const found = new Map<number, HiddenRule>();
  const earlier: Rule[] = [];
  for (const [index, rule] of setting.rules.entries()) {
    const hidden = hiddenRule(rule, earlier, setting);
    if (hidden !== null) found.set(index, hidden);
    else if (earlier.length < MAX_EARLIER) earlier.push(rule);
  }
  return found;
}
