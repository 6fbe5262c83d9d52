import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A small Lightsail and STS of its own, over HTTP: accounts by access key, deletes that a test can see. */
export interface Row {
  arn: string;
  name: string;
  createdAt: number;
  state?: string;
  fromInstanceName?: string;
  fromInstanceArn?: string;
  tags?: { key: string; value?: string }[];
  [member: string]: unknown;
}
export interface Account {
  id: string;
  snapshots: Row[];
  instances: { arn: string; name: string; tags?: { key: string; value?: string }[] }[];
}
export interface Call {
  op: string;
  key: string;
  account: Account;
  input: Record<string, unknown>;
}
export type Reply = { status: number; body: unknown } | 'cut' | null | undefined;

export async function startService(accounts: Record<string, Account>) {
  const log: Call[] = [];
  const operations = new Map<string, Record<string, unknown>>();
  const service = {
    log,
    operations,
    url: '',
    /** Before a call is answered: may answer itself, or wait. */
    before: (_: Call): Reply | Promise<Reply> => null,
    after: (_: Call): Reply | Promise<Reply> => null,
    deletes: [] as { name: string; arn: string; account: string }[],
    deleteNow: true,
    /** STS denies every call. */
    deniesSts: false,
    close: async () => {},
  };
  const error = (code: string, message: string) => ({ status: 400, body: { __type: code, message } });
  const answer = (call: Call): { status: number; body: unknown } => {
    const { op, account, input } = call;
    const find = (name: unknown) => account.snapshots.find((each) => each.name === name);
    switch (op) {
      case 'GetRegions':
        return { status: 200, body: { regions: [{ name: 'us-east-1' }] } };
      case 'GetInstanceSnapshots':
        return { status: 200, body: { instanceSnapshots: account.snapshots } };
      case 'GetInstances':
        return { status: 200, body: { instances: account.instances } };
      case 'GetInstanceSnapshot': {
        const row = find(input.instanceSnapshotName);
        return row === undefined
          ? error('NotFoundException', 'no such snapshot')
          : { status: 200, body: { instanceSnapshot: row } };
      }
      case 'GetInstance': {
        const row = account.instances.find((each) => each.name === input.instanceName);
        return row === undefined
          ? error('NotFoundException', 'no such instance')
          : { status: 200, body: { instance: row } };
      }
      case 'DeleteInstanceSnapshot': {
        const row = find(input.instanceSnapshotName);
        if (row === undefined) return error('NotFoundException', 'no such snapshot');
        service.deletes.push({ name: row.name, arn: row.arn, account: account.id });
        if (service.deleteNow) account.snapshots = account.snapshots.filter((each) => each !== row);
        const operation = { id: `op-${operations.size}`, status: 'Succeeded', isTerminal: true };
        operations.set(operation.id, operation);
        return { status: 200, body: { operations: [operation] } };
      }
      case 'GetOperation':
        return { status: 200, body: { operation: operations.get(String(input.operationId)) } };
      default:
        return error('InvalidInputException', `unknown operation ${op}`);
    }
  };
  const read = async (request: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    return text;
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await read(request);
    const key = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const account = accounts[key];
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target === '') {
      const call = { op: 'sts', key, account: account as Account, input: {} };
      log.push(call);
      if (service.deniesSts) {
        response.writeHead(403, { 'content-type': 'text/xml' });
        response.end(
          '<ErrorResponse><Error><Code>AccessDenied</Code><Message>blocked</Message></Error></ErrorResponse>',
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${account?.id}:user/x</Arn><UserId>X</UserId><Account>${account?.id}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
      );
      return;
    }
    const op = target.split('.')[1] ?? '';
    const send = ({ status, body }: { status: number; body: unknown }): void => {
      response.writeHead(status, {
        'content-type': 'application/x-amz-json-1.1',
        date: new Date().toUTCString(),
        // As the service gives it: an answer without it is believed to be a gateway's.
        'x-amzn-requestid': randomUUID(),
      });
      response.end(JSON.stringify(body));
    };
    if (account === undefined) return send(error('UnrecognizedClientException', 'no such key'));
    const call: Call = { op, key, account, input: JSON.parse(text || '{}') as Record<string, unknown> };
    log.push(call);
    const early = await service.before(call);
    if (early === 'cut') return void request.socket.destroy();
    if (early) return send(early);
    const normal = answer(call);
    const late = await service.after(call);
    if (late === 'cut') return void request.socket.destroy();
    send(late ? late : normal);
  };
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  service.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  service.close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return service;
}

export const DAY = 86_400;
/** An account of one instance with `count` snapshots, one each day, the oldest first. */
export function accountOf(id: string, count: number, name = 'web'): Account {
  const arn = `arn:aws:lightsail:us-east-1:${id}:Instance/${name}-1`;
  const now = Math.floor(Date.now() / 1000);
  return {
    id,
    instances: [{ arn, name, tags: [] }],
    snapshots: Array.from({ length: count }, (_, index) => ({
      arn: `arn:aws:lightsail:us-east-1:${id}:InstanceSnapshot/${name}-${index}`,
      name: `${name}-s${index}`,
      createdAt: now - (count - index + 60) * DAY + 0.123,
      state: 'available',
      sizeInGb: 40,
      fromInstanceName: name,
      fromInstanceArn: arn,
      tags: [],
    })),
  };
}
