import type { ErrorCode } from '../core/util/error-codes';
import { RetentionError } from '../core/util/errors';
import { oneLine } from '../core/util/safe-text';
import { errorFacts, isAccessDenied } from './aws-errors';
import { startDeadline } from './deadline';
import { walkPages } from './walk-pages';

/** One call of ListAccounts: its answer as it came. */
export type ListAccountsPage = (token: string | null) => Promise<unknown>;

/** An account as Organizations lists it. `state` is `ACTIVE` for one that can be read; null: not named. */
export interface OrganizationAccount {
  readonly id: string;
  readonly name: string | null;
  /** `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`. */
  readonly ou: string | null;
  readonly state: string | null;
}

const OPERATION = 'ListAccounts';
/** 20 accounts a page: more than any organization may have. */
const MAX_PAGES = 5_000;
const CHOOSE = 'name the accounts with --account ID';

/** The endpoint and the signing region of Organizations, which each partition has once. */
export function organizationsEndpoint(region: string): { readonly endpoint: string; readonly region: string } {
  if (region.startsWith('cn-'))
    return { endpoint: 'https://organizations.cn-northwest-1.amazonaws.com.cn', region: 'cn-northwest-1' };
  const home = region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
  return { endpoint: `https://organizations.${home}.amazonaws.com`, region: home };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The path of the OU: that of the account without its last part. */
function ouOf(paths: unknown, id: string): string | null {
  const path = Array.isArray(paths) ? textOrNull(paths[0]) : null;
  if (path === null) return null;
  return path.endsWith(`/${id}/`) ? path.slice(0, -(id.length + 1)) : path;
}

function accountOf(row: unknown): OrganizationAccount {
  const { Id, Name, State, Status, Paths } = (row ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof Id !== 'string' || !/^\d{12}$/.test(Id))
    throw new RetentionError(
      'organization.unreadable',
      `${OPERATION} named an account without a number of 12 digits: got ${JSON.stringify(Id)}; run the command again`,
    );
  // `Status` is the name that older endpoints give `State`.
  return { id: Id, name: textOrNull(Name), ou: ouOf(Paths, Id), state: textOrNull(State) ?? textOrNull(Status) };
}

function listingFailure(error: unknown): RetentionError {
  const { code, message } = errorFacts(error);
  const fail = (as: ErrorCode, text: string): RetentionError => new RetentionError(as, text, { cause: error });
  if (code === 'AWSOrganizationsNotInUseException')
    return fail(
      'organization.not-used',
      `this account is in no organization, so that ${OPERATION} names no accounts; ${CHOOSE}, or sign in to the management account`,
    );
  if (isAccessDenied(error))
    return fail(
      'organization.denied',
      `organizations:${OPERATION} was refused: ${oneLine(message)}; sign in to the management or a delegated administrator account with that permission, or ${CHOOSE}`,
    );
  if (error instanceof RetentionError && error.code === 'organization.unreadable') return error;
  return fail(
    'organization.unreadable',
    `the accounts of the organization could not be listed: ${oneLine(code)}: ${oneLine(message)}`,
  );
}

/**
 * Lists every account of the organization. A page may be empty and still name a next one. Throws an `organization.…`
 * error where not all could be listed: none is left out.
 */
export async function listAccounts(
  ask: ListAccountsPage,
  limits: { readonly deadline: number | null; readonly clock: () => number },
): Promise<readonly OrganizationAccount[]> {
  const accounts: OrganizationAccount[] = [];
  const deadline = startDeadline(limits.deadline, limits.clock);
  try {
    const { error } = await walkPages<unknown>(
      OPERATION,
      async (token) => {
        const { Accounts, NextToken } = ((await ask(token)) ?? {}) as Readonly<Record<string, unknown>>;
        return { rows: Array.isArray(Accounts) ? Accounts : null, next: textOrNull(NextToken) };
      },
      (rows) => {
        if (rows === null)
          throw new RetentionError('organization.unreadable', `${OPERATION} answered without its list; try again`);
        accounts.push(...rows.map(accountOf));
      },
      deadline,
      MAX_PAGES,
    );
    if (error !== null) throw listingFailure(error);
    return accounts;
  } finally {
    deadline.clear();
  }
}
