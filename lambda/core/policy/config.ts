import type { Kind } from '../snapshot/snapshot';
import type { Duration } from '../time/duration';
import type { Zone } from '../time/zone';
import type { Policy, Rule } from './policy';

/** Where a configuration came from: the built-in starter policy may report, and can never delete. */
export interface ConfigOrigin {
  /** The file's name, or `built-in`. */
  readonly origin: string;
  /** `sha256:` and 64 hex digits over the RFC 8785 JSON of the validated configuration, defaults filled in. */
  readonly digest: string;
}

/** A rule that can match nothing, and why. */
export interface HiddenRule {
  readonly code: 'rule.covered' | 'rule.out-of-range' | 'rule.contradiction';
  readonly rule: string;
  /** The earlier rule that covers it; null where there is none. */
  readonly by: string | null;
  readonly message: string;
}

/** What decisions need of a configuration. */
export interface RetentionConfig {
  readonly zone: Zone;
  readonly tagPrefix: string;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly rules: readonly Rule[];
  readonly defaultPolicy: string | null;
  readonly holdTags: ReadonlySet<string>;
  readonly ignoreTags: ReadonlySet<string>;
  readonly floors: { readonly minKeep: number; readonly minAge: Duration };
}

/** A validated configuration that cannot be wrong: parsed once, by the same function at synth, in the command line and in the functions. */
export interface Config extends RetentionConfig, ConfigOrigin {
  readonly regions: 'all' | readonly string[];
  readonly kinds: readonly Kind[];
  readonly caps: {
    readonly maxDeletions: number;
    readonly maxShare: number;
    /** Whether the deployed function applies a plan whose caps a person raised. */
    readonly raisable: boolean;
  };
  readonly pricing: Pricing;
  readonly report: {
    readonly send: 'always' | 'expiring' | 'changed';
    readonly staleAfter: Duration;
    readonly automaticSnapshots: boolean;
  };
  readonly deletion: { readonly planValidFor: Duration; readonly grace: Duration };
  /** Rules that can match nothing, in their order. */
  readonly hiddenRules: readonly HiddenRule[];
}

/** US dollars per GB-month: `regions` where given, else `default`. */
export interface Pricing {
  readonly default: number;
  readonly regions: ReadonlyMap<string, number>;
}
