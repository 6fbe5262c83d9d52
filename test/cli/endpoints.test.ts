import { Readable, Writable } from 'node:stream';
import { confirmCount } from '../../cli/ask-count';
import { configuredEndpoint, type EndpointSettings, endpointNotice } from '../../cli/endpoints';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { Plan } from '../../lambda/core/plan/plan';
import { smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { runCli } from '../support/terminal';

const HERE = 'http://127.0.0.1:4566';
const LINE = (places: string): string =>
  `calls to AWS go to another endpoint: ${places}; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true ignores that`;

const settings = (
  env: Record<string, string>,
  configFile: Record<string, Record<string, string>> = {},
  credentialsFile: Record<string, Record<string, string>> = {},
): EndpointSettings => ({ env, profile: 'prod', files: { configFile, credentialsFile } });

describe('a line about endpoints', () => {
  test.each(['LIGHTSAIL', 'STS', 'S3', 'SNS', 'LAMBDA', 'CLOUDFORMATION', 'SCHEDULER', 'SSO_OIDC'])(
    'names AWS_ENDPOINT_URL_%s of the environment',
    (service) => {
      const name = `AWS_ENDPOINT_URL_${service}`;
      expect(endpointNotice(settings({ [name]: HERE }))).toBe(LINE(`${HERE} (${name})`));
    },
  );

  test('names what holds for all services once, and what differs beside it', () => {
    expect(endpointNotice(settings({ AWS_ENDPOINT_URL: HERE }))).toBe(LINE(`${HERE} (AWS_ENDPOINT_URL)`));
    expect(endpointNotice(settings({ AWS_ENDPOINT_URL: HERE, AWS_ENDPOINT_URL_S3: 'http://minio:9000' }))).toBe(
      LINE(`${HERE} (AWS_ENDPOINT_URL), http://minio:9000 (AWS_ENDPOINT_URL_S3)`),
    );
  });

  test('names the endpoint_url of the profile in force, from either file, and of no other profile', () => {
    const profile = { prod: { endpoint_url: HERE } };
    expect(endpointNotice(settings({}, profile))).toBe(LINE(`${HERE} (endpoint_url of the profile prod)`));
    expect(endpointNotice(settings({}, {}, profile))).toBe(LINE(`${HERE} (endpoint_url of the profile prod)`));
    expect(endpointNotice(settings({}, { default: { endpoint_url: HERE } }))).toBeNull();
  });

  test('names the services section that the profile uses', () => {
    const files = { prod: { services: 'local' }, 'services.local': { 'lightsail.endpoint_url': HERE } };
    expect(endpointNotice(settings({}, files))).toBe(LINE(`${HERE} (services section local)`));
    expect(endpointNotice(settings({}, { ...files, prod: {} }))).toBeNull();
  });

  test('is not there where nothing is set, is empty, or is to be ignored', () => {
    const files = { prod: { endpoint_url: HERE } };
    expect(endpointNotice(settings({}))).toBeNull();
    expect(endpointNotice(settings({ AWS_ENDPOINT_URL: '' }))).toBeNull();
    expect(
      endpointNotice(settings({ AWS_ENDPOINT_URL: HERE, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, files)),
    ).toBeNull();
    expect(
      endpointNotice(settings({}, { prod: { endpoint_url: HERE, ignore_configured_endpoint_urls: 'true' } })),
    ).toBeNull();
    expect(
      configuredEndpoint('s3', settings({ AWS_ENDPOINT_URL: HERE, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })),
    ).toBeNull();
    expect(configuredEndpoint('s3', settings({ AWS_ENDPOINT_URL: HERE }))).toBe(HERE);
  });

  test('shows no password, and no control character', () => {
    expect(endpointNotice(settings({ AWS_ENDPOINT_URL: 'http://me:secret@host:1/' }))).toBe(
      LINE('http://host:1 (AWS_ENDPOINT_URL)'),
    );
    expect(endpointNotice(settings({ AWS_ENDPOINT_URL: 'no address\u001b[2J' }))).toBe(
      LINE('no address\ufffd[2J (AWS_ENDPOINT_URL)'),
    );
  });
});

describe('a command that calls AWS', () => {
  let emulator: Emulator;
  let restore: () => void;
  beforeAll(async () => {
    emulator = await startEmulator({ account: smallAccount() });
    restore = pointSdkTo(emulator.url);
  });
  afterAll(async () => {
    restore();
    await emulator.close();
  });

  test.each([['report'], ['explain', 'web-01'], ['check', '--live'], ['doctor'], ['apply', 'missing.json', '--local']])(
    'says on stderr which endpoint is in force: %s',
    async (...args) => {
      const { out, err } = await runCli(args, { AWS_ENDPOINT_URL: emulator.url });
      expect(err).toContain(`warning: ${LINE(`${emulator.url} (AWS_ENDPOINT_URL)`)}\n`);
      expect(out.includes('another endpoint')).toBe(args[0] === 'doctor');
      expect((await runCli(args, {})).err).not.toContain('another endpoint');
    },
  );

  test('says it again before it asks for the count of a plan', async () => {
    let given = '';
    const err = new Writable({
      write(chunk, _, done) {
        given += chunk;
        done();
      },
    }) as unknown as NodeJS.WriteStream;
    const input = Readable.from(['1\n']) as unknown as NodeJS.ReadStream;
    const plan = { items: [{}] } as unknown as Plan;
    const question = { plan, candidates: 1, yes: undefined, note: '' };
    await confirmCount(question, { err, out: err, env: {} }, input, { endpointNotice: 'there' });
    expect(given).toMatch(/^warning: there\nType the number of snapshots to delete \(1\)/);
  });
});
