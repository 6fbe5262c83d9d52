import type { Config, HiddenRule, Pricing } from '../core/policy/config';
import {
  COUNT_RULES,
  type CountRule,
  type Keep,
  type Policy,
  WITHIN_RULES,
  type WithinRule,
} from '../core/policy/policy';
import { type Duration, parseDuration } from '../core/time/duration';
import { RetentionError } from '../core/util/errors';
import { digestOf } from '../runtime/digest';
import { makeZone, zoneName } from '../runtime/iana-zone';
import { brokenConfig } from './config-errors';
import { hiddenRules } from './hidden-rules';
import { compileRule } from './match';
import { type ConfigProblem, type ConfigWarning, firstOfEachPlace, fromIssues } from './problems';
import { referenceProblems, ruleName, warningsOf } from './references';
import { type ConfigOutput, configSchema } from './schema';

export {
  type ConfigProblem,
  type ConfigWarning,
  describeWarning,
  formatConfigProblems,
  problemMessage,
} from './problems';

/**
 * A validated configuration as plain JSON with every default filled in; reading it again gives the same configuration.
 */
export type WrittenConfig = Omit<ConfigOutput, 'pricing'> & {
  readonly pricing: { readonly gbMonth: number | RegionPrices };
};
type RegionPrices = { readonly default: number; readonly [region: string]: number };

/** US dollars per GB-month where the configuration says nothing else. */
const GB_MONTH = 0.05;

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly written: WrittenConfig;
      readonly warnings: readonly ConfigWarning[];
    }
  | { readonly ok: false; readonly errors: readonly ConfigProblem[] };

/** The origin of the starter policy: it may report, and can never delete. */
export const BUILT_IN = 'built-in';

/** The settings of an organization where the configuration has none. */
const ALL_ACCOUNTS: Config['organization'] = { accounts: { include: ['*'], exclude: [] }, accountMessages: false };

/**
 * Settings that the first edition did not have, with their defaults. While a setting has its default it is no part of
 * the digest.
 */
const LATER_SETTINGS: readonly (readonly [path: string, value: unknown])[] = [
  ['ignoreTags', []],
  ['caps.raisable', false],
  ['report.spend', false],
  ['organization', ALL_ACCOUNTS],
];

/** A copy without the setting at a path, where it has this value. */
function without(tree: unknown, [key, ...inner]: readonly string[], value: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || key === undefined || !Object.hasOwn(tree, key)) return tree;
  const { [key]: member, ...others } = tree as Readonly<Record<string, unknown>>;
  if (inner.length > 0) return { ...tree, [key]: without(member, inner, value) };
  return JSON.stringify(member) === JSON.stringify(value) ? others : tree;
}

/**
 * `sha256:` and 64 hex digits over the RFC 8785 JSON of a written configuration. Comments, order of keys and defaults
 * that are written out change nothing; a setting that came with a later edition changes nothing either, while it has
 * its default.
 */
export const configDigest = (written: WrittenConfig, digest: (value: unknown) => string = digestOf): string =>
  digest(LATER_SETTINGS.reduce<unknown>((tree, [path, value]) => without(tree, path.split('.'), value), written));

/** Both forms of a price as one: a number, or a map where regions differ. */
function pricingOf({ gbMonth, ...prices }: ConfigOutput['pricing']): WrittenConfig['pricing'] {
  if (typeof gbMonth === 'number') return { gbMonth };
  const { default: fallback = GB_MONTH, ...regions } = gbMonth ?? prices;
  return { gbMonth: Object.keys(regions).length === 0 ? fallback : { ...regions, default: fallback } };
}

/** As it was written, with what has a default filled in and the zone's own spelling: what the digest covers. */
function written(output: ConfigOutput): WrittenConfig {
  return {
    ...output,
    timezone: zoneName(output.timezone) ?? output.timezone,
    pricing: pricingOf(output.pricing),
    rules: output.rules.map((rule, i) => ({ ...rule, name: ruleName(rule.name, i) })),
  };
}

function durationOf(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok)
    throw new RetentionError(
      'config.duration',
      `a duration passed validation and cannot be read: got "${text}", expected ${parsed.expected}`,
    );
  return parsed.value;
}

function compileKeep(keep: Exclude<ConfigOutput['policies'][string]['keep'], 'all' | undefined>): Keep | null {
  const counts: Partial<Record<CountRule, number>> = {};
  const within: Partial<Record<WithinRule, Duration>> = {};
  for (const rule of COUNT_RULES) {
    const count = keep[rule];
    if (count !== undefined && count !== 0) counts[rule] = count === 'unlimited' ? Number.POSITIVE_INFINITY : count;
  }
  for (const rule of WITHIN_RULES) {
    const window = keep[rule];
    if (window !== undefined) within[rule] = durationOf(window);
  }
  return Object.keys(counts).length + Object.keys(within).length === 0 ? null : { counts, within };
}

function compilePolicy({ keep, expireAfter }: ConfigOutput['policies'][string]): Policy {
  return {
    keep: keep === undefined || keep === 'all' ? (keep ?? null) : compileKeep(keep),
    expireAfter: expireAfter === undefined ? null : durationOf(expireAfter),
    expireOn: null,
  };
}

function compilePricing({ gbMonth }: WrittenConfig['pricing']): Pricing {
  if (typeof gbMonth === 'number') return { default: gbMonth, regions: new Map() };
  const { default: fallback, ...regions } = gbMonth;
  return { default: fallback, regions: new Map(Object.entries(regions)) };
}

function compile(
  filled: WrittenConfig,
  origin: string,
): { readonly config: Config; readonly hidden: ReadonlyMap<number, HiddenRule> } {
  const { regions, kinds, tagPrefix, floors, caps, report, deletion, organization = ALL_ACCOUNTS } = filled;
  const policies = new Map(Object.entries(filled.policies).map(([name, policy]) => [name, compilePolicy(policy)]));
  const rules = filled.rules.map((rule, i) => ({ ...rule, name: ruleName(rule.name, i) }));
  const hidden = hiddenRules({ rules, kinds, regions, policies, excluded: organization.accounts.exclude });
  const config: Config = {
    origin,
    digest: configDigest(filled),
    zone: makeZone(filled.timezone),
    tagPrefix,
    policies,
    rules: rules.map((rule) => compileRule(rule, rule.name)),
    defaultPolicy: filled.default ?? null,
    holdTags: new Set(filled.holdTags),
    ignoreTags: new Set(filled.ignoreTags),
    floors: { minKeep: floors.minKeep, minAge: durationOf(floors.minAge) },
    regions,
    kinds,
    caps,
    pricing: compilePricing(filled.pricing),
    report: { ...report, staleAfter: durationOf(report.staleAfter) },
    deletion: { planValidFor: durationOf(deletion.planValidFor), grace: durationOf(deletion.grace) },
    organization,
    hiddenRules: [...hidden.values()],
  };
  return { config, hidden };
}

/**
 * The one validator, at synth, in the command line and in the functions. `origin` is the file's name, or `built-in`.
 * Takes anything that JSON can hold and never throws: what is wrong comes back as data, all of it at once.
 */
export function parseConfig(input: unknown, origin: string): ConfigResult {
  const parsed = configSchema.safeParse(input, { jitless: true });
  const errors = firstOfEachPlace([
    ...(parsed.success ? [] : fromIssues(parsed.error.issues, input)),
    ...referenceProblems(input),
  ]);
  if (!parsed.success || errors.length > 0) return { ok: false, errors };
  const filled = written(parsed.data);
  const { config, hidden } = compile(filled, origin);
  return { ok: true, config, written: filled, warnings: warningsOf(filled, hidden) };
}

/** What the starter policy says, as a file would. */
export const STARTER = {
  version: 1,
  policies: { starter: { expireAfter: '90d', keep: { last: 3, monthly: 12 } } },
  default: 'starter',
} as const;

/** The starter policy, for use without a file: reports only, deletion refuses it. */
export function builtInConfig(): Config {
  const result = parseConfig(STARTER, BUILT_IN);
  if (!result.ok) throw brokenConfig(result.errors, BUILT_IN);
  return result.config;
}
