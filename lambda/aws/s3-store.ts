import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RetentionError } from '../core/util/errors';
import { splitLines } from '../core/util/split-lines';
import type { DatedObject, Store, StoredObject, VersionedText } from '../ports/ports';
import { encodeParts, makePartMemory } from './encode-parts';

const errorNameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown error');

/** The errors of a conditional write where an object already exists, or is being written. */
const TAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

/** The error of a read, or of a conditional replacement, where there is no object. */
const ABSENT = 'NoSuchKey';

/** The condition of a write. */
type Condition = { readonly IfNoneMatch?: '*' } | { readonly IfMatch: string };
/** Epoch ms of a date of S3; null where there is none. */
const millisecondsOf = (date: Date | undefined): number | null => {
  const at = date?.getTime() ?? Number.NaN;
  return Number.isNaN(at) ? null : at;
};

/**
 * An answer to GetObject with the bucket's own time. A replica has the time of the bucket that it was copied from, so
 * it has none.
 */
async function datedObject({
  Body,
  LastModified,
  ReplicationStatus,
  ETag,
}: GetObjectCommandOutput): Promise<DatedObject> {
  return {
    text: (await Body?.transformToString()) ?? '',
    storedAt: ReplicationStatus === 'REPLICA' ? null : millisecondsOf(LastModified),
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

/** A bucket, with the memory for the parts of one upload at a time. */
interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly memory: ReturnType<typeof makePartMemory>;
}

const failure = (bucket: Bucket, action: string, key: string, cause: unknown): RetentionError =>
  new RetentionError(
    'store.s3',
    `cannot ${action} s3://${bucket.name}/${key}: got ${errorNameOf(cause)} (${cause instanceof Error ? cause.message : String(cause)}); check that the bucket exists and that this role may use the prefix`,
    { cause },
  );

async function write({ client, name, memory }: Bucket, object: StoredObject, condition: Condition): Promise<void> {
  const { key, contentType, body } = object;
  const where = { Bucket: name, Key: key };
  const parts: CompletedPart[] = [];
  let upload: string | undefined;
  try {
    for (const { bytes, last } of encodeParts(body, memory)) {
      if (last && upload === undefined) {
        await client.send(new PutObjectCommand({ ...where, ContentType: contentType, Body: bytes, ...condition }));
        continue;
      }
      if (bytes.length === 0) continue;
      upload ??= (await client.send(new CreateMultipartUploadCommand({ ...where, ContentType: contentType }))).UploadId;
      const part = { ...where, UploadId: upload, PartNumber: parts.length + 1 };
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...part, Body: bytes }));
      parts.push({ PartNumber: part.PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) });
    }
    if (upload === undefined) return;
    const whole = { ...where, UploadId: upload, MultipartUpload: { Parts: parts }, ...condition };
    await client.send(new CompleteMultipartUploadCommand(whole));
  } catch (error) {
    // The parts of an unfinished upload are billed. The first failure is the one to report.
    if (upload !== undefined)
      await client.send(new AbortMultipartUploadCommand({ ...where, UploadId: upload })).catch(() => undefined);
    throw error;
  }
}

/** Writes an object; false where the condition is not met. */
async function put(bucket: Bucket, object: StoredObject, condition: Condition = {}): Promise<boolean> {
  try {
    await write(bucket, object, condition);
    return true;
  } catch (error) {
    const name = errorNameOf(error);
    if ('IfNoneMatch' in condition && TAKEN.has(name)) return false;
    if ('IfMatch' in condition && (TAKEN.has(name) || name === ABSENT)) return false;
    throw failure(bucket, 'write', object.key, error);
  }
}

/** Reads an object; null where there is none. */
async function read<T>(
  bucket: Bucket,
  key: string,
  convert: (answer: GetObjectCommandOutput) => T | Promise<T>,
): Promise<T | null> {
  try {
    return await convert(await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key })));
  } catch (error) {
    if (errorNameOf(error) === ABSENT) return null;
    throw failure(bucket, 'read', key, error);
  }
}

const versioned = async ({ Body, ETag }: GetObjectCommandOutput): Promise<VersionedText> => ({
  text: (await Body?.transformToString()) ?? '',
  version: ETag ?? '',
});

/** The pages of a listing of one level below a prefix. */
async function* pagesOf(bucket: Bucket, prefix: string): AsyncGenerator<ListObjectsV2CommandOutput> {
  try {
    yield* paginateListObjectsV2({ client: bucket.client }, { Bucket: bucket.name, Prefix: prefix, Delimiter: '/' });
  } catch (error) {
    throw failure(bucket, 'list', prefix, error);
  }
}

async function listDated(bucket: Bucket, prefix: string): Promise<Map<string, number | null>> {
  const times = new Map<string, number | null>();
  for await (const { Contents = [] } of pagesOf(bucket, prefix))
    for (const { Key, LastModified } of Contents)
      if (Key !== undefined && Key !== prefix) times.set(Key.slice(prefix.length), millisecondsOf(LastModified));
  return times;
}

async function list(bucket: Bucket, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { CommonPrefixes = [], Contents = [] } of pagesOf(bucket, prefix)) {
    for (const { Prefix } of CommonPrefixes) if (Prefix !== undefined) names.push(Prefix.slice(prefix.length, -1));
    for (const { Key } of Contents) if (Key !== undefined && Key !== prefix) names.push(Key.slice(prefix.length));
  }
  return names.sort();
}

/**
 * A bucket as a store. A write is complete or does not happen, in parts where it is large. A conditional write replaces
 * only what it names.
 */
export function s3Store(client: S3Client, name: string): Store {
  const bucket: Bucket = { client, name, memory: makePartMemory() };
  return {
    locate: (key) => `s3://${name}/${key}`,
    async put(object) {
      await put(bucket, object);
    },
    putIfAbsent: (object) => put(bucket, object, { IfNoneMatch: '*' }),
    async replaceIf(object, version) {
      // An empty condition is sent as none.
      if (version === '') throw failure(bucket, 'replace', object.key, new Error('it was read without an ETag'));
      return put(bucket, object, { IfMatch: version });
    },
    getVersioned: (key) => read(bucket, key, versioned),
    get: async (key) => (await read(bucket, key, versioned))?.text ?? null,
    getDated: (key) => read(bucket, key, datedObject),
    listDated: (prefix) => listDated(bucket, prefix),
    lines: (key) =>
      read(bucket, key, ({ Body }) => splitLines(bytesOf(Body, (cause) => failure(bucket, 'read', key, cause)))),
    list: (prefix) => list(bucket, prefix),
  };
}
