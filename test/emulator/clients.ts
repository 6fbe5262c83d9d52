import {
  GetInstanceSnapshotsCommand,
  type GetInstanceSnapshotsCommandOutput,
  LightsailClient,
} from '@aws-sdk/client-lightsail';
import type { AccountData, Row } from '../../emulator/account';
import { instanceRow, instanceSnapshotRow, type SourceSpec } from '../../emulator/rows';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/server';

export const REGION = 'eu-central-1';
export const ACCOUNT = '123456789012';
export const NOW = Date.UTC(2026, 10, 23, 8);

/** How every client reaches an emulator: one attempt, so that a test sees what the first answer was. */
export const reach = (emulator: Emulator, region = REGION) => ({
  endpoint: emulator.url,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});

export const lightsail = (emulator: Emulator, region = REGION): LightsailClient =>
  new LightsailClient(reach(emulator, region));

const web: SourceSpec = {
  accountId: ACCOUNT,
  region: REGION,
  name: 'web',
  createdAt: NOW - 1e10,
  sizeInGb: 60,
  blueprint: 'wordpress',
  bundle: 'small_3_0',
};

/** One instance `web` in Frankfurt with snapshots `web-1` … `web-<count>`. */
export function webAccount(count: number, more: Partial<AccountData> = {}): AccountData {
  const rows: Row[] = Array.from({ length: count }, (_, i) =>
    instanceSnapshotRow(web, { name: `web-${i + 1}`, createdAt: NOW - i * 3_600_000 }),
  );
  return {
    accountId: ACCOUNT,
    regions: [REGION],
    data: { [REGION]: { instances: [instanceRow(web)], instanceSnapshots: rows } },
    ...more,
  };
}

/** Runs with an emulator and closes it, whatever happens. */
export async function withEmulator(
  options: EmulatorOptions,
  run: (emulator: Emulator) => Promise<void>,
): Promise<void> {
  const emulator = await startEmulator(options);
  try {
    await run(emulator);
  } finally {
    await emulator.close();
  }
}

/** Pages through the instance snapshots, at most `most` pages. */
export async function instancePages(client: LightsailClient, most = 50): Promise<GetInstanceSnapshotsCommandOutput[]> {
  const pages: GetInstanceSnapshotsCommandOutput[] = [];
  for (let token: string | undefined; pages.length < most; ) {
    const page = await client.send(new GetInstanceSnapshotsCommand(token === undefined ? {} : { pageToken: token }));
    pages.push(page);
    token = page.nextPageToken;
    if (token === undefined) break;
  }
  return pages;
}

export const names = (pages: readonly GetInstanceSnapshotsCommandOutput[]): (string | undefined)[] =>
  pages.flatMap((page) => (page.instanceSnapshots ?? []).map((row) => row.name));
