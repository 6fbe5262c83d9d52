import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import type { Store, StoredObject } from '../app/ports';
import { RetentionError } from '../core/errors';

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown error');

/** A bucket as a store. Writes are whole or not at all; a conditional write never replaces anything. */
export function s3Store(client: S3Client, bucket: string): Store {
  const failure = (what: string, key: string, cause: unknown): RetentionError =>
    new RetentionError(
      'store.s3',
      'aws',
      `cannot ${what} s3://${bucket}/${key}: got ${nameOf(cause)} (${cause instanceof Error ? cause.message : String(cause)}); check that the bucket exists and that this role may use the prefix`,
      { cause },
    );
  const put = async ({ key, contentType, body }: StoredObject, ifAbsent: boolean): Promise<boolean> => {
    const chunks = Array.from(body, (chunk) => Buffer.from(chunk));
    const condition = ifAbsent ? { IfNoneMatch: '*' } : {};
    try {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, ContentType: contentType, Body: Buffer.concat(chunks), ...condition }),
      );
      return true;
    } catch (error) {
      if (ifAbsent && ['PreconditionFailed', 'ConditionalRequestConflict'].includes(nameOf(error))) return false;
      throw failure('write', key, error);
    }
  };
  return {
    locate: (key) => `s3://${bucket}/${key}`,
    async put(object) {
      await put(object, false);
    },
    putIfAbsent: (object) => put(object, true),
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return (await Body?.transformToString()) ?? '';
      } catch (error) {
        if (nameOf(error) === 'NoSuchKey') return null;
        throw failure('read', key, error);
      }
    },
    async list(prefix) {
      const names: string[] = [];
      try {
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix, Delimiter: '/' })) {
          for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) names.push(Prefix.slice(prefix.length, -1));
          for (const { Key } of page.Contents ?? []) if (Key !== undefined && Key !== prefix) names.push(Key.slice(prefix.length));
        }
      } catch (error) {
        throw failure('list', prefix, error);
      }
      return names.sort();
    },
  };
}
