import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { promisify } from 'node:util';
import { sampleAccount } from '../../emulator/sample-account';
import { defaultTopicArn, type Emulator } from '../../emulator/server';
import { itWith } from '../support/optional';
import { ACCOUNT, NOW, REGION, webAccount, withEmulator } from './clients';

const run = promisify(execFile);

/** The AWS CLI against an emulator, away from the settings of the machine: no profile, no files, no other endpoint. */
async function aws(emulator: Emulator, ...args: string[]): Promise<unknown> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = {
    ...Object.fromEntries(inherited),
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: REGION,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
  const { stdout } = await run('aws', [...args, '--output', 'json'], { env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim() === '' ? null : JSON.parse(stdout);
}

describe('the AWS CLI cannot tell the emulator from the service', () => {
  itWith(
    'aws',
    'it pages to the last snapshot',
    async () => {
      await withEmulator({ account: webAccount(120) }, async (emulator) => {
        const { instanceSnapshots } = (await aws(emulator, 'lightsail', 'get-instance-snapshots')) as {
          instanceSnapshots: { name: string }[];
        };
        expect(instanceSnapshots.map((row) => row.name)).toEqual(Array.from({ length: 120 }, (_, i) => `web-${i + 1}`));
        expect(emulator.requests.count('GetInstanceSnapshots')).toBe(3);
      });
    },
    60_000,
  );

  itWith(
    'aws',
    'it deletes every kind of snapshot, tags, and reads operations',
    async () => {
      await withEmulator({ account: sampleAccount(NOW) }, async (emulator) => {
        const first = (list: 'instanceSnapshots' | 'diskSnapshots' | 'relationalDatabaseSnapshots') =>
          emulator.world.rows(REGION, list)[0]?.name ?? '';
        const [instance, disk, database] = [
          first('instanceSnapshots'),
          first('diskSnapshots'),
          first('relationalDatabaseSnapshots'),
        ];
        await aws(
          emulator,
          'lightsail',
          'tag-resource',
          '--resource-name',
          instance,
          '--tags',
          'key=no_delete',
          'key=env,value=test',
        );
        expect(emulator.world.find(REGION, 'instanceSnapshots', instance)?.tags).toEqual([
          { key: 'env', value: 'test' },
          { key: 'no_delete' },
        ]);
        await aws(emulator, 'lightsail', 'untag-resource', '--resource-name', instance, '--tag-keys', 'env');
        expect(emulator.world.find(REGION, 'instanceSnapshots', instance)?.tags).toEqual([{ key: 'no_delete' }]);
        const deleted = await aws(
          emulator,
          'lightsail',
          'delete-instance-snapshot',
          '--instance-snapshot-name',
          instance,
        );
        const [operation] = (deleted as { operations: { id: string; status: string }[] }).operations;
        expect(operation?.status).toBe('Succeeded');
        const read = await aws(emulator, 'lightsail', 'get-operation', '--operation-id', operation?.id ?? '');
        expect(read).toMatchObject({ operation: { id: operation?.id, resourceName: instance, isTerminal: true } });
        await aws(emulator, 'lightsail', 'delete-disk-snapshot', '--disk-snapshot-name', disk);
        await aws(
          emulator,
          'lightsail',
          'delete-relational-database-snapshot',
          '--relational-database-snapshot-name',
          database,
        );
        expect([instance, disk, database].map((name) => emulator.world.named(REGION, name))).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        await expect(aws(emulator, 'lightsail', 'get-disk-snapshot', '--disk-snapshot-name', disk)).rejects.toThrow(
          '(NotFoundException) when calling the GetDiskSnapshot',
        );
      });
    },
    120_000,
  );

  itWith(
    'aws',
    'it publishes, stores, lists and says who it is',
    async () => {
      await withEmulator({ account: webAccount(0) }, async (emulator) => {
        const topic = defaultTopicArn(ACCOUNT);
        await aws(
          emulator,
          'sns',
          'publish',
          '--region',
          'us-east-1',
          '--topic-arn',
          topic,
          '--subject',
          'hello',
          '--message',
          'grüße\nall',
          '--message-attributes',
          '{"expiring":{"DataType":"Number","StringValue":"3"}}',
        );
        expect(emulator.published).toMatchObject([
          { subject: 'hello', message: 'grüße\nall', attributes: { expiring: { type: 'Number', value: '3' } } },
        ]);
        expect(
          await aws(emulator, 'sns', 'list-subscriptions-by-topic', '--region', 'us-east-1', '--topic-arn', topic),
        ).toMatchObject({
          Subscriptions: [{ Protocol: 'email' }],
        });
        const put = [
          's3api',
          'put-object',
          '--bucket',
          'lightsail-retention',
          '--key',
          'plans/a b.json',
          '--body',
          __filename,
        ];
        await aws(emulator, ...put, '--if-none-match', '*');
        await expect(aws(emulator, ...put, '--if-none-match', '*')).rejects.toThrow('PreconditionFailed');
        const listed = await aws(
          emulator,
          's3api',
          'list-objects-v2',
          '--bucket',
          'lightsail-retention',
          '--prefix',
          'plans/',
        );
        expect(listed).toMatchObject({ Contents: [{ Key: 'plans/a b.json' }] });
        expect(await aws(emulator, 'sts', 'get-caller-identity')).toMatchObject({ Account: ACCOUNT });
      });
    },
    120_000,
  );

  itWith(
    'aws',
    'it puts events, and gets an error for each entry that fails',
    async () => {
      const faults = [
        { fault: 'entries', service: 'events', detailTypes: 'Second', code: 'ThrottlingException' },
      ] as const;
      await withEmulator({ account: webAccount(0), clock: () => NOW, faults }, async (emulator) => {
        const entry = (DetailType: string, more: object = {}) => ({
          ...{ Source: 'lightsail-retention', DetailType, Detail: '{"id":"1"}' },
          ...more,
        });
        const entries = [entry('First'), entry('Second'), entry('Third', { Detail: 'no JSON' })];
        const answer = await aws(emulator, 'events', 'put-events', '--entries', JSON.stringify(entries));
        expect(answer).toEqual({
          FailedEntryCount: 2,
          Entries: [
            { EventId: expect.any(String) },
            { ErrorCode: 'ThrottlingException', ErrorMessage: 'Internal failure.' },
            { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
          ],
        });
        expect(emulator.events).toMatchObject([
          { bus: 'default', source: 'lightsail-retention', detailType: 'First', detail: { id: '1' }, at: NOW },
        ]);
        const tooMany = JSON.stringify(Array.from({ length: 11 }, () => entry('First')));
        await expect(aws(emulator, 'events', 'put-events', '--entries', tooMany)).rejects.toThrow(
          /ValidationException|valid max|Invalid length/,
        );
      });
    },
    120_000,
  );
});
