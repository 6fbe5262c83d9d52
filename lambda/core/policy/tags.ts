import type { Tags } from '../snapshot/snapshot';
import { type Duration, parseDuration } from '../time/duration';
import { meantDuration } from '../time/meant-duration';
import { endOfDay } from '../time/period';
import type { Zone } from '../time/zone';
import { joinNames } from '../util/join-names';
import { type IsNearMiss, makeIsNearMiss } from './near-keys';
import {
  COUNT_RULES,
  type CountRule,
  type Keep,
  MAX_COUNT,
  type Policy,
  WITHIN_RULES,
  type WithinRule,
} from './policy';
import { CLOUDFORMATION, DEFAULT_TAG_PREFIX, HOLD_KEY, ownBeginning } from './tag-keys';

/** The configuration that tags are read with. */
export interface TagGrammar {
  readonly tagPrefix: string;
  readonly holdTags: ReadonlySet<string>;
  /** Keys of other tools that resemble retention keys. */
  readonly ignoreTags: ReadonlySet<string>;
  readonly policies: ReadonlyMap<string, Policy>;
}

/** A hold through a local day; null: without end. */
export interface Hold {
  readonly tag: string;
  readonly until: string | null;
}

/** A tag that cannot be applied: the received and the expected value. */
export interface TagProblem {
  readonly code: 'tag.unknown-key' | 'tag.unknown-policy' | 'tag.malformed' | 'tag.contradiction' | 'tag.not-on-source';
  readonly message: string;
}

/** A named or inline policy of a tag; `id` is the name, or the parsed content of an inline policy. */
export interface TaggedPolicy {
  readonly id: string;
  readonly name: string;
  readonly policy: Policy;
}

/** The retention tags of one resource. With any problem, `policy` is null. */
export interface TagReading {
  readonly holds: readonly Hold[];
  readonly problems: readonly TagProblem[];
  readonly policy: TaggedPolicy | null;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

const isCalendarDay = (text: string): boolean =>
  DATE.test(text) &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

const tagText = (key: string, value: string | null): string =>
  value === null ? `tag ${key} (without a value)` : `tag ${key} = "${value}"`;

function readHold(tag: string, value: string | null): Hold {
  const day = value?.replace(/^until /, '');
  return { tag, until: day !== undefined && isCalendarDay(day) ? day : null };
}

type Parsed<T> = { readonly value: T } | { readonly expected: string; readonly unknownPolicy?: boolean };

const NO_TAG_READING: TagReading = { holds: [], problems: [], policy: null };

const KEEP_EXPECTED = 'all, or rules such as last=3 daily=7 within=14d';
const KEEP_RULES = [...COUNT_RULES, ...WITHIN_RULES].join(', ');

function readCount(rule: CountRule, amount: string): Parsed<number> {
  if (amount === 'unlimited') return { value: Number.POSITIVE_INFINITY };
  const count = /^\d+$/.test(amount) ? Number(amount) : Number.NaN;
  return count <= MAX_COUNT
    ? { value: count }
    : { expected: `a whole number from 0 to ${MAX_COUNT}, or unlimited, for ${rule}` };
}

function readWithin(rule: WithinRule, amount: string): Parsed<Duration> {
  const duration = parseDuration(amount);
  return duration.ok ? duration : { expected: `${duration.expected}, for ${rule}` };
}

function readKeep(text: string): Parsed<Keep | 'all'> {
  const words = text.split(' ').filter((word) => word !== '');
  if (words.length === 0) return { expected: KEEP_EXPECTED };
  if (words.length === 1 && words[0] === 'all') return { value: 'all' };
  const counts: Partial<Record<CountRule, number>> = {};
  const within: Partial<Record<WithinRule, Duration>> = {};
  const seen = new Set<string>();
  for (const word of words) {
    const [rule = '', amount = '', ...rest] = word.split('=');
    if (rest.length > 0 || amount === '') return { expected: `${KEEP_EXPECTED} ("${word}" is not rule=amount)` };
    if (seen.has(rule)) return { expected: `each rule once (${rule} is given twice)` };
    seen.add(rule);
    const countRule = COUNT_RULES.find((name) => name === rule);
    const withinRule = WITHIN_RULES.find((name) => name === rule);
    if (countRule !== undefined) {
      const count = readCount(countRule, amount);
      if (!('value' in count)) return count;
      if (count.value > 0) counts[countRule] = count.value;
    } else if (withinRule !== undefined) {
      const duration = readWithin(withinRule, amount);
      if (!('value' in duration)) return duration;
      within[withinRule] = duration.value;
    } else return { expected: `a rule out of ${KEEP_RULES} ("${rule}" is none)` };
  }
  return { value: { counts, within } };
}

const contentOf = ({ keep, expireAfter, expireOn }: Policy): string => {
  const length = (duration: NonNullable<Policy['expireAfter']>): string =>
    [duration.years, duration.months, duration.days, duration.hours].join('.');
  if (keep === 'all') return `all|${expireAfter === null ? '' : length(expireAfter)}`;
  const counts = COUNT_RULES.map((rule) => keep?.counts[rule] ?? 0).join(',');
  const within = WITHIN_RULES.map((rule) => (keep?.within[rule] === undefined ? '' : length(keep.within[rule]))).join(
    ',',
  );
  return `${counts}|${within}|${expireAfter === null ? '' : length(expireAfter)}|${expireOn ?? ''}`;
};

/** The policy tags, by the part after the prefix. Each returns its part of the policy, or the expected value. */
const POLICY_TAGS = {
  policy: (text: string, grammar: TagGrammar): Parsed<PolicyPart> => {
    const policy = grammar.policies.get(text);
    const names = joinNames([...grammar.policies.keys()]);
    if (policy !== undefined) return { value: { named: { id: `name ${text}`, name: text, policy } } };
    return {
      expected: names === '' ? 'a policy of the configuration, which has none' : `one of the policies ${names}`,
      unknownPolicy: text !== '',
    };
  },
  keep: (text: string): Parsed<PolicyPart> => {
    const keep = readKeep(text);
    return 'value' in keep ? { value: { keep: keep.value, text } } : keep;
  },
  'expire-after': (text: string): Parsed<PolicyPart> => {
    const duration = parseDuration(text);
    return duration.ok ? { value: { expireAfter: duration.value, text: `expire-after=${text}` } } : duration;
  },
  'expire-on': (text: string): Parsed<PolicyPart> =>
    isCalendarDay(text)
      ? { value: { expireOn: text, text: `expire-on=${text}` } }
      : { expected: 'a calendar date such as 2026-12-31' },
} as const;

type PolicyTag = keyof typeof POLICY_TAGS;
type PolicyPart = { readonly named: TaggedPolicy } | (Partial<Policy> & { readonly text: string });
const POLICY_TAG_NAMES = Object.keys(POLICY_TAGS) as readonly PolicyTag[];
const policyTagOf = (key: string, prefix: string): PolicyTag | undefined =>
  key.startsWith(prefix) ? POLICY_TAG_NAMES.find((name) => name === key.slice(prefix.length)) : undefined;

function inlinePolicy(parts: readonly (Partial<Policy> & { readonly text: string })[]): TaggedPolicy | null {
  if (parts.length === 0) return null;
  const policy: Policy = Object.assign(
    { keep: null, expireAfter: null, expireOn: null },
    ...parts.map(({ text: _, ...part }) => part),
  );
  const words = parts.flatMap(({ text }) => text.split(' ').filter((word) => word !== ''));
  return { id: `inline ${contentOf(policy)}`, name: words.join(' '), policy };
}

/** Finds keep rules that keep nothing. They are valid only with expire-after. */
function findEmptyRules(keys: ReadonlyMap<PolicyTag, string>, parts: readonly PolicyPart[]): TagProblem | null {
  const empty = parts.find(
    (part) => 'keep' in part && part.keep !== 'all' && part.keep != null && keepsNothing(part.keep),
  );
  if (empty === undefined || !('text' in empty) || keys.has('expire-after')) return null;
  const message = `${tagText(keys.get('keep') ?? '', empty.text)}: expected ${KEEP_EXPECTED}, at least one of them positive`;
  return { code: 'tag.malformed', message };
}

const keepsNothing = ({ counts, within }: Keep): boolean =>
  Object.keys(counts).length + Object.keys(within).length === 0;

function findContradiction(keys: ReadonlyMap<PolicyTag, string>): TagProblem | null {
  if (keys.size < 2 || (!keys.has('policy') && !keys.has('expire-on'))) return null;
  return {
    code: 'tag.contradiction',
    message:
      `tags ${[...keys.values()].join(', ')} contradict each other: ` +
      'expected a named policy alone, or expire-on alone, or keep and expire-after',
  };
}

/** The valid keys. */
function knownKeys({ tagPrefix, holdTags }: TagGrammar): readonly string[] {
  const own = ['hold', ...POLICY_TAG_NAMES].map((name) => `${tagPrefix}:${name}`);
  return [...new Set([HOLD_KEY, ...own, ...holdTags])];
}

/** The near-miss tests of a configuration: of its own keys, and of those of the default prefix. */
interface NearMissTests {
  readonly own: IsNearMiss;
  readonly ofDefault: IsNearMiss;
}

const nearMissTests = new WeakMap<TagGrammar, NearMissTests>();

/** The near-miss tests of a configuration; made once, because they cache their results. */
function nearMissTestsOf(grammar: TagGrammar): NearMissTests {
  const made = nearMissTests.get(grammar);
  if (made !== undefined) return made;
  const { holdTags, ignoreTags, policies } = grammar;
  const makeTest = (tagPrefix: string, ignoresBare: boolean): IsNearMiss => {
    const known = ['hold', ...POLICY_TAG_NAMES].map((name) => `${tagPrefix}:${name}`);
    const keys = { tagPrefix, known: [HOLD_KEY, ...known], holdTags, ignoreTags, policyNames: policies.keys() };
    return makeIsNearMiss(keys, ignoresBare);
  };
  const own = makeTest(grammar.tagPrefix, false);
  // A bare `retention` belongs to another tool where the prefix is another one.
  const ofDefault = grammar.tagPrefix === DEFAULT_TAG_PREFIX ? own : makeTest(DEFAULT_TAG_PREFIX, true);
  const tests = { own, ofDefault };
  nearMissTests.set(grammar, tests);
  return tests;
}

/** The problem of a key that is not valid but similar to a valid one; null: it belongs to another tool. */
function nearMissProblem(key: string, value: string | null, grammar: TagGrammar): TagProblem | null {
  const { own, ofDefault } = nearMissTestsOf(grammar);
  if (own(key, value)) return unknownKey(key, value, grammar);
  return ofDefault(key, value) ? keyOfDefaultPrefix(key, value, grammar) : null;
}

/** The problem of a key that would set a policy with the default prefix, where the configuration has another one. */
function keyOfDefaultPrefix(key: string, value: string | null, { tagPrefix }: TagGrammar): TagProblem {
  return {
    code: 'tag.unknown-key',
    message:
      `${tagText(key, value)}: it is or resembles a key of the prefix ${DEFAULT_TAG_PREFIX}, and tagPrefix is ` +
      `${tagPrefix}: write the key with ${tagPrefix}:, or list the key in ignoreTags`,
  };
}

function unknownKey(key: string, value: string | null, grammar: TagGrammar): TagProblem {
  const own = ownBeginning(key, grammar.tagPrefix);
  const remedy =
    own === null
      ? 'correct the tag, or list the key in ignoreTags'
      : `correct or remove the tag (ignoreTags cannot list a key that begins with ${own})`;
  return {
    code: 'tag.unknown-key',
    message:
      `${tagText(key, value)}: expected one of the keys ${knownKeys(grammar).join(', ')}, written exactly so; ` +
      remedy,
  };
}

/** Reads a policy tag: its part of the policy, or the problem. */
function readPolicyTag(
  tag: PolicyTag,
  key: string,
  value: string | null,
  on: 'snapshot' | 'source',
  grammar: TagGrammar,
): PolicyPart | TagProblem {
  if (tag === 'expire-on' && on === 'source')
    return { code: 'tag.not-on-source', message: `${tagText(key, value)}: expected on a snapshot, never on a source` };
  const part = POLICY_TAGS[tag](value ?? '', grammar);
  if ('value' in part) return part.value;
  const meant = tag === 'expire-after' ? meantDuration(value) : null;
  return {
    code: part.unknownPolicy ? 'tag.unknown-policy' : 'tag.malformed',
    message: `${tagText(key, value)}: ${meant === null ? `expected ${part.expected}` : `write "${meant}" instead (expected ${part.expected})`}`,
  };
}

/**
 * Reads the retention tags of a snapshot or of a source. Never throws: an invalid tag is a problem, and a hold with an
 * invalid date is a hold without end. Keys are case-sensitive; a near miss of a valid key is a problem.
 */
export function readRetentionTags(tags: Tags, on: 'snapshot' | 'source', grammar: TagGrammar): TagReading {
  if (tags.size === 0) return NO_TAG_READING;
  const prefix = `${grammar.tagPrefix}:`;
  const holds: Hold[] = [];
  const problems: TagProblem[] = [];
  const keys = new Map<PolicyTag, string>();
  const parts: PolicyPart[] = [];
  for (const [key, value] of tags) {
    const tag = policyTagOf(key, prefix);
    if (key === HOLD_KEY || key === `${prefix}hold`) holds.push(readHold(key, value));
    else if (grammar.holdTags.has(key) || (on === 'snapshot' && key.startsWith(CLOUDFORMATION)))
      holds.push({ tag: key, until: null });
    else if (tag !== undefined) {
      const read = readPolicyTag(tag, key, value, on, grammar);
      keys.set(tag, key);
      if ('code' in read) problems.push(read);
      else parts.push(read);
    } else {
      const problem = nearMissProblem(key, value, grammar);
      if (problem !== null) problems.push(problem);
    }
  }
  const clash = findContradiction(keys) ?? findEmptyRules(keys, parts);
  if (clash !== null) problems.push(clash);
  return { holds, problems, policy: problems.length > 0 ? null : policyOf(parts) };
}

function policyOf(parts: readonly PolicyPart[]): TaggedPolicy | null {
  const spelt: (Partial<Policy> & { readonly text: string })[] = [];
  for (const part of parts) {
    if ('named' in part) return part.named;
    spelt.push(part);
  }
  return inlinePolicy(spelt);
}

/** Whether a hold is in force at `now` (epoch ms); it ends after its day in the configured zone. */
export const isInForce = (hold: Hold, now: number, zone: Zone): boolean =>
  hold.until === null || now < endOfDay(hold.until, zone);
