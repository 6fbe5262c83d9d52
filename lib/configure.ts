import { invalidConfig } from '../lambda/config/config-errors';
import { describeWarning, parseConfig } from '../lambda/config/parse-config';
import type { CountRule, WithinRule } from '../lambda/core/policy/policy';
import type { Kind } from '../lambda/core/snapshot/snapshot';
import { holdsLookupDummy } from './known-later';
import type { DeployedConfiguration } from './snapshot-retention';

/** How many to keep. */
type Amount = number | 'unlimited';
/** One glob, or several of which one has to match. */
type Globs = string | readonly string[];
/** Tag keys with the values that match; `*` matches any value and none. */
type TagValues = Readonly<Record<string, string>>;

/** Keep rules: one that keeps a snapshot is enough. Lengths of time are text such as `30d`, `8w`, `6mo`, `1y`. */
export type KeepRules = { readonly [rule in CountRule]?: Amount } & { readonly [rule in WithinRule]?: string };

/** Keep rules, an age, or both. */
export interface RetentionPolicy {
  readonly keep?: 'all' | KeepRules;
  /** Keeps every snapshot that is younger. */
  readonly expireAfter?: string;
}

/** Which policy decides about what. The first rule that matches a snapshot decides. */
export interface RetentionRule {
  readonly name?: string;
  /** All that is given has to match. */
  readonly match: {
    readonly kind?: Globs;
    readonly region?: Globs;
    readonly account?: Globs;
    readonly accountName?: Globs;
    readonly ou?: Globs;
    readonly source?: Globs;
    readonly name?: Globs;
    readonly tags?: TagValues;
    readonly sourceTags?: TagValues;
    readonly orphaned?: boolean;
    readonly fromAutoSnapshot?: boolean | 'any';
  };
  readonly policy: string;
}

/** What `retention.yaml` can say; docs/configuration.md has every key with its default and its meaning. */
export interface RetentionConfiguration {
  readonly version: 1;
  readonly timezone?: string;
  readonly regions?: 'all' | readonly string[];
  readonly kinds?: readonly Kind[];
  readonly tagPrefix?: string;
  readonly policies?: Readonly<Record<string, RetentionPolicy>>;
  readonly rules?: readonly RetentionRule[];
  readonly default?: string;
  readonly holdTags?: readonly string[];
  readonly ignoreTags?: readonly string[];
  readonly floors?: { readonly minKeep?: number; readonly minAge?: string };
  readonly caps?: { readonly maxDeletions?: number; readonly maxShare?: number; readonly raisable?: boolean };
  /** US dollars per GB-month. */
  readonly pricing?: { readonly gbMonth?: number | Readonly<Record<string, number>> };
  readonly report?: {
    readonly send?: 'always' | 'expiring' | 'changed';
    readonly staleAfter?: string;
    readonly automaticSnapshots?: boolean;
    readonly spend?: boolean;
  };
  readonly deletion?: { readonly planValidFor?: string; readonly grace?: string };
  /** Globs over the id and the name of an account, or after `ou:` over the path of its organizational unit. */
  readonly organization?: {
    readonly accounts?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] };
    readonly accountMessages?: boolean;
    readonly costTag?: string;
  };
}

/** Where a configuration comes from that an app holds: it stands in reports in the place of a file's name. */
const ORIGIN = 'configure()';

/**
 * The configuration to deploy, as an object instead of a file; checked like a file. What works and is probably not
 * meant goes to `warn`, a line each: by default to stderr. Throws a RetentionError that lists everything wrong with it.
 */
export function configure(
  configuration: RetentionConfiguration,
  warn: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): DeployedConfiguration {
  const result = parseConfig(configuration, ORIGIN);
  if (result.ok) {
    for (const warning of result.warnings) warn(`warning: ${describeWarning(warning, ORIGIN)}`);
    return { origin: ORIGIN, config: result.written };
  }
  // The construct waits for what `cdk synth` has still to look up.
  if (holdsLookupDummy(configuration)) return { origin: ORIGIN, config: configuration };
  throw invalidConfig(result.errors, ORIGIN);
}
