import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { rows, smallAccount } from '../aws/reading';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, runChild } from '../support/child-process';
import { withoutNotice } from '../support/endpoint-notice';
import { describeWith, isInstalled } from '../support/optional';
import {
  type Listening,
  makeAuthority,
  type PrivateAuthority,
  startProxy,
  startTls,
  type TestProxy,
} from '../support/private-network';

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describeWith(
  isInstalled('openssl', 'version'),
  'openssl',
  'the command line behind a proxy and a private certificate authority',
  () => {
    const work = mkdtempSync(join(tmpdir(), 'proxy-'));
    const program = commandLineProgram();
    let authority: PrivateAuthority;
    let emulator: Emulator;
    let endpoint: Listening;
    let proxy: TestProxy;
    let secureProxy: TestProxy;
    /** How many snapshots a report without any proxy counts. */
    let expected: unknown;

    beforeAll(async () => {
      writeFileSync(
        join(work, 'retention.yaml'),
        'version: 1\npolicies: { short: { expireAfter: 1d, keep: { last: 1 } } }\ndefault: short\n',
      );
      authority = makeAuthority();
      emulator = await startEmulator({
        account: smallAccount({ 'us-east-1': { diskSnapshots: rows('us-east-1', 'diskSnapshots', 4, 'data') } }),
      });
      endpoint = await startTls(authority, Number(new URL(emulator.url).port));
      [proxy, secureProxy] = await Promise.all([startProxy(), startProxy(authority)]);
      expected = snapshotsOf(await report({ AWS_ENDPOINT_URL: emulator.url }));
      expect(expected).toBeGreaterThan(4);
    });
    afterAll(async () => {
      await Promise.all([emulator.close(), endpoint.close(), proxy.close(), secureProxy.close()]);
      authority.remove();
      rmSync(work, { recursive: true, force: true });
    });
    beforeEach(() => {
      for (const each of [proxy, secureProxy]) {
        each.asked.length = 0;
        Object.assign(each, { demands: null, refuses: null });
      }
    });

    const via = (each: Listening, scheme = 'http', user = ''): string => `${scheme}://${user}localhost:${each.port}`;
    const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildRun> => {
      const ended = await runChild(program, work, args, {
        AWS_ENDPOINT_URL: `https://localhost:${endpoint.port}`,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_CA_BUNDLE: authority.file,
        ...env,
      });
      return { ...ended, err: withoutNotice(ended.err) };
    };
    const report = (env: Readonly<Record<string, string>>): Promise<ChildRun> =>
      run(['report', '--format', 'json', '--quiet'], env);
    const snapshotsOf = ({ out }: ChildRun): unknown => JSON.parse(out).totals.snapshots;
    const tunnels = (): readonly string[] =>
      proxy.asked.filter((each) => each === `CONNECT localhost:${endpoint.port}`);

    it('reads through the proxy that HTTPS_PROXY names, every call of it, and ends by itself', async () => {
      const before = emulator.requests.list().length;
      const ran = await report({ HTTPS_PROXY: via(proxy) });
      expect({ code: ran.code, err: ran.err, snapshots: snapshotsOf(ran) }).toEqual({
        code: 0,
        err: '',
        snapshots: expected,
      });
      expect(tunnels().length).toBeGreaterThan(1);
      expect(proxy.asked).toEqual(tunnels());
      // Connections are kept, so that there are fewer of them than calls.
      expect(emulator.requests.list().length - before).toBeGreaterThan(tunnels().length);
    });

    it('signs in at the proxy with the user and the password of its address', async () => {
      proxy.demands = 'me:s3cr/et';
      const ran = await report({ https_proxy: via(proxy, 'http', 'me:s3cr%2Fet@') });
      expect({ code: ran.code, snapshots: snapshotsOf(ran) }).toEqual({ code: 0, snapshots: expected });
    });

    it('reaches a proxy over TLS, with a certificate of the CA bundle', async () => {
      const ran = await report({ HTTPS_PROXY: via(secureProxy, 'https') });
      expect({ code: ran.code, snapshots: snapshotsOf(ran) }).toEqual({ code: 0, snapshots: expected });
      expect(secureProxy.asked.length).toBeGreaterThan(0);
    });

    it('forwards plain HTTP through the proxy that HTTP_PROXY names', async () => {
      const ran = await report({ HTTP_PROXY: via(proxy), AWS_ENDPOINT_URL: emulator.url });
      expect({ code: ran.code, snapshots: snapshotsOf(ran) }).toEqual({ code: 0, snapshots: expected });
      expect(proxy.asked.every((each) => each.startsWith(`POST ${emulator.url}/`))).toBe(true);
      expect(proxy.asked.length).toBeGreaterThan(3);
    });

    it.each(['localhost', `localhost:${'PORT'}`, '*', 'other.example.com,localhost'])(
      'reads directly where NO_PROXY is %s',
      async (value) => {
        const ran = await report({ HTTPS_PROXY: via(proxy), NO_PROXY: value.replace('PORT', String(endpoint.port)) });
        expect({ code: ran.code, snapshots: snapshotsOf(ran), asked: proxy.asked }).toEqual({
          code: 0,
          snapshots: expected,
          asked: [],
        });
      },
    );

    it('trusts the CA bundle that the profile names', async () => {
      const keys = 'aws_access_key_id = test\naws_secret_access_key = test\n';
      writeFileSync(join(work, 'config'), `[profile p]\nregion = us-east-1\nca_bundle = ${authority.file}\n${keys}`);
      const env = {
        AWS_CONFIG_FILE: join(work, 'config'),
        AWS_CA_BUNDLE: '',
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
      };
      const ran = await run(['report', '--format', 'json', '--quiet', '--profile', 'p'], env);
      expect({ code: ran.code, err: ran.err }).toEqual({ code: 0, err: '' });
    });

    it('deletes through the proxy too', async () => {
      const through = { HTTPS_PROXY: via(proxy) };
      expect((await run(['report', '--quiet', '--plan-out', 'plan.json'], through)).code).toBe(0);
      proxy.asked.length = 0;
      const ran = await run(['apply', 'plan.json', '--local', '--dry-run'], through);
      expect({ code: ran.code, tunnels: tunnels().length > 0 }).toEqual({ code: 0, tunnels: true });
    });

    const noFile = join(work, 'absent.pem');
    const notPem = join(work, 'not.pem');
    const broken = join(work, 'broken.pem');
    writeFileSync(notPem, 'hello');
    writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');

    it.each<[string, string, RegExp, () => Promise<Readonly<Record<string, string>>>]>([
      [
        'the CA is not trusted',
        'connection.certificate',
        /certificate of the endpoint is not trusted: .*; set AWS_CA_BUNDLE to a PEM file/,
        async () => ({ AWS_CA_BUNDLE: '' }),
      ],
      [
        'the CA bundle is absent',
        'connection.ca-bundle',
        /absent\.pem: there is no such file; correct AWS_CA_BUNDLE/,
        async () => ({ AWS_CA_BUNDLE: noFile }),
      ],
      [
        'the CA bundle is no PEM file',
        'connection.ca-bundle',
        /not\.pem: it contains no certificate in PEM format; /,
        async () => ({ AWS_CA_BUNDLE: notPem }),
      ],
      [
        'the CA bundle is broken',
        'connection.ca-bundle',
        /broken\.pem: certificate 1 of 1 in it cannot be read; /,
        async () => ({ AWS_CA_BUNDLE: broken }),
      ],
      [
        'the CA bundle is a folder',
        'connection.ca-bundle',
        /it is a directory; correct AWS_CA_BUNDLE/,
        async () => ({ AWS_CA_BUNDLE: work }),
      ],
      [
        'the CA bundle is a device without an end',
        'connection.ca-bundle',
        /\/dev\/zero: it is a device; correct AWS_CA_BUNDLE/,
        async () => ({ AWS_CA_BUNDLE: '/dev/zero' }),
      ],
      [
        'the proxy asks for a password',
        'connection.proxy-authentication',
        /the proxy of HTTPS_PROXY \(http:\/\/localhost:\d+\) asks for a user name and a password \(HTTP 407\); put both into the address/,
        async () => {
          proxy.demands = 'me:secret';
          return { HTTPS_PROXY: via(proxy) };
        },
      ],
      [
        'the password for the proxy is wrong',
        'connection.proxy-authentication',
        /HTTP 407/,
        async () => {
          proxy.demands = 'me:secret';
          return { HTTPS_PROXY: via(proxy, 'http', 'me:wr0ng@') };
        },
      ],
      [
        'the proxy refuses',
        'connection.proxy-refused',
        /refuses the connection \(HTTP 403 Refused\); ask who runs the proxy to allow/,
        async () => {
          proxy.refuses = 403;
          return { HTTPS_PROXY: via(proxy) };
        },
      ],
      [
        'the proxy is not there',
        'connection.proxy-unreachable',
        /the proxy of https_proxy \(http:\/\/localhost:\d+\) cannot be reached: ECONNREFUSED; correct the address of the proxy/,
        async () => ({ https_proxy: `http://localhost:${await closedPort()}` }),
      ],
      [
        'the proxy is no HTTP proxy',
        'connection.proxy-invalid',
        /HTTPS_PROXY .*is no address of an HTTP proxy; correct it to/,
        async () => ({ HTTPS_PROXY: 'socks5://localhost:1080' }),
      ],
      [
        'the address of the proxy is none',
        'connection.proxy-invalid',
        /HTTPS_PROXY is no address of an HTTP proxy; /,
        async () => ({ HTTPS_PROXY: 'http://[' }),
      ],
      [
        'the endpoint has no TLS',
        'connection.protocol',
        /does not answer with TLS/,
        async () => ({ AWS_ENDPOINT_URL: emulator.url.replace('http:', 'https:') }),
      ],
    ])('ends with 1, one sentence and no report where %s', async (_, code, sentence, prepare) => {
      const env = await prepare();
      const ran = await report(env);
      expect({ code: ran.code, out: ran.out }).toEqual({ code: 1, out: '' });
      expect(ran.err).toMatch(sentence);
      expect(ran.err).toMatch(
        /^error: [^\n]* \(to check the whole setup: npx lightsail-retention doctor\) \[[a-z.-]+\]\n$/,
      );
      expect(ran.err).toContain(`[${code}]`);
      expect(ran.err).not.toMatch(/wr0ng|secret/);
      // One of each kind is enough: they share their sentences.
      if (!['connection.ca-bundle', 'connection.proxy-refused', 'connection.certificate'].includes(code)) return;
      const doctor = await run(['doctor'], env);
      expect(doctor.code).toBe(1);
      expect(doctor.out).toMatch(
        /^FAILED {3}connection: .*\n +-> .+\n\nreports would not be delivered, or would be incomplete: connection\n$/m,
      );
      expect(doctor.out).toMatch(
        sentence.source.includes('; ') ? new RegExp(sentence.source.split('; ')[0] ?? '') : sentence,
      );
    });
  },
);
