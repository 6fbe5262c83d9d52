import type { IncomingHttpHeaders } from 'node:http';
import type { Reply } from './reply';

/** An object of the emulated S3. */
export interface S3Object {
  readonly body: Buffer;
  readonly contentType: string;
  /** `x-amz-meta-*`, without that prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
  /**
   * Epoch milliseconds by the emulator's clock: of the write, or of the start of an upload in parts. Null: answers do
   * not tell it.
   */
  readonly lastModified: number | null;
  /** Absent for an object that was put into the emulator directly. */
  readonly versionId?: string;
  /** Until when (ISO 8601) Object Lock keeps this version, as the write asked for. */
  readonly lock?: { readonly mode: string; readonly until: string };
  /** Set for an object that replication brought from another bucket, with that bucket's time. */
  readonly isReplica?: boolean;
}

/** One S3 request in path style, its body decoded. */
export interface S3Request {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
/** An answer of XML. */
export const xml = (body: string): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: XML + body,
});
