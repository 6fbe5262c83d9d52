import { Agent } from 'node:http';
import {
  GetDiskSnapshotsCommand,
  GetDisksCommand,
  GetInstanceSnapshotsCommand,
  GetInstancesCommand,
  GetRegionsCommand,
  GetRelationalDatabaseSnapshotsCommand,
  GetRelationalDatabasesCommand,
  LightsailClient,
} from '@aws-sdk/client-lightsail';

const CLIENT_LISTS = [
  GetInstanceSnapshotsCommand,
  GetDiskSnapshotsCommand,
  GetRelationalDatabaseSnapshotsCommand,
  GetInstancesCommand,
  GetDisksCommand,
  GetRelationalDatabasesCommand,
] as const;

/**
 * The SDK's client walking all lists of all regions side by side, doing nothing with what it gets. Gives the number of
 * calls.
 */
export async function walkBySdk(url: string): Promise<number> {
  const requestHandler = { httpAgent: new Agent({ keepAlive: true, maxSockets: 128 }) };
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const clientOf = (region: string) => new LightsailClient({ endpoint: url, region, credentials, requestHandler });
  const { regions = [] } = await clientOf('us-east-1').send(new GetRegionsCommand({}));
  let calls = 1;
  const walks = regions.flatMap(({ name }) => {
    const client = clientOf(name ?? '');
    return CLIENT_LISTS.map(async (List) => {
      let pageToken: string | undefined;
      let pages = 0;
      do {
        const page: { nextPageToken?: string | undefined } = await client.send(new List({ pageToken }));
        calls += 1;
        pages += 1;
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      // As the inventory does: the first page of a longer list once more.
      if (pages > 1) {
        await client.send(new List({}));
        calls += 1;
      }
    });
  });
  await Promise.all(walks);
  return calls;
}
