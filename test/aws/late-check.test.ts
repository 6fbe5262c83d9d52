import '../support/one-realm';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer, request } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lateCheckAgents, NotSent, sendingOnlyWhile } from '../../lambda/aws/late-check';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../../lambda/aws/lightsail-deletion';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { itWith } from '../support/optional';

const NAMED = { kind: 'instance', region: 'us-east-1', name: 'web-01' } as const;
const DONE = '{"operations":[{"id":"one","status":"Succeeded","isTerminal":true}]}';
const ANSWER = [
  'HTTP/1.1 200 OK',
  'content-type: application/x-amz-json-1.1',
  `content-length: ${DONE.length}`,
  'connection: keep-alive',
  '',
  DONE,
].join('\r\n');

type Credentials = () => Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;

const deleting = (
  endpoint: string,
  credentials: Credentials = async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
) => {
  const config = { endpoint, credentials };
  return makeSnapshotDeletion({
    readers: makeLightsailClients({ config }),
    deleters: makeDeleteClients(config),
    kinds: snapshotKinds(),
    firstRegion: 'us-east-1',
    clock: Date.now,
  });
};

/** Says yes so many times, then no. */
function yesTimes(times: number): (() => boolean) & { asked: number } {
  const maySend = () => {
    maySend.asked += 1;
    return maySend.asked <= times;
  };
  maySend.asked = 0;
  return maySend;
}

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

describe('a delete that may not be sent any longer', () => {
  const received: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('data', (bytes) => {
      received.push(bytes.toString());
      socket.write(ANSWER);
    });
    socket.on('error', () => undefined);
  });
  let endpoint = '';
  beforeAll(async () => {
    endpoint = `http://127.0.0.1:${await listening(server)}`;
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  beforeEach(() => {
    received.length = 0;
    connections = 0;
  });
  const NOT_SENT = { ok: false, failure: { class: 'not-sent', code: 'check.too-old' } };

  it('is sent once while it may be, and asked about when it is signed and when its connection is ready', async () => {
    const maySend = yesTimes(9);
    expect(await deleting(endpoint).deleteSnapshot(NAMED, maySend)).toMatchObject({
      ok: true,
      value: [{ state: 'done' }],
    });
    expect({ sent: received.length, asked: maySend.asked }).toEqual({ sent: 1, asked: 2 });
  });

  it('reaches nothing when its credentials took too long', async () => {
    let isLate = false;
    const credentials = async () => {
      isLate = true;
      return { accessKeyId: 'test', secretAccessKey: 'test' };
    };
    expect(await deleting(endpoint, credentials).deleteSnapshot(NAMED, () => !isLate)).toMatchObject(NOT_SENT);
    expect({ connections, received }).toEqual({ connections: 0, received: [] });
  });

  it('writes nothing to a new connection that took too long to be made', async () => {
    expect(await deleting(endpoint).deleteSnapshot(NAMED, yesTimes(1))).toMatchObject(NOT_SENT);
    expect({ connections, received }).toEqual({ connections: 1, received: [] });
  });

  it('writes nothing to a connection that is used again, and the next delete is sent', async () => {
    const deletion = deleting(endpoint);
    expect((await deletion.deleteSnapshot(NAMED, () => true)).ok).toBe(true);
    expect(await deletion.deleteSnapshot(NAMED, yesTimes(1))).toMatchObject(NOT_SENT);
    expect(received).toHaveLength(1);
    expect((await deletion.deleteSnapshot(NAMED, () => true)).ok).toBe(true);
    expect(received).toHaveLength(2);
  });

  it('is a failure of its own kind where nothing listens', async () => {
    const closed = createServer();
    const port = await listening(closed);
    await new Promise((resolve) => closed.close(resolve));
    expect(await deleting(`http://127.0.0.1:${port}`).deleteSnapshot(NAMED, () => true)).toMatchObject({
      ok: false,
      failure: { class: 'transient', code: 'ECONNREFUSED', undone: true, unreachable: true },
    });
  });

  itWith(
    'openssl',
    'writes nothing over TLS either, where the handshake took too long',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tls-'));
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const made = [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=127.0.0.1',
        '-keyout',
        key,
        '-out',
        cert,
      ];
      expect(spawnSync('openssl', made, { stdio: 'ignore' }).status).toBe(0);
      let requests = 0;
      const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
        requests += 1;
        request
          .resume()
          .on('end', () => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(DONE));
      });
      const { httpsAgent } = lateCheckAgents({ keepAlive: true, maxSockets: 50 });
      const port = await listening(tls);
      const post = (maySend: () => boolean): Promise<unknown> =>
        sendingOnlyWhile(
          maySend,
          () =>
            new Promise((resolve) => {
              const options = { agent: httpsAgent, host: '127.0.0.1', port, method: 'POST', rejectUnauthorized: false };
              const sent = request(options, (response) =>
                response.resume().on('end', () => resolve(response.statusCode)),
              );
              sent.on('error', resolve);
              sent.end('{}');
            }),
        );
      try {
        expect(await post(() => false)).toBeInstanceOf(NotSent);
        expect(requests).toBe(0);
        expect([await post(() => true), await post(() => true)]).toEqual([200, 200]);
        expect(await post(() => false)).toBeInstanceOf(NotSent);
        expect(await post(() => true)).toBe(200);
        expect(requests).toBe(3);
      } finally {
        httpsAgent.destroy();
        tls.closeAllConnections();
        tls.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    undefined,
    'version',
  );
});

describe('the credentials of a run', () => {
  it.each([
    ['the provider fails', 'CredentialsProviderError'],
    ['the session has ended', 'TokenProviderError'],
  ])('are the reason of a failure of the caller when %s', async (_, name) => {
    const credentials: Credentials = () => Promise.reject(Object.assign(new Error('no such profile'), { name }));
    const deletion = deleting('http://127.0.0.1:9', credentials);
    const failed = { ok: false, failure: { class: 'caller', code: name } };
    expect(await deletion.deleteSnapshot(NAMED, () => true)).toMatchObject(failed);
    expect(await deletion.readSnapshot({ ...NAMED, account: null })).toMatchObject(failed);
    expect(await deletion.readOperation('us-east-1', 'one')).toMatchObject(failed);
    expect(await deletion.readClock()).toMatchObject(failed);
  });
});
