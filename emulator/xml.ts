import type { ServiceError } from './service-error';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text as XML character data. */
export const escapeXml = (text: string): string =>
  // Control characters are written as references, as the services do; a raw carriage return would be read as a line
  // feed.
  text
    .replace(/[&<>"]/g, (found) => ESCAPES[found] ?? found)
    .replace(/[\r\u0085\u2028]/g, (found) => `&#x${found.charCodeAt(0).toString(16)};`);

/** An element with a text; nothing where there is no text. */
export const element = (name: string, text: string | number | boolean | undefined): string =>
  text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`;

/** The answer to an operation of a query-protocol service (SNS, STS). */
export const queryAnswer = (operation: string, namespace: string, result: string, requestId: string): string =>
  `<${operation}Response xmlns="${namespace}"><${operation}Result>${result}</${operation}Result><ResponseMetadata>${element('RequestId', requestId)}</ResponseMetadata></${operation}Response>`;

/** An error of a query-protocol service. */
export const queryError = (error: ServiceError, requestId: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type>${element('Code', error.code)}${element('Message', error.message)}</Error>${element('RequestId', requestId)}</ErrorResponse>`;

/** An error of S3. */
export const s3Error = (error: ServiceError, resource: string, requestId: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${element('Code', error.code)}${element('Message', error.message)}${element('Resource', resource)}${element('RequestId', requestId)}</Error>`;
