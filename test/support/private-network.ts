import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

/** A private certificate authority, and a certificate of it for `localhost` and `127.0.0.1`. */
export interface PrivateAuthority {
  /** The file with the certificate of the authority. */
  readonly file: string;
  readonly key: string;
  readonly certificate: string;
  remove(): void;
}

/** Makes an authority with the openssl of this machine. */
export function makeAuthority(): PrivateAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const openssl = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const subject = (name: string): readonly string[] => ['-subj', `/CN=${name}`, '-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...subject('Private CA of a test'), '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2');
  openssl('req', ...subject('localhost'), '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(join(folder, 'names.txt'), 'subjectAltName = DNS:localhost, IP:127.0.0.1\n');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names.txt'];
  openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.pem');
  return {
    file: join(folder, 'ca.pem'),
    key: readFileSync(join(folder, 'server.key'), 'utf8'),
    certificate: readFileSync(join(folder, 'server.pem'), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A server on a loopback address. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Joins two sockets until one of them ends. */
function join2(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', () => to.destroy());
    from.pipe(to);
  }
}

/** TLS with a certificate of the authority in front of a server of this machine. */
export const startTls = ({ key, certificate }: PrivateAuthority, port: number): Promise<Listening> => {
  const server = createTlsServer({ key, cert: certificate }, (socket) => join2(socket, connect(port, '127.0.0.1')));
  server.on('tlsClientError', () => undefined);
  return listen(server);
};

export interface TestProxy extends Listening {
  /** What was asked for: `CONNECT host:port`, or a method and an absolute address. */
  readonly asked: string[];
  /** `user:password` that it demands; null: none. */
  demands: string | null;
  /** The status with which it refuses every tunnel; null: it refuses none. */
  refuses: number | null;
}

/**
 * A proxy that makes tunnels, and forwards plain requests; over TLS with a certificate of the authority, where one is
 * given.
 */
export async function startProxy(authority?: PrivateAuthority): Promise<TestProxy> {
  const state: Pick<TestProxy, 'asked' | 'demands' | 'refuses'> = { asked: [], demands: null, refuses: null };
  const isAllowed = ({ headers }: IncomingMessage): boolean =>
    state.demands === null ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(state.demands).toString('base64')}`;
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    state.asked.push(`${incoming.method} ${incoming.url}`);
    const { hostname, port, pathname, search } = new URL(incoming.url ?? '');
    const headers = { ...incoming.headers };
    const forwarded = request(
      { hostname, port, path: `${pathname}${search}`, method: incoming.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    state.asked.push(`CONNECT ${incoming.url}`);
    const status = isAllowed(incoming) ? state.refuses : 407;
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} Refused\r\nProxy-Authenticate: Basic realm="test"\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = (incoming.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      join2(socket, target);
    });
    target.on('error', () => socket.destroy());
  });
  const plain = await listen(server);
  if (authority === undefined) return Object.assign(state, plain);
  const front = await startTls(authority, plain.port);
  return Object.assign(state, {
    port: front.port,
    close: async () => {
      await Promise.all([front.close(), plain.close()]);
    },
  });
}
