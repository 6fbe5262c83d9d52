import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type ObjectLockMode,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RetentionError } from '../core/util/errors';
import { splitLines } from '../core/util/split-lines';
import type { DatedObject, Fingerprint, NamesAfter, Store, StoredObject, VersionedText } from '../ports/ports';
import { encodeParts, makePartMemory } from './encode-parts';

const errorNameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown error');

/** The errors of a conditional write where an object already exists, or is being written. */
const TAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

/** The error of a read, or of a conditional replacement, where there is no object. */
const ABSENT = 'NoSuchKey';

/** The errors of a read of a version that does not exist: of an id that has no valid form, too. */
const NO_VERSION = new Set([ABSENT, 'NoSuchVersion', 'InvalidArgument', 'MethodNotAllowed']);

/** The condition of a write. */
type Condition = { readonly IfNoneMatch?: '*' } | { readonly IfMatch: string };

/** How long no one can remove a version of an object (S3 Object Lock). */
export interface VersionLock {
  readonly mode: ObjectLockMode;
  /** Epoch ms. */
  readonly until: number;
}

/** Returns the lock of what is written under a key; null: it is not locked. */
export type LockOf = (key: string) => VersionLock | null;

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
  readonly lockOf: LockOf;
}

const failure = (bucket: Bucket, action: string, key: string, cause: unknown): RetentionError =>
  new RetentionError(
    'store.s3',
    `cannot ${action} s3://${bucket.name}/${key}: got ${errorNameOf(cause)} (${cause instanceof Error ? cause.message : String(cause)}); check that the bucket exists and that this role may use the prefix`,
    { cause },
  );

/** The parameters that lock a new version. */
function lockParameters(lock: VersionLock | null) {
  return lock === null ? {} : { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: new Date(lock.until) };
}

async function write(bucket: Bucket, object: StoredObject, condition: Condition): Promise<void> {
  const { client, name, memory } = bucket;
  const { key, contentType, body } = object;
  const where = { Bucket: name, Key: key };
  const created = { ...where, ContentType: contentType, ...lockParameters(bucket.lockOf(key)) };
  const parts: CompletedPart[] = [];
  let upload: string | undefined;
  try {
    for (const { bytes, last } of encodeParts(body, memory)) {
      if (last && upload === undefined) {
        await client.send(new PutObjectCommand({ ...created, Body: bytes, ...condition }));
        continue;
      }
      if (bytes.length === 0) continue;
      upload ??= (await client.send(new CreateMultipartUploadCommand(created))).UploadId;
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
async function readS3Object<T>(
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

/** Hashes an object, or one version of it. A version that was removed does not exist. */
async function fingerprint(bucket: Bucket, key: string, version?: string): Promise<Fingerprint | null> {
  const where = { Bucket: bucket.name, Key: key, ...(version === undefined ? {} : { VersionId: version }) };
  try {
    const { Body, VersionId } = await bucket.client.send(new GetObjectCommand(where));
    const hash = createHash('sha256');
    for await (const bytes of bytesOf(Body, (cause) => failure(bucket, 'read', key, cause))) hash.update(bytes);
    return { sha256: hash.digest('hex'), version: VersionId ?? null };
  } catch (error) {
    const name = errorNameOf(error);
    if (name === ABSENT || (version !== undefined && NO_VERSION.has(name))) return null;
    throw error instanceof RetentionError ? error : failure(bucket, 'read', key, error);
  }
}

async function listAfter(bucket: Bucket, prefix: string, after: string): Promise<NamesAfter> {
  const page = { Bucket: bucket.name, Prefix: prefix, Delimiter: '/', ...(after && { StartAfter: prefix + after }) };
  try {
    const { CommonPrefixes, Contents, IsTruncated } = await bucket.client.send(new ListObjectsV2Command(page));
    return { names: namesOf(prefix, { CommonPrefixes, Contents }).sort(), more: IsTruncated === true };
  } catch (error) {
    throw failure(bucket, 'list', prefix, error);
  }
}

/** The pages of a listing of one level below a prefix; a deep one has all levels. */
async function* pagesOf(bucket: Bucket, prefix: string, isDeep = false): AsyncGenerator<ListObjectsV2CommandOutput> {
  const listed = { Bucket: bucket.name, Prefix: prefix, ...(!isDeep && { Delimiter: '/' }) };
  try {
    yield* paginateListObjectsV2({ client: bucket.client }, listed);
  } catch (error) {
    throw failure(bucket, 'list', prefix, error);
  }
}

async function timesOn(
  pages: AsyncIterable<ListObjectsV2CommandOutput>,
  prefix: string,
): Promise<Map<string, number | null>> {
  const times = new Map<string, number | null>();
  for await (const { Contents = [] } of pages)
    for (const { Key, LastModified } of Contents)
      if (Key !== undefined && Key !== prefix) times.set(Key.slice(prefix.length), millisecondsOf(LastModified));
  return times;
}

/** The names on a page of a listing. */
function namesOf(
  prefix: string,
  { CommonPrefixes = [], Contents = [] }: Pick<ListObjectsV2CommandOutput, 'CommonPrefixes' | 'Contents'>,
): string[] {
  const folders = CommonPrefixes.flatMap(({ Prefix }) => (Prefix === undefined ? [] : [Prefix.slice(0, -1)]));
  const keys = Contents.flatMap(({ Key }) => (Key === undefined || Key === prefix ? [] : [Key]));
  return [...folders, ...keys].map((key) => key.slice(prefix.length));
}

async function list(bucket: Bucket, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const page of pagesOf(bucket, prefix)) names.push(...namesOf(prefix, page));
  return names.sort();
}

/**
 * A bucket as a store. A write is complete or does not happen, in parts where it is large. A conditional write replaces
 * only what it names. `lockOf`: the locks of what is written; default: none.
 */
export function s3Store(client: S3Client, name: string, lockOf: LockOf = () => null): Store {
  const bucket: Bucket = { client, name, memory: makePartMemory(), lockOf };
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
    getVersioned: (key) => readS3Object(bucket, key, versioned),
    get: async (key) => (await readS3Object(bucket, key, versioned))?.text ?? null,
    getDated: (key) => readS3Object(bucket, key, datedObject),
    listDated: (prefix) => timesOn(pagesOf(bucket, prefix), prefix),
    listDeep: (prefix) => timesOn(pagesOf(bucket, prefix, true), prefix),
    lines: (key) =>
      readS3Object(bucket, key, ({ Body }) =>
        splitLines(bytesOf(Body, (cause) => failure(bucket, 'read', key, cause))),
      ),
    list: (prefix) => list(bucket, prefix),
    listAfter: (prefix, after) => listAfter(bucket, prefix, after),
    fingerprint: (key, version) => fingerprint(bucket, key, version),
  };
}
