import * as z from 'zod/mini';
import { KINDS } from '../core/snapshot';
import { closest } from './closest';
import { globMatches, isGlob, leastLength } from './globs';
import { flag, map, notes, REGION, refuse, tagMap, text } from './values';

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
  ).register(notes, { description });

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

/** A rule: a match with the name of a policy. */
export const rule = map(
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
