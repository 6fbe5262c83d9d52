import * as z from 'zod/mini';
import { MAX_COUNT } from '../core/policy/policy';
import { KINDS } from '../core/snapshot/snapshot';
import { zoneName } from '../runtime/iana-zone';
import { closest } from './closest';
import { organization } from './organization';
import { policy, policyName } from './policies';
import { rule } from './rules';
import { meantCount, meantList, meantNumber, meantZone, type Suggest, withSuggestion } from './suggestions';
import {
  duration,
  flag,
  list,
  map,
  notes,
  number,
  oneOf,
  pattern,
  refuse,
  regionName,
  TAG_SIGNS,
  TAG_TEXT,
  tagKey,
  text,
  whole,
  wordOrRegion,
} from './values';

const meantPrice: Suggest = (value) => meantNumber(value, Number.MAX_SAFE_INTEGER);
const PRICE = withSuggestion('US dollars per GB-month, 0 or more', meantPrice);
const price = number(0, Number.MAX_SAFE_INTEGER, PRICE, 'US dollars per GB-month.');
const GB_MONTH_SCHEMA = withSuggestion('a price, or a map such as { default: 0.05, eu-central-1: 0.05 }', meantPrice);
const PRICE_KEY = wordOrRegion('default');
const gbMonth = z.union(
  [
    price,
    z
      .catchall(z.object({ default: z.optional(price) }, { error: GB_MONTH_SCHEMA }), price)
      .check(
        refuse((prices) => {
          const wrong = Object.keys(prices).find((key) => !PRICE_KEY.test(key));
          return wrong === undefined ? null : `default and regions such as eu-central-1 (${wrong} is neither)`;
        }),
      )
      .register(notes, { propertyNames: { pattern: PRICE_KEY.source } }),
  ],
  { error: GB_MONTH_SCHEMA },
);
const PRICING_KEY = wordOrRegion('gbMonth', 'default');
/** The price, or the prices of regions, under `gbMonth` or in its place. */
const pricing = z
  .catchall(
    z.object(
      { gbMonth: z.optional(gbMonth), default: z.optional(price) },
      { error: 'a map such as { gbMonth: 0.05 } or { default: 0.05, eu-central-1: 0.05 }' },
    ),
    price,
  )
  .check(
    refuse((prices) => {
      const keys = Object.keys(prices);
      const wrong = keys.find((key) => !PRICING_KEY.test(key));
      if (wrong !== undefined)
        return {
          expected: `gbMonth, or default and regions such as eu-central-1 (${wrong} is none of them)`,
          suggestion: closest(wrong, ['gbMonth', 'default']),
        };
      return prices.gbMonth === undefined || keys.length === 1
        ? null
        : 'one of two forms: { gbMonth: { default: 0.05, eu-central-1: 0.05 } }, or the same without gbMonth, { default: 0.05, eu-central-1: 0.05 }';
    }),
  )
  .register(notes, {
    description: 'US dollars per GB-month: one price, or one for each region. The default is 0.05.',
    propertyNames: { pattern: PRICING_KEY.source },
    dependentSchemas: { gbMonth: { maxProperties: 1 } },
  });

const VERSION = withSuggestion('1 (this release reads version 1)', (value) =>
  typeof value === 'string' && /^\s*v?1(\.0)?\s*$/i.test(value) ? '1' : null,
);
const SHARE_SCHEMA = withSuggestion('a share from 0 to 1, such as 0.5', (value) => meantNumber(value, 1));
const MAX_DELETIONS = withSuggestion(`a whole number from 0 to ${MAX_COUNT}`, (value) => {
  const meant = meantCount(value);
  return meant === 'unlimited' ? null : meant;
});
const ZONE = withSuggestion('an IANA time zone such as Europe/Berlin or UTC', () => null);
const REGION_SCHEMA = withSuggestion('all, or a list of regions such as [eu-central-1]', (value) =>
  typeof value === 'string' && /^\s*(all|\*)\s*$/i.test(value) ? 'all' : meantList(value),
);
const PREFIX = `the start of tag keys, such as retention: up to 115 ${TAG_SIGNS}, not aws, no space at its ends, no colon at its end`;

/**
 * The whole of `retention.yaml`, as it is written, defaults included. References between its parts are checked in
 * `references.ts`.
 */
export const configSchema = map(
  {
    version: z.literal(1, { error: VERSION }).register(notes, { description: 'The version of this format.' }),
    timezone: z._default(
      text(
        ZONE,
        (value) =>
          zoneName(value) === null
            ? {
                expected: ZONE,
                suggestion: meantZone(value) ?? closest(value, ['UTC', ...Intl.supportedValuesOf('timeZone')]),
              }
            : null,
        { minLength: 1, description: 'IANA time zone in which hours, days, weeks, months and years begin.' },
      ),
      'UTC',
    ),
    regions: z._default(
      z
        .union(
          [
            z.literal('all'),
            list(regionName, { what: 'region', expected: 'a list of regions', least: 'all, or at least one region' }),
          ],
          {
            error: REGION_SCHEMA,
          },
        )
        .register(notes, { description: 'Every region that Lightsail names, or a list.' }),
      'all',
    ),
    kinds: z._default(
      list(oneOf(KINDS), {
        what: 'kind',
        expected: `a list of ${KINDS.join(', ')}`,
        least: `at least one of ${KINDS.join(', ')}`,
        meant: (value) => {
          if (typeof value !== 'string') return null;
          const kind = closest(value, KINDS);
          return /^\s*(all|\*)\s*$/i.test(value) ? `[${KINDS.join(', ')}]` : kind && `[${kind}]`;
        },
        description: 'The kinds of snapshots to read.',
      }),
      [...KINDS],
    ),
    tagPrefix: z._default(
      pattern(
        PREFIX,
        new RegExp(`^(?!\\p{Z})(?![aA][wW][sS](:|$))${TAG_TEXT}{1,115}(?<![:\\p{Z}])$`, 'u'),
        'The start of the tag keys that set policies, such as retention:keep.',
      ),
      'retention',
    ),
    policies: z._default(
      z
        .record(policyName, policy, { error: 'a map of policy names to policies' })
        .register(notes, { description: 'Policies by name. A policy has a keep rule or expireAfter, or both.' }),
      {},
    ),
    rules: z._default(
      z
        .array(rule, { error: 'a list of rules' })
        .register(notes, { description: 'Rules in order. The first rule that matches a snapshot decides.' }),
      [],
    ),
    default: z.optional(
      z.string({ error: 'the name of a policy' }).register(notes, {
        description: 'The policy of what no rule matches. Without it, such snapshots are kept.',
      }),
    ),
    holdTags: z._default(
      list(tagKey, {
        what: 'tag key',
        expected: 'a list of tag keys such as [no_delete]',
        least: null,
        most: 20,
        description: 'Further tag keys that hold a snapshot, with any value.',
      }),
      ['no_delete'],
    ),
    ignoreTags: z._default(
      list(tagKey, {
        what: 'tag key',
        expected: 'a list of tag keys such as [retention-days]',
        least: null,
        description: 'Tag keys of other tools that resemble retention tags. They are ignored.',
      }),
      [],
    ),
    floors: z.prefault(
      map(
        {
          minKeep: z._default(
            whole(
              1,
              `a whole number from 1 to ${MAX_COUNT} (a group is never emptied)`,
              'This many of the newest snapshots of each source are always kept.',
            ),
            1,
          ),
          minAge: z._default(duration('Younger snapshots are never expired.'), '24h'),
        },
        'a map such as { minKeep: 1, minAge: 24h }',
        'The minimum that is kept of every source.',
      ),
      {},
    ),
    caps: z.prefault(
      map(
        {
          maxDeletions: z._default(whole(0, MAX_DELETIONS, 'A plan that deletes more snapshots is blocked.'), 100),
          maxShare: z._default(
            number(0, 1, SHARE_SCHEMA, 'A plan that deletes a larger share of all snapshots is blocked.'),
            0.5,
          ),
          raisable: z._default(flag('Whether the deployed function applies a plan of report --raise-caps.'), false),
        },
        'a map such as { maxDeletions: 100, maxShare: 0.5 }',
        'Limits of one plan.',
      ),
      {},
    ),
    pricing: z.prefault(pricing, {}),
    report: z.prefault(
      map(
        {
          send: z._default(
            oneOf(['always', 'expiring', 'changed']).register(notes, { description: 'When a report is e-mailed.' }),
            'always',
          ),
          staleAfter: z._default(duration('A source whose newest snapshot is older is listed.'), '14d'),
          automaticSnapshots: z._default(flag('Whether to count automatic snapshots: one call for each source.'), true),
          spend: z._default(flag('Whether to show the last bill.'), false),
        },
        'a map such as { send: always, staleAfter: 14d }',
        'Settings of the report.',
      ),
      {},
    ),
    deletion: z.prefault(
      map(
        {
          planValidFor: z._default(duration('How long a plan may be applied.'), '7d'),
          grace: z._default(duration('How long a snapshot is announced before automatic deletion deletes it.'), '7d'),
        },
        'a map such as { planValidFor: 7d, grace: 7d }',
        'Settings of the opt-in deletion.',
      ),
      {},
    ),
    organization: z.optional(organization),
  },
  'a map with version: 1',
  'Retention of Amazon Lightsail snapshots.',
);

/** A configuration as it was written, defaults filled in. */
export type ConfigOutput = z.output<typeof configSchema>;
