import { makeReadBills } from '../lambda/aws/cost-explorer';
import { PATIENT } from '../lambda/aws/http-limits';
import { unknownRegion } from '../lambda/aws/inventory-errors';
import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import { closest } from '../lambda/config/closest';
import type { Config } from '../lambda/core/policy/config';
import type { Inventory } from '../lambda/core/report/report-model';
import { KINDS, type Kind } from '../lambda/core/snapshot/snapshot';
import { oneLine } from '../lambda/core/util/safe-text';
import { snapshotKinds } from '../lambda/kinds/registry';
import type { LiveInventory, ReadInventory } from '../lambda/ports/ports';
import type { ReadBills } from '../lambda/ports/spend-ports';
import { REGION_NAMES } from '../lambda/render/region-names';
import { unreadElsewhere, unreadScopes } from '../lambda/render/report-sections';
import { AccessError, accessFault } from './access-faults';
import { type Caller, findCaller, findCallerAccount, requireCredentials, sayEndpoints } from './aws';
import { withProgress } from './progress';
import type { Terminal } from './terminal';

/** Which account to read, and how much of it. */
export interface AccountOptions {
  readonly region?: readonly string[];
  readonly kind?: readonly Kind[];
  readonly profile?: string | undefined;
  readonly quiet?: boolean;
}

/** How long (ms) the command line reads before it reports what it has: as long as the deployed function may run. */
const READING_LIMIT = 15 * 60_000;

/** When (epoch ms) a reading that begins now ends. */
export const readingDeadline = (): number => Date.now() + READING_LIMIT;

/** Restricts the configuration by the flags; `--region all` lifts a restriction. */
export function scopeOf(
  options: Pick<AccountOptions, 'region' | 'kind'>,
  config: { readonly regions: 'all' | readonly string[]; readonly kinds: readonly Kind[] },
): { regions: 'all' | readonly string[]; kinds: readonly Kind[] } {
  const { region = [], kind = [] } = options;
  const named = region.includes('all') ? 'all' : [...new Set(region)];
  return {
    regions: region.length === 0 ? config.regions : named,
    kinds: kind.length === 0 ? config.kinds : KINDS.filter((each) => kind.includes(each)),
  };
}

/** What reads the account of the caller: its inventory, and its bill. */
interface AccountReaders {
  readonly readInventory: ReadInventory;
  readonly readBills: ReadBills;
}

/** Makes what reads the account of the caller, with ordinary AWS settings. */
export async function accountReaders(
  { profile }: Pick<AccountOptions, 'profile'>,
  terminal: Terminal,
): Promise<AccountReaders> {
  const caller = await findCaller(profile, terminal.env);
  sayEndpoints(caller, terminal);
  await requireCredentials(caller);
  const { credentials, region, connection } = caller;
  const account = await findCallerAccount(caller);
  const readInventory = makeReadInventory({
    clients: makeLightsailClients({ config: { credentials }, agents: connection.agents }),
    firstRegion: region,
    account,
    kinds: snapshotKinds,
    clock: Date.now,
  });
  const config = { credentials, requestHandler: connection.withLimits(PATIENT) };
  return {
    readInventory: refusingUnknownRegions(refusingNothing(readInventory, caller)),
    readBills: makeReadBills({ account, region, config }),
  };
}

/** Reads as `readInventory` does, and throws where none of the regions that were named exists. */
function refusingUnknownRegions(readInventory: ReadInventory): ReadInventory {
  return async (request, progress) => {
    const inventory = await readInventory(request, progress);
    const [first] = inventory.scopes;
    if (first === undefined || inventory.scopes.some(({ error }) => error?.code !== 'region.unknown')) return inventory;
    const names = [...new Set(inventory.scopes.map(({ region }) => region))];
    const meant = closest(first.region, REGION_NAMES);
    throw unknownRegion(
      `Lightsail has no region ${oneLine(names.join(', '))}; correct --region, or regions in the configuration${meant === null ? '' : ` (did you mean ${meant}?)`}`,
    );
  };
}

/**
 * Reads as `readInventory` does, and throws where nothing at all could be read, for a reason that lies between here and
 * AWS.
 */
export function refusingNothing(readInventory: ReadInventory, { access }: Pick<Caller, 'access'>): ReadInventory {
  return async (request, progress) => {
    const inventory = await readInventory(request, progress);
    if (inventory.scopes.some(({ status, pages }) => status !== 'failed' || pages > 0)) return inventory;
    const faults = inventory.scopes.map(({ error }) => (error === undefined ? null : accessFault(error, access)));
    const [fault] = faults;
    if (fault === undefined || faults.includes(null)) return inventory;
    if (fault !== null) throw new AccessError(fault, access);
    return inventory;
  };
}

/**
 * The inventory that `report` reads, automatic snapshots left out: nothing is decided by them. Progress goes to stderr.
 */
export async function readAccount(options: AccountOptions, config: Config, terminal: Terminal): Promise<LiveInventory> {
  const { readInventory } = await accountReaders(options, terminal);
  const request = {
    ...scopeOf(options, config),
    deadline: readingDeadline(),
    automaticSnapshots: false,
    previouslyRead: new Set<string>(),
  };
  return withProgress(terminal.err, options.quiet ?? false, (tell) => readInventory(request, tell));
}

const MAX_LISTS_NAMED = 5;

/** The first names of a list, and how many more there are. */
export const firstFew = (all: readonly string[]): string =>
  `${all.slice(0, MAX_LISTS_NAMED).join(', ')}${all.length > MAX_LISTS_NAMED ? ` and ${all.length - MAX_LISTS_NAMED} more` : ''}`;

/**
 * What was not read, in one sentence: scopes of the report, then source lists that its snapshots need from elsewhere.
 */
export function unreadText(inventory: Pick<Inventory, 'scopes' | 'problems'>): string {
  const unread = unreadScopes(inventory).map(({ region, kind, error }) =>
    oneLine(`${region} ${kind}${error === undefined ? '' : ` (${error.code})`}`),
  );
  const elsewhere = unreadElsewhere(inventory);
  const parts = [
    unread.length > 0 ? `${unread.length} of ${inventory.scopes.length} scopes were not read: ${firstFew(unread)}` : '',
    elsewhere.length > 0
      ? `${elsewhere.length === 1 ? 'a list' : `${elsewhere.length} lists`} of sources elsewhere: ${oneLine(firstFew(elsewhere))}`
      : '',
  ].filter((part) => part !== '');
  return `the inventory is incomplete: ${parts.join('; ')}`;
}
