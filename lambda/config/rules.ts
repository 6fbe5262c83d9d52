import * as z from 'zod/mini';
import { REGION } from '../core/snapshot/region';
import { KINDS } from '../core/snapshot/snapshot';
import { closest } from './closest';
import { globMatches } from './globs';
import { meantOu, OU_EXPECTED, OU_GLOB } from './organization';
import { meantAccount, meantFlag, meantRegion, withSuggestion } from './suggestions';
import { flag, map, notes, refuse, tagMap, text } from './values';

/** A glob of a shape that some real name could match. */
const glob = (
  expected: string,
  shape: RegExp,
  canMatch: (value: string) => boolean = () => true,
  suggest: (value: string) => string | null = () => null,
) => {
  const evaluate = (value: string) =>
    shape.test(value) && canMatch(value) ? null : { expected, suggestion: suggest(value) };
  const item = text(expected, evaluate, { pattern: shape.source });
  return z.union(
    [
      item,
      z
        .array(item, { error: expected })
        .check(refuse((list) => (list.length > 0 ? null : `${expected}; at least one`)))
        .register(notes, { minItems: 1 }),
    ],
    {
      error: `${expected}, or a list of such`,
    },
  );
};

/** Up to 255 characters, `*` not counted. */
const NAME_GLOB = /^(?=.)\**(?:[A-Za-z0-9_.?-]\**){0,255}$/;
const nameGlob = (description: string) =>
  glob('a name or a pattern of letters, digits, _ - . and the wildcards * and ?', NAME_GLOB).register(notes, {
    description,
  });

const KIND = withSuggestion(`${KINDS.join(', ')} or a pattern that matches one of them`, () => null);
/** A word, or letters with a wildcard. */
const KIND_GLOB = new RegExp(`^(?:${KINDS.join('|')}|[a-z]*[*?][a-z*?]*)$`);
const REGION_GLOB = new RegExp(`${REGION.source}|^[a-z0-9-]*[*?][a-z0-9*?-]*$`);
/** 12 digits or `?`, or up to 12 with `*`. */
const ACCOUNT_GLOB = /^(?:[0-9?]{12}|(?=.*\*)\**(?:[0-9?]\**){0,12})$/;

/** As Organizations allows it, and with wildcards. */
const NAME_SIGN = '[^\\x00-\\x1f\\x7f]';
const ACCOUNT_NAME = new RegExp(`^${NAME_SIGN}{1,128}$`);

const match = map(
  {
    kind: z.optional(
      glob(
        KIND,
        KIND_GLOB,
        (value) => KINDS.some((kind) => globMatches(value, kind)),
        (value) => closest(value, KINDS),
      ).register(notes, { description: 'The kind of snapshot: instance, disk or database.' }),
    ),
    region: z.optional(
      glob('a region such as eu-central-1, or a pattern such as "eu-*"', REGION_GLOB, () => true, meantRegion).register(
        notes,
        {
          description: 'The region that holds the snapshot.',
        },
      ),
    ),
    account: z.optional(
      glob(
        'an account number of 12 digits in quotes, or a pattern for one',
        ACCOUNT_GLOB,
        () => true,
        meantAccount,
      ).register(notes, {
        description: 'The account that holds the snapshot.',
      }),
    ),
    accountName: z.optional(
      glob('the name of an account, or a pattern for one', ACCOUNT_NAME).register(notes, {
        description: 'The name of the account in its organization.',
      }),
    ),
    ou: z.optional(
      glob(OU_EXPECTED, OU_GLOB, () => true, meantOu).register(notes, {
        description: 'The path of the organizational unit of the account.',
      }),
    ),
    source: z.optional(nameGlob('The name of the instance, disk or database that the snapshot was made from.')),
    name: z.optional(nameGlob('The name of the snapshot itself.')),
    tags: z.optional(tagMap('Tags of the snapshot. All must match; "*" matches any value and none.')),
    sourceTags: z.optional(tagMap('Tags of the existing source. All must match.')),
    orphaned: z.optional(flag('Whether its source no longer exists.')),
    fromAutoSnapshot: z._default(
      z
        .union([z.boolean(), z.literal('any')], { error: withSuggestion('true, false or any', meantFlag) })
        .register(notes, {
          description: 'Whether it is a permanent copy of an automatic snapshot: true, false or any.',
        }),
      false,
    ),
  },
  'a map of what to match, such as { source: "prod-*" }',
  'What the rule matches. Every member must match; an empty map matches every snapshot.',
);

/** A rule: a match with the name of a policy. */
export const rule = map(
  {
    name: z.optional(
      text(
        'a name of 1 to 128 characters',
        (value) => (/^[^\p{C}]{1,128}$/u.test(value) ? null : 'a name of 1 to 128 printable characters'),
        {
          minLength: 1,
          maxLength: 128,
          description: 'The name in reports. The default is `rule <n>`.',
        },
      ),
    ),
    match,
    policy: z
      .string({ error: 'the name of a policy' })
      .register(notes, { description: 'The policy of what this rule matches.' }),
  },
  'a rule such as { match: { source: "prod-*" }, policy: standard }',
  'A match with a policy.',
);
