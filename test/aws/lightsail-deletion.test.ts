import '../support/one-realm';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { databaseRow, databaseSnapshotRow } from '../../emulator/rows';
import { type Emulator, startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../../lambda/aws/lightsail-deletion';
import { readOperation } from '../../lambda/aws/operations';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { snapshotKinds } from '../../lambda/kinds/registry';
import type { SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { ACCOUNT, aged, aSpec, DAY, HERE, smallAccount, THERE } from '../deletion/rig';

const always = (): boolean => true;

describe('an operation', () => {
  it.each([
    [{ status: 'Succeeded' }, 'done'],
    [{ status: 'Completed' }, 'done'],
    [{ status: 'Completed', isTerminal: true }, 'done'],
    [{ status: 'Failed' }, 'failed'],
    [{ status: 'Failed', isTerminal: false }, 'failed'],
    [{ status: 'Started' }, 'pending'],
    [{ status: 'NotStarted', isTerminal: false }, 'pending'],
    [{ status: 'Cancelled' }, 'pending'],
    [{ status: 'Cancelled', isTerminal: true }, 'unclear'],
    [{ status: 'Cancelled', isTerminal: true, errorCode: 'Busy' }, 'failed'],
    [{ status: 'SUCCEEDED', isTerminal: true }, 'unclear'],
    [{ isTerminal: true }, 'unclear'],
    [{}, 'pending'],
  ] as const)('%j is %s', (raw, state) => {
    expect(readOperation(raw as Parameters<typeof readOperation>[0]).state).toBe(state);
  });

  it('says with which status it ended that does not tell how', () => {
    expect(readOperation({ id: 'a', status: 'Done', isTerminal: true } as never)).toEqual({
      id: 'a',
      state: 'unclear',
      code: null,
      details: 'Done',
    });
  });

  it('says why it failed as far as it tells', () => {
    expect(readOperation({ id: 'a', status: 'Failed', errorCode: 'InUse', errorDetails: 'copying' })).toEqual({
      id: 'a',
      state: 'failed',
      code: 'InUse',
      details: 'copying',
    });
    expect(readOperation({ status: 'Failed' })).toEqual({
      id: null,
      state: 'failed',
      code: 'OperationFailed',
      details: null,
    });
  });
});

describe('deleting over HTTP', () => {
  let emulator: Emulator;
  let deletion: SnapshotDeletion;
  let now = 0;
  beforeEach(async () => {
    const account = smallAccount();
    const db = { ...aSpec('db'), engine: 'mysql' };
    const data = {
      ...account.data,
      [HERE]: {
        ...account.data[HERE],
        relationalDatabases: [databaseRow(db)],
        relationalDatabaseSnapshots: aged(db, [1, 2], databaseSnapshotRow),
      },
    };
    emulator = await startEmulator({ account: { ...account, data } });
    now = Date.now();
    const aws = { endpoint: emulator.url, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
    deletion = makeSnapshotDeletion({
      readers: makeLightsailClients({
        config: aws,
        pace: { attempts: 3, transientDelayMs: 1, throttledDelayMs: 1, longestDelayMs: 2 },
      }),
      deleters: makeDeleteClients(aws),
      kinds: snapshotKinds(),
      firstRegion: HERE,
      clock: () => now,
    });
  });
  afterEach(() => emulator.close());

  const NAMED = {
    instance: { kind: 'instance', region: HERE, name: 'web-01' },
    disk: { kind: 'disk', region: THERE, name: 'data-01' },
    database: { kind: 'database', region: HERE, name: 'db-01' },
  } as const;

  it.each(KINDS)('deletes the %s snapshot of that name in that region, and nothing else', async (kind) => {
    const named = NAMED[kind];
    expect(await deletion.readSnapshot({ ...named, account: ACCOUNT })).toMatchObject({
      ok: true,
      value: { kind, name: named.name, region: named.region },
    });
    const answer = await deletion.deleteSnapshot(named, always);
    expect(answer).toMatchObject({ ok: true, value: [{ state: 'done' }] });
    expect(await deletion.readSnapshot({ ...named, account: ACCOUNT })).toEqual({ ok: true, value: null });
    const deletes = emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete'));
    expect(deletes).toMatchObject([
      { region: named.region, name: named.name, operation: expect.stringMatching(/^Delete\w+Snapshot$/) },
    ]);
  });

  it.each([
    ['throttled', { fault: 'throttle' }, 'throttled'],
    ['out of order', { fault: 'error', code: 'InternalFailure', status: 500 }, 'transient'],
    ['cut off', { fault: 'reset' }, 'transient'],
    ['not answered', { fault: 'reset', when: 'after' }, 'transient'],
    ['answered by a proxy', { fault: 'answer', status: 503, body: 'busy' }, null],
    ['denied', { fault: 'error', code: 'AccessDeniedException', status: 403 }, 'refused'],
    ['not found', { fault: 'error', code: 'DoesNotExist', status: 400 }, 'not-found'],
    [
      'told to try later',
      { fault: 'error', code: 'InvalidInputException', message: 'Please try again in a few minutes.' },
      'transient',
    ],
    ['wrong', { fault: 'error', code: 'InvalidInputException', message: 'No.' }, 'refused'],
    ['reported as failed to execute', { fault: 'error', code: 'OperationFailureException', status: 400 }, 'unknown'],
    ['answered with what nobody knows', { fault: 'error', code: 'TeapotException', status: 418 }, 'unknown'],
  ] as const)('sends a delete that is %s once, and says what that means', async (_, fault, expected) => {
    emulator.setFaults([{ ...fault, operations: 'DeleteInstanceSnapshot' }]);
    const answer = await deletion.deleteSnapshot(NAMED.instance, always);
    expect(answer.ok).toBe(false);
    if (!answer.ok && expected !== null) expect(answer.failure.class).toBe(expected);
    expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(1);
  });

  it.each([
    ['that its rate is exceeded', { code: 'InternalFailure', message: 'Rate exceeded' }],
    ['that it is denied', { code: 'AccessDeniedException' }],
    ['that its token has expired', { code: 'ExpiredTokenException' }],
    ['that it is wrong', { code: 'InvalidInputException', message: 'No.' }],
    ['to try later', { code: 'InvalidInputException', message: 'Please try again in a few minutes.' }],
  ] as const)(
    'takes a delete that a failing server answers %s for one that may have been carried out',
    async (_, of) => {
      emulator.setFaults([{ fault: 'error', status: 500, ...of, operations: 'DeleteInstanceSnapshot' }]);
      const answer = await deletion.deleteSnapshot(NAMED.instance, always);
      expect(answer.ok ? null : answer.failure).toEqual({
        class: 'transient',
        code: of.code,
        message: expect.any(String),
      });
    },
  );

  it('gives the request id of each delete that was answered, and none where no answer came', async () => {
    const first = await deletion.deleteSnapshot(NAMED.instance, always);
    const second = await deletion.deleteSnapshot(NAMED.database, always);
    expect(first.requestId).toMatch(/^[\w-]{8,}$/);
    expect(second.requestId).toMatch(/^[\w-]{8,}$/);
    expect(second.requestId).not.toBe(first.requestId);
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', status: 403, operations: 'DeleteDiskSnapshot' },
    ]);
    const denied = await deletion.deleteSnapshot(NAMED.disk, always);
    expect({ ok: denied.ok, requestId: denied.requestId }).toEqual({
      ok: false,
      requestId: expect.stringMatching(/^[\w-]{8,}$/),
    });
    emulator.setFaults([{ fault: 'reset', operations: 'DeleteDiskSnapshot' }]);
    expect(await deletion.deleteSnapshot(NAMED.disk, always)).not.toHaveProperty('requestId');
    expect(await deletion.deleteSnapshot(NAMED.disk, () => false)).not.toHaveProperty('requestId');
  });

  it('does not wait before a delete because the region throttled the one before', async () => {
    emulator.setFaults([{ fault: 'throttle', operations: 'DeleteInstanceSnapshot', times: 5 }]);
    for (let i = 0; i < 5; i += 1) await deletion.deleteSnapshot(NAMED.instance, always);
    const before = emulator.requests.list().length;
    expect((await deletion.deleteSnapshot(NAMED.instance, always)).ok).toBe(true);
    expect(emulator.requests.list()).toHaveLength(before + 1);
  });

  it('reads a source where its ARN says that it lives, by its name', async () => {
    const arn = String(emulator.world.find(THERE, 'disks', 'data')?.arn);
    expect(await deletion.readSource(arn, 'data')).toMatchObject({ ok: true, value: { arn, name: 'data' } });
    expect(emulator.requests.count('GetDisk', THERE)).toBe(1);
    expect(await deletion.readSource(arn, 'none')).toEqual({ ok: true, value: null });
    expect(await deletion.readSource('arn:aws:lightsail:eu-central-1:123456789012:Bucket/x', 'x')).toMatchObject({
      ok: false,
      failure: { class: 'refused' },
    });
  });

  it('asks patiently when it reads', async () => {
    emulator.setFaults([{ fault: 'throttle', operations: 'GetInstanceSnapshot', times: 2 }]);
    expect((await deletion.readSnapshot({ ...NAMED.instance, account: ACCOUNT })).ok).toBe(true);
    expect(emulator.requests.count('GetInstanceSnapshot')).toBe(3);
  });

  it('takes an answer without the snapshot for no answer', async () => {
    emulator.setFaults([
      {
        fault: 'answer',
        operations: 'GetInstanceSnapshot',
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: '{}',
      },
    ]);
    expect(await deletion.readSnapshot({ ...NAMED.instance, account: ACCOUNT })).toMatchObject({
      ok: false,
      failure: { class: 'transient', code: 'answer.empty' },
    });
  });

  const answering = (operations: string, body: object) =>
    emulator.setFaults([
      {
        fault: 'answer',
        operations,
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: JSON.stringify(body),
      },
    ]);

  it.each([
    [{ name: 'web-02' }, 'the answer is the snapshot web-02, expected web-01'],
    [{}, 'the answer is the snapshot without a name, expected web-01'],
  ])('takes the record %j for no answer about the snapshot web-01', async (named, message) => {
    const { name: _, ...row } = emulator.world.find(HERE, 'instanceSnapshots', 'web-01') ?? {};
    answering('GetInstanceSnapshot', { instanceSnapshot: { ...row, ...named } });
    expect(await deletion.readSnapshot({ ...NAMED.instance, account: ACCOUNT })).toEqual({
      ok: false,
      failure: { class: 'transient', code: 'answer.other', message },
    });
  });

  it('takes the record of another source for no answer about the source web', async () => {
    const row = emulator.world.find(HERE, 'instances', 'web');
    answering('GetInstance', { instance: { ...row, name: 'db' } });
    expect(await deletion.readSource(String(row?.arn), 'web')).toEqual({
      ok: false,
      failure: { class: 'transient', code: 'answer.other', message: 'the answer is the source db, expected web' },
    });
  });

  it.each([
    [{ id: 'two', resourceName: 'web-01' }, 'the answer is the operation two, expected one'],
    [{ id: 'one', resourceName: 'web-02' }, 'the answer is an operation of web-02, expected one of web-01'],
  ])('takes the operation %j for no answer about the operation one of web-01', async (operation, message) => {
    answering('GetOperation', { operation: { ...operation, status: 'Failed', isTerminal: true } });
    expect(await deletion.readOperation(HERE, 'one', 'web-01')).toEqual({
      ok: false,
      failure: { class: 'transient', code: 'answer.other', message },
    });
  });

  it('takes the operation one of web-01 as the answer, with or without the name of its resource', async () => {
    answering('GetOperation', { operation: { id: 'one', resourceName: 'web-01', status: 'Succeeded' } });
    for (const name of ['web-01', undefined])
      expect(await deletion.readOperation(HERE, 'one', name)).toMatchObject({ ok: true, value: { state: 'done' } });
  });

  it("reads the service's clock beside its own, whatever the difference", async () => {
    for (const offset of [0, DAY, -DAY]) {
      emulator.clockOffset = offset;
      now = Date.now();
      const reading = await deletion.readClock();
      if (!reading.ok || reading.value.service === null) throw new Error('the service sends its date');
      expect(reading.value.machine).toBe(now);
      expect(Math.abs(reading.value.service - now - offset)).toBeLessThan(60_000);
    }
  });
});

describe('a delete that reaches nobody', () => {
  it('is known not to have been carried out', async () => {
    const emulator = await startEmulator({ account: smallAccount() });
    const endpoint = emulator.url;
    await emulator.close();
    const config = { endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
    const { deleteSnapshot } = makeSnapshotDeletion({
      readers: makeLightsailClients({ config }),
      deleters: makeDeleteClients(config),
      kinds: snapshotKinds(),
      firstRegion: HERE,
      clock: Date.now,
    });
    expect(await deleteSnapshot({ kind: 'instance', region: HERE, name: 'web-01' }, always)).toMatchObject({
      ok: false,
      failure: { class: 'transient', code: 'ECONNREFUSED', undone: true, unreachable: true },
    });
  });
});

describe('an answer that begins and does not go on', () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': '100' });
    response.write('{"operations":');
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );

  it('is given up, of a delete and of a reading', async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = { endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
    const stalled = makeSnapshotDeletion({
      readers: makeLightsailClients({ config, requestTimeout: 100, pace: { attempts: 1 } }),
      deleters: makeDeleteClients(config, 100),
      kinds: snapshotKinds(),
      firstRegion: HERE,
      clock: Date.now,
    });
    const named = { kind: 'instance', region: HERE, name: 'web-01' } as const;
    const lost = { ok: false, failure: { class: 'transient', code: 'TimeoutError' } };
    expect(await stalled.deleteSnapshot(named, always)).toMatchObject(lost);
    expect(await stalled.readSnapshot({ ...named, account: ACCOUNT })).toMatchObject(lost);
  });
});

describe('an answer to a delete that is none of the service', () => {
  const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
    empty: (response) => response.writeHead(200).end(),
    'no content': (response) => response.writeHead(204).end(),
    page: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
    throttled: (response) =>
      response
        .writeHead(200, { 'x-amzn-requestid': 'f1' })
        .end('{"__type":"ThrottlingException","message":"Rate exceeded"}'),
  };
  let given = 'empty';
  const server = createServer((request, response) => {
    request.resume();
    ANSWERS[given]?.(response);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );

  it.each([
    ['empty', 'transient', 'SyntaxError'],
    ['no content', 'transient', 'SyntaxError'],
    ['page', 'transient', 'SyntaxError'],
    ['throttled', 'throttled', 'ThrottlingException'],
  ])('is no success: %s', async (answer, failureClass, code) => {
    given = answer;
    const config = {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const deleting = makeSnapshotDeletion({
      readers: makeLightsailClients({ config }),
      deleters: makeDeleteClients(config, 300),
      kinds: snapshotKinds(),
      firstRegion: HERE,
      clock: Date.now,
    });
    const named = { kind: 'instance', region: HERE, name: 'web-01' } as const;
    expect(await deleting.deleteSnapshot(named, always)).toMatchObject({
      ok: false,
      failure: { class: failureClass, code },
    });
  });
});
