import type { Kind } from '../snapshot/snapshot';
import type { Duration } from '../time/duration';
import type { Zone } from '../time/zone';
import type { MemberAccount, Policy, Rule } from './policy';

/** The origin of a configuration. The built-in starter policy only reports; it never deletes. */
export interface ConfigOrigin {
  /** The file's name, or `built-in`. */
  readonly origin: string;
  /** `sha256:` and 64 hex digits over the RFC 8785 JSON of the validated configuration, defaults filled in. */
  readonly digest: string;
}

/** A rule that can never match, with the reason. */
export interface HiddenRule {
  readonly code: 'rule.covered' | 'rule.out-of-range' | 'rule.contradiction';
  readonly rule: string;
  /** The earlier rule that covers it; null: none. */
  readonly by: string | null;
  readonly message: string;
}

/** The part of a configuration that decisions need. */
export interface RetentionConfig {
  readonly zone: Zone;
  readonly tagPrefix: string;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly rules: readonly Rule[];
  readonly defaultPolicy: string | null;
  readonly holdTags: ReadonlySet<string>;
  readonly ignoreTags: ReadonlySet<string>;
  readonly floors: { readonly minKeep: number; readonly minAge: Duration };
  /** The account of an organization that is evaluated. Absent: rules by `accountName` and `ou` match nothing. */
  readonly member?: MemberAccount;
}

/** A validated configuration. The same function parses it at synth, in the CLI and in the functions. */
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
    /** Whether the bill of the last month is read. */
    readonly spend: boolean;
  };
  readonly deletion: { readonly planValidFor: Duration; readonly grace: Duration };
  readonly organization: {
    readonly accounts: AccountGlobs;
    /** Whether each account has a message of its own, besides that of the roll-up. */
    readonly accountMessages: boolean;
    /** The tag by whose values the CSV of a roll-up tells costs. */
    readonly costTag?: string | undefined;
  };
  /** Rules that can never match, in their order. */
  readonly hiddenRules: readonly HiddenRule[];
}

/** Globs over the id and the name of an account, or after `ou:` over the path of its organizational unit. */
export interface AccountGlobs {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** US dollars per GB-month: `regions` where given, else `default`. */
export interface Pricing {
  readonly default: number;
  readonly regions: ReadonlyMap<string, number>;
}
