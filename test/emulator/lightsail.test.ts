import {
  GetAutoSnapshotsCommand,
  GetDiskSnapshotsCommand,
  GetInstanceCommand,
  GetInstanceSnapshotCommand,
  GetInstanceSnapshotsCommand,
  GetRegionsCommand,
  GetRelationalDatabasesCommand,
} from '@aws-sdk/client-lightsail';
import { sampleAccount } from '../../emulator/sample-account';
import { ERROR_FORMS } from '../../emulator/service-error';
import { instancePages, lightsail, NOW, names, webAccount, withEmulator } from './clients';

const SIGNED =
  'AWS4-HMAC-SHA256 Credential=test/20261123/eu-central-1/lightsail/aws4_request, SignedHeaders=host, Signature=00';
const post = (url: string, headers: Record<string, string>, body = '{}') =>
  fetch(url, { method: 'POST', headers, body });

describe('the embedded Lightsail', () => {
  it('pages to the last snapshot, 50 on a page', async () => {
    await withEmulator({ account: webAccount(120) }, async (emulator) => {
      const pages = await instancePages(lightsail(emulator));
      expect(pages.map((page) => page.instanceSnapshots?.length)).toEqual([50, 50, 20]);
      expect(names(pages)).toEqual(Array.from({ length: 120 }, (_, i) => `web-${i + 1}`));
      expect(emulator.requests.count('GetInstanceSnapshots', 'eu-central-1')).toBe(3);
    });
  });

  it('ends on a full last page without a token', async () => {
    await withEmulator({ account: webAccount(10), pageSize: 5 }, async (emulator) => {
      expect((await instancePages(lightsail(emulator))).map((page) => page.nextPageToken === undefined)).toEqual([
        false,
        true,
      ]);
    });
  });

  it('answers a region without data with empty lists, by the region of the signature', async () => {
    await withEmulator({ account: webAccount(3) }, async (emulator) => {
      expect(names(await instancePages(lightsail(emulator, 'us-east-1')))).toEqual([]);
      expect(names(await instancePages(lightsail(emulator)))).toHaveLength(3);
    });
  });

  it('refuses a page token of another operation, another region, or nobody', async () => {
    await withEmulator({ account: webAccount(120) }, async (emulator) => {
      const here = lightsail(emulator);
      const { nextPageToken } = await here.send(new GetInstanceSnapshotsCommand({}));
      const refused = { name: 'InvalidInputException' };
      await expect(here.send(new GetDiskSnapshotsCommand({ pageToken: nextPageToken }))).rejects.toMatchObject(refused);
      await expect(
        lightsail(emulator, 'us-east-1').send(new GetInstanceSnapshotsCommand({ pageToken: nextPageToken })),
      ).rejects.toMatchObject(refused);
      await expect(here.send(new GetInstanceSnapshotsCommand({ pageToken: 'made-up' }))).rejects.toMatchObject(refused);
    });
  });

  it('sends members as the service does: times with a fraction, key-only tags without value, nothing that is absent', async () => {
    await withEmulator({ account: webAccount(1) }, async (emulator) => {
      emulator.world.tag('eu-central-1', 'web-1', [{ key: 'no_delete' }]);
      emulator.world.add('eu-central-1', 'instanceSnapshots', { name: 'bare', createdAt: 1571421527.755 });
      const answer = await post(emulator.url, {
        authorization: SIGNED,
        'x-amz-target': 'Lightsail_20161128.GetInstanceSnapshots',
      });
      const { instanceSnapshots } = (await answer.json()) as {
        instanceSnapshots: [Record<string, unknown>, Record<string, unknown>];
      };
      expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
      expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
      expect(instanceSnapshots[0].tags).toEqual([{ key: 'no_delete' }]);
      expect(instanceSnapshots[1]).not.toHaveProperty('fromInstanceArn');
      expect(instanceSnapshots[1].createdAt).toBe(1571421527.755);
      const [page] = await instancePages(lightsail(emulator));
      expect(page?.instanceSnapshots?.[1]?.createdAt).toEqual(new Date(1571421527755));
      expect(page?.instanceSnapshots?.[0]?.tags).toEqual([{ key: 'no_delete' }]);
    });
  });

  it('shows a change on a page that was read before', async () => {
    await withEmulator({ account: webAccount(2) }, async (emulator) => {
      const client = lightsail(emulator);
      await instancePages(client);
      emulator.world.remove('eu-central-1', 'instanceSnapshots', 'web-1');
      expect(names(await instancePages(client))).toEqual(['web-2']);
    });
  });

  it('reads single resources by name, and lists of every kind', async () => {
    await withEmulator({ account: sampleAccount(NOW) }, async (emulator) => {
      const client = lightsail(emulator);
      const { instance } = await client.send(new GetInstanceCommand({ instanceName: 'prod-web' }));
      expect(instance?.arn).toMatch(/^arn:aws:lightsail:eu-central-1:123456789012:Instance\/[\da-f-]{36}$/);
      expect(
        (await client.send(new GetRelationalDatabasesCommand({}))).relationalDatabases?.map((row) => row.name),
      ).toEqual(['prod-db']);
      const automatic = await client.send(new GetAutoSnapshotsCommand({ resourceName: 'prod-web' }));
      expect(automatic).toMatchObject({ resourceName: 'prod-web', resourceType: 'Instance' });
      expect(automatic.autoSnapshots).toHaveLength(7);
      expect((await client.send(new GetAutoSnapshotsCommand({ resourceName: 'wiki' }))).autoSnapshots).toEqual([]);
    });
  });

  it('names the regions of the account, with zones only when asked', async () => {
    await withEmulator({ account: webAccount(0, { regions: ['eu-central-1', 'us-east-1'] }) }, async (emulator) => {
      const client = lightsail(emulator);
      const plain = await client.send(new GetRegionsCommand({}));
      expect(plain.regions?.map((region) => [region.name, region.displayName, region.availabilityZones])).toEqual([
        ['eu-central-1', 'Frankfurt', []],
        ['us-east-1', 'Virginia', []],
      ]);
      const zoned = await client.send(new GetRegionsCommand({ includeAvailabilityZones: true }));
      expect(zoned.regions?.[0]?.availabilityZones?.map((zone) => zone.zoneName)).toEqual([
        'eu-central-1a',
        'eu-central-1b',
        'eu-central-1c',
      ]);
    });
  });

  it.each(ERROR_FORMS)('says that a name is not there, in the wire form "%s"', async (errorForm) => {
    await withEmulator({ account: webAccount(0), errorForm }, async (emulator) => {
      const failure = await lightsail(emulator)
        .send(new GetInstanceSnapshotCommand({ instanceSnapshotName: 'gone' }))
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({
        name: errorForm === 'code' ? 'DoesNotExist' : 'NotFoundException',
        message: 'The InstanceSnapshot does not exist: gone',
      });
    });
  });

  it('refuses an unknown operation, a body that is not JSON, an empty name, and calls without a usable signature', async () => {
    await withEmulator({ account: webAccount(0) }, async (emulator) => {
      const code = async (answer: Promise<Response>) => ((await (await answer).json()) as { __type: string }).__type;
      const target = (operation: string) => ({
        authorization: SIGNED,
        'x-amz-target': `Lightsail_20161128.${operation}`,
      });
      expect(await code(post(emulator.url, target('GetMoney')))).toBe('UnknownOperationException');
      expect(await code(post(emulator.url, target('GetRegions'), '{'))).toBe('SerializationException');
      expect(await code(post(emulator.url, target('GetInstance'), '{"instanceName":""}'))).toBe(
        'InvalidInputException',
      );
      expect(await code(post(emulator.url, { 'x-amz-target': 'Lightsail_20161128.GetRegions' }))).toBe(
        'MissingAuthenticationTokenException',
      );
      expect(
        await code(post(emulator.url, { ...target('GetRegions'), authorization: 'AWS4-HMAC-SHA256 nonsense' })),
      ).toBe('IncompleteSignatureException');
    });
  });

  it('refuses a connection for a region that has no endpoint', async () => {
    await withEmulator({ account: webAccount(0) }, async (emulator) => {
      await expect(lightsail(emulator, 'us-west-1').send(new GetRegionsCommand({}))).rejects.toThrow('ECONNRESET');
    });
  });

  it('dates its answers by its own clock', async () => {
    await withEmulator({ account: webAccount(0), clock: () => NOW, clockOffset: 600_000 }, async (emulator) => {
      const date = async () =>
        (
          await post(emulator.url, { authorization: SIGNED, 'x-amz-target': 'Lightsail_20161128.GetRegions' })
        ).headers.get('date');
      expect(await date()).toBe('Mon, 23 Nov 2026 08:10:00 GMT');
      emulator.clockOffset = 0;
      expect(await date()).toBe('Mon, 23 Nov 2026 08:00:00 GMT');
    });
  });
});
