import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
} from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { FaultInput } from '../../emulator/fault';
import { DEFAULT_BUCKET as Bucket, defaultTopicArn, type Emulator } from '../../emulator/server';
import { ACCOUNT, NOW, reach, webAccount, withEmulator } from './clients';

const TopicArn = defaultTopicArn(ACCOUNT);
const run = (test: (emulator: Emulator) => Promise<void>, faults: readonly FaultInput[] = []) =>
  withEmulator({ account: webAccount(0), clock: () => NOW, faults }, test);

describe('SNS', () => {
  const publish = (emulator: Emulator, input: Partial<PublishCommandInput>, region = 'us-east-1') =>
    new SNSClient(reach(emulator, region)).send(new PublishCommand({ TopicArn, Message: 'all', ...input }));

  it('takes a message with a subject and attributes', async () => {
    await run(async (emulator) => {
      const Message = 'first line\r\n<b>grüße</b> & 100 %';
      const MessageAttributes = {
        outcome: { DataType: 'String', StringValue: 'expiring' },
        expiring: { DataType: 'Number', StringValue: '17' },
      };
      const { MessageId } = await publish(emulator, { Subject: '[Lightsail] 17', Message, MessageAttributes });
      expect(emulator.published).toEqual([
        {
          messageId: MessageId,
          topicArn: TopicArn,
          subject: '[Lightsail] 17',
          message: Message,
          attributes: { outcome: { type: 'String', value: 'expiring' }, expiring: { type: 'Number', value: '17' } },
          at: NOW,
        },
      ]);
    });
  });

  it.each<[string, Partial<PublishCommandInput>, string]>([
    ['a topic that is not there', { TopicArn: `${TopicArn}-2` }, 'NotFoundException'],
    [
      'a topic of another region',
      { TopicArn: TopicArn.replace('us-east-1', 'eu-west-1') },
      'InvalidParameterException',
    ],
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }, 'InvalidParameterException'],
    ['a subject with a newline', { Subject: 'a\nb' }, 'InvalidParameterException'],
    ['a subject that is not ASCII', { Subject: 'grüße' }, 'InvalidParameterException'],
    ['a subject that begins with a space', { Subject: ' a' }, 'InvalidParameterException'],
    ['an empty message', { Message: '' }, 'InvalidParameterException'],
    ['more than 256 KiB in bytes', { Message: 'ü'.repeat(131_073) }, 'InvalidParameterException'],
    [
      'more than 256 KiB together with the attributes',
      {
        Message: 'x'.repeat(262_144 - 10),
        MessageAttributes: { outcome: { DataType: 'String', StringValue: 'none' } },
      },
      'InvalidParameterException',
    ],
    [
      'an empty attribute',
      { MessageAttributes: { outcome: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValueException',
    ],
    [
      'a number that is none',
      { MessageAttributes: { n: { DataType: 'Number', StringValue: 'three' } } },
      'InvalidParameterValueException',
    ],
  ])('refuses %s', async (_what, input, name) => {
    await run(async (emulator) => {
      await expect(publish(emulator, input)).rejects.toMatchObject({
        name: expect.stringMatching(`^${name}(Exception)?$`),
      });
      expect(emulator.published).toEqual([]);
    });
  });

  it('takes a message of exactly 256 KiB with a subject of 99 characters', async () => {
    await run(async (emulator) => {
      await publish(emulator, { Message: 'x'.repeat(262_144), Subject: 'x'.repeat(99) });
      expect(emulator.published).toHaveLength(1);
    });
  });

  it('lists subscriptions, a hundred on a page, unconfirmed ones without an ARN', async () => {
    await run(async (emulator) => {
      emulator.setTopics([
        {
          arn: TopicArn,
          subscriptions: Array.from({ length: 101 }, (_, i) => ({
            protocol: 'email',
            endpoint: `p${i}@example.com`,
            confirmed: i > 0,
          })),
        },
      ]);
      const client = new SNSClient(reach(emulator, 'us-east-1'));
      const first = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
      const second = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn, NextToken: first.NextToken }));
      expect(first.Subscriptions).toHaveLength(100);
      expect(first.Subscriptions?.[0]).toMatchObject({
        SubscriptionArn: 'PendingConfirmation',
        Endpoint: 'p0@example.com',
      });
      expect(second.Subscriptions?.map((each) => each.SubscriptionArn)).toEqual([
        expect.stringContaining(`${TopicArn}:`),
      ]);
      expect(second.NextToken).toBeUndefined();
    });
  });

  it('fails as a scenario says', async () => {
    await run(
      async (emulator) => {
        await expect(publish(emulator, {})).rejects.toMatchObject({ name: 'AuthorizationErrorException' });
        expect(emulator.published).toEqual([]);
      },
      [{ fault: 'error', service: 'sns', code: 'AuthorizationError', status: 403 }],
    );
  });
});

describe('S3', () => {
  const s3 = (emulator: Emulator) => new S3Client({ ...reach(emulator), forcePathStyle: true });
  const stored = (emulator: Emulator, key: string) => emulator.objects.get(Bucket)?.get(key);

  it('stores and returns an object with its type and metadata', async () => {
    await run(async (emulator) => {
      const Key = 'reports/2026 11/ü&.json';
      const put = await s3(emulator).send(
        new PutObjectCommand({ Bucket, Key, Body: '{"a":1}', ContentType: 'application/json', Metadata: { run: '7' } }),
      );
      const got = await s3(emulator).send(new GetObjectCommand({ Bucket, Key }));
      expect(await got.Body?.transformToString()).toBe('{"a":1}');
      expect(got).toMatchObject({
        ContentType: 'application/json',
        Metadata: { run: '7' },
        ETag: put.ETag,
        LastModified: new Date(NOW),
      });
      expect(await s3(emulator).send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({
        ContentLength: 7,
        ContentType: 'application/json',
      });
      await s3(emulator).send(new DeleteObjectCommand({ Bucket, Key }));
      await expect(s3(emulator).send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
        name: 'NoSuchKey',
      });
      await expect(s3(emulator).send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
        name: 'NotFound',
      });
    });
  });

  it('takes a streamed body with a trailing checksum', async () => {
    await run(async (emulator) => {
      const text = 'x'.repeat(100_000);
      await s3(emulator).send(
        new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from([text]), ContentLength: text.length }),
      );
      expect(stored(emulator, 'stream')?.body.toString()).toBe(text);
    });
  });

  it('writes only if the key is free, or only over what was read', async () => {
    await run(async (emulator) => {
      const put = (Body: string, condition: { IfNoneMatch?: string; IfMatch?: string | undefined }) =>
        s3(emulator).send(new PutObjectCommand({ Bucket, Key: 'plan', Body, ...condition }));
      await expect(put('0', { IfMatch: '"00"' })).rejects.toMatchObject({ name: 'NoSuchKey' });
      const { ETag } = await put('1', { IfNoneMatch: '*' });
      await expect(put('2', { IfNoneMatch: '*' })).rejects.toMatchObject({
        name: 'PreconditionFailed',
        $metadata: { httpStatusCode: 412 },
      });
      expect(stored(emulator, 'plan')?.body.toString()).toBe('1');
      await put('3', { IfMatch: ETag });
      await expect(put('4', { IfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
      expect(stored(emulator, 'plan')?.body.toString()).toBe('3');
    });
  });

  it('lists by prefix and delimiter, in pages, in the order of bytes', async () => {
    await run(async (emulator) => {
      for (const Key of [
        'reports/b/r.json',
        'reports/a/r.json',
        'reports/a/r.csv',
        'reports/index.json',
        'plans/1.json',
        'reports/Z.json',
      ]) {
        await s3(emulator).send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
      }
      const list = async (input: { Prefix?: string; Delimiter?: string; StartAfter?: string; MaxKeys?: number }) => {
        const names: (string | undefined)[] = [];
        let token: string | undefined;
        for (let pages = 0; pages < 10; pages++) {
          const page = await s3(emulator).send(
            new ListObjectsV2Command({
              Bucket,
              ...input,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
          );
          names.push(
            ...(page.Contents ?? []).map((each) => each.Key),
            ...(page.CommonPrefixes ?? []).map((each) => each.Prefix),
          );
          token = page.NextContinuationToken;
          if (token === undefined) break;
        }
        return names;
      };
      const under = ['reports/Z.json', 'reports/a/r.csv', 'reports/a/r.json', 'reports/b/r.json', 'reports/index.json'];
      expect(await list({ Prefix: 'reports/' })).toEqual(under);
      expect(await list({ Prefix: 'reports/', MaxKeys: 2 })).toEqual(under);
      expect(await list({ Prefix: 'reports/', StartAfter: 'reports/a/r.json' })).toEqual(under.slice(3));
      const folders = ['reports/Z.json', 'reports/index.json', 'reports/a/', 'reports/b/'];
      expect(await list({ Prefix: 'reports/', Delimiter: '/' })).toEqual(folders);
      expect((await list({ Prefix: 'reports/', Delimiter: '/', MaxKeys: 1 })).sort()).toEqual([...folders].sort());
      expect(await list({ Prefix: 'nothing/' })).toEqual([]);
    });
  });

  it('puts an object together from parts, once', async () => {
    await run(async (emulator) => {
      const Key = 'large';
      const part = 'x'.repeat(5 * 1024 * 1024);
      const upload = async (condition: { IfNoneMatch?: string } = {}) => {
        const { UploadId } = await s3(emulator).send(
          new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/csv' }),
        );
        const at = { Bucket, Key, UploadId };
        const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
        for (const [index, Body] of [part, 'the end'].entries()) {
          const { ETag } = await s3(emulator).send(new UploadPartCommand({ ...at, PartNumber: index + 1, Body }));
          Parts.push({ PartNumber: index + 1, ETag });
        }
        await s3(emulator).send(
          new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts }, ...condition }),
        );
      };
      await upload({ IfNoneMatch: '*' });
      expect(stored(emulator, Key)).toMatchObject({
        contentType: 'text/csv',
        etag: expect.stringMatching(/^"[\da-f]{32}-2"$/),
      });
      expect(stored(emulator, Key)?.body.length).toBe(part.length + 7);
      await expect(upload({ IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
      const { UploadId } = await s3(emulator).send(new CreateMultipartUploadCommand({ Bucket, Key: 'dropped' }));
      await s3(emulator).send(new AbortMultipartUploadCommand({ Bucket, Key: 'dropped', UploadId }));
      expect(stored(emulator, 'dropped')).toBeUndefined();
    });
  });

  it('refuses an unknown bucket, and what a scenario denies', async () => {
    await run(
      async (emulator) => {
        await expect(s3(emulator).send(new GetObjectCommand({ Bucket: 'other', Key: 'a' }))).rejects.toMatchObject({
          name: 'NoSuchBucket',
        });
        await expect(
          s3(emulator).send(new PutObjectCommand({ Bucket, Key: 'plans/1', Body: 'x' })),
        ).rejects.toMatchObject({
          name: 'AccessDenied',
        });
        await s3(emulator).send(new PutObjectCommand({ Bucket, Key: 'reports/1', Body: 'x' }));
      },
      [{ fault: 'error', service: 's3', operations: 'PutObject', names: 'plans/*', code: 'AccessDenied', status: 403 }],
    );
  });
});

describe('STS', () => {
  it('names the account', async () => {
    await run(async (emulator) => {
      expect(await new STSClient(reach(emulator)).send(new GetCallerIdentityCommand({}))).toMatchObject({
        Account: ACCOUNT,
      });
    });
  });

  it('fails as a scenario says', async () => {
    const denied: FaultInput = { fault: 'error', service: 'sts', code: 'AccessDenied', status: 403 };
    await run(
      async (emulator) => {
        await expect(new STSClient(reach(emulator)).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
          name: expect.stringMatching('AccessDenied'),
        });
      },
      [denied],
    );
  });
});
