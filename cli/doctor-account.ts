import { GetAutoSnapshotsCommand, GetRegionsCommand, type LightsailClient } from '@aws-sdk/client-lightsail';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { classify, errorFacts, mayMeanDisabled } from '../lambda/aws/aws-errors';
import { BRIEF } from '../lambda/aws/http-limits';
import type { LightsailClients } from '../lambda/aws/lightsail-client';
import type { Config } from '../lambda/core/policy/config';
import { KIND_FACTS } from '../lambda/kinds/kind-metadata';
import { snapshotKinds } from '../lambda/kinds/registry';
import { type AccessFault, accessFault, credentialsFault, isLocal } from './access-faults';
import type { Caller } from './aws';
import { type DoctorFinding, failed, notRead, ok, warning } from './finding';

const asFinding = (check: string, { cause, remedy }: AccessFault): DoctorFinding => failed(check, cause, remedy);

/** Whether there are credentials, and whose. A finding that failed ends everything else. */
export async function checkCredentials({ credentials, region, connection, access }: Caller): Promise<DoctorFinding> {
  try {
    await credentials();
  } catch (error) {
    return asFinding('credentials', credentialsFault(error, access));
  }
  const client = new STSClient({ credentials, region, maxAttempts: 2, requestHandler: connection.withLimits(BRIEF) });
  try {
    const { Arn, Account } = await client.send(new GetCallerIdentityCommand({}));
    return ok('credentials', `${Arn ?? 'an unknown caller'} in account ${Account ?? 'unknown'}`);
  } catch (error) {
    const fault = accessFault(error, access);
    if (fault !== null && isLocal(fault))
      return asFinding(fault.code.startsWith('credentials.') ? 'credentials' : 'connection', fault);
    return warning(
      'credentials',
      `there are some, but STS did not say whose: ${errorFacts(error).code}`,
      'nothing depends on it: the ARNs of snapshots name the account',
    );
  } finally {
    client.destroy();
  }
}

interface AccountReading {
  readonly action: string;
  readonly call: (client: LightsailClient) => Promise<unknown>;
}

/** Every call of a report, once. */
function reads(region: string): readonly AccountReading[] {
  const where = { region, account: null };
  const name = 'lightsail-retention-doctor';
  const lists = Object.values(snapshotKinds()).flatMap((kind): readonly AccountReading[] => {
    const [listSnapshots = '', listSources = ''] = KIND_FACTS[kind.kind].actions.list;
    return [
      { action: listSnapshots, call: (client) => kind.listSnapshots(client, null, where) },
      { action: listSources, call: (client) => kind.listSources(client, null) },
      { action: KIND_FACTS[kind.kind].actions.confirm, call: (client) => kind.readSource(client, name) },
    ];
  });
  return [
    ...lists,
    {
      action: 'lightsail:GetAutoSnapshots',
      call: (client) => client.send(new GetAutoSnapshotsCommand({ resourceName: name })),
    },
  ];
}

/** What came of a call; "there is no such thing" is as good an answer as any. */
async function tried(call: () => Promise<unknown>): Promise<unknown | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return ['not-found', 'wrong-input'].includes(classify(error)) ? null : error;
  }
}

/** `others` counts reads that are known to be allowed. */
async function checkPermissions(clients: LightsailClients, region: string, others: number): Promise<DoctorFinding> {
  const client = clients(region);
  const outcomes = await Promise.all(
    reads(region).map(async ({ action, call }) => ({ action, error: await tried(() => call(client)) })),
  );
  const wrong = outcomes.filter(({ error }) => error !== null);
  if (wrong.length === 0)
    return ok('permissions', `all ${outcomes.length + others} reads of a report are allowed in ${region}`);
  const denied = wrong.filter(({ error }) => classify(error) === 'denied').map(({ action }) => action);
  if (denied.length > 0)
    return failed(
      'permissions',
      `denied in ${region}: ${denied.join(', ')}`,
      'allow these actions on "*": docs/iam.md lists what a report needs',
    );
  const [first] = wrong;
  return warning(
    'permissions',
    `not every read was answered in ${region}: ${first?.action}: ${errorFacts(first?.error).code}`,
    'run doctor again: Lightsail throttles, and a report has more patience',
  );
}

/** Whether an organization denies the region to this account: a report names it, and is complete without it. */
const isDeniedByOrganization = (error: unknown): boolean =>
  /explicit deny in a service control policy/i.test(errorFacts(error).message);

async function checkRegions(clients: LightsailClients, regions: readonly string[]): Promise<DoctorFinding> {
  const kind = snapshotKinds().instance;
  const outcomes = await Promise.all(
    regions.map(async (region) => ({
      region,
      error: await tried(() => kind.listSnapshots(clients(region), null, { region, account: null })),
    })),
  );
  const read = outcomes.filter(({ error }) => error === null).map(({ region }) => region);
  const unread = outcomes.filter(({ error }) => error !== null);
  const disabled = unread.filter(({ error }) => mayMeanDisabled(error));
  const denied = unread.filter(({ error }) => isDeniedByOrganization(error));
  const wrong = unread.filter(({ error }) => !mayMeanDisabled(error) && !isDeniedByOrganization(error));
  const listed = (what: string, some: typeof outcomes): string =>
    some.length === 0 ? '' : `; ${what}: ${some.map(({ region }) => region).join(', ')}`;
  const [off, refused] = [
    listed('not enabled in this account', disabled),
    listed('denied by the organization', denied),
  ];
  const summary = `${read.length} can be read${off}${refused}`;
  if (wrong.length === 0 && read.length > 0) return ok('regions', summary);
  return failed(
    'regions',
    `${summary}; cannot be read: ${wrong.map(({ region, error }) => `${region} (${errorFacts(error).code})`).join(', ') || 'any'}`,
    'a service control policy may deny them: allow the reads there, or name the others under regions: in the configuration',
  );
}

/**
 * Whether a report could read this account: every read of it tried once, and every region. A failed connection ends
 * everything else.
 */
export async function checkCaller(
  clients: LightsailClients,
  { region: firstRegion, access }: Pick<Caller, 'region' | 'access'>,
  config: Config | null,
): Promise<readonly DoctorFinding[]> {
  const regions = await clients(firstRegion)
    .send(new GetRegionsCommand({}))
    .then((answer) => ({ names: (answer.regions ?? []).flatMap(({ name }) => name ?? []) }))
    .catch((error: unknown) => ({ error }));
  if ('error' in regions) {
    const fault = accessFault(regions.error, access);
    if (fault !== null) return [asFinding('connection', fault)];
  }
  const permissions = await checkPermissions(clients, firstRegion, 'error' in regions ? 0 : 1);
  const wanted = config === null || config.regions === 'all' ? null : config.regions;
  if (wanted !== null) return [permissions, await checkRegions(clients, wanted)];
  if (!('error' in regions)) return [permissions, await checkRegions(clients, regions.names)];
  if (classify(regions.error) !== 'denied')
    return [permissions, notRead('regions', regions.error, 'lightsail:GetRegions')];
  const remedy = 'allow lightsail:GetRegions on "*", or name regions: in the configuration';
  return [
    permissions,
    failed('regions', `GetRegions is denied (${errorFacts(regions.error).code}), so no region is known`, remedy),
  ];
}
