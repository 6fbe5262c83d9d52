import type { Reply } from './reply';
import { NAMESPACE, type S3Object, type S3Request, xml } from './s3-types';
import { element } from './xml';

/** ListObjectsV2: by prefix and delimiter, in pages. */
export function listObjects({ bucket, query }: S3Request, objects: Map<string, S3Object>): Reply {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const start = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const most = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const text =
    query.get('encoding-type') === 'url'
      ? (value: string) => encodeURIComponent(value).replaceAll('%2F', '/')
      : (value: string) => value;
  const entries: { readonly name: string; readonly object: S3Object | null }[] = [];
  let truncated = false;
  // By UTF-8 bytes, as S3 orders keys.
  for (const [key, object] of [...objects].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(start)) <= 0) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? null : key.slice(0, cut + delimiter.length);
    if (
      common !== null &&
      (entries.at(-1)?.name === common || (start !== '' && start.startsWith(common) && token !== null))
    )
      continue;
    truncated = entries.length >= most;
    if (truncated) break;
    entries.push({ name: common ?? key, object: common === null ? object : null });
  }
  const contents = entries.map(({ name, object }) =>
    object === null
      ? `<CommonPrefixes>${element('Prefix', text(name))}</CommonPrefixes>`
      : `<Contents>${element('Key', text(name))}${element('LastModified', object.lastModified === null ? undefined : new Date(object.lastModified).toISOString())}${element('ETag', object.etag)}${element('Size', object.body.length)}<StorageClass>STANDARD</StorageClass></Contents>`,
  );
  const next = truncated ? Buffer.from(entries.at(-1)?.name ?? '').toString('base64url') : undefined;
  const head = `${element('Name', bucket)}${element('Prefix', text(prefix))}${element('KeyCount', entries.length)}${element('MaxKeys', most)}${element('Delimiter', delimiter === '' ? undefined : text(delimiter))}${element('EncodingType', query.get('encoding-type') ?? undefined)}${element('IsTruncated', truncated)}${element('NextContinuationToken', next)}`;
  return xml(`<ListBucketResult xmlns="${NAMESPACE}">${head}${contents.join('')}</ListBucketResult>`);
}
