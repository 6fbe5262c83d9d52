import { KINDS, type Kind } from '../snapshot/snapshot';
import type { CountRule } from './policy';
import { RHYTHMS, type Rhythm, type SourceRhythm } from './source-rhythm';

/** A policy as `retention.yaml` writes it, with a sentence on what it is for. */
export interface ProposedPolicy {
  readonly name: string;
  readonly purpose: string;
  readonly keep: Readonly<Partial<Record<CountRule, number>>> | 'all';
  readonly expireAfter?: string;
}

/** A rule as `retention.yaml` writes it. `sources` are the sources whose snapshots it matches now. */
export interface ProposedRule {
  readonly name: string;
  readonly match:
    | { readonly orphaned: true }
    | { readonly source: readonly string[] }
    | { readonly kind: readonly Kind[] };
  readonly policy: string;
  readonly sources: readonly SourceRhythm[];
}

/** Policies and rules that fit the rhythms of an account. Each policy is used by a rule or is the default. */
export interface Proposal {
  readonly policies: readonly ProposedPolicy[];
  readonly rules: readonly ProposedRule[];
  readonly default: string;
}

const ARCHIVE: ProposedPolicy = {
  name: 'archive',
  purpose: 'Keeps everything: a deleted server cannot be snapshotted again.',
  keep: 'all',
};

/**
 * One policy for each rhythm. Counts take periods that have a snapshot, so that a source that stops loses nothing by
 * the passage of time.
 */
const POLICIES: Readonly<Record<Rhythm, ProposedPolicy>> = {
  hourly: {
    name: 'hourly',
    purpose: 'For several snapshots a day.',
    keep: { last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 12 },
  },
  daily: {
    name: 'daily',
    purpose: 'For a snapshot every day or two.',
    keep: { last: 3, daily: 7, weekly: 4, monthly: 12 },
  },
  weekly: {
    name: 'weekly',
    purpose: 'For a snapshot every week or two.',
    keep: { last: 3, weekly: 8, monthly: 12 },
  },
  monthly: {
    name: 'monthly',
    purpose: 'For a snapshot every month.',
    keep: { last: 3, monthly: 12, yearly: 2 },
  },
  occasional: {
    name: 'occasional',
    purpose: 'For snapshots that are made now and then: everything of the last 90 days, and more of each source.',
    keep: { last: 3, monthly: 12 },
    expireAfter: '90d',
  },
};

/** The default of an account without a source whose rhythm could be found. */
const STARTER_KEEP: ProposedPolicy = {
  name: 'standard',
  purpose: 'A start: change the counts to what you need.',
  keep: { last: 3, daily: 7, weekly: 4, monthly: 12 },
};

/** A name that a pattern of `match.source` can hold as it is. */
const MATCHABLE = /^[A-Za-z0-9_.-]{1,255}$/;

/**
 * The most names and patterns of one rule: a configuration is at most 1 MB. Further sources get the policy of their
 * kind or the default.
 */
const MAX_PATTERNS = 500;
/** The fewest names that a pattern replaces. */
const MIN_NAMES_OF_PATTERN = 3;

type NamedSource = SourceRhythm & { readonly name: string };

const isNamedPolicy = (source: SourceRhythm): source is NamedSource =>
  source.name !== null && MATCHABLE.test(source.name);

/**
 * The rhythm of each source name: the most frequent one of all sources with this name, because a rule matches them by
 * name.
 */
function rhythmsByName(sources: readonly NamedSource[]): ReadonlyMap<string, Rhythm> {
  const rhythms = new Map<string, Rhythm>();
  for (const { name, rhythm } of sources) {
    const known = rhythms.get(name) ?? 'occasional';
    rhythms.set(name, RHYTHMS.indexOf(rhythm) < RHYTHMS.indexOf(known) ? rhythm : known);
  }
  return rhythms;
}

/**
 * The rhythm of more than half of the sources of a kind, which a rule for the whole kind can name; otherwise
 * `occasional`.
 */
function prevailingRhythm(kind: Kind, sources: readonly NamedSource[], byName: ReadonlyMap<string, Rhythm>): Rhythm {
  const names = [...new Set(sources.filter((source) => source.kind === kind).map(({ name }) => name))];
  const share = (rhythm: Rhythm): number => names.filter((name) => byName.get(name) === rhythm).length / names.length;
  return RHYTHMS.find((rhythm) => share(rhythm) > 0.5) ?? 'occasional';
}

/** `prod-*` of `prod-web`: the patterns that end after a separator of the name, the widest first. */
const patternsOf = (name: string): readonly string[] =>
  [...name.matchAll(/[-_.]/g)].flatMap(({ index }) => (index === 0 ? [] : [`${name.slice(0, index + 1)}*`]));

function countPatterns(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pattern of names.flatMap(patternsOf)) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  return counts;
}

/** Names as few patterns: a pattern stands for three or more of them and matches no other name that is known. */
function patternsFor(names: readonly string[], others: readonly string[]): readonly string[] {
  const [own, foreign] = [countPatterns(names), countPatterns(others)];
  const stands = (pattern: string): boolean => (own.get(pattern) ?? 0) >= MIN_NAMES_OF_PATTERN && !foreign.has(pattern);
  return [...new Set(names.map((name) => patternsOf(name).find(stands) ?? name))].sort().slice(0, MAX_PATTERNS);
}

/** Rules by name for the sources whose rhythm is not the prevailing one of their kind. */
function nameRules(
  living: readonly NamedSource[],
  byName: ReadonlyMap<string, Rhythm>,
  prevailing: ReadonlyMap<Kind, Rhythm>,
): readonly ProposedRule[] {
  const exceptional = new Set(
    living.filter(({ name, kind }) => byName.get(name) !== prevailing.get(kind)).map(({ name }) => name),
  );
  return RHYTHMS.flatMap((rhythm): readonly ProposedRule[] => {
    const isOf = (name: string): boolean => exceptional.has(name) && byName.get(name) === rhythm;
    const names = [...exceptional].filter(isOf).sort();
    if (names.length === 0) return [];
    const others = [...byName.keys()].filter((name) => !isOf(name));
    const source = patternsFor(names, others);
    const sources = living.filter(({ name }) => isOf(name));
    return [{ name: `${rhythm} snapshots`, match: { source }, policy: POLICIES[rhythm].name, sources }];
  });
}

/** Rules for whole kinds, and the default: the prevailing rhythm where all kinds share it, otherwise `occasional`. */
function kindRules(
  living: readonly NamedSource[],
  prevailing: ReadonlyMap<Kind, Rhythm>,
): { readonly rules: readonly ProposedRule[]; readonly fallback: Rhythm } {
  const [first = 'occasional', ...others] = new Set(prevailing.values());
  if (others.length === 0) return { rules: [], fallback: first };
  const rules = RHYTHMS.flatMap((rhythm): readonly ProposedRule[] => {
    const kind = KINDS.filter((each) => prevailing.get(each) === rhythm);
    if (rhythm === 'occasional' || kind.length === 0) return [];
    const sources = living.filter((source) => kind.includes(source.kind));
    return [{ name: `${rhythm} by kind`, match: { kind }, policy: POLICIES[rhythm].name, sources }];
  });
  return { rules, fallback: 'occasional' };
}

/**
 * Proposes policies and rules for the sources of an account: snapshots of deleted sources are all kept, each rhythm has
 * one policy, sources with the prevailing rhythm of their kind share a rule, and the others are matched by name.
 */
export function proposePolicy(sources: readonly SourceRhythm[]): Proposal {
  const orphaned = sources.filter(({ state }) => state === 'orphaned');
  const living = sources.filter(({ state }) => state !== 'orphaned').filter(isNamedPolicy);
  const byName = rhythmsByName(living);
  const prevailing = new Map(
    KINDS.filter((kind) => living.some((source) => source.kind === kind)).map((kind) => [
      kind,
      prevailingRhythm(kind, living, byName),
    ]),
  );
  const named = nameRules(living, byName, prevailing);
  const listed = new Set(named.flatMap((rule) => rule.sources));
  const { rules: ofKinds, fallback } = kindRules(
    living.filter((source) => !listed.has(source)),
    prevailing,
  );
  const fallbackPolicy = living.length === 0 ? STARTER_KEEP : POLICIES[fallback];
  const orphanRule: ProposedRule = {
    name: 'deleted sources',
    match: { orphaned: true },
    policy: ARCHIVE.name,
    sources: orphaned,
  };
  const rules = [orphanRule, ...named, ...ofKinds];
  const used = new Set([...rules.map(({ policy }) => policy), fallbackPolicy.name]);
  const policies = [ARCHIVE, ...Object.values(POLICIES), STARTER_KEEP].filter(({ name }) => used.has(name));
  return { policies, rules, default: fallbackPolicy.name };
}
