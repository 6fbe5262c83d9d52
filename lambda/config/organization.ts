import * as z from 'zod/mini';
import { OU_PREFIX } from '../core/policy/account-globs';
import { flag, list, map, tagKeyFor, text } from './values';

export const OU_EXPECTED =
  'a path of an organizational unit that ends in /, such as "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", ' +
  'or a pattern such as "*/ou-ab12-11111111/*"';
/** A path ends in `/`; a pattern may end in a wildcard. */
export const OU_GLOB = /^[a-z0-9/*?-]*[/*?]$/;

/** The pattern that was meant by the id of an organizational unit, or by a path without `/` at its end. */
export function meantOu(value: string): string | null {
  const path = value.trim().toLowerCase();
  if (/^(?:ou|r)-[a-z0-9-]+\/?$/.test(path)) return `"*/${path.replace(/\/$/, '')}/*"`;
  return OU_GLOB.test(`${path}/`) ? `"${path}/"` : null;
}

const ACCOUNT_EXPECTED = 'an account number, an account name, ou: and the path of an organizational unit, or a pattern';

function evaluateGlob(value: string): { readonly expected: string; readonly suggestion: string | null } | null {
  if (!value.startsWith(OU_PREFIX))
    return /^[^\p{C}]{1,128}$/u.test(value) ? null : { expected: ACCOUNT_EXPECTED, suggestion: null };
  const path = value.slice(OU_PREFIX.length);
  if (OU_GLOB.test(path)) return null;
  const meant = meantOu(path);
  return { expected: `ou: and ${OU_EXPECTED}`, suggestion: meant && `"${OU_PREFIX}${meant.slice(1)}` };
}

const accountGlob = text(ACCOUNT_EXPECTED, evaluateGlob, { minLength: 1, maxLength: 400 });

const accountGlobs = (least: string | null, description: string) =>
  list(accountGlob, {
    what: 'pattern',
    expected: 'a list of accounts such as ["sandbox-*"]',
    least,
    description,
  });

/** Which accounts of an organization are read. */
export const organization = map(
  {
    accounts: z.prefault(
      map(
        {
          include: z._default(accountGlobs('at least one pattern; "*" is every account', 'The accounts to read.'), [
            '*',
          ]),
          exclude: z._default(accountGlobs(null, 'The accounts that are neither read nor named.'), []),
        },
        'a map such as { include: ["*"], exclude: ["sandbox-*"] }',
        'Patterns over the number or the name of an account, or after ou: over the path of its organizational unit.',
      ),
      {},
    ),
    accountMessages: z._default(flag('Whether each account has a message of its own too.'), false),
    costTag: z.optional(
      tagKeyFor('A tag of snapshots, or of their sources: the CSV has a line for each of its values.'),
    ),
  },
  'a map such as { accounts: { exclude: ["sandbox-*"] } }',
  'Settings of a report over the accounts of an organization.',
);
