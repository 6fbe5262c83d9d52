import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RetentionError } from '../core/util/errors';
import { splitLines } from '../core/util/split-lines';
import type { DatedObject, Store, StoredObject, VersionedText } from '../ports/ports';
import { encodeParts, makePartMemory } from './encode-parts';

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown error');

/** What a conditional write is answered with where something is there already, or is being written. */
const TAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

/** What a conditional replacement is answered with where there is no object. */
const ABSENT = 'NoSuchKey';

/** What must be so for a write to be made. */
type Condition = { readonly IfNoneMatch?: '*' } | { readonly IfMatch: string };
/** Epoch ms of a date of S3; null where there is none. */
const timeOf = (date: Date | undefined): number | null => {
  const at = date?.getTime() ?? Number.NaN;
  return Number.isNaN(at) ? null : at;
};

/** An answer to GetObject with the bucket's own time. A replica has the time of the bucket that it was copied from, so it has none. */
async function datedObject({
  Body,
  LastModified,
  ReplicationStatus,
  ETag,
}: GetObjectCommandOutput): Promise<DatedObject> {
  return {
    text: (await Body?.transformToString()) ?? '',
    storedAt: ReplicationStatus === 'REPLICA' ? null : timeOf(LastModified),
    // S3 dates an upload in parts from its start, and gives it an ETag with the number of parts.
    inParts: ETag === undefined || ETag.includes('-'),
  };
}

/** The bytes of an answer as they arrive. A loop that ends early cuts the connection. */
async function* bytesOf(body: unknown, failed: (cause: unknown) => RetentionError): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw failed(error);
  }
}

/** A bucket as a store. Writes are whole or not at all, in parts where they are large; a conditional write replaces nothing that it does not name. */
export function s3Store(client: S3Client, bucket: string): Store {
  const memory = makePartMemory();
  const failure = (what: string, key: string, cause: unknown): RetentionError =>
    new RetentionError(
      'store.s3',
      `cannot ${what} s3://${bucket}/${key}: got ${nameOf(cause)} (${cause instanceof Error ? cause.message : String(cause)}); check that the bucket exists and that this role may use the prefix`,
      { cause },
    );

  async function write({ key, contentType, body }: StoredObject, condition: Condition): Promise<void> {
    const where = { Bucket: bucket, Key: key };
    const parts: CompletedPart[] = [];
    let upload: string | undefined;
    try {
      for (const { bytes, last } of encodeParts(body, memory)) {
        if (last && upload === undefined) {
          await client.send(new PutObjectCommand({ ...where, ContentType: contentType, Body: bytes, ...condition }));
          continue;
        }
        if (bytes.length === 0) continue;
        upload ??= (await client.send(new CreateMultipartUploadCommand({ ...where, ContentType: contentType })))
          .UploadId;
        const part = { ...where, UploadId: upload, PartNumber: parts.length + 1 };
        const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...part, Body: bytes }));
        parts.push({ PartNumber: part.PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) });
      }
      if (upload === undefined) return;
      const whole = { ...where, UploadId: upload, MultipartUpload: { Parts: parts }, ...condition };
      await client.send(new CompleteMultipartUploadCommand(whole));
    } catch (error) {
      // The parts of an upload that was not ended bill. What failed first is what counts.
      if (upload !== undefined)
        await client.send(new AbortMultipartUploadCommand({ ...where, UploadId: upload })).catch(() => undefined);
      throw error;
    }
  }

  async function put(object: StoredObject, condition: Condition = {}): Promise<boolean> {
    try {
      await write(object, condition);
      return true;
    } catch (error) {
      const name = nameOf(error);
      if ('IfNoneMatch' in condition && TAKEN.has(name)) return false;
      if ('IfMatch' in condition && (TAKEN.has(name) || name === ABSENT)) return false;
      throw failure('write', object.key, error);
    }
  }

  async function getVersioned(key: string): Promise<VersionedText | null> {
    try {
      const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return { text: (await Body?.transformToString()) ?? '', version: ETag ?? '' };
    } catch (error) {
      if (nameOf(error) === ABSENT) return null;
      throw failure('read', key, error);
    }
  }

  return {
    locate: (key) => `s3://${bucket}/${key}`,
    async put(object) {
      await put(object);
    },
    putIfAbsent: (object) => put(object, { IfNoneMatch: '*' }),
    async replaceIf(object, version) {
      // An empty condition is sent as none.
      if (version === '') throw failure('replace', object.key, new Error('it was read without an ETag'));
      return put(object, { IfMatch: version });
    },
    getVersioned,
    get: async (key) => (await getVersioned(key))?.text ?? null,
    async getDated(key) {
      try {
        return await datedObject(await client.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
      } catch (error) {
        if (nameOf(error) === ABSENT) return null;
        throw failure('read', key, error);
      }
    },
    async listDated(prefix) {
      const times = new Map<string, number | null>();
      try {
        for await (const { Contents = [] } of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix, Delimiter: '/' },
        ))
          for (const { Key, LastModified } of Contents)
            if (Key !== undefined && Key !== prefix) times.set(Key.slice(prefix.length), timeOf(LastModified));
      } catch (error) {
        throw failure('list', prefix, error);
      }
      return times;
    },
    async lines(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return splitLines(bytesOf(Body, (cause) => failure('read', key, cause)));
      } catch (error) {
        if (nameOf(error) === ABSENT) return null;
        throw failure('read', key, error);
      }
    },
    async list(prefix) {
      const names: string[] = [];
      try {
        for await (const page of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix, Delimiter: '/' },
        )) {
          for (const { Prefix } of page.CommonPrefixes ?? [])
            if (Prefix !== undefined) names.push(Prefix.slice(prefix.length, -1));
          for (const { Key } of page.Contents ?? [])
            if (Key !== undefined && Key !== prefix) names.push(Key.slice(prefix.length));
        }
      } catch (error) {
        throw failure('list', prefix, error);
      }
      return names.sort();
    },
  };
}
