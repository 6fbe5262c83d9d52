import { STSClient } from '@aws-sdk/client-sts';
import { roleCredentials, roleFault } from '../lambda/aws/assume-role';
import { errorFacts } from '../lambda/aws/aws-errors';
import { PATIENT } from '../lambda/aws/http-limits';
import { makeJsonCalls } from '../lambda/aws/json-call';
import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import { listAccounts, organizationsEndpoint } from '../lambda/aws/list-accounts';
import { globMatches } from '../lambda/config/globs';
import type { Config } from '../lambda/core/policy/config';
import type { MemberAccount } from '../lambda/core/policy/policy';
import type { RollUpAccount } from '../lambda/core/report/roll-up';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { snapshotKinds } from '../lambda/kinds/registry';
import { mapAccounts } from '../lambda/organization/map-accounts';
import { roleIn } from '../lambda/organization/role-pattern';
import { unreadAccount } from '../lambda/organization/roll-up';
import {
  type AccountSelection,
  requireSelected,
  selectAccounts,
  uniteSelections,
} from '../lambda/organization/select-accounts';
import type { ReadInventory } from '../lambda/ports/ports';
import { AccessError } from './access-faults';
import { type Caller, explainAccess, findCaller, requireCredentials, sayEndpoints } from './aws';
import { countProgress } from './progress';
import { readingDeadline } from './read-account';
import { type Terminal, wrapped } from './terminal';

/** Which accounts of an organization are read, and how. */
export interface AccountsOptions {
  /** Account numbers, or `all`. */
  readonly account?: readonly string[];
  /** With `{account}`. */
  readonly roleArn?: string;
  readonly externalId?: string;
}

/** Accounts that are read side by side. */
const ACCOUNTS_AT_ONCE = 8;
const SESSION_NAME = 'lightsail-retention';
/** Connections to one region, over all accounts. */
const MAX_SOCKETS = 64;

export const accountsUsage = (message: string): RetentionError => new RetentionError('usage.accounts', message);

/** Whether a command reads accounts of an organization. Throws `usage.accounts` for options that do not fit together. */
export function asksAccounts({ account, roleArn, externalId }: AccountsOptions): boolean {
  if (account === undefined && roleArn === undefined && externalId === undefined) return false;
  if (account === undefined)
    throw accountsUsage('--role-arn and --external-id need accounts: add --account ID, or --account all');
  if (roleArn === undefined)
    throw accountsUsage("--account needs --role-arn, such as --role-arn 'arn:aws:iam::{account}:role/NAME'");
  if (account.includes('all') && account.length > 1)
    throw accountsUsage('--account all is every account: leave out the others');
  return true;
}

/** An account whose role was assumed. */
interface OpenedAccount {
  readonly readInventory: ReadInventory;
  /** The configuration, as it decides about this account. */
  readonly config: Config;
  readonly credentials: ReturnType<typeof roleCredentials>;
}

/** The accounts that a run reads, and what reads them. */
export interface MemberReader {
  readonly selection: AccountSelection;
  /** Assumes the role of an account. Rejects with the error of STS, or an AccessError where the caller is at fault. */
  open(account: MemberAccount): Promise<OpenedAccount>;
}

const makeSts = ({ credentials, region, connection }: Caller): STSClient =>
  new STSClient({ credentials, region, requestHandler: connection.withLimits(PATIENT) });

async function listedAccounts(caller: Caller) {
  const own = organizationsEndpoint(caller.region);
  const call = makeJsonCalls(makeSts(caller), {
    endpoint: caller.organizations ?? own.endpoint,
    region: own.region,
    signingName: 'organizations',
    target: 'AWSOrganizationsV20161128',
  });
  const ask = (token: string | null): Promise<unknown> =>
    call('ListAccounts', token === null ? {} : { NextToken: token });
  try {
    return await listAccounts(ask, { deadline: readingDeadline(), clock: Date.now });
  } catch (error) {
    const explained = error instanceof Error && error.cause !== undefined ? explainAccess(error.cause, caller) : null;
    throw explained instanceof RetentionError ? explained : error;
  }
}

/** The names of accounts, where rules need them; with a warning where this caller may not list them. */
async function namesOf(
  configs: readonly Config[],
  caller: Caller,
): Promise<{ readonly listed: Awaited<ReturnType<typeof listedAccounts>>; readonly warnings: readonly string[] }> {
  if (!configs.some(({ rules }) => rules.some(({ needsMember }) => needsMember))) return { listed: [], warnings: [] };
  try {
    return { listed: await listedAccounts(caller), warnings: [] };
  } catch (error) {
    if (!(error instanceof RetentionError) || error.code !== 'organization.denied') throw error;
    return {
      listed: [],
      warnings: [
        'organizations:ListAccounts was refused, so that rules by accountName and ou match nothing; sign in to the ' +
          'management or a delegated administrator account to have them match',
      ],
    };
  }
}

/** The accounts of the command line. Their names are asked for only where rules need them. */
async function selectedAccounts(
  account: readonly string[],
  configs: readonly Config[],
  caller: Caller,
): Promise<AccountSelection> {
  if (account.includes('all')) {
    const listed = await listedAccounts(caller);
    const selections = configs.map(({ organization: { accounts } }) => {
      const selection = selectAccounts(listed, accounts, globMatches);
      requireSelected(selection, accounts);
      return selection;
    });
    return uniteSelections(selections);
  }
  const ids = [...new Set(account)];
  const { listed, warnings } = await namesOf(configs, caller);
  const known = new Map(listed.map((each) => [each.id, each]));
  const all = ids.map((id) => known.get(id) ?? { id, name: null, ou: null, state: null });
  return { ...selectAccounts(all, { include: ['*'], exclude: [] }, globMatches), warnings };
}

/** The caller who assumes the roles. Throws where there are no credentials. */
export async function memberCaller(profile: string | undefined, terminal: Terminal): Promise<Caller> {
  const caller = await findCaller(profile, terminal.env);
  sayEndpoints(caller, terminal);
  await requireCredentials(caller);
  return caller;
}

/**
 * Finds the accounts to read, and warns of patterns that match none. With `others`: those that any of the configurations
 * selects.
 */
export async function memberReader(
  caller: Caller,
  options: AccountsOptions,
  config: Config,
  err: Terminal['err'],
  others: readonly Config[] = [],
): Promise<MemberReader> {
  const { account = [], roleArn = '' } = options;
  const { region, connection } = caller;
  const sts = makeSts(caller);
  const selection = await selectedAccounts(account, [config, ...others], caller);
  for (const warning of selection.warnings) err.write(wrapped(`warning: ${oneLine(warning)}\n`, err));
  const agents = connection.agents({ keepAlive: true, maxSockets: MAX_SOCKETS });
  return {
    selection,
    async open(member) {
      const session = roleCredentials(sts, {
        roleArn: roleIn(roleArn, member.id),
        externalId: options.externalId ?? null,
        sessionName: SESSION_NAME,
      });
      await session().catch((error: unknown) => {
        throw explainAccess(error, caller);
      });
      const readInventory = makeReadInventory({
        clients: makeLightsailClients({ config: { credentials: session }, agents: () => agents }),
        firstRegion: region,
        account: member.id,
        kinds: snapshotKinds,
        clock: Date.now,
      });
      return { readInventory, config: { ...config, member }, credentials: session };
    },
  };
}

/**
 * Reads every account, a few at the same time, with the progress on stderr. What fails in one account is the fault of
 * that account alone. Throws an AccessError where the credentials of the caller have ended.
 */
export async function readMembers(
  { selection, open }: MemberReader,
  options: AccountsOptions & { readonly quiet?: boolean | undefined },
  err: Terminal['err'],
  read: (account: MemberAccount, opened: OpenedAccount) => Promise<RollUpAccount>,
): Promise<readonly RollUpAccount[]> {
  const { selected, notActive } = selection;
  const bar = countProgress(err, options.quiet ?? false, { total: selected.length, verb: 'read', unit: 'account' });
  // Without the caller's credentials no other account can be read either.
  let ended: AccessError | null = null;
  try {
    const outcomes = await mapAccounts(
      selected,
      ACCOUNTS_AT_ONCE,
      async (account) => {
        if (ended !== null) throw ended;
        const opened = await open(account).catch((error: unknown) => {
          if (error instanceof AccessError) {
            ended = error;
            throw error;
          }
          return { fault: roleFault(error, roleIn(options.roleArn ?? '', account.id)) };
        });
        const outcome =
          'fault' in opened
            ? unreadAccount(account, opened.fault.status, opened.fault.error)
            : await read(account, opened);
        bar.count();
        return outcome;
      },
      errorFacts,
    );
    if (ended !== null) throw ended;
    const inactive = notActive.map((account) =>
      unreadAccount(account, 'not-active', {
        code: 'organization.not-active',
        message: `its state in the organization is ${oneLine(account.state ?? 'not known')}`,
      }),
    );
    return [...outcomes, ...inactive];
  } finally {
    bar.stop();
  }
}
