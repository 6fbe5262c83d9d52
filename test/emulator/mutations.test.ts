import {
  DeleteDiskSnapshotCommand,
  DeleteInstanceSnapshotCommand,
  DeleteRelationalDatabaseSnapshotCommand,
  GetInstanceSnapshotCommand,
  GetOperationCommand,
  GetOperationsCommand,
  type LightsailClient,
  type Operation,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lightsail';
import { sampleAccount } from '../../emulator/sample-account';
import type { Emulator } from '../../emulator/server';
import { instancePages, lightsail, NOW, names, REGION, webAccount, withEmulator } from './clients';

const remove = (client: LightsailClient, instanceSnapshotName = 'web-1') =>
  client.send(new DeleteInstanceSnapshotCommand({ instanceSnapshotName }));
const left = async (emulator: Emulator) => names(await instancePages(lightsail(emulator)));
const arnOf = (emulator: Emulator, name: string) => emulator.world.find(REGION, 'instanceSnapshots', name)?.arn;

async function poll(client: LightsailClient, operation: Operation | undefined): Promise<Operation | undefined> {
  return (await client.send(new GetOperationCommand({ operationId: operation?.id }))).operation;
}

describe('deleting by name', () => {
  it('is done at once, and the name is not found afterwards', async () => {
    await withEmulator({ account: webAccount(3), clock: () => NOW }, async (emulator) => {
      const client = lightsail(emulator);
      const { operations } = await remove(client);
      expect(operations).toMatchObject([
        {
          resourceName: 'web-1',
          resourceType: 'InstanceSnapshot',
          operationType: 'DeleteInstanceSnapshot',
          isTerminal: true,
          status: 'Succeeded',
          createdAt: new Date(NOW),
        },
      ]);
      expect(await left(emulator)).toEqual(['web-2', 'web-3']);
      await expect(remove(client)).rejects.toMatchObject({ name: 'NotFoundException' });
    });
  });

  it('works for every kind of snapshot, and in the region of the call only', async () => {
    await withEmulator({ account: sampleAccount(NOW) }, async (emulator) => {
      const client = lightsail(emulator);
      const [disk] = emulator.world.rows(REGION, 'diskSnapshots');
      const [database] = emulator.world.rows(REGION, 'relationalDatabaseSnapshots');
      const elsewhere = lightsail(emulator, 'us-east-1').send(
        new DeleteDiskSnapshotCommand({ diskSnapshotName: disk?.name }),
      );
      await expect(elsewhere).rejects.toMatchObject({ name: 'NotFoundException' });
      await client.send(new DeleteDiskSnapshotCommand({ diskSnapshotName: disk?.name }));
      await client.send(
        new DeleteRelationalDatabaseSnapshotCommand({ relationalDatabaseSnapshotName: database?.name }),
      );
      expect(emulator.world.rows(REGION, 'diskSnapshots')).not.toContain(disk);
      expect(emulator.world.rows(REGION, 'relationalDatabaseSnapshots')).not.toContain(database);
    });
  });

  it('gives a freed name to a new snapshot with another ARN', async () => {
    await withEmulator({ account: webAccount(1) }, async (emulator) => {
      const before = arnOf(emulator, 'web-1');
      expect(() => emulator.world.add(REGION, 'instanceSnapshots', { name: 'web-1' })).toThrow('taken');
      await remove(lightsail(emulator));
      const { arn } = emulator.world.add(REGION, 'instanceSnapshots', { name: 'web-1' });
      expect(arn).toMatch(/InstanceSnapshot\/[\da-f-]{36}$/);
      expect(arn).not.toBe(before);
    });
  });
});

describe('operations', () => {
  it('become terminal after the polls that the scenario says, and only then is the snapshot gone', async () => {
    await withEmulator(
      { account: webAccount(2), faults: [{ fault: 'operation', polls: 2, status: 'Completed' }] },
      async (emulator) => {
        const client = lightsail(emulator);
        const { operations } = await remove(client);
        expect(operations).toMatchObject([{ isTerminal: false, status: 'Started' }]);
        expect(await poll(client, operations?.[0])).toMatchObject({ isTerminal: false, status: 'Started' });
        expect(await left(emulator)).toEqual(['web-1', 'web-2']);
        expect(await poll(client, operations?.[0])).toMatchObject({ isTerminal: true, status: 'Completed' });
        expect(await left(emulator)).toEqual(['web-2']);
      },
    );
  });

  it('fail with 200, a code and details, and delete nothing', async () => {
    const account = webAccount(1);
    await withEmulator(
      { account, faults: [{ fault: 'operation', status: 'Failed', errorCode: 'Busy', errorDetails: 'in use' }] },
      async (emulator) => {
        expect((await remove(lightsail(emulator))).operations).toMatchObject([
          { isTerminal: true, status: 'Failed', errorCode: 'Busy', errorDetails: 'in use' },
        ]);
        expect(await left(emulator)).toEqual(['web-1']);
      },
    );
  });

  it('can hang without end, and can be several, the last of which decides', async () => {
    await withEmulator(
      { account: webAccount(1), faults: [{ fault: 'operation', polls: 'never', count: 2 }] },
      async (emulator) => {
        const client = lightsail(emulator);
        const { operations } = await remove(client);
        expect(operations?.map((operation) => operation.isTerminal)).toEqual([true, false]);
        for (let i = 0; i < 20; i++) expect(await poll(client, operations?.[1])).toMatchObject({ isTerminal: false });
        expect(await left(emulator)).toEqual(['web-1']);
        expect((await client.send(new GetOperationsCommand({}))).operations?.map((operation) => operation.id)).toEqual([
          operations?.[1]?.id,
          operations?.[0]?.id,
        ]);
      },
    );
  });

  it('that end late delete what they were started for, not what has taken the name since', async () => {
    await withEmulator({ account: webAccount(1), faults: [{ fault: 'operation', polls: 1 }] }, async (emulator) => {
      const client = lightsail(emulator);
      const { operations } = await remove(client);
      emulator.world.remove(REGION, 'instanceSnapshots', 'web-1');
      const { arn } = emulator.world.add(REGION, 'instanceSnapshots', { name: 'web-1' });
      expect(await poll(client, operations?.[0])).toMatchObject({ status: 'Succeeded' });
      expect(arnOf(emulator, 'web-1')).toBe(arn);
    });
  });

  it('that nobody started are not found', async () => {
    await withEmulator({ account: webAccount(0) }, async (emulator) => {
      await expect(lightsail(emulator).send(new GetOperationCommand({ operationId: 'none' }))).rejects.toMatchObject({
        name: 'NotFoundException',
      });
    });
  });
});

describe('tags', () => {
  it('are added, overwritten and taken away by name', async () => {
    await withEmulator({ account: webAccount(1) }, async (emulator) => {
      const client = lightsail(emulator);
      const tags = async () =>
        (await client.send(new GetInstanceSnapshotCommand({ instanceSnapshotName: 'web-1' }))).instanceSnapshot?.tags;
      const set = (...list: { key: string; value?: string }[]) =>
        client.send(new TagResourceCommand({ resourceName: 'web-1', tags: list }));
      expect((await set({ key: 'retention:hold' }, { key: 'env', value: 'prod' })).operations).toMatchObject([
        { operationType: 'TagResource', status: 'Succeeded' },
      ]);
      await set({ key: 'env', value: 'test' });
      expect(await tags()).toEqual([{ key: 'retention:hold' }, { key: 'env', value: 'test' }]);
      await client.send(new UntagResourceCommand({ resourceName: 'web-1', tagKeys: ['env'] }));
      expect(await tags()).toEqual([{ key: 'retention:hold' }]);
    });
  });

  it('refuses reserved keys, characters outside of the alphabet, a fifty-first tag, and another ARN', async () => {
    await withEmulator({ account: webAccount(1) }, async (emulator) => {
      const set = (...tags: { key: string; value?: string }[]) =>
        lightsail(emulator).send(new TagResourceCommand({ resourceName: 'web-1', tags }));
      const refused = { name: 'InvalidInputException' };
      await expect(set({ key: 'aws:mine' })).rejects.toMatchObject(refused);
      await expect(set({ key: 'env', value: 'a&b' })).rejects.toMatchObject(refused);
      await expect(set(...Array.from({ length: 51 }, (_, i) => ({ key: `k${i}` })))).rejects.toMatchObject(refused);
      const other = new TagResourceCommand({
        resourceName: 'web-1',
        resourceArn: `${arnOf(emulator, 'web-1')}0`,
        tags: [{ key: 'env' }],
      });
      await expect(lightsail(emulator).send(other)).rejects.toMatchObject({ name: 'NotFoundException' });
      expect(emulator.world.find(REGION, 'instanceSnapshots', 'web-1')?.tags).toEqual([]);
    });
  });
});
