import { Agent, request } from 'node:http';

const HTTP_LISTS = [
  'GetInstanceSnapshots',
  'GetDiskSnapshots',
  'GetRelationalDatabaseSnapshots',
  'GetInstances',
  'GetDisks',
  'GetRelationalDatabases',
];

/**
 * Nothing but HTTP over kept-alive connections and `JSON.parse`, walking all lists of all regions side by side. Gives
 * the number of calls.
 */
export async function walkByHttp(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  let calls = 0;
  const ask = (
    operation: string,
    region: string,
    input: object,
  ): Promise<{ nextPageToken?: string; regions?: { name: string }[] }> =>
    new Promise((resolve, reject) => {
      const call = request(url, {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `Lightsail_20161128.${operation}`,
          authorization: `AWS4-HMAC-SHA256 Credential=bench/20261123/${region}/lightsail/aws4_request, SignedHeaders=host, Signature=0`,
        },
      });
      call.once('error', reject);
      call.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => {
          calls += 1;
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        });
      });
      call.end(JSON.stringify(input));
    });
  const { regions = [] } = await ask('GetRegions', 'us-east-1', {});
  await Promise.all(
    regions.flatMap(({ name }) =>
      HTTP_LISTS.map(async (operation) => {
        let [pageToken, pages]: [string | undefined, number] = [undefined, 0];
        do {
          pageToken = (await ask(operation, name, { pageToken })).nextPageToken;
          pages += 1;
        } while (pageToken !== undefined);
        // As the inventory does: the first page of a longer list once more.
        if (pages > 1) await ask(operation, name, {});
      }),
    ),
  );
  agent.destroy();
  return calls;
}
