import '../support/one-realm';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Agents, MakeAgents } from '../../lambda/aws/lightsail-client';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../../lambda/aws/lightsail-deletion';
import { isNeverSent, isUnanswered } from '../../lambda/aws/network-errors';
import { snapshotKinds } from '../../lambda/kinds/registry';

const system = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
const wrapped = (cause: unknown): Error => new Error('the proxy cannot be reached', { cause });
const coded = (code: string): Error => Object.assign(new Error(code), { code });

describe('a failed call', () => {
  it.each<[string, Error, boolean]>([
    ['a refused connection', system('ECONNREFUSED', 'connect'), true],
    ['an unknown host', system('ENOTFOUND', 'getaddrinfo'), true],
    ['an unreachable host', system('EHOSTUNREACH', 'connect'), true],
    ['an unreachable host while the answer is read', system('EHOSTUNREACH', 'read'), false],
    ['an unreachable network while the request is written', system('ENETUNREACH', 'write'), false],
    ['an unreachable host without a system call', coded('EHOSTUNREACH'), false],
    ['a refused connection to a proxy', wrapped(system('ECONNREFUSED', 'connect')), true],
    ['a lost connection to a proxy', wrapped(system('ECONNRESET', 'read')), false],
    [
      'several refused addresses',
      new AggregateError([system('ETIMEDOUT', 'connect'), system('EPERM', 'connect')]),
      true,
    ],
    [
      'a refused address and a lost one',
      new AggregateError([system('EPERM', 'connect'), system('EPIPE', 'write')]),
      false,
    ],
    ['no error that is known', new AggregateError([]), false],
    ['a status', Object.assign(system('ECONNREFUSED', 'connect'), { $metadata: { httpStatusCode: 502 } }), false],
  ])('by %s sent no request, certainly or not', (_, error, expected) => {
    expect(isNeverSent(error)).toBe(expected);
  });

  it.each([
    ...['ENETDOWN', 'EADDRNOTAVAIL', 'EPERM', 'EACCES', 'EMFILE', 'EPROTO', 'ETIMEDOUT', 'ECONNRESET', 'EAI_AGAIN'],
    ...['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'HOSTNAME_MISMATCH'],
    ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CONSTANT'],
    ...['connection.proxy-authentication', 'connection.proxy-refused'],
  ])('by %s had no answer of the service', (code) => {
    expect(isUnanswered(coded(code))).toBe(true);
    expect(isUnanswered(wrapped(coded(code)))).toBe(true);
    expect(isUnanswered(new AggregateError([coded(code)]))).toBe(true);
    expect(isUnanswered(Object.assign(coded(code), { $metadata: { httpStatusCode: 500 } }))).toBe(false);
    expect(isUnanswered(Object.assign(coded(code), { $response: { statusCode: 200 } }))).toBe(false);
  });

  it.each([
    ['of a service', Object.assign(new Error('later'), { name: 'ThrottlingException', code: 'ThrottlingException' })],
    ['of this program', new TypeError('x is not a function')],
    ['of an aborted call', Object.assign(new Error('aborted'), { name: 'AbortError', code: 'ABORT_ERR' })],
  ])('by an error %s is none of the network', (_, error) => {
    expect(isUnanswered(error)).toBe(false);
  });
});

describe('a connection that fails after a request was written', () => {
  const sockets: Socket[] = [];
  let code = '';
  const server = createServer((request) => {
    request.resume();
    request.on('end', () => {
      for (const socket of sockets.splice(0)) socket.destroy(system(code, 'read'));
    });
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** Agents whose connections are collected. */
  const agents: MakeAgents = (pool, makeDirect): Agents => {
    if (makeDirect === undefined) throw new Error('the deleting client makes its own agents');
    const made = makeDirect(pool);
    const { createConnection } = made.httpAgent;
    made.httpAgent.createConnection = function (options, connected) {
      return createConnection.call(this, options, (error, socket) => {
        if (socket !== undefined) sockets.push(socket as Socket);
        connected?.(error, socket);
      });
    };
    return made;
  };

  it.each(['EHOSTUNREACH', 'ENETDOWN', 'ECONNRESET', 'ETIMEDOUT'])(
    'by %s leaves it unknown whether the delete was carried out',
    async (given) => {
      code = given;
      const config = {
        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      };
      const { deleteSnapshot } = makeSnapshotDeletion({
        readers: makeLightsailClients({ config }),
        deleters: makeDeleteClients({ ...config, agents }),
        kinds: snapshotKinds(),
        firstRegion: 'us-east-1',
        clock: Date.now,
      });
      const answer = await deleteSnapshot({ kind: 'instance', region: 'us-east-1', name: 'web-01' }, () => true);
      expect(answer).toMatchObject({ ok: false, failure: { class: 'transient', code, unreachable: true } });
      expect(answer).not.toHaveProperty('failure.undone');
    },
  );
});
