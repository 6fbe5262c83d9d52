import { splitGlobs } from '../core/policy/account-globs';
import type { HiddenRule } from '../core/policy/config';
import { COUNT_RULES, type Policy, WITHIN_RULES } from '../core/policy/policy';
import type { Duration } from '../core/time/duration';
import { joinNames } from '../core/util/join-names';
import { covers, type Effort, type Universe } from './glob-sets';
import { anyGlob } from './globs';
import { valuesOf } from './match';
import type { ConfigOutput } from './schema';

type WrittenRule = ConfigOutput['rules'][number];
type RuleMatch = WrittenRule['match'];

/** What rules are compared by: their own matches, and what the configuration reads at all. */
export interface RuleSetting {
  readonly rules: readonly { readonly name: string; readonly policy: string; readonly match: RuleMatch }[];
  readonly kinds: readonly string[];
  readonly regions: 'all' | readonly string[];
  readonly policies: ReadonlyMap<string, Policy>;
  /** Globs of the accounts that are not read. */
  readonly excluded: readonly string[];
}

type ComparedRule = RuleSetting['rules'][number];

/**
 * Pairs of rules that are compared, and the states that comparing their patterns takes: beyond them, no further rule
 * counts as hidden.
 */
const MAX_PAIRS = 250_000;
const MAX_EFFORT = 50_000;

const ACCOUNTS: Universe = { signs: '0123456789', length: 12 };
const MATCH_NAMES = {
  source: null,
  name: null,
  account: ACCOUNTS,
  accountName: null,
  ou: null,
} as const satisfies Partial<Record<keyof RuleMatch, Universe>>;
const NAME_MEMBERS = ['source', 'name', 'account', 'accountName', 'ou'] as const;

/** The values of a list that patterns select; all of them without patterns. */
function selected(values: readonly string[], patterns: string | readonly string[] | undefined): readonly string[] {
  return patterns === undefined ? values : values.filter(anyGlob(valuesOf<string>(patterns)));
}

const isWithin = (later: readonly string[], earlier: readonly string[]): boolean =>
  later.every((value) => earlier.includes(value));

/** A rule with what it selects of the configured values. */
interface Ranged {
  readonly rule: ComparedRule;
  readonly kinds: readonly string[];
  /** Null where every region is read. */
  readonly regions: readonly string[] | null;
}

/** A member that matches anything counts as absent, although a snapshot without that member does not match it. */
function namesCovered(
  { rule: { match: earlier } }: Ranged,
  { rule: { match: later } }: Ranged,
  effort: Effort,
): boolean {
  return NAME_MEMBERS.every((member) => {
    const wide = earlier[member];
    return (
      wide === undefined ||
      covers(valuesOf<string>(wide), valuesOf<string>(later[member] ?? '*'), MATCH_NAMES[member], effort)
    );
  });
}

function regionsCovered(earlier: Ranged, later: Ranged, effort: Effort): boolean {
  if (earlier.regions !== null && later.regions !== null) return isWithin(later.regions, earlier.regions);
  const [wide, narrow] = [earlier.rule.match.region, later.rule.match.region];
  return wide === undefined || covers(valuesOf<string>(wide), valuesOf<string>(narrow ?? '*'), null, effort);
}

const tagsCovered = (earlier: RuleMatch['tags'], later: RuleMatch['tags']): boolean =>
  Object.entries(earlier ?? {}).every(([key, value]) => {
    const narrow = later !== undefined && Object.hasOwn(later, key) ? later[key] : undefined;
    return narrow !== undefined && (value === '*' || value === narrow);
  });

/** Whether a match asks for a living source: by `orphaned: false`, or by tags of the source. */
const needsLiving = ({ orphaned, sourceTags }: RuleMatch): boolean => orphaned === false || sourceTags !== undefined;

const lifeCovered = (earlier: RuleMatch, later: RuleMatch): boolean =>
  (!needsLiving(earlier) || needsLiving(later)) && (earlier.orphaned !== true || later.orphaned === true);

const copiesCovered = ({ fromAutoSnapshot: earlier }: RuleMatch, { fromAutoSnapshot: later }: RuleMatch): boolean =>
  earlier === 'any' || earlier === later;

/** Whether every snapshot that the later match selects is selected by the earlier one. */
function isCovered(wide: Ranged, narrow: Ranged, effort: Effort): boolean {
  const [earlier, later] = [wide.rule.match, narrow.rule.match];
  return (
    copiesCovered(earlier, later) &&
    lifeCovered(earlier, later) &&
    isWithin(narrow.kinds, wide.kinds) &&
    tagsCovered(earlier.tags, later.tags) &&
    tagsCovered(earlier.sourceTags, later.sourceTags) &&
    regionsCovered(wide, narrow, effort) &&
    namesCovered(wide, narrow, effort)
  );
}

/** Members by which an earlier rule does not match a snapshot that has no such member at all. */
const unnamedRule = (earlier: RuleMatch, later: RuleMatch): readonly string[] =>
  NAME_MEMBERS.filter((member) => earlier[member] !== undefined && later[member] === undefined);

const HOURS_OF_UNIT = { years: 8_766, months: 730.5, days: 24, hours: 1 } as const;
const hoursOf = (duration: Duration | null | undefined): number =>
  duration == null
    ? 0
    : duration.years * HOURS_OF_UNIT.years +
      duration.months * HOURS_OF_UNIT.months +
      duration.days * HOURS_OF_UNIT.days +
      duration.hours;

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

/** The member of a match that selects accounts which are never read; null: none. */
function excludedMember(match: RuleMatch, excluded: readonly string[]): 'account' | 'accountName' | 'ou' | null {
  const { ous, others } = splitGlobs(excluded);
  const isExcluded = (patterns: string | readonly string[] | undefined, by: readonly string[], of: Universe): boolean =>
    patterns !== undefined && covers(by, valuesOf<string>(patterns), of);
  if (isExcluded(match.account, others, ACCOUNTS)) return 'account';
  if (isExcluded(match.accountName, others, null)) return 'accountName';
  return isExcluded(match.ou, ous, null) ? 'ou' : null;
}

/** Why no snapshot that is read can match; null where one can. */
function outOfRange({ rule: { match }, kinds, regions }: Ranged, setting: RuleSetting): string | null {
  if (kinds.length === 0)
    return `its kind (${valuesOf<string>(match.kind ?? []).join(', ')}) is none of kinds (${setting.kinds.join(', ')})`;
  const account = excludedMember(match, setting.excluded);
  if (account !== null)
    return `its ${account} (${joinNames(valuesOf<string>(match[account] ?? []))}) is in organization.accounts.exclude`;
  if (regions?.length === 0)
    return `its region (${joinNames(valuesOf<string>(match.region ?? []))}) is none of regions (${joinNames(valuesOf<string>(setting.regions))})`;
  return null;
}

function coveredBy(rule: ComparedRule, by: ComparedRule, { policies }: RuleSetting): HiddenRule {
  const [own, applied] = [policies.get(rule.policy), policies.get(by.policy)];
  const exceptions = unnamedRule(by.match, rule.match);
  const except = exceptions.length === 0 ? '' : ` (except for a snapshot without ${exceptions.join(' or ')})`;
  const fact = `rule "${rule.name}" can match nothing, because rule "${by.name}" before it covers it${except}.`;
  const loses = own !== undefined && applied !== undefined && keepsMore(own, applied);
  const remedy = loses
    ? `LESS IS KEPT: policy ${rule.policy} of rule "${rule.name}" keeps more than policy ${by.policy}, which applies instead. Move rule "${rule.name}" before rule "${by.name}".`
    : 'Move it up, or delete it.';
  return { code: 'rule.covered', rule: rule.name, by: by.name, message: `${fact} ${remedy}` };
}

/** Why a rule can match nothing whatever is before it; null where it can match something. */
function impossible(ranged: Ranged, setting: RuleSetting): HiddenRule | null {
  const { name, match } = ranged.rule;
  const nothing = `rule "${name}" can match nothing`;
  const outside = outOfRange(ranged, setting);
  if (outside !== null)
    return {
      code: 'rule.out-of-range',
      rule: name,
      by: null,
      message: `${nothing}: ${outside}. Correct it, or delete it.`,
    };
  if (match.orphaned !== true || match.sourceTags === undefined) return null;
  const message = `${nothing}: an orphaned snapshot has no living source, and so no sourceTags. Remove one of the two.`;
  return { code: 'rule.contradiction', rule: name, by: null, message };
}

/**
 * The rules that can match nothing: covered by one earlier rule, outside of `kinds` or `regions`, or contradicting
 * themselves. By position in the list of rules. A rule that only several earlier rules together cover is not found.
 */
export function hiddenRules(setting: RuleSetting): ReadonlyMap<number, HiddenRule> {
  const { rules, kinds, regions } = setting;
  const found = new Map<number, HiddenRule>();
  const earlier: Ranged[] = [];
  const effort: Effort = { left: MAX_EFFORT };
  let pairs = 0;
  for (const [index, rule] of rules.entries()) {
    const ranged: Ranged = {
      rule,
      kinds: selected(kinds, rule.match.kind),
      regions: regions === 'all' ? null : selected(regions, rule.match.region),
    };
    const by = pairs > MAX_PAIRS ? undefined : earlier.find((candidate) => isCovered(candidate, ranged, effort));
    pairs += earlier.length;
    const hidden = impossible(ranged, setting) ?? (by === undefined ? null : coveredBy(rule, by.rule, setting));
    if (hidden === null) earlier.push(ranged);
    else found.set(index, hidden);
  }
  return found;
}
