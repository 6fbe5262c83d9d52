import { GetAutoSnapshotsCommand, GetRegionsCommand, type LightsailClient } from '@aws-sdk/client-lightsail';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { classify, errorFacts, mayMeanDisabled } from '../lambda/aws/aws-errors';
import { BRIEF, withLimits } from '../lambda/aws/http-limits';
import type { LightsailClients } from '../lambda/aws/lightsail-client';
import type { Config } from '../lambda/core/config';
import { KIND_FACTS } from '../lambda/kinds/facts';
import { snapshotKinds } from '../lambda/kinds/registry';
import type { Caller } from './aws';
import { type Finding, failed, notRead, ok, warning } from './finding';

/** Whether there are credentials, and whose. The second is null where nothing else can be looked at. */
export async function checkCredentials({ credentials, region }: Caller): Promise<Finding> {
  try {
    await credentials();
  } catch (error) {
    return failed(
      'credentials',
      `none were found: ${errorFacts(error).message}`,
      'set AWS_PROFILE, say --profile NAME, or sign in with "aws login" or "aws sso login"',
    );
  }
  const client = new STSClient({
    credentials,
    region,
    maxAttempts: 2,
    requestHandler: withLimits(BRIEF),
  });
  try {
    const { Arn, Account } = await client.send(new GetCallerIdentityCommand({}));
    return ok('credentials', `${Arn ?? 'somebody'} in account ${Account ?? 'unknown'}`);
  } catch (error) {
    const { code, message } = errorFacts(error);
    if (classify(error) === 'denied')
      return failed('credentials', `they are not accepted: ${code} (${message})`, 'sign in again, and check the clock of this machine');
    return warning(
      'credentials',
      `there are some, but STS did not say whose: ${code}`,
      'nothing depends on it: the ARNs of snapshots name the account',
    );
  } finally {
    client.destroy();
  }
}

interface Read {
  readonly action: string;
  readonly call: (client: LightsailClient) => Promise<unknown>;
}

/** Every call of a report, once. */
function reads(region: string): readonly Read[] {
  const where = { region, account: null };
  const name = 'lightsail-retention-doctor';
  const lists = Object.values(snapshotKinds()).flatMap((kind): readonly Read[] => {
    const [listSnapshots = '', listSources = ''] = KIND_FACTS[kind.kind].actions.list;
    return [
      { action: listSnapshots, call: (client) => kind.listSnapshots(client, null, where) },
      { action: listSources, call: (client) => kind.listSources(client, null) },
      { action: KIND_FACTS[kind.kind].actions.confirm, call: (client) => kind.readSource(client, name) },
    ];
  });
  return [
    ...lists,
    { action: 'lightsail:GetAutoSnapshots', call: (client) => client.send(new GetAutoSnapshotsCommand({ resourceName: name })) },
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

async function checkPermissions(clients: LightsailClients, region: string): Promise<Finding> {
  const client = clients(region);
  const outcomes = await Promise.all(reads(region).map(async ({ action, call }) => ({ action, error: await tried(() => call(client)) })));
  const wrong = outcomes.filter(({ error }) => error !== null);
  if (wrong.length === 0) return ok('permissions', `all ${outcomes.length + 1} reads of a report are allowed in ${region}`);
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

async function checkRegions(clients: LightsailClients, regions: readonly string[]): Promise<Finding> {
  const kind = snapshotKinds().instance;
  const outcomes = await Promise.all(
    regions.map(async (region) => ({
      region,
      error: await tried(() => kind.listSnapshots(clients(region), null, { region, account: null })),
    })),
  );
  const read = outcomes.filter(({ error }) => error === null).map(({ region }) => region);
  const disabled = outcomes.filter(({ error }) => error !== null && mayMeanDisabled(error)).map(({ region }) => region);
  const wrong = outcomes.filter(({ error }) => error !== null && !mayMeanDisabled(error));
  const summary = `${read.length} can be read${disabled.length === 0 ? '' : `; not enabled in this account: ${disabled.join(', ')}`}`;
  if (wrong.length === 0 && read.length > 0) return ok('regions', summary);
  return failed(
    'regions',
    `${summary}; cannot be read: ${wrong.map(({ region, error }) => `${region} (${errorFacts(error).code})`).join(', ') || 'any'}`,
    'a service control policy may deny them: allow the reads there, or name the others under regions: in the configuration',
  );
}

/** Whether a report could read this account: every read of it tried once, and every region asked. */
export async function checkAccount(clients: LightsailClients, firstRegion: string, config: Config | null): Promise<readonly Finding[]> {
  const permissions = await checkPermissions(clients, firstRegion);
  try {
    const named = (await clients(firstRegion).send(new GetRegionsCommand({}))).regions ?? [];
    const all = named.flatMap(({ name }) => name ?? []);
    const wanted = config === null || config.regions === 'all' ? all : config.regions;
    return [permissions, await checkRegions(clients, wanted)];
  } catch (error) {
    return [permissions, notRead('regions', error, 'lightsail:GetRegions')];
  }
}
