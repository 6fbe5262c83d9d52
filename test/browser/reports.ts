import { join } from 'node:path';
import type { AccountData } from '../../emulator/account';
import { startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import { readConfigFile } from '../../lambda/config/read-config-file';
import type { DecideInput } from '../../lambda/core/policy/decide';
import type { Report } from '../../lambda/core/report/report-model';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { makeReport } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * What the product reports of an account: read over HTTP from the embedded Lightsail, decided by an example
 * configuration, at `now`.
 */
export async function reportOf(account: AccountData, now: number, example = 'agency.yaml'): Promise<Report> {
  const configuration = readConfigFile(join(__dirname, '..', '..', 'examples', example));
  if (!configuration.ok) throw new Error(`${example} is no configuration`);
  const emulator = await startEmulator({ account, clock: () => now, pageSize: 1_000 });
  try {
    const clients = makeLightsailClients({ config: { endpoint: emulator.url, credentials: CREDENTIALS } });
    const clock = (): number => now;
    const readInventory = makeReadInventory({
      clients,
      kinds: snapshotKinds,
      firstRegion: 'us-east-1',
      account: null,
      clock,
    });
    const { config } = configuration;
    const { report } = await makeReport(
      { clock, digest: digestOf, readInventory },
      {
        reportId: '20261123T080000Z-1a2b3c4d',
        config,
        at: null,
        previous: null,
        inventory: { ...config, deadline: null },
      },
    );
    return report;
  } finally {
    await emulator.close();
  }
}

/** The snapshots and sources of an account, as a decision needs them. */
export type ReadAccount = Pick<DecideInput, 'snapshots' | 'sources'>;

/** Reads an account over HTTP from the embedded Lightsail at `now`. */
export async function readAccount(account: AccountData, now: number): Promise<ReadAccount> {
  const emulator = await startEmulator({ account, clock: () => now, pageSize: 1_000 });
  try {
    const readInventory = makeReadInventory({
      clients: makeLightsailClients({ config: { endpoint: emulator.url, credentials: CREDENTIALS } }),
      kinds: snapshotKinds,
      firstRegion: 'us-east-1',
      account: null,
      clock: () => now,
    });
    const kinds = ['instance', 'disk', 'database'] as const;
    return await readInventory({
      regions: 'all',
      kinds,
      deadline: null,
      automaticSnapshots: false,
      previouslyRead: new Set(),
    });
  } finally {
    await emulator.close();
  }
}
