import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import type { Config } from '../lambda/core/config';
import type { Inventory } from '../lambda/core/report-model';
import type { Kind } from '../lambda/core/snapshot';
import { snapshotKinds } from '../lambda/kinds/registry';
import { findAccount, findCaller } from './aws';
import { scopeLines } from './progress';
import { scopeOf } from './report';
import type { Terminal } from './terminal';

/** Which account to read, and how much of it. */
export interface AccountOptions {
  readonly region?: readonly string[];
  readonly kind?: readonly Kind[];
  readonly profile?: string;
  readonly quiet?: boolean;
}

/** The inventory that `report` reads, automatic snapshots left out: nothing is decided by them. Progress goes to stderr. */
export async function readAccount(options: AccountOptions, config: Config, { err, env }: Terminal): Promise<Inventory> {
  const caller = await findCaller(options.profile, env);
  const readInventory = makeReadInventory({
    clients: makeLightsailClients({ config: { credentials: caller.credentials } }),
    firstRegion: caller.region,
    account: await findAccount(caller),
    kinds: snapshotKinds,
    clock: Date.now,
  });
  return readInventory(
    { ...scopeOf(options, config), deadline: null, automaticSnapshots: false, previouslyRead: new Set() },
    scopeLines(err, options.quiet ?? false),
  );
}

/** What was not read, in one sentence. */
export function unreadText({ scopes }: Inventory): string {
  const unread = scopes.filter(({ status, sources }) => status === 'failed' || sources === 'failed');
  const named = unread.slice(0, 5).map(({ region, kind, error }) => `${region} ${kind}${error === undefined ? '' : ` (${error.code})`}`);
  const more = unread.length > named.length ? ` and ${unread.length - named.length} more` : '';
  return `the inventory is incomplete: ${unread.length} of ${scopes.length} scopes were not read: ${named.join(', ')}${more}`;
}
