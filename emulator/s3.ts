import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Reply } from './reply';
import { listObjects } from './s3-listing';
import { NAMESPACE, type S3Object, type S3Request, xml } from './s3-types';
import { ServiceRefusal } from './service-error';
import { element } from './xml';

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly startedAt: number;
  readonly lock: ObjectLock;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

type ObjectLock = Pick<S3Object, 'lock'>;

/** Buckets by name, objects by key, earlier versions by id, and multipart uploads that are not complete. */
export interface S3World {
  readonly buckets: Map<string, Map<string, S3Object>>;
  readonly versions: Map<string, { readonly bucket: string; readonly key: string; readonly object: S3Object }>;
  readonly uploads: Map<string, Upload>;
  readonly now: () => number;
  /** Keys under which a policy denies to create an object without `If-None-Match`. */
  readonly writeOnce: readonly string[];
}

/** The name of the operation that a request asks for. */
export function s3Operation(method: string, key: string, query: URLSearchParams): string {
  if (key === '' && method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
  if (key === '') return method === 'HEAD' ? 'HeadBucket' : `${method} bucket`;
  if (query.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : `${method} uploads`;
  if (query.has('uploadId')) {
    return (
      { PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[method] ??
      `${method} upload`
    );
  }
  return (
    { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? `${method} object`
  );
}

const refuseS3 = (code: string, message: string, status: number) => new ServiceRefusal({ code, message, status });
const md5 = (body: Buffer): string => createHash('md5').update(body).digest('hex');
/** The bytes of a body; `aws-chunked` framing and trailing checksums are taken off. */
export function decodeBody(raw: Buffer, headers: IncomingHttpHeaders): Buffer {
  const chunked =
    headers['content-encoding']?.includes('aws-chunked') ||
    headers['x-amz-content-sha256']?.toString().startsWith('STREAMING-');
  if (!chunked) return raw;
  const chunks: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.subarray(at, end).toString('latin1'), 16);
    if (end < 0 || Number.isNaN(size)) throw refuseS3('IncompleteBody', 'The chunked body is not well formed.', 400);
    if (size === 0) break;
    chunks.push(raw.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  const body = Buffer.concat(chunks);
  const declared = headers['x-amz-decoded-content-length'];
  if (declared !== undefined && Number(declared) !== body.length)
    throw refuseS3('IncompleteBody', 'The body is shorter than was declared.', 400);
  return body;
}

const metadataOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice(11), String(value)]] : [],
    ),
  );

const likeKey = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

/** Refuses a write that a policy of write-once keys denies, and a conditional one whose condition does not hold. */
function checkConditions({ key, headers }: S3Request, existing: S3Object | undefined, { writeOnce }: S3World): void {
  if (headers['if-none-match'] === undefined && writeOnce.some((pattern) => likeKey(pattern).test(key)))
    throw refuseS3('AccessDenied', 'Access Denied: an explicit deny applies to writes without If-None-Match.', 403);
  const failed = refuseS3('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined && noneMatch !== '*')
    throw refuseS3('NotImplemented', 'A header you provided implies functionality that is not implemented', 501);
  if (noneMatch === '*' && existing) throw failed;
  const match = headers['if-match'];
  if (match === undefined) return;
  if (!existing) throw refuseS3('NoSuchKey', 'The specified key does not exist.', 404);
  if (match !== '*' && match !== existing.etag && `"${match}"` !== existing.etag) throw failed;
}

/** The lock that a write asks for. S3 takes it only with a checksum of the body. */
function lockIn({ headers }: S3Request): ObjectLock {
  const [mode, until] = [headers['x-amz-object-lock-mode'], headers['x-amz-object-lock-retain-until-date']];
  if (mode === undefined && until === undefined) return {};
  const hasChecksum = Object.keys(headers).some((name) => /^content-md5$|^x-amz-(checksum-|trailer)/.test(name));
  if (mode === undefined || until === undefined || !hasChecksum)
    throw refuseS3('InvalidRequest', 'Object Lock needs a mode, a date and a checksum.', 400);
  return { lock: { mode: String(mode), until: new Date(String(until)).toISOString() } };
}

/** Makes an object current. The one that it replaces stays as an earlier version. */
function objectPlace(
  { bucket, key }: S3Request,
  objects: Map<string, S3Object>,
  world: S3World,
  object: S3Object,
): string {
  retire(bucket, key, objects, world);
  const versionId = randomUUID().replaceAll('-', '');
  objects.set(key, { ...object, versionId });
  return versionId;
}

function retire(bucket: string, key: string, objects: Map<string, S3Object>, { versions }: S3World): void {
  const object = objects.get(key);
  if (object?.versionId !== undefined) versions.set(object.versionId, { bucket, key, object });
}

/** The object that a read names: the current one, or one version. */
function objectFor({ bucket, key, query }: S3Request, objects: Map<string, S3Object>, world: S3World): S3Object {
  const id = query.get('versionId');
  const current = objects.get(key);
  const version = world.versions.get(id ?? '');
  const earlier = version?.bucket === bucket && version.key === key ? version.object : undefined;
  const object = id === null || current?.versionId === id ? current : earlier;
  if (object) return object;
  if (id === null) throw refuseS3('NoSuchKey', 'The specified key does not exist.', 404);
  throw refuseS3('NoSuchVersion', 'The specified version does not exist.', 404);
}

function deleteObject({ bucket, key, query }: S3Request, objects: Map<string, S3Object>, world: S3World): Reply {
  const id = query.get('versionId');
  if (id === null) retire(bucket, key, objects, world);
  const object = id === null ? undefined : (world.versions.get(id)?.object ?? objects.get(key));
  if (object?.lock && Date.parse(object.lock.until) > world.now())
    throw refuseS3('AccessDenied', 'Access Denied because object protected by object lock.', 403);
  if (id !== null) world.versions.delete(id);
  if (id === null || objects.get(key)?.versionId === id) objects.delete(key);
  return { status: 204, headers: {}, body: '' };
}

function describe(object: S3Object): Record<string, string> {
  return {
    etag: object.etag,
    ...(object.versionId === undefined ? {} : { 'x-amz-version-id': object.versionId }),
    ...(object.lock === undefined
      ? {}
      : { 'x-amz-object-lock-mode': object.lock.mode, 'x-amz-object-lock-retain-until-date': object.lock.until }),
    'content-type': object.contentType,
    ...(object.lastModified === null ? {} : { 'last-modified': new Date(object.lastModified).toUTCString() }),
    ...(object.isReplica === true ? { 'x-amz-replication-status': 'REPLICA' } : {}),
    ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  };
}

type Handler = (request: S3Request, objects: Map<string, S3Object>, world: S3World) => Reply;

function uploadOf({ bucket, key, query }: S3Request, world: S3World): Upload {
  const upload = world.uploads.get(query.get('uploadId') ?? '');
  if (upload?.bucket !== bucket || upload.key !== key)
    throw refuseS3('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
  return upload;
}

function completeUpload(request: S3Request, objects: Map<string, S3Object>, world: S3World): Reply {
  const upload = uploadOf(request, world);
  checkConditions(request, objects.get(request.key), world);
  const named = [...request.body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) =>
    Number(match[1]),
  );
  const parts = named.map((number) => {
    const part = upload.parts.get(number);
    if (!part) throw refuseS3('InvalidPart', 'One or more of the specified parts could not be found.', 400);
    return part;
  });
  if (parts.length === 0) throw refuseS3('MalformedXML', 'The XML you provided was not well-formed.', 400);
  if (parts.slice(0, -1).some((part) => part.body.length < 5 * 1024 * 1024)) {
    throw refuseS3('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400);
  }
  const etag = `"${md5(Buffer.concat(parts.map((part) => Buffer.from(part.etag.slice(1, -1), 'hex'))))}-${parts.length}"`;
  const { contentType, metadata, startedAt, lock } = upload;
  const versionId = objectPlace(request, objects, world, {
    body: Buffer.concat(parts.map((part) => part.body)),
    contentType,
    metadata,
    etag,
    lastModified: startedAt,
    ...lock,
  });
  world.uploads.delete(request.query.get('uploadId') ?? '');
  const reply = xml(
    `<CompleteMultipartUploadResult xmlns="${NAMESPACE}">${element('Bucket', request.bucket)}${element('Key', request.key)}${element('ETag', etag)}</CompleteMultipartUploadResult>`,
  );
  return { ...reply, headers: { ...reply.headers, 'x-amz-version-id': versionId } };
}

const S3_HANDLERS: Readonly<Record<string, Handler>> = {
  ListObjectsV2: listObjects,
  HeadBucket: () => ({ status: 200, headers: {}, body: '' }),
  PutObject: (request, objects, world) => {
    const { key, headers, body } = request;
    checkConditions(request, objects.get(key), world);
    const etag = `"${md5(body)}"`;
    const versionId = objectPlace(request, objects, world, {
      body,
      contentType: headers['content-type'] ?? 'binary/octet-stream',
      metadata: metadataOf(headers),
      etag,
      lastModified: world.now(),
      ...lockIn(request),
    });
    return { status: 200, headers: { etag, 'x-amz-version-id': versionId }, body: '' };
  },
  GetObject: (request, objects, world) => {
    const object = objectFor(request, objects, world);
    return { status: 200, headers: describe(object), body: object.body };
  },
  HeadObject: ({ key }, objects) => {
    const object = objects.get(key);
    // An answer to HEAD has no body, so its code does not reach the client.
    if (!object) return { status: 404, headers: {}, body: '' };
    return { status: 200, headers: { ...describe(object), 'content-length': String(object.body.length) }, body: '' };
  },
  DeleteObject: deleteObject,
  CreateMultipartUpload: (request, _objects, { uploads, now }) => {
    const { bucket, key, headers } = request;
    const id = randomUUID();
    uploads.set(id, {
      bucket,
      key,
      contentType: headers['content-type'] ?? 'binary/octet-stream',
      metadata: metadataOf(headers),
      startedAt: now(),
      lock: lockIn(request),
      parts: new Map(),
    });
    return xml(
      `<InitiateMultipartUploadResult xmlns="${NAMESPACE}">${element('Bucket', bucket)}${element('Key', key)}${element('UploadId', id)}</InitiateMultipartUploadResult>`,
    );
  },
  UploadPart: (request, _objects, world) => {
    const etag = `"${md5(request.body)}"`;
    uploadOf(request, world).parts.set(Number(request.query.get('partNumber')), { body: request.body, etag });
    return { status: 200, headers: { etag }, body: '' };
  },
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: (request, _objects, world) => {
    uploadOf(request, world);
    world.uploads.delete(request.query.get('uploadId') ?? '');
    return { status: 204, headers: {}, body: '' };
  },
};

/** Carries out one S3 request. Throws a Refusal for an error answer. */
export function answerS3(request: S3Request, world: S3World): Reply {
  const objects = world.buckets.get(request.bucket);
  if (!objects) throw refuseS3('NoSuchBucket', 'The specified bucket does not exist', 404);
  const handler = S3_HANDLERS[request.operation];
  if (!handler) throw refuseS3('NotImplemented', `${request.operation} is not emulated.`, 501);
  return handler(request, objects, world);
}
