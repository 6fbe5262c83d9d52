import type { IncomingMessage } from 'node:http';
import type { Call } from './faults';
import { requestedName } from './lightsail';
import { decodeBody, s3Operation } from './s3';
import { ServiceRefusal } from './service-error';

const SERVICE_NAMES = ['lightsail', 'sns', 's3', 'sts', 'organizations', 'ce', 'events'] as const;
const JSON_TARGET = /^(?:Lightsail_20161128|AWSOrganizationsV20161128|AWSInsightsIndexService|AWSEvents)\.(\w+)$/;
const MAX_REQUEST_BYTES = 512 * 1024 * 1024;

/** A request, read whole: which call it is, and what its service needs. */
export interface Incoming {
  readonly call: Call;
  readonly input: Readonly<Record<string, unknown>>;
  readonly form: URLSearchParams;
  readonly s3: {
    readonly bucket: string;
    readonly key: string;
    readonly query: URLSearchParams;
    readonly body: Buffer;
  };
}

function serviceOfTarget(target: string): Call['service'] {
  if (target.startsWith('AWSOrganizations')) return 'organizations';
  if (target.startsWith('AWSEvents.')) return 'events';
  return target.startsWith('AWSInsightsIndexService') ? 'ce' : 'lightsail';
}

/** The service that a request is meant for, by its looks: also before (or without) a signature. */
export function looksLike(request: IncomingMessage): Call['service'] {
  const target = request.headers['x-amz-target'];
  if (target !== undefined) return serviceOfTarget(String(target));
  const scope = /\/(lightsail|sns|s3|sts|organizations|ce|events)\/aws4_request/.exec(
    request.headers.authorization ?? '',
  );
  const named = SERVICE_NAMES.find((service) => service === scope?.[1]);
  return named ?? (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? 'sns' : 's3');
}

interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: Call['service'];
}

function credentialScope(request: IncomingMessage): CredentialScope {
  const header = request.headers.authorization;
  if (header === undefined)
    throw new ServiceRefusal({ code: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' });
  const scope = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/\d{8}\/([^/,]+)\/([^/,]+)\/aws4_request,.*Signature=\w+/.exec(
    header,
  );
  const service = SERVICE_NAMES.find((each) => each === scope?.[3]);
  const [, accessKeyId, region] = scope ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) {
    throw new ServiceRefusal({
      code: 'IncompleteSignatureException',
      message: `The authorization header has no credential scope that is known here: ${scope?.[3] ?? 'none'}.`,
      status: 403,
    });
  }
  return { accessKeyId, region, service };
}

async function requestBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES)
      throw new ServiceRefusal({
        code: 'RequestEntityTooLargeException',
        message: 'The request is too large.',
        status: 413,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function requestJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Refused below: text that is not JSON and JSON that is not an object are the same mistake.
  }
  throw new ServiceRefusal({ code: 'SerializationException', message: 'The request is not a JSON object.' });
}

/** Reads a request whole. Throws a Refusal for one that no service would take. */
export async function readIncoming(
  request: IncomingMessage,
  accountOf: (accessKeyId: string) => string,
): Promise<Incoming> {
  const raw = await requestBody(request);
  const { accessKeyId, region, service } = credentialScope(request);
  const account = accountOf(accessKeyId);
  const url = new URL(request.url ?? '/', 'http://emulator');
  const none = {
    input: {},
    form: new URLSearchParams(),
    s3: { bucket: '', key: '', query: url.searchParams, body: raw },
  };
  if (service === 's3') {
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
    const s3 = {
      bucket: decodeURIComponent(bucket),
      key: decodeURIComponent(key),
      query: url.searchParams,
      body: decodeBody(raw, request.headers),
    };
    return {
      ...none,
      s3,
      call: {
        service,
        account,
        operation: s3Operation(request.method ?? '', s3.key, s3.query),
        region,
        name: s3.key || (s3.query.get('prefix') ?? s3.bucket),
        body: '',
      },
    };
  }
  const body = raw.toString();
  if (service === 'lightsail' || service === 'organizations' || service === 'ce') {
    const [, operation = ''] = JSON_TARGET.exec(String(request.headers['x-amz-target'] ?? '')) ?? [];
    const input = requestJson(body);
    return { ...none, input, call: { service, account, operation, region, name: requestedName(input), body } };
  }
  if (service === 'events') {
    const [, operation = ''] = JSON_TARGET.exec(String(request.headers['x-amz-target'] ?? '')) ?? [];
    const input = requestJson(body);
    const [entry] = Array.isArray(input.Entries) ? (input.Entries as Readonly<Record<string, unknown>>[]) : [];
    const name = String(entry?.EventBusName ?? 'default');
    return { ...none, input, call: { service, account, operation, region, name, body } };
  }
  const form = new URLSearchParams(body);
  return {
    ...none,
    form,
    call: {
      service,
      account,
      operation: form.get('Action') ?? '',
      region,
      name: form.get('TopicArn') ?? form.get('RoleArn'),
      body,
    },
  };
}
