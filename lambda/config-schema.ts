import * as z from 'zod/mini';
import { closest } from './closest';
import { parseDuration } from './core/duration';
import { type COUNT_RULES, MAX_COUNT, type WITHIN_RULES } from './core/policy';
import { KINDS } from './core/snapshot';
import { globMatches, isGlob, leastLength } from './globs';
import { zoneName } from './zone';

/** What editors are told about a value, by its schema; only the JSON Schema is made from it. */
export const notes = z.registry<Record<string, unknown>>();

/** Every message in this schema says what was expected; `config-problems` adds what was got. */
type Refusal = string | { readonly expected: string; readonly suggestion: string | null } | null;

function refuse<T>(judge: (value: T) => Refusal): z.core.$ZodCheck<T> {
  return z.check<T>((payload) => {
    const refusal = judge(payload.value);
    if (refusal === null) return;
    const { expected, suggestion } = typeof refusal === 'string' ? { expected: refusal, suggestion: null } : refusal;
    payload.issues.push({ code: 'custom', input: payload.value, message: expected, params: { suggestion }, continue: true });
  });
}

const text = (expected: string, judge: (value: string) => Refusal, hint: Record<string, unknown> = {}) =>
  z.string({ error: expected }).check(refuse(judge)).register(notes, hint);

const pattern = (expected: string, shape: RegExp, description?: string) =>
  text(expected, (value) => (shape.test(value) ? null : expected), { pattern: shape.source, ...(description && { description }) });

/** A map of known keys. The message of an unknown key is the list of known ones. */
const map = <T extends z.core.$ZodLooseShape>(shape: T, expected: string, description: string) =>
  z
    .strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : expected) })
    .register(notes, { description: description });

const oneOf = <const T extends readonly string[]>(words: T) => z.enum(words, { error: `one of ${words.join(', ')}` });

const number = (least: number, most: number, expected: string, description: string) =>
  z
    .number({ error: expected })
    .check(z.minimum(least, { error: expected }), z.maximum(most, { error: expected }))
    .register(notes, { description: description });

const whole = (least: number, expected: string, description: string) =>
  z
    .int({ error: expected })
    .check(z.minimum(least, { error: expected }), z.maximum(MAX_COUNT, { error: expected }))
    .register(notes, { description: description });

const flag = (description: string) => z.boolean({ error: 'true or false, without quotes' }).register(notes, { description: description });

const unique = <T extends string>(what: string) =>
  refuse<readonly T[]>((list) => {
    const twice = list.find((item, i) => list.indexOf(item) !== i);
    return twice === undefined ? null : `each ${what} once (${twice} stands twice)`;
  });

const DURATION = 'a duration such as 36h, 30d, 2w, 6mo, 1y6mo or P30D';
const duration = (description: string) =>
  text(
    DURATION,
    (value) => {
      const parsed = parseDuration(value);
      return parsed.ok ? null : parsed.expected;
    },
    { description, pattern: '^(P.+|(\\d+y)?(\\d+mo)?(\\d+w)?(\\d+d)?(\\d+h)?)$', examples: ['30d', '1y6mo'] },
  );

const TAG_TEXT = '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]';
const TAG_SIGNS = 'letters, digits, spaces and + - = . _ : / @';
const tagKey = pattern(`a tag key: 1 to 128 ${TAG_SIGNS}`, new RegExp(`^${TAG_TEXT}{1,128}$`, 'u'));
const TAG_VALUE = `a tag value in quotes (1 to 256 ${TAG_SIGNS}), or "*" for any value and for none`;
const tagValue = pattern(TAG_VALUE, new RegExp(`^(\\*|${TAG_TEXT}{1,256})$`, 'u'));
const tagMap = (description: string) =>
  z.record(tagKey, tagValue, { error: 'a map of tag keys to values, such as { env: prod }' }).register(notes, { description: description });

const REGION = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/;
const regionName = pattern('a region such as eu-central-1', REGION);

/** A glob that some real name could match. */
const glob = (
  expected: string,
  canMatch: (value: string) => boolean,
  shape: string,
  suggest: (value: string) => string | null = () => null,
) => {
  const item = text(expected, (value) => (canMatch(value) ? null : { expected, suggestion: suggest(value) }), { pattern: shape });
  return z.union(
    [item, z.array(item, { error: expected }).check(refuse((list) => (list.length > 0 ? null : `${expected}; at least one`)))],
    {
      error: `${expected}, or a list of such`,
    },
  );
};

const NAME_GLOB = '^[A-Za-z0-9_.*?-]+$';
const nameGlob = (description: string) =>
  glob(
    'a name or a pattern of letters, digits, _ - . and the wildcards * and ?',
    (value) => new RegExp(NAME_GLOB).test(value) && leastLength(value) <= 255,
    NAME_GLOB,
  ).register(notes, { description: description });

const match = map(
  {
    kind: z.optional(
      glob(
        `${KINDS.join(', ')} or a pattern that matches one of them`,
        (value) => KINDS.some((kind) => globMatches(value, kind)),
        '^[a-z*?]+$',
        (value) => closest(value, KINDS),
      ).register(notes, { description: 'The kind of snapshot: instance, disk or database.' }),
    ),
    region: z.optional(
      glob(
        'a region such as eu-central-1, or a pattern such as "eu-*"',
        (value) => /^[a-z0-9*?-]+$/.test(value) && (isGlob(value) || REGION.test(value)),
        '^[a-z0-9*?-]+$',
      ).register(notes, { description: 'The region that holds the snapshot.' }),
    ),
    account: z.optional(
      glob(
        'an account number of 12 digits in quotes, or a pattern for one',
        (value) => /^[0-9*?]+$/.test(value) && leastLength(value) <= 12 && (value.includes('*') || value.length === 12),
        '^[0-9*?]+$',
      ).register(notes, { description: 'The account that holds the snapshot.' }),
    ),
    source: z.optional(nameGlob('The name of the instance, disk or database that the snapshot was made from.')),
    name: z.optional(nameGlob('The name of the snapshot itself.')),
    tags: z.optional(tagMap('Tags of the snapshot; all must match. "*": any value, also none.')),
    sourceTags: z.optional(tagMap('Tags of the living source; all must match. Never matches where there is no source.')),
    orphaned: z.optional(flag('Whether its source no longer exists.')),
    fromAutoSnapshot: z._default(
      z
        .union([z.boolean(), z.literal('any')], { error: 'true, false or any' })
        .register(notes, { description: 'Whether it is a permanent copy of an automatic snapshot; false unless a rule says otherwise.' }),
      false,
    ),
  },
  'a map of what to match, such as { source: "prod-*" }',
  'What a snapshot must be for this rule; every member must match.',
);

const COUNT = `a whole number from 0 to ${MAX_COUNT}, or unlimited`;
const count = z.union([whole(0, COUNT, 'How many to keep.'), z.literal('unlimited')], { error: COUNT });

const counts = z.optional(count);
const within = z.optional(duration('Counted back from the newest snapshot.'));
const keepRules = map(
  {
    last: counts,
    hourly: counts,
    daily: counts,
    weekly: counts,
    monthly: counts,
    yearly: counts,
    within,
    withinHourly: within,
    withinDaily: within,
    withinWeekly: within,
    withinMonthly: within,
    withinYearly: within,
  } satisfies Record<(typeof COUNT_RULES | typeof WITHIN_RULES)[number], unknown>,
  'all, or a map of keep rules such as { last: 3, daily: 7 }',
  'Keep rules are a union: one that keeps is enough.',
);

const POLICY_NAME = `a policy name: 1 to 256 ${TAG_SIGNS}, no space at its ends`;
const policyName = pattern(POLICY_NAME, new RegExp(`^(?!\\p{Z})${TAG_TEXT}{1,256}(?<!\\p{Z})$`, 'u'));

const policy = map(
  {
    keep: z.optional(
      z
        .union([z.literal('all'), keepRules], { error: 'all, or a map of keep rules such as { last: 3, daily: 7 }' })
        .register(notes, { description: 'What is kept.' }),
    ),
    expireAfter: z.optional(duration('The age up to which every snapshot is kept.')),
  },
  'a policy such as { keep: { last: 3 }, expireAfter: 30d }',
  'Keep rules, an age, or both.',
).check(
  refuse(({ keep, expireAfter }) => {
    const keeps = keep === 'all' || Object.values(keep ?? {}).some((amount) => amount !== undefined && amount !== 0);
    return keeps || expireAfter !== undefined ? null : 'a policy with a positive keep rule or expireAfter (an empty one would say nothing)';
  }),
);

const rule = map(
  {
    name: z.optional(
      text(
        'a name of 1 to 128 characters',
        (value) => (/^[^\p{C}]{1,128}$/u.test(value) ? null : 'a name of 1 to 128 printable characters'),
        {
          description: 'For reports; `rule <n>` where left out.',
        },
      ),
    ),
    match,
    policy: z.string({ error: 'the name of a policy' }).register(notes, { description: 'The policy of what this rule matches.' }),
  },
  'a rule such as { match: { source: "prod-*" }, policy: standard }',
  'A match with a policy.',
);

const price = number(0, Number.MAX_SAFE_INTEGER, 'US dollars per GB-month, 0 or more', 'US dollars per GB-month.');
const gbMonth = z.union(
  [
    price,
    z.catchall(z.object({ default: price }, { error: 'a price, or a map such as { default: 0.05, eu-central-1: 0.05 }' }), price).check(
      refuse((prices) => {
        const wrong = Object.keys(prices).find((region) => region !== 'default' && !REGION.test(region));
        return wrong === undefined ? null : `default and regions such as eu-central-1 (${wrong} is neither)`;
      }),
    ),
  ],
  { error: 'a price, or a map such as { default: 0.05, eu-central-1: 0.05 }' },
);

const VERSION = '1 (this release reads version 1; for a later one, install the release that knows it)';
const PREFIX = `the start of tag keys, such as retention: up to 115 ${TAG_SIGNS}, not aws, no space at its ends, no colon at its end`;

/** The whole of `retention.yaml`, as it is written, defaults included. References between its parts are checked in `config-references`. */
export const configSchema = map(
  {
    version: z.literal(1, { error: VERSION }).register(notes, { description: 'The version of this format.' }),
    timezone: z._default(
      text(
        'an IANA time zone such as Europe/Berlin or UTC',
        (value) =>
          zoneName(value) === null
            ? {
                expected: 'an IANA time zone such as Europe/Berlin or UTC',
                suggestion: closest(value, ['UTC', ...Intl.supportedValuesOf('timeZone')]),
              }
            : null,
        { description: 'IANA time zone that cuts hours, days, weeks, months and years.' },
      ),
      'UTC',
    ),
    regions: z._default(
      z
        .union(
          [
            z.literal('all'),
            z.array(regionName).check(
              unique('region'),
              refuse((list) => (list.length > 0 ? null : 'all, or at least one region')),
            ),
          ],
          {
            error: 'all, or a list of regions such as [eu-central-1]',
          },
        )
        .register(notes, { description: 'all: every region that the service names; or a list.' }),
      'all',
    ),
    kinds: z._default(
      z
        .array(oneOf(KINDS), { error: `a list of ${KINDS.join(', ')}` })
        .check(
          unique('kind'),
          refuse((list) => (list.length > 0 ? null : `at least one of ${KINDS.join(', ')}`)),
        )
        .register(notes, { description: 'What to list.' }),
      [...KINDS],
    ),
    tagPrefix: z._default(
      pattern(
        PREFIX,
        new RegExp(`^(?!\\p{Z})(?![aA][wW][sS](:|$))${TAG_TEXT}{1,115}(?<![:\\p{Z}])$`, 'u'),
        'The start of the tag keys that set policies.',
      ),
      'retention',
    ),
    policies: z._default(
      z
        .record(policyName, policy, { error: 'a map of policy names to policies' })
        .register(notes, { description: 'What is kept, by name.' }),
      {},
    ),
    rules: z._default(z.array(rule, { error: 'a list of rules' }).register(notes, { description: 'The first that matches wins.' }), []),
    default: z.optional(
      z
        .string({ error: 'the name of a policy' })
        .register(notes, { description: 'The policy of what no rule matches; without it such snapshots are unmanaged and kept.' }),
    ),
    holdTags: z._default(
      z
        .array(tagKey, { error: 'a list of tag keys such as [no_delete]' })
        .check(unique('tag key'))
        .register(notes, { description: 'Further tag keys that hold, whatever their value.' }),
      ['no_delete'],
    ),
    floors: z.prefault(
      map(
        {
          minKeep: z._default(
            whole(
              1,
              `a whole number from 1 to ${MAX_COUNT} (a group is never emptied)`,
              'The newest of each source that are kept whatever else.',
            ),
            1,
          ),
          minAge: z._default(duration('Younger snapshots are never expired.'), '24h'),
        },
        'a map such as { minKeep: 1, minAge: 24h }',
        'The least that is kept of every source.',
      ),
      {},
    ),
    caps: z.prefault(
      map(
        {
          maxDeletions: z._default(whole(0, `a whole number from 0 to ${MAX_COUNT}`, 'A plan of more is blocked.'), 100),
          maxShare: z._default(
            number(0, 1, 'a share from 0 to 1, such as 0.5', 'A plan of a larger share of all snapshots is blocked.'),
            0.5,
          ),
        },
        'a map such as { maxDeletions: 100, maxShare: 0.5 }',
        'Limits on a whole run.',
      ),
      {},
    ),
    pricing: z.prefault(map({ gbMonth: z._default(gbMonth, 0.05) }, 'a map such as { gbMonth: 0.05 }', 'For cost ceilings.'), {}),
    report: z.prefault(
      map(
        {
          send: z._default(
            oneOf(['always', 'expiring', 'changed']).register(notes, { description: 'When a report is e-mailed.' }),
            'always',
          ),
          staleAfter: z._default(duration('A source whose newest snapshot is older is named.'), '14d'),
          automaticSnapshots: z._default(flag('Whether to count automatic snapshots, one call for each source.'), true),
        },
        'a map such as { send: always, staleAfter: 14d }',
        'What is reported, and when.',
      ),
      {},
    ),
    deletion: z.prefault(
      map(
        {
          planValidFor: z._default(duration('How long a plan may be applied.'), '7d'),
          grace: z._default(duration('How long a snapshot is announced before automatic deletion takes it.'), '7d'),
        },
        'a map such as { planValidFor: 7d, grace: 7d }',
        'The separate, opted-in step.',
      ),
      {},
    ),
  },
  'a map with version: 1',
  'Retention of Amazon Lightsail snapshots.',
);

/** A configuration as it may be written. */
export type ConfigInput = z.input<typeof configSchema>;
/** A configuration as it was written, defaults filled in. */
export type ConfigOutput = z.output<typeof configSchema>;
